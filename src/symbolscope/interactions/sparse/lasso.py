"""Effects of given atoms by the LASSO, with a certificate; zero for most."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from symbolscope.interactions.sparse.atoms import Table
from symbolscope.shapes import Effects, Scores

_SWEEPS = 200


@dataclass(frozen=True, eq=False)
class LassoPoint:
    """Solution at one penalty: effects [k], and (primal - dual) / primal, which certifies them."""

    penalty: float
    effects: Effects
    gap: float


def lasso_path(
    table: Table, scales: Effects, values: Scores, *, penalties: tuple[float, ...], gap: float = 1e-3
) -> list[LassoPoint]:
    """LASSO path: min |y - constant - A e|^2 / 2 + penalty sum |e_j| / scale_j, from the largest penalty down.

    Parameters
    ----------
    table
        [m, k], the atoms on m masks.
    scales
        [k], positive: expected sizes of the effects.
    penalties
        Descending, as fractions of the smallest one at which all effects are zero.
    gap
        Relative duality gap to reach.

    Source: coordinate descent with an active set as in Friedman, Hastie, Tibshirani (2010); the gap as in Fercoq, Gramfort, Salmon,
    *Mind the duality gap* (2015).

    Examples
    --------
    >>> from symbolscope.interactions.sparse.atoms import columns
    >>> masks = np.random.default_rng(0).random((200, 4)) < 0.5
    >>> table = columns([("and", (0, 1)), ("or", (2, 3)), ("and", (3,))], masks)
    >>> point = lasso_path(table, np.ones(3), 2.0 * masks[:, :2].all(axis=1), penalties=(0.5, 0.01))[-1]
    >>> np.flatnonzero(point.effects).tolist(), point.gap <= 1e-3
    ([0], True)
    """
    return list(lasso_points(table, scales, values, penalties=penalties, gap=gap))


def lasso_points(
    table: Table, scales: Effects, values: Scores, *, penalties: tuple[float, ...], gap: float = 1e-3
) -> Iterator[LassoPoint]:
    """As :func:`lasso_path`, each point solved, from the one before, only when it is asked for: the last ones cost most."""
    from symbolscope.interactions.sparse.lasso_kernel import descend

    scales = scales / scales.max(initial=1e-300)
    rows = np.ascontiguousarray((table - table.mean(axis=0)).T * scales[:, None].astype(np.float32))  # [k, m]
    squares = np.einsum("km,km->k", rows, rows, dtype=np.float64)
    residual = values - values.mean()
    effects = np.zeros(len(rows))
    largest = float(np.abs(rows @ residual.astype(np.float32)).max(initial=0.0))
    for fraction in penalties:
        reached = (
            float(descend(rows, squares, effects, residual, fraction * largest, gap, _SWEEPS)) if largest > 0 else 0.0
        )
        yield LassoPoint(fraction, effects * scales, reached)
