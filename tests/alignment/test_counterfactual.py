"""Counterfactual pairs: drawn evenly over values and states, and labelled as a slow reading of the programs' definitions says."""

import dataclasses

import numpy as np
import pytest
from tests.alignment import slow_programs as slow
from tests.alignment.parity import Parity, ParityNetwork, ParityTask

import symbolscope as sy
from symbolscope.alignment.pairs import Pairs

TASK = sy.tasks.MultiObject(max_count=8)


def pairs_of(program, variable, *, n=10_000, task=TASK, **chosen):
    network = sy.networks.GRU(task.vocabulary, width=2)
    return sy.counterfactual_pairs(network, program, task, variable=variable, n=n, **chosen)


def excess(counts, expected):
    """Chi-square statistic, in standard deviations above its mean under the null hypothesis."""
    freedom = np.size(counts) - 1
    return (((counts - expected) ** 2 / expected).sum() - freedom) / (2 * freedom) ** 0.5


def quantities(pairs, kind, task):
    """Objects that each target trial shows in all: those so far, and those that follow where nothing is swapped."""
    natural, found = pairs.natural, []
    for row in range(len(pairs)):
        seen = slow.roles(task, pairs.target_tokens[row, : pairs.target_steps[row] + 1])
        found.append(seen.count("D") + slow.roles(task, natural.labels[row]).count("D"))
    return found


CASES = [
    ("UpDown", "count", TASK),
    ("UpDown", "phase", TASK),
    ("UpDown", ("count", "phase"), TASK),
    ("UpDown", "count", sy.tasks.Mod(max_count=9)),
    ("UpDown", "count", sy.tasks.SingleObject(max_count=5)),
    ("UpUp", "demo_count", TASK),
    ("UpUp", "response_count", TASK),
    ("UpUp", "phase", TASK),
    ("UpUp", ("demo_count", "phase"), TASK),
]


@pytest.mark.parametrize(("kind", "variable", "task"), CASES, ids=lambda case: getattr(case, "__name__", None))
def test_labels_and_values_are_those_of_a_slow_reading(kind, variable, task):
    program = getattr(sy.programs, kind)(task)
    pairs = pairs_of(program, variable, n=150, task=task, seed=5)
    shown = quantities(pairs, kind, task)
    phases = set()
    for swapped in (pairs, pairs.natural, pairs.whole):
        for row in range(len(pairs)):
            before = slow.values_at(kind, task, swapped.target_tokens[row], swapped.target_steps[row])
            source = slow.values_at(kind, task, swapped.source_tokens[row], swapped.source_steps[row])
            assert before == {name: swapped.target_values[name][row] for name in program.names}
            assert source == {name: swapped.source_values[name][row] for name in program.names}
            after = before | {name: source[name] for name in swapped.variables}
            assert after == {name: swapped.values_after[name][row] for name in program.names}
            expected = slow.continued(kind, task, after, shown[row])
            width = swapped.labels.shape[1]
            padded = expected + ["P"] * (width - len(expected))
            assert slow.roles(task, swapped.labels[row]) == padded
            assert swapped.scored[row].tolist() == [role in ("R", "E") for role in padded]
            phases.add((before["phase"], source["phase"]))
    assert phases == {(-1, -1), (-1, 1), (1, -1), (1, 1)}  # also swaps across phases
    assert pairs.natural.variables == ()
    assert pairs.whole.variables == program.names


def test_prefixes_are_natural_and_what_follows_is_the_label():
    pairs = pairs_of(sy.programs.UpDown(TASK), "count", n=300, seed=2)
    for row in range(len(pairs)):
        step, labels = pairs.target_steps[row], pairs.labels[row]
        prefix = slow.roles(TASK, pairs.target_tokens[row, : step + 1])
        demos = prefix.count("D")
        assert prefix in (["B"] + ["D"] * demos, ["B"] + ["D"] * demos + ["T"] + ["R"] * prefix.count("R"))
        rest = pairs.target_tokens[row, step + 1 :]
        ended = np.flatnonzero(labels == TASK.end)[0] + 1
        assert rest[:ended].tolist() == labels[:ended].tolist()
        assert (rest[ended:] == TASK.pad).all()
        assert (labels[ended:] == TASK.pad).all()
        assert pairs.lengths[row] == ended  # the end is the last scored token
        objects = pairs.source_tokens[row][np.isin(pairs.source_tokens[row], TASK.demos)]
        source = slow.roles(TASK, pairs.source_tokens[row])
        whole = ["B"] + ["D"] * len(objects) + ["T"] + ["R"] * len(objects) + ["E"]
        assert source == whole + ["P"] * (len(source) - len(whole))
    assert (pairs.target_tokens[:, -1] != TASK.pad).any()
    assert (pairs.natural.source_tokens == pairs.source_tokens).all()
    assert (pairs.natural.target_steps == pairs.target_steps).all()
    assert (pairs.whole.source_steps == pairs.source_steps).all()


