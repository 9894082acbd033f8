"""Oracle: the split as one linear programme over all sets and masks, written from the definition and given to HiGHS."""

import numpy as np
from scipy.optimize import linprog

from symbolscope import all_masks


def optimal_cost(values: np.ndarray, tolerance: float = 0.0, *, with_or: bool = True) -> float:
    """Least sum of (1 + 0.01 (order - 1)) |effect| of a split of values [2^n] within the tolerance."""
    scale = np.ptp(values)  # HiGHS has absolute tolerances
    if scale == 0:
        return 0.0
    values, tolerance = (values - values[0]) / scale, tolerance / scale
    n = int(np.log2(len(values)))
    masks = all_masks(n).astype(float)  # row = a set or a mask
    order = masks.sum(axis=1)
    shared = masks @ masks.T  # [mask, set], players of the set that are present
    columns = [(shared == order).astype(float)[:, 1:]]  # AND, without the empty set
    prices = [1 + 0.01 * (order[1:] - 1)]
    if with_or:
        columns.append((shared > 0).astype(float)[:, order >= 2])
        prices.append(1 + 0.01 * (order[order >= 2] - 1))
    matrix = np.hstack([*columns, np.ones((len(values), 1))])
    price = np.concatenate([*prices, [0.0]])
    signed = np.hstack([matrix, -matrix])
    cost = np.concatenate([price, price])
    if tolerance == 0:
        result = linprog(cost, A_eq=signed, b_eq=values, bounds=(0, None), method="highs")
    else:
        limits = np.concatenate([values + tolerance, tolerance - values])
        result = linprog(cost, A_ub=np.vstack([signed, -signed]), b_ub=limits, bounds=(0, None), method="highs")
    assert result.status == 0, result.message
    return float(result.fun * scale)
