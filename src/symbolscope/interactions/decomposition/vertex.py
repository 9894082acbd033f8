"""From a nearly solved split to the exact optimum: a linear programme over the few sets and masks that matter.

At the optimum few sets carry an effect and, with a tolerance, few masks are at its edge. Dropping all other columns (sets) and
rows (masks) leaves a linear programme of a few hundred of each. Its solution is the optimum of the whole as soon as

    no left-out mask has an error above the tolerance          (else its row is added), and
    no left-out set has a dual value above its price           (else its column is added),

both checked over all 2^n by butterflies. Each round also yields a lower bound valid for the whole problem
(``SplitPrices.bound``), so the loop may stop early with a certificate.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csc_array, hstack, vstack

from symbolscope.interactions.decomposition.operators import absent, zeta_transpose
from symbolscope.interactions.decomposition.split import Split, SplitPrices
from symbolscope.shapes import Vector

_MOST_ROUNDS = 40
_NEARLY_PRICED = 0.97
_NEARLY_AT_THE_EDGE = 0.9
_ROUNDING = 1e-9
_SOLVER_ROUNDING = 3e-12
_COLUMNS_AT_ONCE = 64

Indices = NDArray[np.int64]


def candidate_sets(
    prices: SplitPrices, and_effects: Vector, absent_effects: Vector, dual: Vector
) -> tuple[Indices, Indices]:
    """Sets with an effect, or whose dual value is within 3 % of the price, for AND and absent; singles only as AND."""
    order = prices.orders
    near_and = np.abs(zeta_transpose(dual)) >= _NEARLY_PRICED * prices.and_prices
    near_absent = np.abs(absent(dual)) >= _NEARLY_PRICED * prices.or_prices
    return (
        np.flatnonzero((near_and | (and_effects != 0)) & (order >= 1)),
        np.flatnonzero((near_absent | (absent_effects != 0)) & (order >= 2)),
    )


def candidate_masks(values: Vector, prediction: Vector, dual: Vector, tolerance: float, most: int) -> Indices:
    """At most ``most`` masks with the largest dual values, and as many with an error near or above the tolerance.

    The optimum has about as many masks at its edge as sets with an effect, so a few times that many are enough to start from;
    a network with few distinct outputs would offer nearly all of them.
    """
    largest = float(np.max(np.abs(dual)))
    return np.union1d(
        _largest(np.abs(dual), 1e-3 * largest, most),
        _largest(np.abs(values - prediction), _NEARLY_AT_THE_EDGE * tolerance, most),
    )


def solve_vertex(
    values: Vector,
    prices: SplitPrices,
    tolerance: float,
    *,
    and_sets: Indices,
    absent_sets: Indices,
    masks: Indices,
    gap: float,
    lower_bound: float = 0.0,
    most_entries: int,
) -> Split | None:
    """Optimal split starting from candidate sets and masks, or None if the programme would outgrow ``most_entries``.

    Parameters
    ----------
    values
        float64 [2^n].
    tolerance
        Largest error on any mask; with 0 every mask must be among ``masks``.
    gap
        Relative gap at which to stop.
    lower_bound
        A bound known already.
    most_entries
        Largest number of rows times columns to try.
    """
    scale = max(1.0, float(np.max(np.abs(values))))
    margin = _SOLVER_ROUNDING * scale  # so that the errors are within the tolerance itself, not a rounding above it
    for _ in range(_MOST_ROUNDS):
        if len(masks) * (len(and_sets) + len(absent_sets) + 1) > most_entries:
            return None
        solution = _restricted(values, prices, max(tolerance - margin, 0.5 * tolerance), and_sets, absent_sets, masks)
        if solution is None:
            return None
        split, dual = solution
        lower_bound = max(lower_bound, prices.bound(values, dual, tolerance))
        split = Split(split.and_effects, split.absent_effects, split.cost, min(lower_bound, split.cost))
        excess = np.abs(values - split.prediction()) - tolerance
        new_masks = _largest(excess, _ROUNDING * scale, max(50, len(masks) // 2))
        if len(new_masks) == 0 and split.gap <= gap:
            return split
        order = prices.orders
        over_and = np.where(order >= 1, np.abs(zeta_transpose(dual)) - prices.and_prices, -1.0)
        over_absent = np.where(order >= 2, np.abs(absent(dual)) - prices.or_prices, -1.0)
        most = (len(and_sets) + len(absent_sets)) // 2 + 20
        more_and = np.setdiff1d(_largest(over_and, _ROUNDING, most), and_sets)
        more_absent = np.setdiff1d(_largest(over_absent, _ROUNDING, most), absent_sets)
        if len(new_masks) + len(more_and) + len(more_absent) == 0:
            return split
        masks = np.union1d(masks, new_masks)
        and_sets, absent_sets = np.union1d(and_sets, more_and), np.union1d(absent_sets, more_absent)
    return None


def _largest(excess: Vector, threshold: float, most: int) -> Indices:
    """Indices whose excess is above the threshold, at most ``most`` of them, the largest first."""
    over = np.flatnonzero(excess > threshold)
    return over[np.argsort(-excess[over], kind="stable")][:most]


def _restricted(
    values: Vector, prices: SplitPrices, tolerance: float, and_sets: Indices, absent_sets: Indices, masks: Indices
) -> tuple[Split, Vector] | None:
    """Solve the programme over the given rows and columns; return its split and its dual vector over all masks."""
    inside, apart = _disjoint(~masks, and_sets), _disjoint(masks, absent_sets)  # [rows, and], [rows, absent]
    columns = hstack([inside, apart, np.ones((len(masks), 1))], format="csc")  # [rows, k + 1]
    price = np.concatenate([prices.and_prices[and_sets], prices.or_prices[absent_sets], [0.0]])  # [k + 1]
    # |x| is priced by writing x = plus - minus, both non-negative; the free constant costs nothing either way.
    matrix = hstack([columns, -columns], format="csc")  # [rows, 2 (k + 1)]
    cost = np.concatenate([price, price])
    if tolerance == 0:
        result = linprog(cost, A_eq=matrix, b_eq=values[masks], bounds=(0, None), method="highs-ds")
    else:
        limits = np.concatenate([values[masks] + tolerance, tolerance - values[masks]])
        result = linprog(
            cost, A_ub=vstack([matrix, -matrix], format="csc"), b_ub=limits, bounds=(0, None), method="highs-ds"
        )
    if result.status != 0:
        return None
    effects = result.x[: len(price)] - result.x[len(price) :]
    and_effects, absent_effects, dual = np.zeros(values.size), np.zeros(values.size), np.zeros(values.size)
    and_effects[and_sets] = effects[: len(and_sets)]
    and_effects[0] = effects[-1]
    absent_effects[absent_sets] = effects[len(and_sets) : -1]
    if tolerance == 0:
        dual[masks] = result.eqlin.marginals
    else:
        upper, lower = np.split(result.ineqlin.marginals, 2)
        dual[masks] = upper - lower
    return Split(and_effects, absent_effects, prices.cost(and_effects, absent_effects), 0.0), dual


def _disjoint(masks: Indices, sets: Indices) -> csc_array:
    """1 where a set shares no player with a mask, [masks, sets]; sparse, and built a few columns at a time to stay small."""
    rows = masks.astype(np.int32)[:, None]
    blocks = [
        csc_array((rows & sets[start : start + _COLUMNS_AT_ONCE].astype(np.int32)) == 0, dtype=np.float64)
        for start in range(0, len(sets), _COLUMNS_AT_ONCE)
    ]
    return csc_array(hstack(blocks, format="csc") if blocks else (len(masks), 0))
