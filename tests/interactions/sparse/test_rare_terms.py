"""Interactions that drawn masks hardly ever show: no interval of no width, the true R^2 inside, and masks where they are on."""

from math import comb

import numpy as np
import pytest

import symbolscope as sy
from symbolscope.interactions.checked_outputs import masks_to_check
from symbolscope.interactions.sparse.edge_masks import draw_edge_masks

# Players, the function, and the share of uniform masks on which it is 1.
RARE = {
    "and of 11": (30, lambda m: 1.0 * m[:, 4:15].all(axis=1), 0.5**11),
    "no or of 13": (28, lambda m: 1.0 - m[:, :13].any(axis=1), 0.5**13),
    "and of 14": (60, lambda m: 1.0 * m[:, 9:23].all(axis=1), 0.5**14),
    "at least 26 of 32": (32, lambda m: 1.0 * (m.sum(axis=1) >= 26), sum(comb(32, k) for k in range(26, 33)) / 2**32),
    "at most 5 of 30": (30, lambda m: 1.0 * (m.sum(axis=1) <= 5), sum(comb(30, k) for k in range(6)) / 2**30),
}


@pytest.mark.parametrize("name", RARE)
def test_an_interval_is_one_and_holds_the_true_r2(name):
    n, function, share = RARE[name]
    model = sy.explain(sy.Game.from_function(function, n), method="sparse", max_calls=400, progress=False)
    report = model.sampled.held_out["uniform"]
    assert report.low < report.high
    if not len(model.effects):  # a constant c: the squared error is that of the mean, and (share - c)^2 more
        truth = 1 - (share * (1 - share) + (share - model.intercept) ** 2) / (share * (1 - share))
        assert report.low <= truth <= report.high
    for other in model.sampled.held_out.values():
        assert other.low < other.high
    assert report.alike == ("the same output" in model.sampled.statement)


@pytest.mark.parametrize("order", [10, 13])
def test_queries_are_tested_where_what_they_found_is_on(order):
    function = lambda m: 2.0 * m[:, :order].all(axis=1) - m[:, 20]  # noqa: E731
    model = sy.explain(sy.Game.from_function(function, 40), method="queries", max_calls=1_200, progress=False)
    edges = model.sampled.at_edges
    assert edges.r2 == pytest.approx(1.0)
    assert not edges.alike
    assert 0 < edges.low < edges.high == 1.0


def test_edges_are_on_a_term_or_one_player_short_of_it():
    members = np.zeros((2, 25), dtype=bool)
    members[0, :9], members[1, 12:18] = True, True
    masks = draw_edge_masks(members, np.array([False, True]), 300, generator=np.random.default_rng(1), known=set())
    present, of_or = masks[:, :9].sum(axis=1), masks[:, 12:18].sum(axis=1)
    assert (np.isin(present, [8, 9]) | np.isin(of_or, [0, 1])).all()
    assert len(np.unique(masks, axis=0)) == len(masks) == 300
    for count in ((present == 9).sum(), (of_or == 0).sum()):
        assert count > 50


@pytest.mark.parametrize("seed", range(4))
def test_masks_of_a_check_are_none_that_the_model_has_met(seed):
    """With eight players every second mask would be met again by chance."""
    model = sy.explain(
        sy.Game.from_function(lambda m: np.sin(m @ np.arange(1.0, 9.0)), 8),
        method="sparse",
        max_calls=150,
        seed=seed,
        progress=False,
    )
    asked = {mask.tobytes() for mask in model.asked}
    assert len(asked) == model.sampled.calls <= 150
    fresh = masks_to_check(model)
    assert len(fresh) > 50
    assert not asked & {mask.tobytes() for mask in fresh}
