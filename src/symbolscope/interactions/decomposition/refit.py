"""Effects of a given short list of sets, by least squares over all masks in closed form.

An exact split found by iteration has a small effect on nearly every set. Where the game truly is a few interactions, the sets
with a non-negligible effect are those few; fitting just them gives the values back to rounding, with every other effect zero.

The columns are [S contained in T] (AND) and [S disjoint from T] (absent), so their inner products need no 2^n x k matrix:
both of one kind, 2^(n - |S u S'|); one of each, the same if S and S' are disjoint and 0 otherwise.
"""

import numpy as np

from symbolscope.interactions.decomposition.operators import absent, zeta_transpose
from symbolscope.interactions.decomposition.split import Split, SplitPrices
from symbolscope.shapes import Vector

_REFINEMENTS = 3
# Rounding of a sum of up to 2^n numbers of the size of the values.
_ROUNDING = 1e-11
# Relative singular value below which columns count as dependent.
_DEPENDENT = 1e-12


def refit(
    values: Vector, prices: SplitPrices, start: tuple[Vector, Vector], threshold: float, lower_bound: float
) -> Split | None:
    """The split that uses only the sets with an effect above ``threshold``, or None if they cannot reproduce ``values``.

    Columns may depend on each other (x_i, x_j, their AND and their OR do), so the least-squares correction starts from the
    given effects and is the smallest one: it keeps their cost.

    Parameters
    ----------
    values
        float64 [2^n].
    start
        Sparse AND and absent effects, nearly a split.
    threshold
        Effects at most this large, in units of the score, are dropped.
    lower_bound
        Certified lower bound on the cost of any split, to be carried along.
    """
    size = values.size
    and_effects, absent_effects = start[0].copy(), start[1].copy()
    # A single player's absence is minus its presence up to the constant: keep it among the AND effects.
    single = prices.orders == 1
    and_effects[single] -= absent_effects[single]
    absent_effects[prices.orders <= 1] = 0.0
    and_sets = np.union1d(np.flatnonzero(np.abs(and_effects) > threshold), [0])
    absent_sets = np.flatnonzero(np.abs(absent_effects) > threshold)
    sets = np.concatenate([and_sets, absent_sets])  # [k]
    is_and = np.arange(len(sets)) < len(and_sets)
    union = np.bitwise_count(sets[:, None] | sets[None, :]).astype(np.float64)  # [k, k]
    meet = (sets[:, None] & sets[None, :]) != 0
    gram = np.where(meet & (is_and[:, None] != is_and[None, :]), 0.0, np.exp2(-union))  # divided by 2^n
    effects = np.concatenate([and_effects[and_sets], absent_effects[absent_sets]])
    split = Split(np.zeros(size), np.zeros(size), np.inf, lower_bound)
    split.and_effects[and_sets], split.absent_effects[absent_sets] = effects[is_and], effects[~is_and]
    residual = values - split.prediction()
    effects[0] += residual[0]  # the constant is free, so it must not be spread over dependent columns
    residual = residual - residual[0]
    for _ in range(_REFINEMENTS):
        right = np.concatenate([zeta_transpose(residual)[and_sets], absent(residual)[absent_sets]]) / size
        correction, *_ = np.linalg.lstsq(gram, right, rcond=_DEPENDENT)
        effects = effects + correction
        split.and_effects[and_sets] = effects[is_and]
        split.absent_effects[absent_sets] = effects[~is_and]
        residual = values - split.prediction()
    if np.max(np.abs(residual)) > _ROUNDING * max(1.0, float(np.max(np.abs(values)))):
        return None
    cost = prices.cost(split.and_effects, split.absent_effects)
    return Split(split.and_effects, split.absent_effects, cost, lower_bound)
