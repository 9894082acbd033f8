"""The joint split of several networks against a linear programme, its certificate, and its laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

import symbolscope as sy
from symbolscope.interactions.decomposition.group_shrink import group_shrink, largest_dual_norm
from symbolscope.interactions.decomposition.joint import joint_cost, solve_joint
from symbolscope.interactions.decomposition.split import SplitPrices


def cheapest(values, tolerances, alpha):
    """Optimum of the joint programme by HiGHS, over all sets and masks: n <= 4."""
    m, size = values.shape
    prices = SplitPrices.for_players(size.bit_length() - 1, with_or=True)
    sets = np.arange(size)
    masks = sets[:, None]
    columns = np.hstack([(~masks & sets) == 0, (masks & sets) == 0]).astype(float)  # [2^n, 2 * 2^n]
    price = np.concatenate([prices.and_prices, prices.or_prices])
    k = len(price)
    # Variables: plus [m, k], minus [m, k], largest [k].
    cost = np.concatenate([np.tile(alpha * price, 2 * m), price])
    rows, limits = [], []
    for i in range(m):
        fit = np.zeros((size, 2 * m * k + k))
        fit[:, i * k : (i + 1) * k], fit[:, (m + i) * k : (m + i + 1) * k] = columns, -columns
        rows += [fit, -fit]
        limits += [values[i] + tolerances[i], tolerances[i] - values[i]]
        top = np.zeros((k, 2 * m * k + k))
        top[:, i * k : (i + 1) * k], top[:, (m + i) * k : (m + i + 1) * k] = np.eye(k), np.eye(k)
        top[:, 2 * m * k :] = -np.eye(k)
        rows.append(top)
        limits.append(np.zeros(k))
    result = linprog(cost, A_ub=np.vstack(rows), b_ub=np.concatenate(limits), bounds=(0, None), method="highs")
    assert result.status == 0
    return result.fun


@pytest.mark.parametrize("tolerance", [0.0, 0.05])
@pytest.mark.parametrize(("n", "m", "alpha"), [(2, 2, 0.1), (3, 2, 0.0), (3, 3, 0.3), (4, 2, 0.1), (4, 3, 1.0)])
def test_bound_and_cost_enclose_the_optimum_of_the_programme(n, m, alpha, tolerance):
    rng = np.random.default_rng(n + 10 * m)
    values = rng.normal(size=(m, 1 << n))
    values -= values[:, :1]
    tolerances = np.full(m, tolerance)
    prices = SplitPrices.for_players(n, with_or=True)
    splits, cost, bound = solve_joint(values, prices, tolerances, alpha, 1e-3, lambda _: None)
    optimum = cheapest(values, tolerances, alpha)
    assert bound <= optimum + 1e-9
    assert cost >= optimum - 1e-9
    assert cost - bound <= (1e-3 if tolerance == 0 else 5e-3) * cost
    for row, split in zip(values, splits, strict=True):
        assert np.max(np.abs(row - split.prediction())) <= tolerance + 1e-9
    effects = np.stack([s.and_effects for s in splits]), np.stack([s.absent_effects for s in splits])
    assert joint_cost(prices, *effects, alpha) == pytest.approx(cost, rel=1e-12)


@given(st.integers(1, 5), st.floats(0, 2), st.floats(0.01, 3), st.integers(0, 10**6))
def test_shrinking_is_the_prox_of_the_norm(m, alpha, step, seed):
    rng = np.random.default_rng(seed)
    x, price = 2 * rng.normal(size=(m, 3)), rng.uniform(0.1, 2, 3)
    z = np.empty_like(x)
    group_shrink(z, x, price, step, alpha)

    def objective(z):
        return 0.5 * ((z - x) ** 2).sum(0) + step * price * (np.abs(z).max(0) + alpha * np.abs(z).sum(0))

    for scale in (1e-3, 1e-1, 1.0):  # convex, so no better point nearby means none anywhere
        for _ in range(20):
            assert (objective(z) <= objective(z + scale * rng.normal(size=z.shape)) + 1e-12).all()
    # Moreau: what the prox took off lies in the dual ball, and is as large as it where z is not zero.
    norm = largest_dual_norm(np.hstack([np.zeros((m, 1)), x - z]), np.append(1.0, step * price), alpha)
    assert norm <= 1 + 1e-9
    if (z != 0).any():
        assert norm == pytest.approx(1.0)


@given(st.integers(1, 4), st.floats(0, 2), st.integers(0, 10**6))
def test_dual_norm_is_the_largest_inner_product_over_the_unit_ball(m, alpha, seed):
    rng = np.random.default_rng(seed)
    y = rng.normal(size=(m, 1))
    norm = largest_dual_norm(np.hstack([np.zeros((m, 1)), y]), np.ones(2), alpha)
    # The unit ball's extreme points use j networks at the same magnitude 1 / (1 + alpha j).
    strengths = np.sort(np.abs(y[:, 0]))[::-1]
    assert norm == pytest.approx(max(strengths[:j].sum() / (1 + alpha * j) for j in range(1, m + 1)))


def test_one_network_alone_is_split_as_by_decompose():
    values = np.random.default_rng(0).normal(size=64)
    prices = SplitPrices.for_players(6, with_or=True)
    _, cost, bound = solve_joint((values - values[0])[None], prices, np.zeros(1), 0.0, 1e-3, lambda _: None)
    alone = sy.decompose(values)
    assert bound <= alone.objective * (1 + 1e-9)
    assert cost == pytest.approx(alone.objective, rel=2e-3)
