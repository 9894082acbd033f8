"""The optimum at slightly other prices, found from one that is known."""

import numpy as np
from numpy.typing import NDArray

from symbolscope.interactions.decomposition.simplex import Simplex
from symbolscope.interactions.decomposition.split import Split, SplitPrices
from symbolscope.interactions.decomposition.vertex import Vertex
from symbolscope.shapes import Effects, Vector

# A mask is at the edge of the tolerance if its error is within this share of it.
_EDGE = 1e-6
_ROOM = 1.5
_SPARE = 64


def neighbour(
    values: Vector, prices: SplitPrices, tolerance: float, sets: NDArray[np.int64], effects: Effects, error: Vector
) -> Split | None:
    """Follow the simplex path from a solved vertex to the optimum at ``prices``; None where there is no such vertex.

    Parameters
    ----------
    values
        [2^n], zero on the empty mask.
    sets, effects
        Of the known vertex, as in :class:`Vertex`.
    error
        values - prediction of the known vertex, [2^n].
    """
    masks = np.flatnonzero(np.abs(error) >= tolerance * (1 - _EDGE))
    if tolerance == 0 or len(masks) != len(sets) + 1:
        return None
    # Complementary slackness: at the masks on the edge, the duals price every set with an effect exactly, and sum to zero.
    is_and = sets < values.size
    members = np.where(is_and, sets, sets - values.size)
    rows = np.where(
        is_and[:, None], (masks & members[:, None]) == members[:, None], (masks & members[:, None]) == 0
    ).astype(np.float64)
    price = np.where(is_and, prices.and_prices[members], prices.or_prices[members]) * np.sign(effects)
    try:
        duals = np.linalg.solve(np.vstack([rows, np.ones(len(masks))]), np.append(price, 0.0)).astype(np.float64)
    except np.linalg.LinAlgError:
        return None
    most = int(_ROOM * len(sets)) + _SPARE
    solved = Simplex(values, prices, tolerance, most=most).solve(Vertex(sets, effects, masks, duals))
    return None if solved is None else solved.split(values, prices, tolerance)