@pytest.mark.parametrize(
    ("kind", "variable"), [("UpDown", "count"), ("UpDown", "phase"), ("UpUp", "demo_count"), ("UpUp", "response_count")]
)
def test_values_are_uniform_and_so_are_the_states_that_share_one(kind, variable):
    program = getattr(sy.programs, kind)(TASK)
    pairs = pairs_of(program, variable)
    reachable = set()
    for quantity in TASK.quantities:
        values = slow.start(kind)
        for role in ["B"] + ["D"] * quantity + ["T"] + ["R"] * quantity:
            values = slow.consume(kind, TASK, values, role)
            if role in ("D", "R"):
                reachable.add(tuple(values[name] for name in program.names))
    position = program.names.index(variable)
    for held in (pairs.source_values, pairs.target_values):
        states = np.stack([held[name] for name in program.names], axis=1)
        distinct, counts = np.unique(states, axis=0, return_counts=True)
        assert {tuple(state) for state in distinct} == reachable
        values, sizes = np.unique(distinct[:, position], return_counts=True)
        expected = np.array([10_000 / len(values) / sizes[values == state[position]][0] for state in distinct])
        assert excess(counts, expected) < 5
        of_values = np.unique(states[:, position], return_counts=True)[1]
        assert excess(of_values, 10_000 / len(values)) < 5


def test_source_and_target_are_independent():
    pairs = pairs_of(sy.programs.UpDown(TASK), "count")
    table = np.histogram2d(pairs.target_values["count"], pairs.source_values["count"], bins=np.arange(10) - 0.5)[0]
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    freedom = (len(rows) - 1) * (len(columns) - 1)
    statistic = ((table - np.outer(rows, columns) / 10_000) ** 2 / (np.outer(rows, columns) / 10_000)).sum()
    assert (statistic - freedom) / (2 * freedom) ** 0.5 < 5
    alike = pairs.target_tokens[:, 1] == pairs.source_tokens[:, 1]  # the first of three kinds of object
    assert abs(alike.mean() - 1 / 3) < 0.05


@pytest.mark.parametrize("task", [TASK, sy.tasks.SameObject(max_count=5)], ids=["multi", "same"])
def test_steps_stand_at_objects_and_responses_only(task):
    pairs = pairs_of(sy.programs.UpDown(task), "count", n=2_000, task=task)
    for tokens, steps in ((pairs.target_tokens, pairs.target_steps), (pairs.source_tokens, pairs.source_steps)):
        at = tokens[np.arange(2_000), steps]
        assert set(at) == {*task.demos, task.response}


def test_counts_and_values_are_kept_to():
    pairs = pairs_of(sy.programs.UpDown(TASK), "count", n=500, counts=(3, 6), values=(2, 5), seed=1)
    assert set(pairs.source_values["count"]) == {2, 5}
    assert set(pairs.target_values["count"]) == {0, 1, 2, 3, 4, 5, 6}
    assert set(quantities(pairs, "UpDown", TASK)) == {3, 6}
    assert {slow.roles(TASK, row).count("D") for row in pairs.source_tokens} == {3, 6}


def test_all_quantities_take_part_by_default():
    task = sy.tasks.MultiObject(max_count=5, held_out=(2, 4))
    pairs = pairs_of(sy.programs.UpDown(task), "count", n=500, task=task)
    assert {slow.roles(task, row).count("D") for row in pairs.source_tokens} == {1, 2, 3, 4, 5}


@pytest.mark.parametrize("voids", ["task", "program", "both"])
def test_voids_are_left_out(voids):
    quiet, loud = TASK, sy.tasks.MultiObject(max_count=8, void_probability=0.5)
    task = quiet if voids == "program" else loud
    program = sy.programs.UpDown(quiet if voids == "task" else loud)
    pairs = pairs_of(program, "count", n=300, task=task)
    for one in (pairs, pairs.natural, pairs.whole):
        assert not (one.target_tokens == task.void).any()
        assert not (one.source_tokens == task.void).any()
    assert program.task.void_probability == (0.0 if voids == "task" else 0.5)  # the program itself is not touched


def identical(first, second):
    same = True
    for entry in dataclasses.fields(Pairs):
        one, other = getattr(first, entry.name), getattr(second, entry.name)
        if isinstance(one, np.ndarray):
            same &= np.array_equal(one, other)
        elif isinstance(one, dict):
            same &= all(np.array_equal(one[name], other[name]) for name in one)
        elif isinstance(one, Pairs):
            same &= identical(one, other)
    return same


def test_ten_thousand_pairs_follow_from_the_seed():
    program = sy.programs.UpUp(TASK)
    pairs = pairs_of(program, "demo_count", seed=7)
    assert len(pairs) == 10_000
    assert identical(pairs, pairs_of(program, "demo_count", seed=7))
    given, again = (pairs_of(program, "demo_count", seed=np.random.default_rng(7)) for _ in range(2))
    assert identical(given, again)
    assert not identical(pairs, pairs_of(program, "demo_count", seed=8))


