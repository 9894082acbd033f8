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
REFUSED = {
    (P.CtxDistr, T.Mod): "CtxDistr sums one contribution per token, .*; Mod asks for another",
    (P.CtxDistr, T.Round): "Round asks for another",
    (P.CtxDistr, T.Square): "Square asks for another",
    (P.CountUpIncr, T.Mod): "CountUpIncr takes at least one response, and some of Mod's have none",
    (P.CountUpIncr, T.Round): "some of Round's have none",
    (P.IncrementUpUp, T.Mod): "IncrementUpUp takes at least one response",
    (P.IncrementUpUp, T.Round): "IncrementUpUp takes at least one response",
}
PAIRS = list(itertools.product(NUMBER_PROGRAMS, NUMBER_TASKS))
PROGRAMS = [
    P.RunningTotal(T.Arithmetic(max_operations=4)),
    *(kind(task) for kind, task in PAIRS if (kind, type(task)) not in REFUSED),
]
named = pytest.mark.parametrize("program", PROGRAMS, ids=repr)
counting = pytest.mark.parametrize(
    "program", [program for program in PROGRAMS if isinstance(program, P.UpDown | P.UpUp)], ids=repr
)


def trials_of(program, each=10):
    """As many trials of every quantity, held out or not."""
    return program.task.write(np.repeat(program.task.quantities, each), np.random.default_rng(0))


def state_at(program, trials, steps):
    trace = program.trace(trials.tokens, trials.quantities)
    return {name: array[np.arange(len(trials)), steps] for name, array in trace.items()}


@pytest.mark.parametrize(("kind", "task"), [pair for pair in PAIRS if (pair[0], type(pair[1])) in REFUSED])
def test_programs_refuse_tasks_whose_answer_they_cannot_give(kind, task):
    with pytest.raises(sy.SymbolscopeError, match=REFUSED[kind, type(task)]):
        kind(task)


@named
def test_answers_as_the_task_does_for_every_quantity(program):
    trials = trials_of(program)
    generator = np.random.default_rng(1)
    trace = program.trace(trials.tokens, trials.quantities)
    for position in range(trials.tokens.shape[1] - 1):
        tokens, scored = program.emit({name: array[:, position] for name, array in trace.items()}, generator)
        going = position < trials.lengths - 1
        np.testing.assert_array_equal(scored & going, trials.scored[:, position + 1])
        asked = trials.scored[:, position + 1]
        np.testing.assert_array_equal(tokens[asked], trials.tokens[asked, position + 1])


@named
def test_check_has_nothing_to_say_against_it(program):
    program.check()


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
    lengths = (whole == program.task.end).argmax(axis=1) + 1
    replayed = program.trace(whole, trials.quantities)
    generator = np.random.default_rng(2)
    for position in range(tokens.shape[1]):
        state = {name: array[:, position] for name, array in replayed.items()}
        said, asked = program.emit(state, generator)
        np.testing.assert_array_equal(asked & (position < lengths - 1), scored[:, position])
        np.testing.assert_array_equal(said[scored[:, position]], whole[scored[:, position], position + 1])


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
    np.testing.assert_array_equal(first[1], second[1])


@named
def test_variables_keep_to_their_values(program):
    trials = trials_of(program)
    trace = program.trace(trials.tokens, trials.quantities)
    inside = np.arange(trials.tokens.shape[1]) < trials.lengths[:, None]
    for variable in program.variables:
        allowed = np.array(variable.values, dtype=float)
        nearest = np.abs(trace[variable.name][inside].astype(float)[:, None] - allowed).min(axis=1)
        assert nearest.max() < 1e-6


@counting
def test_responds_as_often_as_the_count_it_is_given(program):
    """Set anywhere in the response, Up-Down's count is what remains to be said; Up-Up's demonstration count asks for the answer to
    it, less the responses already given."""
    task = program.task
    trials = trials_of(program, each=4)
    answers = task.answer(trials.quantities)
    given_already = np.arange(len(trials)) % (answers + 1)
    state = state_at(program, trials, trials.lengths - 2 - answers + given_already)
    assert (state["phase"] == 1).all()
    for count in range(task.max_count + 1):
        counts = np.full(len(trials), count)
        if isinstance(program, P.UpDown):
            following, remaining = program.assign(state, {"count": counts}), counts
        else:
            following = program.assign(state, {"demo_count": counts})
            remaining = np.maximum(task.answer(counts) - given_already, 0)
        tokens, scored = program.finish(following, generator=np.random.default_rng(0), max_steps=99)
        words = np.arange(tokens.shape[1])
        expected = np.where(words < remaining[:, None], task.response, task.pad)
        expected[words == remaining[:, None]] = task.end
        np.testing.assert_array_equal(tokens, expected)
        np.testing.assert_array_equal(scored, words <= remaining[:, None])


@pytest.mark.parametrize("task", NUMBER_TASKS[:4], ids=repr)
def test_ctx_distr_takes_back_what_a_token_contributed(task):
    """In the response, what the latest token contributed less than it did is left to be said."""
    program = P.CtxDistr(task)
    trials = trials_of(program, each=8)
    given_already = np.arange(len(trials)) % (trials.quantities + 1)
    state = state_at(program, trials, trials.lengths - 2 - trials.quantities + given_already)
    np.testing.assert_array_equal(state["contribution"], given_already > 0)
    for contribution in (-1, 0, 1):
        left = trials.quantities - given_already + state["contribution"] - contribution
        following = program.assign(state, {"contribution": np.full(len(trials), contribution)})
        tokens, scored = program.finish(following, generator=np.random.default_rng(0), max_steps=99)
        np.testing.assert_array_equal((tokens == task.response).sum(axis=1), np.maximum(left, 0))
        np.testing.assert_array_equal(scored.sum(axis=1), np.maximum(left, 0) + 1)


