"""Tasks without time against their definitions told slowly, and trials whose answers belong to other trials."""

import numpy as np
import pytest
from scipy.stats import chi2_contingency
from tests.alignment.parity import ParityTask

import symbolscope as sy

T = sy.tasks
TASKS = [T.HierarchicalEquality(), T.HierarchicalEquality(size=1), T.HierarchicalEquality(size=7), T.TwoConjunctions()]
NAMES = ("a", "b", "c", "d")


def slow_class(task, values, row):
    if isinstance(task, T.TwoConjunctions):
        a, b, c, d = (bool(values[name][row]) for name in NAMES)
        return int((a and b) or (c and d))
    a, b, c, d = (values[name][row].tolist() for name in NAMES)
    return int((a == b) == (c == d))


@pytest.mark.parametrize("task", TASKS, ids=repr)
def test_examples_have_the_stated_shapes_and_classes(task):
    examples = task.sample(400, seed=3)
    assert len(examples) == 400
    assert examples.inputs.shape == (400, task.width)
    assert examples.inputs.dtype == np.float32
    assert examples.classes.shape == (400,)
    assert examples.classes.dtype == np.int64
    assert all(len(examples.values[name]) == 400 for name in NAMES)
    assert examples.classes.tolist() == [slow_class(task, examples.values, row) for row in range(400)]


@pytest.mark.parametrize("task", TASKS, ids=repr)
def test_classes_are_equally_frequent(task):
    assert abs(task.sample(20_000, seed=0).classes.mean() - 0.5) < 0.015  # four standard deviations


@pytest.mark.parametrize("task", TASKS, ids=repr)
def test_examples_depend_on_the_seed_alone(task):
    first, again = task.sample(50, seed=7), task.sample(50, seed=np.random.default_rng(7))
    np.testing.assert_array_equal(first.inputs, again.inputs)
    np.testing.assert_array_equal(first.classes, again.classes)
    for name, array in first.values.items():
        np.testing.assert_array_equal(array, again.values[name])
    assert (first.inputs != task.sample(50, seed=8).inputs).any()


def test_the_network_sees_the_objects_one_after_another():
    task = T.HierarchicalEquality(size=3)
    examples = task.sample(200, seed=1)
    for row in range(200):
        for place, name in enumerate(NAMES):
            shown = examples.inputs[row, 3 * place : 3 * place + 3]
            np.testing.assert_array_equal(shown, examples.values[name][row].astype(np.float32))
    assert np.abs(examples.inputs).max() <= 0.5


def test_each_pair_of_objects_is_equal_in_half_of_the_inputs():
    values = T.HierarchicalEquality().draw(10_000, np.random.default_rng(0))
    left = np.array([a.tolist() == b.tolist() for a, b in zip(values["a"], values["b"], strict=True)])
    right = np.array([c.tolist() == d.tolist() for c, d in zip(values["c"], values["d"], strict=True)])
    for share in (left.mean(), right.mean(), (left == right).mean()):
        assert abs(share - 0.5) < 0.02


def test_the_sign_of_a_number_is_its_truth_and_its_size_is_noise():
    examples = T.TwoConjunctions().sample(5_000, seed=0)
    for column, name in enumerate(NAMES):
        np.testing.assert_array_equal(examples.inputs[:, column] > 0, examples.values[name])
    sizes = np.abs(examples.inputs)
    assert sizes.min() >= 0.5
    assert sizes.max() <= 1.5
    assert abs(sizes.mean() - 1.0) < 0.02
    rows = {tuple(bool(examples.values[name][row]) for name in NAMES) for row in range(5_000)}
    assert len(rows) == 16


@pytest.fixture
def carried():
    """A run of hierarchical equality, and what is drawn for others to be carried into it."""
    task, generator = T.HierarchicalEquality(), np.random.default_rng(5)
    base = task.draw(4_000, generator)
    return task, base, {name: array.copy() for name, array in base.items()}, task.sources(base, generator)


def test_sources_often_hold_objects_of_the_other_run(carried):
    _, base, _, source = carried
    for name in NAMES:
        met = [any((source[name][row] == base[known][row]).all() for known in NAMES) for row in range(4_000)]
        assert 0.4 < np.mean(met) < 0.6
    # Each of the four objects is taken, into each of the four places.
    for name in NAMES:
        for known in NAMES:
            assert (source[name] == base[known]).all(axis=1).mean() > 0.1


