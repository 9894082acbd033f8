"""Least squares for nested sets of interactions: one factorisation fits every size.

Effects that minimise the squared error over all masks solve G w = b, with G the covariances of the interactions' indicators over
all masks (``indicator_products.py``, minus the products of their means: the intercept is fitted too) and b their covariances with
the output. Sizes add interactions one at a time, so the Cholesky factor of the first k rows of G = L L' is the leading block of L,
and y = L^-1 b starts with the y of every smaller size. The fitted output of size k has variance y_1^2 + ... + y_k^2.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from symbolscope.shapes import Effects

# A column of which less than this share is left after those before it adds nothing that float64 could tell from rounding.
_INDEPENDENT = 1e-10
_BLOCK = 64


@dataclass(frozen=True, eq=False)
class NestedFit:
    """Fits of the first 0 .. m interactions of a list.

    Attributes
    ----------
    explained
        float64 [m + 1]: variance of the output that the first k explain.
    independent
        bool [m]: whether each adds anything to those before it; one that does not has no effect of its own.
    factor, solved
        L [m, m] of the scaled columns, and y [m].
    scale
        Standard deviations of the indicators, [m].
    """

    explained: NDArray[np.float64]
    independent: NDArray[np.bool_]
    factor: NDArray[np.float64]
    solved: NDArray[np.float64]
    scale: NDArray[np.float64]

    def effects(self, k: int) -> Effects:
        """Fitted effects of the first k, [k]; zero where one is a combination of those before it."""
        from scipy.linalg import solve_triangular

        used = np.flatnonzero(self.independent[:k])
        out = np.zeros(k)
        if len(used) > 0:
            out[used] = solve_triangular(self.factor[np.ix_(used, used)], self.solved[used], lower=True, trans=1)
            out[used] /= self.scale[used]
        return out


def nested_fit(covariance: NDArray[np.float64], target: NDArray[np.float64]) -> NestedFit:
    """Fit every leading part of ``covariance`` [m, m] to ``target`` [m], the covariances with the output."""
    m = len(target)
    scale = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    varies = scale > 0
    safe = np.where(varies, scale, 1.0)
    scaled = covariance / safe[:, None] / safe[None, :]
    factor, independent = np.zeros((m, m)), np.zeros(m, dtype=np.bool_)
    for start in range(0, m, _BLOCK):
        stop = min(start + _BLOCK, m)
        panel = scaled[start:, start:stop] - factor[start:, :start] @ factor[start:stop, :start].T  # [m - start, block]
        for column in range(stop - start):
            pivot = float(panel[column, column])
            if not varies[start + column] or pivot < _INDEPENDENT:
                panel[:, column] = 0.0
                continue
            independent[start + column] = True
            panel[column:, column] /= np.sqrt(pivot)
            panel[:column, column] = 0.0
            done = panel[column + 1 :, column]
            panel[column + 1 :, column + 1 :] -= np.outer(done, panel[column + 1 : stop - start, column])
        factor[start:, start:stop] = panel
    solved = np.zeros(m)
    for row in np.flatnonzero(independent):
        solved[row] = (target[row] / scale[row] - factor[row, :row] @ solved[:row]) / factor[row, row]
    explained = np.concatenate([[0.0], np.cumsum(solved**2)])
    return NestedFit(explained, independent, factor, solved, scale)
