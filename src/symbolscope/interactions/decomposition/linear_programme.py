"""The split of a few players as one linear programme over all sets and masks, solved to its optimum by HiGHS."""

import numpy as np
from scipy.optimize import linprog

from symbolscope.interactions.decomposition.split import SplitPrices
from symbolscope.interactions.decomposition.vertex import Vertex
from symbolscope.shapes import Vector

# Share of the size of the values by which the solver may exceed the tolerance.
_SOLVER_ROUNDING = 3e-12


def solve_programme(values: Vector, prices: SplitPrices, tolerance: float) -> Vertex | None:
    """The optimal vertex, or None if HiGHS finds none.

        minimise  sum p |x|   subject to   -tolerance <= v - A x <= tolerance

    with |x| priced by x = plus - minus, both non-negative. The matrix is dense, so this is for small games.

    Parameters
    ----------
    values
        float64 [2^n].
    prices
        Price of each set; those of infinite price are left out.
    tolerance
        Largest error on any mask.
    """
    size = values.size
    mask, everything = np.arange(size)[:, None], np.arange(size)
    and_sets = everything[prices.orders >= 1]
    absent_sets = everything[(prices.orders >= 2) & np.isfinite(prices.or_prices)]
    inside, apart = (~mask & and_sets) == 0, (mask & absent_sets) == 0
    columns = np.hstack([inside, apart, np.ones((size, 1))]).astype(np.float64)  # [2^n, k + 1]
    price = np.concatenate([prices.and_prices[and_sets], prices.or_prices[absent_sets], [0.0]])  # [k + 1]
    matrix, cost = np.hstack([columns, -columns]), np.concatenate([price, price])
    # So that the errors are within the tolerance itself, not a rounding above it.
    margin = _SOLVER_ROUNDING * max(1.0, float(np.max(np.abs(values))))
    box = max(tolerance - margin, 0.5 * tolerance)
    if tolerance == 0:
        result = linprog(cost, A_eq=matrix, b_eq=values, bounds=(0, None), method="highs-ds")
    else:
        limits = np.concatenate([values + box, box - values])
        result = linprog(cost, A_ub=np.vstack([matrix, -matrix]), b_ub=limits, bounds=(0, None), method="highs-ds")
    if result.status != 0:
        return None
    effects = result.x[: len(price)] - result.x[len(price) :]
    if tolerance == 0:
        dual = result.eqlin.marginals
    else:
        upper, lower = np.split(result.ineqlin.marginals, 2)
        dual = upper - lower
    return Vertex(np.concatenate([and_sets, absent_sets + size, [0]]), effects, everything, dual)