def test_sources_are_inputs_like_any_other(carried):
    task, base, before, source = carried
    for name in NAMES:
        np.testing.assert_array_equal(base[name], before[name])
        assert source[name].shape == base[name].shape
        assert np.abs(source[name]).max() <= 0.5
    classes = task.classes(source)
    assert classes.tolist() == [slow_class(task, source, row) for row in range(4_000)]
    left = (source["a"] == source["b"]).all(axis=1)
    right = (source["c"] == source["d"]).all(axis=1)
    for share in (left.mean(), right.mean(), classes.mean()):
        assert 0.45 < share < 0.6


def test_sources_are_drawn_as_any_others_unless_the_task_says_more():
    task = T.TwoConjunctions()
    base = task.draw(30, np.random.default_rng(0))
    source, drawn = task.sources(base, np.random.default_rng(1)), task.draw(30, np.random.default_rng(1))
    assert source.keys() == drawn.keys()
    for name, array in drawn.items():
        np.testing.assert_array_equal(source[name], array)


class Larger(T.Classification):
    """Which of two numbers is larger; ``wide`` and ``long`` are slips of the pen."""

    width, n_classes = 2, 2

    def __init__(self, wide=0, long=0):
        self.wide, self.long = wide, long

    def draw(self, n, generator):
        return {name: generator.normal(size=n) for name in "ab"}

    def inputs(self, values):
        return np.stack([values["a"], values["b"], *[values["a"]] * self.wide], axis=1).astype(np.float32)

    def classes(self, values):
        return np.resize((values["a"] < values["b"]).astype(np.int64), len(values["a"]) + self.long)


