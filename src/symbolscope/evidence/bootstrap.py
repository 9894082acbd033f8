"""95 % intervals by resampling interventions."""

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.binomial_interval import binomial_interval
from symbolscope.core.r2_where_alike import r2_where_alike
from symbolscope.core.random_streams import stream

Interval = tuple[float, float]

_RESAMPLES = 2_000
_FEW_RESAMPLES = 200
_TAIL = 2.5
# Above this many masks the draws would cost more than the interval is worth; the first two moments give it instead.
_MOST_MASKS = 1 << 13


def share_interval(right: NDArray[np.bool_]) -> Interval:
    """Exact interval of the share of True (Clopper-Pearson); resampling would claim certainty where all agree."""
    return binomial_interval(int(right.sum()), len(right))


def difference_interval(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> Interval:
    """Interval of the difference of two shares of independently drawn pairs."""
    low, high = np.percentile(_shares(one, 0) - _shares(other, 1), [_TAIL, 100 - _TAIL])
    return float(low), float(high)


def _shares(right: NDArray[np.bool_], seed: int) -> NDArray[np.float64]:
    # The number right in a resample is binomial. Half a success and failure more keep all-alike samples from claiming certainty.
    n = len(right)
    share = (right.sum() + 0.5) / (n + 1) if right.all() or not right.any() else right.mean()
    return stream(0, "resampled shares", seed).binomial(n, share, size=_RESAMPLES) / n


def r2_interval(values: NDArray[np.float64], prediction: NDArray[np.float64], *, drawn: bool = False) -> Interval:
    """Interval of R^2 = 1 - mean squared error / variance, the masks taken as a sample of all interventions one could make.

    Of all masks an error of 0 is certain. Of ``drawn`` ones it is not, nor is anything where they all gave one output: there the
    interval is that of :func:`symbolscope.core.r2_where_alike.r2_where_alike`.
    """
    if drawn and (alike := r2_where_alike(values, prediction)) is not None:
        return alike
    n = len(values)
    squared, centred = (values - prediction) ** 2, values - values.mean()
    error, variance = float(squared.mean()), float((centred**2).mean())
    if variance == 0:
        return (1.0, 1.0) if error == 0 else (0.0, 0.0)
    if n > _MOST_MASKS:
        influence = (squared - error) / variance - error / variance**2 * (centred**2 - variance)
        half = 1.96 * float(influence.std()) / np.sqrt(n)
        r2 = 1.0 - error / variance
        return r2 - half, min(1.0, r2 + half)
    rows = stream(0, "resampled masks").integers(n, size=(_FEW_RESAMPLES, n))
    errors, resampled = squared[rows].mean(axis=1), values[rows]
    spread = resampled.var(axis=1)
    r2s = 1.0 - errors[spread > 0] / spread[spread > 0]
    low, high = np.percentile(r2s, [_TAIL, 100 - _TAIL])
    return float(low), float(high)
