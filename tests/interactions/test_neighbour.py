"""The optimum at other prices followed from a known one, against a search from the beginning and a solver of others."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import linprog
from tests.interactions.games import instances, planted

import symbolscope as sy
from symbolscope.interactions.decompose import decompose_game
from symbolscope.interactions.decomposition.neighbour import neighbour
from symbolscope.interactions.decomposition.split import SplitPrices

GAMES = {
    **{
        f"noise {n}-{seed}": np.random.default_rng(seed).normal(size=1 << n)
        for n, seed in ((2, 0), (3, 0), (3, 1), (4, 0))
    },
    "planted": planted(4, seed=0, noise=0.3, n_and=4, n_or=3, most=4)[0],
    "network": instances(4)["network"],
    "large": 1e5 * np.random.default_rng(7).normal(size=8),
}


def prices_for(n, surcharge):
    prices = SplitPrices.for_players(n, with_or=True)
    return replace(prices, or_prices=prices.or_prices * (1.0 + surcharge))


def followed(model, surcharge):
    """The neighbour of a model, in the model's own units: the split, and the cost at the changed prices."""
    values, size = model.values, model.values.size
    sets = model.masks.astype(np.int64) @ (1 << np.arange(model.n_players))
    unit = float(np.ptp(values))
    return neighbour(
        (values - values[0]) / unit,
        prices_for(model.n_players, surcharge),
        model.tolerance / unit,
        np.where(model.is_or, sets + size, sets),
        np.where(model.is_or, -model.effects, model.effects) / unit,
        (values - model.predict_all()) / unit,
    ), unit


def changed_cost(model, surcharge):
    """An OR of one player is an AND of one, and counts as that."""
    price = (1 + 0.01 * (model.orders - 1)) * np.where(model.is_or, 1 + surcharge, 1.0)
    return float(np.sum(price * np.abs(model.effects)))


def least_cost(values, tolerance, surcharge):
    """The optimum as a linear programme over all ANDs, and ORs of two or more."""
    n = len(values).bit_length() - 1
    masks = sy.all_masks(n).astype(float)
    order, shared = masks.sum(axis=1), masks @ masks.T
    price = 1 + 0.01 * (order - 1)
    atoms = np.hstack([(shared == order)[:, 1:], (shared > 0)[:, order >= 2], np.ones((len(values), 1))]).astype(float)
    cost = np.concatenate([price[1:], (1 + surcharge) * price[order >= 2], [0.0]])
    scale = np.ptp(values)
    limits = np.concatenate([values - values[0] + tolerance, tolerance - values + values[0]]) / scale
    signed = np.hstack([atoms, -atoms])
    found = linprog(
        np.concatenate([cost, cost]), A_ub=np.vstack([signed, -signed]), b_ub=limits, bounds=(0, None), method="highs"
    )
    assert found.status == 0
    return float(found.fun * scale)


@pytest.mark.parametrize("surcharge", [-0.005, 0.005])
@pytest.mark.parametrize("share", [0.1])
@pytest.mark.parametrize("game", GAMES)
def test_it_is_the_optimum_at_the_changed_prices(game, share, surcharge):
    values = GAMES[game]
    tolerance = share * float(np.std(values))
    model = sy.decompose(values, tolerance=tolerance)
    near, unit = followed(model, surcharge)
    assert near is not None
    assert np.abs(values - values[0] - unit * near.prediction()).max() <= tolerance * (1 + 1e-9)
    cost = near.cost * unit
    assert cost == pytest.approx(least_cost(values, tolerance, surcharge), rel=1e-6)
    if surcharge > 0:  # dearer ORs leave the order of one player alone, so a search from the beginning is certified
        names = model.player_names
        asked = decompose_game(
            values, names, tolerance=tolerance, gap=1e-6, kinds="and-or", settings={}, view=None, progress=False,
            or_surcharge=surcharge,
        )  # fmt: skip
        assert cost == pytest.approx(changed_cost(asked, surcharge), rel=1e-6)
        assert near.gap < 1e-6


def test_prices_that_stay_the_same_lead_nowhere():
    values = GAMES["noise 4-0"]
    model = sy.decompose(values, tolerance=0.1)
    near, unit = followed(model, 0.0)
    assert near.cost * unit == pytest.approx(model.objective, rel=1e-7)
    np.testing.assert_allclose(near.prediction() * unit + values[0], model.predict_all(), atol=1e-6)


def test_dearer_ors_are_fewer():
    values = np.random.default_rng(0).normal(size=32)
    model = sy.decompose(values, tolerance=0.1)
    strengths = []
    for surcharge in (0.0, 0.05, 0.5):
        near, _ = followed(model, surcharge)
        strengths.append(np.abs(near.absent_effects).sum())
    assert strengths[0] > strengths[1] > strengths[2]


@pytest.mark.parametrize("game", ["noise 3-0", "network"])
def test_there_is_no_vertex_without_a_tolerance(game):
    assert followed(sy.decompose(GAMES[game]), 0.005)[0] is None


def test_what_is_no_vertex_is_not_followed():
    """A part of a split is no optimum of anything."""
    model = sy.decompose(GAMES["noise 4-0"], tolerance=0.1)
    assert followed(model.restrict(3), 0.005)[0] is None


@pytest.mark.parametrize("tolerance", [0.0, 0.1])
@pytest.mark.parametrize("name", list(instances(1)))
def test_the_curve_of_every_size_is_that_of_fidelity(name, tolerance):
    values = instances(5)[name].astype(np.float64)
    model = sy.decompose(values, tolerance=tolerance * float(np.std(values)))
    every, some = model.size_curve(), model.curve()
    assert len(every.r2) == len(model.effects) + 1
    np.testing.assert_allclose(every.r2[some.counts], some.r2, atol=1e-9)
    for level in (0.5, 0.9, 0.99):
        if len(model.effects) <= 40:
            assert every.count_for(level) == some.count_for(level)
