"""Every task: sequences of the stated form, drawn from a seed, with the scored tokens that follow from what came before."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import nbinom

import symbolscope as sy

T = sy.tasks
KINDS = [T.MultiObject, T.SingleObject, T.SameObject, T.Mod, T.Round, T.Square]


def expected(task, row, trials):
    """A trial's form, told slowly from its demonstration tokens."""
    words = task.vocabulary.decode(trials.tokens[row][: trials.lengths[row]])
    shown = words[1 : words.index("T")]
    quantity = sum(word != "U" for word in shown)
    answer = int(task.answer(np.array([quantity]))[0])
    return ["B", *shown, "T", *[task.response_token] * answer, "E"], quantity


@pytest.mark.parametrize("void", [0.0, 0.3])
@pytest.mark.parametrize("kind", KINDS)
def test_the_form_of_trials(kind, void):
    task = kind(max_count=7, void_probability=void)
    trials = task.sample(300, seed=0)
    for row in range(len(trials)):
        words, quantity = expected(task, row, trials)
        assert task.vocabulary.decode(trials.tokens[row][: trials.lengths[row]]) == words
        assert quantity == trials.quantities[row]
        assert (trials.tokens[row, trials.lengths[row] :] == task.pad).all()
        after_trigger = np.arange(trials.tokens.shape[1]) > words.index("T")
        np.testing.assert_array_equal(trials.scored[row], after_trigger & (trials.tokens[row] != task.pad))
        assert set(words) <= {"B", "T", "E", "U", task.response_token, *task.demo_tokens}
    assert trials.lengths.max() <= task.max_length
    if not void:
        assert trials.lengths.max() == task.max_length


def test_published_answers():
    n = np.arange(1, 8)
    assert T.Mod(max_count=7).answer(n).tolist() == [1, 2, 3, 0, 1, 2, 3]
    assert T.Round(max_count=7).answer(n).tolist() == [0, 3, 3, 3, 6, 6, 6]
    assert T.Square(max_count=7).answer(n).tolist() == [1, 4, 9, 16, 25, 36, 49]


def test_arithmetic_is_right():
    task = T.Arithmetic(max_operations=5)
    trials = task.sample(500, seed=0)
    for row in range(len(trials)):
        words = task.vocabulary.decode(trials.tokens[row][: trials.lengths[row]])
        assert words[0] == "B"
        assert words[-1] == "E"
        value, rest = int(words[2]), words[3:]
        assert int(words[1]) == len(rest) // 5 == trials.quantities[row]
        for at in range(0, len(rest), 5):
            sign, operand, equals, result, mark = rest[at : at + 5]
            value += int(operand) * (1 if sign == "+" else -1)
            assert (equals, int(result)) == ("=", value)
            assert 0 <= value <= 20
            assert int(operand) >= 1
            assert mark == ("E" if at + 5 == len(rest) else ",")
        assert [words[i] for i in np.flatnonzero(trials.scored[row])] == [
            word for at in range(3, len(rest), 5) for word in rest[at : at + 2]
        ]


@given(st.integers(0, 10_000), st.integers(1, 50))
def test_trials_depend_on_the_seed_alone(seed, n):
    task = T.MultiObject(max_count=5, void_probability=0.2)
    first, again = task.sample(n, seed=seed), task.sample(n, seed=np.random.default_rng(seed))
    np.testing.assert_array_equal(first.tokens, again.tokens)


def test_quantities_are_uniform_and_held_out_ones_left_out():
    task = T.MultiObject(max_count=20, held_out=(4, 9, 14, 17))
    found, frequency = np.unique(task.sample(16_000, seed=0).quantities, return_counts=True)
    assert found.tolist() == [n for n in range(1, 21) if n not in (4, 9, 14, 17)]
    assert np.abs(frequency - 1_000).max() < 5 * 1_000**0.5
    assert set(task.sample(100, seed=0, counts=[4, 17]).quantities) == {4, 17}


@given(st.integers(2, 30), st.sets(st.integers(1, 30)), st.integers(0, 10_000))
def test_held_out_quantities_are_never_drawn_unasked(max_count, held_out, seed):
    held_out = tuple(sorted(count for count in held_out if count < max_count))
    task = T.SingleObject(max_count=max_count, held_out=held_out)
    assert set(task.trained) | set(held_out) == set(task.quantities)
    assert not set(task.sample(50, seed=seed).quantities.tolist()) & set(held_out)


@given(st.integers(1, 30), st.floats(0.01, 0.95))
def test_a_millionth_of_trials_with_voids_is_longer(max_count, rate):
    """The longest has a voids count of negative binomial distribution."""
    task = T.SingleObject(max_count=max_count, void_probability=rate)
    voids = task.max_length - (2 * max_count + 3)
    assert nbinom.sf(voids, max_count + 1, 1 - rate) <= 1.0001e-6
    assert nbinom.sf(voids - 1, max_count + 1, 1 - rate) >= 0.9999e-6


