"""Every program on every task that it describes: the task's own answers, pure updates, counterfactuals by definition."""

import itertools

import numpy as np
import pytest

import symbolscope as sy

P, T = sy.programs, sy.tasks
NUMBER_TASKS = [
    T.MultiObject(max_count=6),
    T.MultiObject(max_count=6, void_probability=0.3),
    T.SingleObject(max_count=6, held_out=(3,)),
    T.SameObject(max_count=6),
    T.Mod(max_count=9),
    T.Round(max_count=9),
    T.Square(max_count=4),
]
NUMBER_PROGRAMS = [P.UpDown, P.UpUp, P.CtxDistr, P.CountUpIncr, P.IncrementUpUp]


def every_program():
    yield P.RunningTotal(T.Arithmetic(max_operations=4))
    for kind, task in itertools.product(NUMBER_PROGRAMS, NUMBER_TASKS):
        try:
            yield kind(task)
        except sy.SymbolscopeError:
            assert isinstance(task, (T.Mod, T.Round, T.Square))


PROGRAMS = list(every_program())
named = pytest.mark.parametrize("program", PROGRAMS, ids=repr)


def trials_of(program, n=60):
    return program.task.sample(n, seed=0, counts=program.task.quantities)


def state_at(program, trials, steps):
    trace = program.trace(trials.tokens, trials.quantities)
    return {name: array[np.arange(len(trials)), steps] for name, array in trace.items()}


def test_each_task_has_a_program():
    assert {type(program.task) for program in PROGRAMS} >= {type(task) for task in NUMBER_TASKS}


@named
def test_answers_as_the_task_does(program):
    program.check(n_trials=300)


@named
def test_a_trial_it_finishes_is_one_of_the_task(program):
    """Left alone from the first token on, it writes whole trials whose scored tokens the task would ask for."""
    trials = trials_of(program)
    state = state_at(program, trials, np.zeros(len(trials), dtype=int))
    tokens, scored = program.finish(state, generator=np.random.default_rng(1), max_steps=4 * program.task.max_length)
    whole = np.concatenate([trials.tokens[:, :1], tokens], axis=1)
    for row in range(len(whole)):
        length = int(np.flatnonzero(whole[row] == program.task.end)[0]) + 1
        assert (whole[row, length:] == program.task.pad).all()
        assert scored[row, length - 2]
        assert not scored[row, length - 1 :].any()
    replayed = program.trace(whole, trials.quantities)
    generator = np.random.default_rng(2)
    for position in range(tokens.shape[1]):
        state = {name: array[:, position] for name, array in replayed.items()}
        said, asked = program.emit(state, generator)
        at = asked & scored[:, position]
        np.testing.assert_array_equal(said[at], whole[at, position + 1])


@named
def test_updates_change_nothing_in_place(program):
    trials = trials_of(program)
    state = program.init(trials.quantities)
    for position in range(trials.tokens.shape[1]):
        before = {name: array.copy() for name, array in state.items()}
        following = program.update(state, trials.tokens[:, position])
        for name, array in before.items():
            np.testing.assert_array_equal(state[name], array)
        state = following


@named
def test_assigning_what_is_there_changes_nothing(program):
    trials = trials_of(program)
    state = state_at(program, trials, trials.lengths // 2)
    again = program.assign(state, {name: state[name] for name in program.names})
    first = program.finish(state, generator=np.random.default_rng(3), max_steps=99)
    second = program.finish(again, generator=np.random.default_rng(3), max_steps=99)
    np.testing.assert_array_equal(first[0], second[0])


@named
def test_variables_keep_to_their_values(program):
    trials = trials_of(program)
    trace = program.trace(trials.tokens, trials.quantities)
    inside = np.arange(trials.tokens.shape[1]) < trials.lengths[:, None]
    for variable in program.variables:
        allowed = np.array(variable.values, dtype=float)
        nearest = np.abs(trace[variable.name][inside].astype(float)[:, None] - allowed).min(axis=1)
        assert nearest.max() < 1e-6


@pytest.mark.parametrize("task", NUMBER_TASKS[:4], ids=repr)
@pytest.mark.parametrize("count", [0, 1, 3, 6])
def test_up_down_responds_as_often_as_the_count_it_is_given(task, count):
    program = P.UpDown(task)
    trials = trials_of(program)
    state = state_at(program, trials, trials.lengths - 1 - task.answer(trials.quantities))  # just after the trigger
    state = program.assign(state, {"count": np.full(len(trials), count)})
    tokens, scored = program.finish(state, generator=np.random.default_rng(0), max_steps=20)
    np.testing.assert_array_equal((tokens == task.response).sum(axis=1), count)
    np.testing.assert_array_equal(scored.sum(axis=1), count + 1)


def test_up_up_and_up_down_differ_once_a_count_is_set():
    task = T.MultiObject(max_count=6)
    up_up = P.UpUp(task)
    trials = task.sample(1, seed=0, counts=[3])
    state = state_at(up_up, trials, np.array([6]))  # B D D D T R R
    state = up_up.assign(state, {"response_count": np.array([0])})
    tokens, _ = up_up.finish(state, generator=np.random.default_rng(0), max_steps=9)
    assert task.vocabulary.decode(tokens[0]) == ["R", "R", "R", "E"]


def test_increment_sets_the_pace():
    task = T.SingleObject(max_count=6)
    program = P.CountUpIncr(task)
    trials = task.sample(1, seed=0, counts=[6])
    state = program.assign(state_at(program, trials, np.array([7])), {"increment": np.array([0.5])})
    tokens, _ = program.finish(state, generator=np.random.default_rng(0), max_steps=9)
    assert task.vocabulary.decode(tokens[0]) == ["R", "R", "E"]


def test_unknown_variables_name_the_nearest():
    program = P.UpDown(NUMBER_TASKS[0])
    with pytest.raises(sy.SymbolscopeError, match="no variable 'cuont'; did you mean 'count'"):
        program.assign(program.init(np.array([1])), {"cuont": np.array([1])})


@pytest.mark.parametrize("kind", [*NUMBER_PROGRAMS, P.RunningTotal])
def test_programs_refuse_tasks_that_they_do_not_describe(kind):
    wrong = T.MultiObject() if kind is P.RunningTotal else T.Arithmetic()
    with pytest.raises(sy.SymbolscopeError, match="is an algorithm for"):
        kind(wrong)


class Unspeakable(P.UpDown):
    def emit(self, state, generator):
        tokens, scored = super().emit(state, generator)
        return np.where(scored, 99, tokens), scored


class Wrong(P.UpDown):
    def emit(self, state, generator):
        return self._emitted(state, state["count"], state["count"] <= 1, generator)


def test_check_refuses_tokens_outside_the_vocabulary():
    with pytest.raises(
        sy.SymbolscopeError, match="Unspeakable emits token 99, which is not in the vocabulary of 9 tokens"
    ):
        Unspeakable(NUMBER_TASKS[0]).check()


def test_check_shows_where_a_program_errs():
    with pytest.raises(sy.SymbolscopeError, match=r"after 'B.* T.*' it says E, the task R"):
        Wrong(NUMBER_TASKS[0]).check()


def test_a_program_that_never_ends_stops_at_the_limit():
    class Endless(P.UpDown):
        def emit(self, state, generator):
            return self._emitted(state, state["count"], np.zeros(len(state["count"]), dtype=bool), generator)

    program = Endless(NUMBER_TASKS[0])
    tokens, _ = program.finish(program.init(np.array([2])), generator=np.random.default_rng(0), max_steps=30)
    assert tokens.shape == (1, 30)
