"""R^2 on masks that played no part in the fit, with an interval."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.binomial_interval import unseen_share
from symbolscope.core.r2_where_alike import r2_where_alike
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
    alike
        Whether the game gave the same output on all of them: then they say nothing of R^2, as the interval shows.
    """

    r2: float
    low: float
    high: float
    masks: int
    alike: bool = False


def held_out(
    values: Scores, prediction: Scores, *, fitted: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None
) -> HeldOut:
    """R^2 = 1 - mean(e^2) / mean(d^2), e the errors and d the deviations from the mean, and its 95 % interval.

    The interval is the paired normal approximation of log(1 - R^2): by the delta method its variance is that of
    e^2 / mean(e^2) - d^2 / mean(d^2) over the masks, divided by their number. Its ends never exceed 1. It is an approximation for
    many masks; below about 30 it is too narrow. A share u = 1 - 0.025^(1/m) of the masks may have been missed by all m, and the
    error there be as large as the largest of any mask, those fitted to included: the lower end is at most what that leaves, which
    is what a rare interaction does that is on in one or two of the masks fitted to. Where all masks are predicted exactly
    or the game gives the same on all of them, it is that of :func:`symbolscope.core.r2_where_alike.r2_where_alike`; R^2 of masks
    with one output is 1 if they are predicted exactly and 0 if not.

    Parameters
    ----------
    values, prediction
        Of the game and of the model on these masks, [m].
    fitted
        The same of masks that the model was fitted to: they show how far outputs, and errors, may lie apart.

    Examples
    --------
    >>> exact = held_out(np.arange(400.0), np.arange(400.0))
    >>> exact.r2, 0.95 < exact.low < exact.high, exact.high
    (1.0, True, 1.0)
    >>> scores = held_out(np.arange(100.0), np.arange(100.0) + np.tile([3.0, -3.0], 50))
    >>> round(scores.r2, 3), scores.low < scores.r2 < scores.high < 1
    (0.989, True)
    """
    m = len(values)
    if m == 0:
        return HeldOut(math.nan, math.nan, math.nan, 0)
    errors, deviations = (values - prediction) ** 2, (values - values.mean()) ** 2
    error, deviation = float(errors.mean()), float(deviations.mean())
    if (alike := r2_where_alike(values, prediction, seen=None if fitted is None else fitted[0])) is not None:
        same = bool(np.ptp(values) == 0)
        return HeldOut(float(error == 0) if same else 1 - error / deviation, *alike, m, same)
    wide = _NORMAL_975 * float(np.std(errors / error - deviations / deviation, ddof=min(1, m - 1))) / math.sqrt(m)
    ratio = error / deviation
    largest = (
        float(errors.max()) if fitted is None else max(float(errors.max()), float(np.max((fitted[0] - fitted[1]) ** 2)))
    )
    missed = (error + unseen_share(m) * largest) / deviation
    return HeldOut(1 - ratio, 1 - max(ratio * math.exp(wide), missed), 1 - ratio * math.exp(-wide), m)