def test_tasks_of_equal_settings_are_equal():
    first, again = T.MultiObject(max_count=5, held_out=(2,)), T.MultiObject(max_count=5, held_out=(2,))
    assert first == again
    assert len({first, again, T.Mod(max_count=5, held_out=(2,)), T.MultiObject(max_count=5)}) == 3
    assert repr(first) == "MultiObject(max_count=5, held_out=(2,), void_probability=0.0)"
    assert T.MultiObject(void_probability=0.2).without_void() == T.MultiObject()


def test_a_subset_has_the_rows_asked_for():
    trials = T.MultiObject(max_count=5).sample(6, seed=0)
    some = trials.subset(np.array([4, 1]))
    assert len(some) == 2
    np.testing.assert_array_equal(some.tokens, trials.tokens[[4, 1]])
    np.testing.assert_array_equal(some.scored, trials.scored[[4, 1]])
    assert some.quantities.tolist() == trials.quantities[[4, 1]].tolist()
    assert some.lengths.tolist() == trials.lengths[[4, 1]].tolist()


def test_voids_come_with_their_probability():
    task = T.MultiObject(max_count=10, void_probability=0.2)
    trials = task.sample(5_000, seed=0)
    voids, shown = (trials.tokens == task.void).sum(), trials.quantities.sum() + len(trials)
    assert abs(voids / (voids + shown) - 0.2) < 0.01
    assert not (task.without_void().sample(100, seed=0).tokens == task.void).any()


def test_objects_are_uniform():
    task = T.MultiObject(max_count=10)
    tokens = task.sample(5_000, seed=0).tokens
    frequency = np.array([(tokens == demo).sum() for demo in task.demos])
    assert np.abs(frequency / frequency.sum() - 1 / 3).max() < 0.01


def test_trials_are_right_only_as_a_whole():
    task = T.SingleObject(max_count=4)
    trials = task.sample(20, seed=0)
    predictions = trials.tokens[:, 1:].copy()
    assert trials.correct(predictions).all()
    predictions[:, 0] = task.end  # a demonstration token, which nobody can foresee
    assert trials.correct(predictions).all()
    predictions[np.arange(20), trials.lengths - 2] = task.response  # the end missed
    assert not trials.correct(predictions).any()


class Doubling(T.MultiObject):
    def answer(self, quantities):
        return 2 * quantities


def test_a_task_of_ones_own():
    task = Doubling(max_count=3)
    trials = task.sample(5, seed=0, counts=[2])
    assert ((trials.tokens == task.response).sum(axis=1) == 4).all()
    sy.programs.UpDown(task).check()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: T.MultiObject(max_count=0), "max_count must be at least 1; got 0"),
        (lambda: T.MultiObject(max_count=5, held_out=(6,)), r"held_out must lie in 1\.\.5; got 6"),
        (lambda: T.MultiObject(max_count=2, held_out=(1, 2)), "leaves nothing of 1..2"),
        (lambda: T.MultiObject(void_probability=1.0), r"void_probability must be in \[0, 1\)"),
        (lambda: T.MultiObject().sample(0, seed=0), "n_trials must be at least 1"),
        (lambda: T.MultiObject(max_count=5).sample(3, seed=0, counts=[7]), r"quantities 1\.\.5; got 7"),
        (lambda: T.MultiObject().sample(3, seed=0, counts=[]), "got none"),
        (lambda: T.Arithmetic(max_operations=21), r"max_operations must be 1\.\.20"),
        (lambda: T.Arithmetic(max_operations=2, held_out=(1, 2)), "some, not all"),
        (lambda: T.MultiObject(max_count=3).sample(3, seed=0, counts=[2, 0]), r"quantities 1\.\.3; got 0"),
        (
            lambda: T.Trials(
                np.zeros((2, 3), dtype=np.int64), np.zeros((2, 2), dtype=bool), np.ones(2, int), np.ones(2, int)
            ),
            r"of one shape; got \(2, 3\), \(2, 2\)",
        ),
        (
            lambda: T.Trials(
                np.zeros((2, 3), dtype=np.int64), np.zeros((2, 3), dtype=bool), np.ones(3, int), np.ones(2, int)
            ),
            r"quantities must be \[2\], one per row of tokens; got \(3,\)",
        ),
        (
            lambda: T.Trials(
                np.zeros((2, 3), dtype=np.int64), np.zeros((2, 3), dtype=bool), np.ones(2, int), np.ones(1, int)
            ),
            r"lengths must be \[2\]",
        ),
        (lambda: T.Vocabulary(()), "at least one token"),
        (lambda: T.Vocabulary(("a", "a")), "each of its own name"),
        (lambda: T.MultiObject().vocabulary.index("D3"), "no token 'D3'; did you mean"),
        (lambda: T.MultiObject().vocabulary.decode([9]), r"token ids are 0\.\.8; got 9"),
        (
            lambda: T.MultiObject().sample(3, seed=0).correct(np.zeros((2, 2), dtype=np.int64)),
            r"predictions must be \[3",
        ),
    ],
)
def test_refusals(call, message):
    with pytest.raises(sy.SymbolscopeError, match=message):
        call()
