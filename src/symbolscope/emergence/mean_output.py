"""Average output by number of players present, and what conditions 2 and 3 read off it."""

from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Exponent:
    """The least p for which the mean output obeys the polynomial condition, and where it is attained.

    Attributes
    ----------
    value
        p; nan where there is none.
    at
        (m', m) of the pair of orders that needs it; (0, 0) where there is none.
    reason
        "ok", or why there is none.
    """

    value: float
    at: tuple[int, int]
    reason: str


def mean_by_order(u: NDArray[np.float64], orders: NDArray[np.int64]) -> NDArray[np.float64]:
    """ubar(m), the mean of u(S) = v(S) - v(empty) over the sets S of m players, float64 [n + 1].

    Parameters
    ----------
    u, orders
        [2^n]: output above the empty input, and number of players present.

    Examples
    --------
    >>> mean_by_order(np.array([0.0, 1.0, 2.0, 5.0]), np.array([0, 1, 1, 2]))
    array([0. , 1.5, 5. ])
    """
    n = len(u).bit_length() - 1
    sizes = np.array([comb(n, m) for m in range(n + 1)], dtype=np.float64)
    return np.bincount(orders, weights=u, minlength=n + 1) / sizes


def largest_drop(mean_output: NDArray[np.float64]) -> tuple[float, int]:
    """Largest ubar(m) - ubar(m + 1), negative where the mean output rises at every step, and the m it is at.

    Examples
    --------
    >>> largest_drop(np.array([0.0, 1.0, 0.75]))
    (0.25, 1)
    """
    drops = -np.diff(mean_output)
    at = int(np.argmax(drops))
    return float(drops[at]), at


def exponent_order1(mean_output: NDArray[np.float64], rounding: float) -> Exponent:
    """Least p with ubar(m) <= m^p ubar(1): max over m >= 2 of ln(ubar(m) / ubar(1)) / ln m.

    Parameters
    ----------
    mean_output
        [n + 1].
    rounding
        A mean output up to this counts as 0.

    Source: the only case of condition 3 that the theorems of 2305.01939 use.

    Examples
    --------
    >>> exponent_order1(np.array([0.0, 1.0, 4.0]), 0.0)
    Exponent(value=2.0, at=(1, 2), reason='ok')
    >>> exponent_order1(np.array([0.0, 1.0, 0.0]), 0.0).reason
    'the mean output with 2 players present is 0, not above 0, so no power of m bounds it from below'
    """
    return _least(mean_output, rounding, first=1)


def exponent_all(mean_output: NDArray[np.float64], rounding: float) -> Exponent:
    """Least p with ubar(m') >= (m'/m)^p ubar(m): max over 1 <= m' < m of ln(ubar(m) / ubar(m')) / ln(m / m').

    Parameters
    ----------
    mean_output, rounding
        As for :func:`exponent_order1`, which this is at least.

    Source: condition 3 of 2305.01939 as it is stated.

    Examples
    --------
    >>> exponent_all(np.array([0.0, 1.0, 1.0, 2.25]), 0.0).at
    (2, 3)
    """
    return _least(mean_output, rounding, first=len(mean_output) - 2)


def _least(mean_output: NDArray[np.float64], rounding: float, *, first: int) -> Exponent:
    n = len(mean_output) - 1
    if n < 2:
        return Exponent(float("nan"), (0, 0), "one player alone gives no growth from one order to a higher one")
    low = np.flatnonzero(mean_output[1:] <= rounding)
    if len(low):
        m = int(low[0]) + 1
        present = "1 player" if m == 1 else f"{m} players"
        what = f"the mean output with {present} present is {mean_output[m]:.4g}, not above 0"
        return Exponent(float("nan"), (0, 0), f"{what}, so no power of m bounds it from below")
    best, at = -np.inf, (1, 2)
    for lower in range(1, first + 1):
        m = np.arange(lower + 1, n + 1)
        slopes = np.log(mean_output[lower + 1 :] / mean_output[lower]) / np.log(m / lower)
        top = int(np.argmax(slopes))
        if slopes[top] > best:
            best, at = float(slopes[top]), (lower, int(m[top]))
    return Exponent(best, at, "ok")


def exponents_of(curves: NDArray[np.float64], rounding: float, *, every: bool) -> NDArray[np.float64]:
    """:func:`exponent_all`, or :func:`exponent_order1`, of many curves [draws, n + 1]; nan where there is none. [draws]."""
    n = curves.shape[1] - 1
    positive = (curves[:, 1:] > rounding).all(axis=1)
    out = np.full(len(curves), np.nan)
    if n < 2 or not positive.any():
        return out
    logs = np.log(curves[positive, 1:])  # [kept, n]
    best = np.full(len(logs), -np.inf)
    for lower in range(1, n if every else 2):
        over = np.log(np.arange(lower + 1, n + 1) / lower)
        best = np.maximum(best, ((logs[:, lower:] - logs[:, lower - 1 : lower]) / over).max(axis=1))
    out[positive] = best
    return out
