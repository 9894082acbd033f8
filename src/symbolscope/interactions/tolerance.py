"""Reading a tolerance: a number, a percentage of |v(N) - v(empty)|, or "auto" from the noise in the data."""

import math

import numpy as np

from symbolscope.core.argument_checks import described, real_number
from symbolscope.errors import SymbolscopeError
from symbolscope.shapes import Vector

# Median of |z| for a standard normal z.
_NORMAL_MEDIAN = 0.6744897501960817


def noise_scale(values: Vector) -> float:
    """Standard deviation of independent noise on the values [2^n], read off the highest orders of the AND effects.

    Independent noise of variance sigma^2 on every mask gives the AND effect of a set of s players the variance 2^s sigma^2,
    while structure of low order gives it nothing; so sigma is estimated as the median of |I(S)| / 2^(|S| / 2) over the sets of
    more than half of the players, divided by 0.6745. Half of those effects may carry structure without spoiling the median.
    A noise-free network with strong high orders gives an upper estimate.

    Source: variance from Li, Zhang (*Where We Have Arrived*, 2305.01939, section 3.3); the estimator is ours.
    """
    from symbolscope.interactions.butterflies import orders
    from symbolscope.interactions.decomposition.operators import moebius

    order = orders(values.size.bit_length() - 1)
    high = 2 * order > order[-1]
    return float(np.median(np.abs(moebius(values)[high]) * 2.0 ** (-order[high] / 2)) / _NORMAL_MEDIAN)


def check_tolerance(tolerance: float | str) -> None:
    """Refuse what :func:`absolute_tolerance` would, before there are any values."""
    _parse(tolerance)


def absolute_tolerance(tolerance: float | str, values: Vector) -> float:
    """``tolerance`` in units of the score.

    "auto" is the noise scale times sqrt(2 log(2^(n+1))), which the largest of 2^n independent normal errors rarely exceeds.
    """
    number, unit = _parse(tolerance)
    if unit == "auto":
        return noise_scale(values) * math.sqrt(2 * math.log(2 * values.size))
    return number / 100 * abs(float(values[-1] - values[0])) if unit == "%" else number


def _parse(tolerance: float | str) -> tuple[float, str]:
    """A number and its unit: "" (the score's), "%" or "auto"."""
    text, unit = tolerance, ""
    if isinstance(tolerance, str):
        text = tolerance.strip()
        if text == "auto":
            return 0.0, "auto"
        if text.endswith("%"):
            text, unit = text[:-1], "%"
    try:
        found = float(text) if isinstance(text, str) else real_number(text)
    except ValueError:
        found = None
    number = math.nan if found is None else found
    if not math.isfinite(number) or number < 0:
        raise SymbolscopeError(
            'tolerance must be a number >= 0, a percentage of |v(N) - v(empty)| such as "4%", or "auto"; '
            f"got {described(tolerance)}"
        )
    return number, unit
