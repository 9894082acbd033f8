"""The interval of R^2 where a sample shows no error, or no variance: resampling it would claim certainty."""

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.binomial_interval import unseen_share

Interval = tuple[float, float]

# Errors of this share of the variance are rounding: every draw is reproduced.
_REPRODUCED = 1e-12


def r2_where_alike(
    values: NDArray[np.float64], prediction: NDArray[np.float64], *, seen: NDArray[np.float64] | None = None
) -> Interval | None:
    """95 % interval of R^2 = 1 - E e^2 / Var v from draws that are all alike in their errors or values; None for others.

    A share q of the population may have been missed by all m draws, q at most u = 1 - 0.025^(1/m). There the values may lie as far
    from the mean as D, the largest deviation of any value seen, and the prediction may be no better than the mean.

        no draw has an error      1 - (E e^2 + u D^2) / Var v <= R^2 <= 1
        all draws have one value  with the variance that the unseen may have, u (1 - u) D^2, in place of Var v;
                                  so -u / (1 - u) where the value is predicted, which is what a constant model deserves

    Parameters
    ----------
    values, prediction
        float64 [m] each: the draws, and what the model says of them.
    seen
        Other values of the same function, such as those it was fitted to: only their spread counts.

    Examples
    --------
    An AND of ten players is on in one mask of 1,024, so 300 masks may all be 0 where a model of it says 0:

    >>> low, high = r2_where_alike(np.zeros(300), np.zeros(300), seen=np.array([0.0, 1.0]))
    >>> round(low, 3), high
    (-0.012, 1.0)

    Three hundred masks that are all predicted say more the more they differ:

    >>> coin = np.arange(300) % 2.0
    >>> low, high = r2_where_alike(coin, coin)
    >>> round(low, 3), high
    (0.988, 1.0)
    >>> r2_where_alike(coin, coin + 0.1) is None
    True
    """
    mean = float(values.mean())
    error, variance = float(((values - prediction) ** 2).mean()), float(values.var())
    every = values if seen is None else np.concatenate([values, seen])
    largest = float(((every - mean) ** 2).max())
    u = unseen_share(len(values))
    if np.ptp(values) == 0:
        if largest == 0:  # nothing but one value was ever seen
            return -u / (1 - u), 1.0
        unseen = u * (1 - u) * largest
        return 1.0 - (error + u * largest) / unseen, max(0.0, 1.0 - error / unseen)
    if error <= _REPRODUCED * variance:
        return 1.0 - (error + u * largest) / variance, 1.0
    return None