def test_a_task_of_ones_own():
    examples = Larger().sample(100, seed=0)
    np.testing.assert_array_equal(examples.classes, examples.inputs[:, 0] < examples.inputs[:, 1])
    assert repr(Larger()) == "Larger()"
    assert repr(T.HierarchicalEquality(size=2)) == "HierarchicalEquality(size=2)"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: T.TwoConjunctions().sample(0, seed=0), "n must be at least 1 example; got 0"),
        (lambda: T.HierarchicalEquality(size=0), "size must be at least 1 number per object; got 0"),
        (
            lambda: Larger(wide=1).sample(4, seed=0),
            r"Larger must give inputs \[4, 2\] and classes \[4\]; got \[4, 3\] and \[4\]",
        ),
        (lambda: Larger(long=1).sample(4, seed=0), r"inputs \[4, 2\] and classes \[4\]; got \[4, 2\] and \[5\]"),
        (lambda: T.ShuffledAnswers(T.MultiObject(max_count=3)).sample(2, seed=0, counts=[4]), r"1\.\.3; got 4"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(sy.SymbolscopeError, match=message):
        call()


SHUFFLED = [
    T.MultiObject(max_count=7),
    T.MultiObject(max_count=7, void_probability=0.3, held_out=(3,)),
    T.SingleObject(max_count=6, void_probability=0.2),
    T.SameObject(max_count=6),
    T.Mod(max_count=9),
    T.Square(max_count=4),
]


@pytest.mark.parametrize("task", SHUFFLED, ids=repr)
def test_a_shuffled_trial_shows_its_own_quantity_and_answers_another(task):
    shuffled = T.ShuffledAnswers(task)
    trials = shuffled.sample(300, seed=0)
    assert trials.tokens.dtype == np.int64
    assert trials.scored.dtype == np.bool_
    answers = []
    for row in range(len(trials)):
        words = task.vocabulary.decode(trials.tokens[row][: trials.lengths[row]])
        trigger = words.index("T")
        shown = words[1:trigger]
        answer = words[trigger + 1 : -1]
        assert words[0] == "B"
        assert words[-1] == "E"
        assert set(shown) <= {"U", *task.demo_tokens}
        assert set(answer) <= {task.response_token}
        assert sum(word != "U" for word in shown) == trials.quantities[row]
        assert (trials.tokens[row, trials.lengths[row] :] == task.pad).all()
        positions = np.arange(trials.tokens.shape[1])
        np.testing.assert_array_equal(trials.scored[row], (positions > trigger) & (positions < trials.lengths[row]))
        answers.append(len(answer))
    # The answers are those of the same trials, in another order.
    assert sorted(answers) == sorted(task.answer(trials.quantities).tolist())
    assert (np.array(answers) != task.answer(trials.quantities)).mean() > 0.5
    assert trials.lengths.max() == trials.tokens.shape[1] <= shuffled.max_length
    assert set(trials.quantities.tolist()) == set(task.trained)


def test_what_belongs_to_the_task_is_kept():
    task = T.MultiObject(max_count=7, held_out=(3,))
    shuffled = T.ShuffledAnswers(task)
    assert shuffled.vocabulary == task.vocabulary
    assert (shuffled.pad, shuffled.end) == (task.pad, task.end)
    assert (shuffled.quantities, shuffled.held_out, shuffled.trained) == (task.quantities, (3,), task.trained)
    assert repr(shuffled) == f"ShuffledAnswers({task!r})"
    first, again = shuffled.sample(60, seed=2), shuffled.sample(60, seed=np.random.default_rng(2))
    np.testing.assert_array_equal(first.tokens, again.tokens)


def test_answers_of_a_users_task_are_shuffled_too():
    task = ParityTask()
    trials = T.ShuffledAnswers(task).sample(400, seed=0)
    even = []
    for row in range(400):
        words = task.vocabulary.decode(trials.tokens[row][: trials.lengths[row]])
        quantity = int(trials.quantities[row])
        assert words[:-2] == ["A"] * quantity + ["="]
        assert words[-1] == "E"
        even.append({"even": True, "odd": False}[words[-2]])
        assert np.flatnonzero(trials.scored[row]).tolist() == [quantity + 1, quantity + 2]
        assert (trials.tokens[row, quantity + 3 :] == task.pad).all()
    assert sum(even) == (trials.quantities % 2 == 0).sum()
    assert 0.4 < (np.array(even) == (trials.quantities % 2 == 0)).mean() < 0.6


def test_an_arithmetic_answer_begins_with_its_first_result():
    task = T.Arithmetic(max_operations=4)
    trials = T.ShuffledAnswers(task).sample(300, seed=0)
    own = []
    for row in range(300):
        words = task.vocabulary.decode(trials.tokens[row][: trials.lengths[row]])
        assert words[:2] == ["B", str(trials.quantities[row])]
        assert words[3] in "+-"
        assert words[5] == "="
        value = int(words[6])
        asked = int(words[2]) + int(words[4]) * (1 if words[3] == "+" else -1)
        own.append(value == asked)
        assert 0 <= asked <= 20
        rest = words[7:-1]  # operations that go on from the other trial's result
        assert words[-1] == "E"
        assert len(rest) % 5 == 0
        for at in range(0, len(rest), 5):
            comma, sign, operand, equals, result = rest[at : at + 5]
            assert (comma, equals) == (",", "=")
            value += int(operand) * (1 if sign == "+" else -1)
            assert value == int(result)
        assert [words[i] for i in np.flatnonzero(trials.scored[row])] == [
            words[6], *[word for at in range(0, len(rest), 5) for word in (rest[at], rest[at + 4])], "E"
        ]  # fmt: skip
    assert np.mean(own) < 0.2


@pytest.mark.parametrize("void", [0.0, 0.3])
def test_shuffled_answers_say_nothing_of_the_quantity(void):
    task = T.MultiObject(max_count=6, void_probability=void)

    def table(trials):
        responses = (trials.tokens == task.response).sum(axis=1)
        counts = np.zeros((6, 6))
        np.add.at(counts, (trials.quantities - 1, responses - 1), 1)
        return counts, np.corrcoef(trials.quantities, responses)[0, 1]

    own, own_correlation = table(task.sample(5_000, seed=0))
    counts, correlation = table(T.ShuffledAnswers(task).sample(5_000, seed=0))
    assert own_correlation > 0.999
    assert chi2_contingency(own).pvalue < 1e-9
    assert abs(correlation) < 0.05
    assert chi2_contingency(counts).pvalue > 1e-3
