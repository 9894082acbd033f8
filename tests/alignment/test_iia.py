"""Interchange intervention accuracy: its floor, ceiling and interval, and breakdowns that sum back to it."""

import itertools
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import symbolscope as sy
from symbolscope.alignment.iia import IIA, bootstrap_interval
from symbolscope.alignment.measure import measure

TASK = sy.tasks.MultiObject(max_count=6)
KEYS = ["source", "target", "source and target", "change", "count", "phase"]


def made_up(n=300, variables=("count",), seed=0):
    generator = np.random.default_rng(seed)
    values = [
        {"count": generator.integers(4, size=n).astype(float), "phase": generator.choice([-1.0, 1.0], size=n)}
        for _ in range(2)
    ]
    right, floor = generator.random((2, n)) < np.array([[0.7], [0.2]])
    return IIA(right, floor, right | (generator.random(n) < 0.5), variables, *values)


def slow_key(iia, by, row):
    """What the row is counted under, read off the definition."""
    source = [iia.source_values[name][row] for name in iia.variables]
    target = [iia.target_values[name][row] for name in iia.variables]
    return {
        "source": tuple(source),
        "target": tuple(target),
        "source and target": (*source, *target),
        "change": tuple(s - t for s, t in zip(source, target, strict=True)),
    }.get(by) or (iia.target_values[by][row], iia.source_values[by][row])


def test_shares_are_means():
    iia = made_up()
    assert iia.n == 300
    assert iia.value == iia.right.sum() / 300
    assert iia.floor == iia.floor_right.sum() / 300
    assert iia.ceiling == iia.ceiling_right.sum() / 300
    low, high = iia.interval
    text = f"IIA {iia.value:.3f} [{low:.3f}, {high:.3f}] on 300 pairs (nothing swapped {iia.floor:.3f}, whole"
    assert str(iia).startswith(text)


@pytest.mark.parametrize("by", KEYS)
@pytest.mark.parametrize("variables", [("count",), ("phase",), ("count", "phase")], ids="+".join)
def test_a_breakdown_is_what_a_loop_finds_and_sums_back_to_the_whole(by, variables):
    iia = made_up(variables=variables)
    cells = iia.table(by)
    rows = {}
    for row in range(iia.n):
        rows.setdefault(slow_key(iia, by, row), []).append(row)
    assert [cell.key for cell in cells] == sorted(rows)
    for cell in cells:
        assert cell.right.tolist() == iia.right[rows[cell.key]].tolist()
        assert cell.value == np.mean(iia.right[rows[cell.key]])
        assert cell.floor == np.mean(iia.floor_right[rows[cell.key]])
        assert cell.interval == bootstrap_interval(iia.right[rows[cell.key]])
    assert sum(cell.n for cell in cells) == iia.n
    assert sum(cell.n * cell.value for cell in cells) == pytest.approx(iia.n * iia.value)
    assert sum(cell.n * cell.floor for cell in cells) == pytest.approx(iia.n * iia.floor)


def test_unknown_breakdown_is_refused():
    with pytest.raises(
        sy.SymbolscopeError, match=r'by must be "source", .* or a variable \(count, phase\); got \'cuont\''
    ):
        made_up().table("cuont")


@pytest.mark.parametrize("variables", [("count",), ("count", "phase")], ids="+".join)
def test_by_count_is_the_breakdown_by_source_and_target(variables):
    iia = made_up(variables=variables)
    frame = iia.by_count
    ends = [f"{end} {name}" for end, name in itertools.product(("source", "target"), variables)]
    assert list(frame.columns) == [*ends, "iia", "floor", "n"]
    for cell, row in zip(iia.table("source and target"), frame.itertuples(index=False), strict=True):
        assert tuple(row) == (*cell.key, cell.value, cell.floor, cell.n)
    assert (frame.iia * frame.n).sum() / frame.n.sum() == pytest.approx(iia.value)


def test_by_count_without_pandas_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(sy.SymbolscopeError, match=r"pip install 'symbolscope\[frames\]'; table\(...\) gives the same"):
        _ = made_up().by_count


@pytest.mark.parametrize("n", [1, 20, 1_000])
def test_where_all_agree_the_interval_is_the_exact_one(n):
    # P(all n right) = p^n is 2.5 % at the bound.
    low, high = bootstrap_interval(np.ones(n, dtype=bool))
    assert high == 1.0
    assert low**n == pytest.approx(0.025)
    assert bootstrap_interval(np.zeros(n, dtype=bool)) == (0.0, pytest.approx(1.0 - low))