@pytest.mark.parametrize("task", NUMBER_TASKS[:4], ids=repr)
def test_ctx_distr_is_shown_another_object_for_one_that_did_not_count(task):
    program = P.CtxDistr(task)
    trials = trials_of(program)
    first = np.isin(trials.tokens, task.demos).argmax(axis=1)
    state = program.assign(state_at(program, trials, first), {"contribution": np.zeros(len(trials), dtype=np.int64)})
    tokens, _ = program.finish(state, generator=np.random.default_rng(0), max_steps=99)
    demonstrated = np.arange(tokens.shape[1]) < (tokens == task.trigger).argmax(axis=1)[:, None]
    shown = (np.isin(tokens, task.demos) & demonstrated).sum(axis=1)
    np.testing.assert_array_equal(shown, trials.quantities)


def test_increment_up_up_counts_objects_in_steps_too():
    task = T.SingleObject(max_count=6)
    trials = task.sample(1, seed=0, counts=[6])
    said = {}
    for kind in (P.CountUpIncr, P.IncrementUpUp):
        program = kind(task)
        state = program.assign(state_at(program, trials, np.array([0])), {"increment": np.array([1 / 3])})
        tokens, _ = program.finish(state, generator=np.random.default_rng(0), max_steps=20)
        said[kind] = " ".join(task.vocabulary.decode(tokens[0]))
    assert said[P.CountUpIncr] == "D D D D D D T R R R R R R E"
    assert said[P.IncrementUpUp] == "D D D T R R R R R R E"


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


class WrongOnce(P.UpDown):
    """Wrong for one quantity of very many."""

    def emit(self, state, generator):
        tokens, scored = super().emit(state, generator)
        return np.where(scored & (state["quantity"] == 311), self.task.response, tokens), scored


class InPlace(P.UpDown):
    def update(self, state, tokens):
        state["count"] += self._demonstrates(state, tokens)
        return super().update(state, tokens)


class Forgetful(P.UpDown):
    def update(self, state, tokens):
        following = super().update(state, tokens)
        return {name: following[name] for name in ("quantity", "phase")}


class Unprepared(P.UpDown):
    def init(self, quantities):
        return {"quantity": quantities, "count": np.zeros_like(quantities)}


class OneForAll(P.UpDown):
    def emit(self, state, generator):
        tokens, scored = super().emit(state, generator)
        return tokens[:1], scored[:1]


def test_check_refuses_tokens_outside_the_vocabulary():
    with pytest.raises(
        sy.SymbolscopeError, match="Unspeakable emits token 99, which is not in the vocabulary of 9 tokens"
    ):
        Unspeakable(NUMBER_TASKS[0]).check()


def test_check_shows_where_a_program_errs():
    with pytest.raises(sy.SymbolscopeError, match=r"after 'B.* T.*' it says E, the task R"):
        Wrong(NUMBER_TASKS[0]).check()


def test_check_looks_at_every_quantity():
    with pytest.raises(sy.SymbolscopeError, match="it says R, the task E"):
        WrongOnce(T.SingleObject(max_count=400)).check(n_trials=1)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (InPlace, r"InPlace\.update changes the state it is given in place \(count\); return a new dict"),
        (Forgetful, r"Forgetful\.update gives no 'count'; a state has an array \[n\] for every variable: count, phase"),
        (Unprepared, r"Unprepared\.init gives no 'phase'"),
        (OneForAll, r"emit must give a token .* for each trial, \[200\] both; got \[1\] and \[1\]"),
    ],
)
def test_check_refuses_what_is_no_program(kind, message):
    with pytest.raises(sy.SymbolscopeError, match=message):
        kind(NUMBER_TASKS[0]).check()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p, _: p.check(n_trials=0), "n_trials must be at least 1; got 0"),
        (
            lambda p, s: p.finish(s, generator=np.random.default_rng(0), max_steps=0),
            "max_steps must be at least 1; got 0",
        ),
        (lambda p, s: p.assign(s, {"count": np.array([1])}), r"count must be \[2\], one per trial; got \[1\]"),
        (lambda p, _: p.trace(np.zeros((2, 0), dtype=np.int64), np.array([1, 2])), r"got \[2, 0\] and \[2\]"),
        (lambda p, _: p.trace(np.zeros((2, 3), dtype=np.int64), np.array([1])), r"got \[2, 3\] and \[1\]"),
    ],
)
def test_refusals(call, message):
    program = P.UpDown(NUMBER_TASKS[0])
    with pytest.raises(sy.SymbolscopeError, match=message):
        call(program, program.init(np.array([1, 2])))


def test_a_program_that_never_ends_stops_at_the_limit():
    class Endless(P.UpDown):
        def emit(self, state, generator):
            return self._emitted(state, state["count"], np.zeros(len(state["count"]), dtype=bool), generator)

    program = Endless(NUMBER_TASKS[0])
    tokens, _ = program.finish(program.init(np.array([2])), generator=np.random.default_rng(0), max_steps=30)
    assert tokens.shape == (1, 30)