def test_a_subset_takes_its_companions_along():
    pairs = pairs_of(sy.programs.UpDown(TASK), "count", n=20)
    rows = np.array([3, 17, 3])
    few = pairs.subset(rows)
    assert len(few) == len(few.natural) == len(few.whole) == 3
    assert (few.labels == pairs.labels[rows]).all()
    assert (few.whole.labels == pairs.whole.labels[rows]).all()
    assert (few.source_values["count"] == pairs.source_values["count"][rows]).all()


def test_a_task_and_program_of_ones_own():
    task = ParityTask()
    program = Parity(task)
    pairs = sy.counterfactual_pairs(ParityNetwork(task), program, task, variable="odd", n=400)
    assert abs(pairs.source_values["odd"].mean() - 0.5) < 0.1
    before = set()
    for row in range(len(pairs)):
        step = pairs.target_steps[row]
        prefix = task.vocabulary.decode(pairs.target_tokens[row, : step + 1])
        assert step > 0
        more = [task.vocabulary.tokens[token] for token in pairs.natural.labels[row]].count("A")
        odd = (int(pairs.source_values["odd"][row]) + more) % 2
        answer = ["even", "odd"][odd]
        expected = {"A": ["A"] * more + ["=", answer, "E"], "=": [answer, "E"]}.get(prefix[-1], ["E"])
        labels = task.vocabulary.decode(pairs.labels[row])
        assert labels == expected + ["P"] * (len(labels) - len(expected))
        assert pairs.scored[row].tolist() == [token in ("even", "odd", "E") for token in labels]
        before.add(prefix[-1])
    assert before == {"A", "=", "even", "odd"}


def test_a_variable_of_ones_own_is_found():
    task = ParityTask()
    linear = sy.featurizers.Linear(size=1)
    found = sy.align(
        ParityNetwork(task),
        Parity(task),
        task,
        variable="odd",
        featurizer=linear,
        rate=0.03,
        n_pairs=500,
        progress=False,
    )
    assert found.validation_iia == 1.0
    measured = found.iia(n=300)
    assert measured.floor < 0.7
    assert measured.ceiling == 1.0  # also what the program remembers beside its variable is in the state


def test_the_whole_companion_swaps_all_that_the_program_remembers():
    program = sy.programs.CtxDistr(TASK)  # its variable is the last contribution only; the sum is remembered beside it
    pairs = pairs_of(program, "contribution", n=100)
    for row, shown in enumerate(quantities(pairs, "UpDown", TASK)):
        source = slow.values_at("UpDown", TASK, pairs.source_tokens[row], pairs.source_steps[row])
        labels = slow.roles(TASK, pairs.whole.labels[row])
        assert [role for role in labels if role != "P"] == slow.continued("UpDown", TASK, source, shown)


@pytest.mark.parametrize(
    ("variable", "chosen", "message"),
    [
        ("cuont", {}, r"UpDown has no variable 'cuont'; did you mean 'count'\? It has: count, phase"),
        ("count", {"n": 0}, "n must be at least 1 pair; got 0"),
        ("count", {"counts": (3, 99)}, r"some of the task's quantities 1\.\.8; got 99"),
        ("count", {"counts": ()}, r"some of the task's quantities 1\.\.8; got none"),
        ("count", {"values": (99,)}, r"no step is left to swap count at: .* never hold any of the values \[99\]"),
        ("count", {"values": ()}, r"no step is left to swap count at"),
    ],
)
def test_refusals(variable, chosen, message):
    with pytest.raises(sy.SymbolscopeError, match=message):
        pairs_of(sy.programs.UpDown(TASK), variable, **({"n": 10} | chosen))


def test_trials_without_a_step_between_start_and_end():
    class Mute(ParityTask):
        def write(self, quantities, generator):
            tokens = np.tile(self.vocabulary.encode(["=", "E"]), (len(quantities), 1))
            return sy.tasks.Trials(tokens, tokens == self.end, quantities, np.full(len(quantities), 2))

    with pytest.raises(sy.SymbolscopeError, match="the trials with these counts have no step"):
        sy.counterfactual_pairs(ParityNetwork(Mute()), Parity(Mute()), Mute(), variable="odd", n=10)


def test_another_vocabulary_or_task_is_refused():
    other = sy.tasks.SingleObject(max_count=8)
    with pytest.raises(
        sy.SymbolscopeError, match=r"network's vocabulary .* is not the task's .*vocabulary=task.vocabulary"
    ):
        sy.counterfactual_pairs(sy.networks.GRU(other.vocabulary, width=2), sy.programs.UpDown(TASK), TASK, n=10)
    with pytest.raises(sy.SymbolscopeError, match=r"the program is for SingleObject.*; build it with UpDown\(task\)"):
        pairs_of(sy.programs.UpDown(other), "count", n=10)


def test_pairs_of_unequal_numbers_are_refused():
    pairs = pairs_of(sy.programs.UpDown(TASK), "count", n=5)
    with pytest.raises(sy.SymbolscopeError, match=r"target_steps must have one row per pair \(5\); it has 4"):
        dataclasses.replace(pairs, target_steps=pairs.target_steps[:4])
    with pytest.raises(sy.SymbolscopeError, match=r"labels and scored must have one shape"):
        dataclasses.replace(pairs, scored=pairs.scored[:, :2])
