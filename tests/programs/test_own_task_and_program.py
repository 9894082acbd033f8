"""A task and a program of someone else's, written from the base classes alone."""

import numpy as np
import pytest

import symbolscope as sy


class Doubling(sy.tasks.Task):
    """``a a a ? b b b b b b .``: twice as many b as there were a."""

    vocabulary = sy.tasks.Vocabulary(("_", "a", "?", "b", "."))
    pad, end = 0, 4
    quantities, held_out, max_length = (1, 2, 3, 5), (3,), 17

    def write(self, quantities, generator):
        rows = [["a"] * n + ["?"] + ["b"] * (2 * n) + ["."] for n in quantities]
        tokens = np.stack([self.vocabulary.encode(row + ["_"] * (self.max_length - len(row))) for row in rows])
        scored = np.isin(tokens, self.vocabulary.encode(["b", "."]))
        return sy.tasks.Trials(tokens, scored, quantities, 3 * quantities + 2)


class Owing(sy.programs.Program):
    """Owe two for each a; pay one with each b."""

    variables = (sy.programs.Variable("owed", tuple(range(11))), sy.programs.Variable("paying", (0, 1)))

    def init(self, quantities):
        return {"quantity": quantities, "owed": 0 * quantities, "paying": 0 * quantities}

    def update(self, state, tokens):
        a, asked, b = (tokens == self.task.vocabulary.index(token) for token in "a?b")
        return state | {"owed": state["owed"] + 2 * a - b, "paying": np.where(asked, 1, state["paying"])}

    def emit(self, state, generator):
        a, asked, b, end = self.task.vocabulary.encode("a?b.")
        shown = np.where(state["owed"] < 2 * state["quantity"], a, asked)
        return np.where(state["paying"] == 1, np.where(state["owed"] > 0, b, end), shown), state["paying"] == 1


def test_the_task_is_sampled_as_any_other():
    task = Doubling()
    assert task.trained == (1, 2, 5)
    trials = task.sample(60, seed=0)
    assert set(trials.quantities.tolist()) == {1, 2, 5}
    np.testing.assert_array_equal((trials.tokens == 3).sum(axis=1), 2 * trials.quantities)
    assert trials.correct(trials.tokens[:, 1:]).all()
    np.testing.assert_array_equal(trials.tokens, task.sample(60, seed=0).tokens)
    with pytest.raises(sy.SymbolscopeError, match="quantities 1, 2, 3, 5; got 4"):
        task.sample(3, seed=0, counts=[4])


def test_the_program_does_what_the_task_asks():
    Owing(Doubling()).check()


def test_its_counterfactuals_follow_from_its_own_rule():
    task = Doubling()
    program = Owing(task)
    trials = task.sample(4, seed=0, counts=[2])
    trace = program.trace(trials.tokens, trials.quantities)
    assert trace["owed"][0, :8].tolist() == [2, 4, 4, 3, 2, 1, 0, 0]
    state = program.assign({name: array[:, 2] for name, array in trace.items()}, {"owed": np.array([0, 1, 3, 10])})
    tokens, scored = program.finish(state, generator=np.random.default_rng(0), max_steps=20)
    assert ["".join(task.vocabulary.decode(row)) for row in tokens] == [
        "." + 10 * "_",
        "b." + 9 * "_",
        "bbb." + 7 * "_",
        10 * "b" + ".",
    ]
    assert scored.sum(axis=1).tolist() == [1, 2, 4, 11]


def test_programs_made_for_number_tasks_refuse_it():
    with pytest.raises(
        sy.SymbolscopeError, match=r"UpDown is an algorithm for tasks with a demonstration.*; got Doubling"
    ):
        sy.programs.UpDown(Doubling())
