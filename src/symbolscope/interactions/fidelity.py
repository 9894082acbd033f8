"""How well interactions reproduce the network: on all masks, and as a function of how many interactions are kept."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from symbolscope.shapes import Vector

_POINTS_ONE_BY_ONE = 40
_MOST_POINTS = 120


@dataclass(frozen=True)
class Fidelity:
    """Agreement of a prediction with the network's true output over all 2^n masks, each counted once.

    Parameters
    ----------
    r2
        1 - mean squared error / variance of the output.
    unfaithfulness
        Mean squared error, in squared units of the score (2111.06206, section 4, "rho").
    largest_error
        Largest absolute error on any mask, in units of the score.

    Examples
    --------
    >>> import numpy as np
    >>> fidelity(np.array([0.0, 0.0, 0.0, 1.0]), np.array([0.0, 0.0, 0.0, 0.5]))
    Fidelity(r2=0.666..., unfaithfulness=0.0625, largest_error=0.5)
    """

    r2: float
    unfaithfulness: float
    largest_error: float


@dataclass(frozen=True, eq=False)
class FidelityCurve:
    """Fidelity of the k strongest interactions, for k = 0, 1, 2, ... (all up to 40, then evenly spaced in log k).

    Parameters
    ----------
    counts
        int64 [p], numbers of interactions kept.
    r2, unfaithfulness, largest_error
        float64 [p], as in :class:`Fidelity`.
    """

    counts: NDArray[np.int64]
    r2: NDArray[np.float64]
    unfaithfulness: NDArray[np.float64]
    largest_error: NDArray[np.float64]

    def count_for(self, r2: float) -> int | None:
        """Smallest number of interactions (among ``counts``) from which on R^2 stays at or above ``r2``; None if never."""
        below = np.flatnonzero(~(self.r2 >= r2))
        first = 0 if len(below) == 0 else int(below[-1]) + 1
        return int(self.counts[first]) if first < len(self.counts) else None


def fidelity(values: Vector, prediction: Vector) -> Fidelity:
    """Fidelity of ``prediction`` to ``values``, both [2^n]."""
    error = values - prediction
    squared, variance = float(np.mean(error**2)), float(np.var(values))
    r2 = 1.0 - squared / variance if variance > 0 else float(squared == 0)
    return Fidelity(r2, squared, float(np.max(np.abs(error))))


def fidelity_curve(values: Vector, n_interactions: int, predict: Callable[[int], Vector]) -> FidelityCurve:
    """Fidelity of ``predict(k)`` [2^n] for k from 0 to ``n_interactions``."""
    counts = np.arange(min(n_interactions, _POINTS_ONE_BY_ONE) + 1)
    if n_interactions > _POINTS_ONE_BY_ONE:
        spread = np.geomspace(_POINTS_ONE_BY_ONE + 1, n_interactions, _MOST_POINTS - _POINTS_ONE_BY_ONE)
        counts = np.union1d(counts, np.rint(spread).astype(np.int64))
    points = [fidelity(values, predict(int(k))) for k in counts]
    return FidelityCurve(
        counts.astype(np.int64),
        np.array([p.r2 for p in points]),
        np.array([p.unfaithfulness for p in points]),
        np.array([p.largest_error for p in points]),
    )
