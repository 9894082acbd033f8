"""Effects of given atoms by ridge regression with a prior scale for each."""

import numpy as np
from numpy.typing import NDArray

from symbolscope.interactions.sparse.atoms import Table
from symbolscope.shapes import Effects, Scores

# Multiply-adds up to which the Gram matrix is made in float64.
_EXACT_WORK = 4e9


class PriorRidge:
    """Ridge regression in which each effect is penalised by its expected size.

    min over effects of |y - constant - A e|^2 + strength var(y) sum of (e_j / scale_j)^2, the scales normalised such that the prior
    variance of the prediction is var(y). Solved in the smaller of the two spaces, atoms or masks.

    Parameters
    ----------
    table
        A, [m, k].
    scales
        [k], positive; only ratios matter.
    values
        y, [m].

    Examples
    --------
    >>> table = np.array([[0.0], [1.0], [1.0], [0.0]], dtype=np.float32)
    >>> PriorRidge(table, np.ones(1), np.array([1.0, 3.0, 3.0, 1.0])).fit(0.0).round(6)
    array([2.])
    """

    def __init__(self, table: Table, scales: Effects, values: Scores) -> None:
        mean = table.mean(axis=0, dtype=np.float64)
        relative = scales / scales.max(initial=1e-300)
        total = max(float((relative**2 * table.var(axis=0, dtype=np.float64)).sum()), 1e-300)
        self._scales = relative / np.sqrt(total)
        self._centred = values - values.mean()
        m, k = table.shape
        self._dual = m < k
        exact = m * k * min(m, k) <= _EXACT_WORK
        scaled = (table - mean.astype(np.float32)) * self._scales.astype(np.float32)
        self._table: NDArray[np.float32 | np.float64] = scaled.astype(np.float64) if exact else scaled
        t = self._table
        self._gram: NDArray[np.float64] = ((t @ t.T) if self._dual else (t.T @ t)).astype(np.float64)
        # What rounding may have done to the smallest eigenvalue must not make it negative.
        self._floor = (1e-13 if exact else 1e-7) * float(np.trace(self._gram)) + 1e-300

    def fit(self, strength: float) -> Effects:
        """The effects [k] at this strength."""
        from scipy.linalg import cho_factor, cho_solve

        matrix = self._gram.copy()
        matrix[np.diag_indices(len(matrix))] += max(strength, self._floor)
        factor = cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False)
        t = self._table
        if self._dual:
            return np.asarray(t.T @ cho_solve(factor, self._centred) * self._scales, dtype=np.float64)
        scaled, residual = np.zeros(len(matrix)), self._centred
        for _ in range(3):  # the last digits, which a float32 Gram matrix does not have
            scaled = scaled + cho_solve(factor, t.T @ residual - strength * scaled)
            residual = self._centred - t @ scaled
        return scaled * self._scales