@given(n=st.integers(30, 2_000), share=st.floats(0.2, 0.8))
def test_the_interval_is_as_wide_as_that_of_a_binomial_share(n, share):
    right = np.arange(n) < round(share * n)
    low, high = bootstrap_interval(right)
    assert low <= right.mean() <= high
    spread = 2 * 1.96 * (right.mean() * (1 - right.mean()) / n) ** 0.5
    assert abs((high - low) - spread) < 0.15 * spread + 1.5 / n
    assert bootstrap_interval(right) == (low, high)


def test_floor_and_ceiling_of_an_exact_network():
    network, program = sy.networks.Toy1d(TASK), sy.programs.UpDown(TASK)
    pairs = sy.counterfactual_pairs(network, program, TASK, variable="count", n=400, seed=2)
    site = sy.sites.find_site(network)
    nothing = measure(network, site, pairs, lambda target, source: target)
    assert nothing.right.tolist() == nothing.floor_right.tolist()
    whole = measure(network, site, pairs.whole, lambda target, source: source)
    assert whole.value == nothing.ceiling == 1.0
    # Nothing swapped is right, in the response, exactly where the program's own labels are the same.
    swapped, natural = ((one.labels == TASK.response).sum(axis=1) for one in (pairs, pairs.natural))
    responding = pairs.target_values["phase"] == 1
    assert (nothing.floor_right == (swapped == natural))[responding].all()
    same = pairs.source_values["count"] == pairs.target_values["count"]
    assert nothing.floor_right[same].all()
    assert not nothing.floor_right[responding & ~same].any()


def test_the_ceiling_is_the_networks_own_accuracy():
    """Of a network that answers nothing right no swap can be right."""
    network, program = sy.networks.GRU(TASK.vocabulary, width=4), sy.programs.UpDown(TASK)
    pairs = sy.counterfactual_pairs(network, program, TASK, n=100)
    iia = measure(network, sy.sites.find_site(network), pairs, lambda target, source: source)
    assert iia.ceiling < 0.1
    assert iia.ceiling_right.shape == iia.right.shape == (100,)


def test_an_alignment_measures_fresh_pairs_or_given_ones():
    network, program = sy.networks.Toy1d(TASK), sy.programs.UpDown(TASK)
    found = sy.align(network, program, TASK, featurizer=sy.featurizers.Identity(size=1), n_pairs=10, n_validation=10)
    fresh = found.iia(n=60, values=(2, 3), counts=(3, 4), seed=5)
    assert set(fresh.source_values["count"]) == {2, 3}
    assert fresh.n == 60
    pairs = sy.counterfactual_pairs(network, program, TASK, n=60, values=(2, 3), counts=(3, 4), seed=5)
    given_pairs = found.iia(pairs)
    assert given_pairs.right.tolist() == fresh.right.tolist()
    assert given_pairs.source_values["count"].tolist() == pairs.source_values["count"].tolist()
    both = sy.counterfactual_pairs(network, program, TASK, variable=("count", "phase"), n=5)
    with pytest.raises(sy.SymbolscopeError, match=r"the alignment is for count; got 'count\+phase'"):
        found.iia(both)


def test_several_variables_need_a_name():
    network, program = sy.networks.Toy1d(TASK), sy.programs.UpDown(TASK)
    found = sy.align(
        network, program, TASK, variable=("count", "phase"), featurizer=sy.featurizers.Identity(size=(1, 2)), n_pairs=10,
    )  # fmt: skip
    assert found.iia(variable="count", n=50).value == found.iia(variable="phase", n=50).value == 1.0
    states = torch.tensor([[1.0, 0.0, -1.0]]), torch.tensor([[3.0, 0.0, 1.0]])
    assert found.swap(*states, variable="count").tolist() == [[3.0, 0.0, -1.0]]
    assert found.swap(*states, variable="phase").tolist() == [[1.0, 0.0, 1.0]]
    with pytest.raises(sy.SymbolscopeError, match="the alignment is for count, phase; got no variable"):
        found.iia()
    with pytest.raises(sy.SymbolscopeError, match="the alignment is for count, phase; got 'demo_count'"):
        found.iia(variable="demo_count")
