"""Accuracy against size: R^2 of the k strongest terms, for every k."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from symbolscope.shapes import Vector


@dataclass(frozen=True, eq=False)
class SizeCurve:
    """R^2 over all masks of the k strongest terms of a basis, their effects unchanged, for every k.

    Attributes
    ----------
    r2
        float64 [k + 1]; r2[0] is the constant alone.

    Examples
    --------
    >>> curve = SizeCurve(np.array([0.0, 0.5, 0.95, 0.92, 1.0]))
    >>> curve.count_for(0.9), curve.count_for(0.99), curve.at(1)
    (2, 4, 0.5)
    """

    r2: NDArray[np.float64]

    def count_for(self, r2: float) -> int | None:
        """Smallest number of terms from which on R^2 stays at or above ``r2``; None if it never does."""
        below = np.flatnonzero(~(self.r2 >= r2))
        first = 0 if len(below) == 0 else int(below[-1]) + 1
        return first if first < len(self.r2) else None

    def at(self, k: int) -> float:
        """R^2 of the k strongest terms, or of all if there are fewer."""
        return float(self.r2[min(k, len(self.r2) - 1)])


def and_or_curve(
    values: Vector,
    masks: NDArray[np.bool_],
    is_or: NDArray[np.bool_],
    effects: NDArray[np.float64],
    intercept: float,
) -> SizeCurve:
    """The curve of AND and OR interactions, bool [k, n], [k] and [k], in the order given."""
    from symbolscope.interactions.subset_updates import squared_errors

    sets = masks.astype(np.int64) @ (np.int64(1) << np.arange(masks.shape[1], dtype=np.int64))
    squared = np.empty(len(sets) + 1)
    squared_errors(values - intercept, sets, np.ascontiguousarray(is_or), np.ascontiguousarray(effects), squared)
    return from_squared_errors(values, squared)


def from_squared_errors(values: Vector, squared: NDArray[np.float64]) -> SizeCurve:
    """R^2 = 1 - mean squared error / variance; of a constant output 1 where nothing is left and 0 elsewhere."""
    variance = float(np.var(values))
    if variance == 0:
        return SizeCurve((squared <= 1e-24 * max(1.0, float(np.max(values**2)))).astype(np.float64))
    # Errors of 1e-16 of the variance are what is left of sums, and may be below zero.
    return SizeCurve(1.0 - np.maximum(squared, 0.0) / variance)
