"""Effects of given atoms by ridge regression with a prior scale for each."""

import numpy as np
from numpy.typing import NDArray

from symbolscope.interactions.sparse.atoms import Table
from symbolscope.shapes import Effects, Scores

# Multiply-adds up to which the Gram matrix is made in float64.
_EXACT_WORK = 5e8
# Strengths up to this are least squares.
_LEAST_SQUARES = 1e-6


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
        m, k = table.shape
        mean = table.mean(axis=0, dtype=np.float64)
        variances = np.maximum(np.square(table).mean(axis=0, dtype=np.float64) - mean**2, 0.0)
        relative = scales / scales.max(initial=1e-300)
        total = max(float((relative**2 * variances).sum()), 1e-300)
        self._scales = relative / np.sqrt(total)
        self._centred = values - values.mean()
        self._dual = m < k
        exact = m * k * min(m, k) <= _EXACT_WORK
        scaled = (table - mean.astype(np.float32)) * self._scales.astype(np.float32)
        self._table: NDArray[np.float32 | np.float64] = scaled.astype(np.float64) if exact else scaled
        t = self._table
        self._gram: NDArray[np.float64] = ((t @ t.T) if self._dual else (t.T @ t)).astype(np.float64)
        self._trace = float(np.trace(self._gram)) + 1e-300
        # What rounding does to the smallest eigenvalue, usually; more is found out when it is met.
        self._floor = (1e-13 if exact else 1e-7) * self._trace

    def fit(self, strength: float) -> Effects:
        """The effects [k] at this strength."""
        from scipy.linalg import cho_solve

        factor = self._factor(strength)
        t = self._table
        if self._dual:
            return np.asarray(
                t.T @ cho_solve(factor, self._centred, check_finite=False) * self._scales, dtype=np.float64
            )
        # Rounding is refined away: all of it for least squares, more than enough of it where shrinking errs more anyway.
        exact = strength <= _LEAST_SQUARES
        dtype = np.float64 if exact else t.dtype
        scaled, residual = np.zeros(len(self._gram)), self._centred
        for _ in range(3 if exact else 2):
            scaled = scaled + cho_solve(factor, t.T @ residual.astype(dtype) - strength * scaled, check_finite=False)
            residual = self._centred - t @ scaled.astype(dtype)
        return scaled * self._scales

    def _factor(self, strength: float) -> tuple[NDArray[np.float64], bool]:
        """Cholesky factor of Gram + strength, or of a little more where rounding has left that without one.

        Repeated and collinear atoms have eigenvalues of zero, which rounding makes negative; no more negative than the trace.
        """
        from scipy.linalg import LinAlgError, cho_factor

        while True:
            matrix = self._gram.copy(order="F")
            matrix[np.diag_indices(len(matrix))] += max(strength, self._floor)
            try:
                return cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False)
            except LinAlgError:
                if not self._floor <= self._trace:
                    raise
                self._floor = max(10 * self._floor, strength)
