"""R^2 on masks that played no part in the fit, with an interval."""

import math
from dataclasses import dataclass

import numpy as np

from symbolscope.shapes import Scores

_NORMAL_975 = 1.959963984540054


@dataclass(frozen=True)
class HeldOut:
    """R^2 of a model on fresh masks of one law.

    Parameters
    ----------
    r2
        1 - mean squared error / variance of the game over these masks; nan if there are none.
    low, high
        95 % interval.
    masks
        Number of masks.
    """

    r2: float
    low: float
    high: float
    masks: int


def held_out(values: Scores, prediction: Scores) -> HeldOut:
    """R^2 = 1 - mean(e^2) / mean(d^2), e the errors and d the deviations from the mean, and its 95 % interval.

    The interval is the paired normal approximation of log(1 - R^2): by the delta method its variance is that of
    e^2 / mean(e^2) - d^2 / mean(d^2) over the masks, divided by their number. Its ends never exceed 1. It is an approximation for
    many masks; below about 30, or where a few masks carry all of the error, it is too narrow. A constant game has R^2 1 if it is
    predicted exactly and 0 if not.

    Examples
    --------
    >>> held_out(np.array([0.0, 1.0, 2.0, 3.0]), np.array([0.0, 1.0, 2.0, 3.0]))
    HeldOut(r2=1.0, low=1.0, high=1.0, masks=4)
    >>> scores = held_out(np.arange(100.0), np.arange(100.0) + np.tile([3.0, -3.0], 50))
    >>> round(scores.r2, 3), scores.low < scores.r2 < scores.high < 1
    (0.989, True)
    """
    m = len(values)
    if m == 0:
        return HeldOut(math.nan, math.nan, math.nan, 0)
    errors, deviations = (values - prediction) ** 2, (values - values.mean()) ** 2
    error, deviation = float(errors.mean()), float(deviations.mean())
    if deviation == 0 or error == 0:
        r2 = float(error == 0)
        return HeldOut(r2, r2, r2, m)
    wide = _NORMAL_975 * float(np.std(errors / error - deviations / deviation, ddof=min(1, m - 1))) / math.sqrt(m)
    ratio = error / deviation
    return HeldOut(1 - ratio, 1 - ratio * math.exp(wide), 1 - ratio * math.exp(-wide), m)
