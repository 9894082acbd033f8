"""A mean over samples and how sure it is."""

import numpy as np
from numpy.typing import ArrayLike

from symbolscope.emergence.interval import bootstrap_band


def mean_interval(values: ArrayLike, decimals: int = 2) -> str:
    """Mean and 95 % bootstrap interval over the values, as tables print them; ``-`` if there are none, no interval of two.

    Examples
    --------
    >>> mean_interval([1.0, 1.0, 1.0]), mean_interval([]), mean_interval([0.5], 3)
    ('1.00 [1.00, 1.00]', '-', '0.500')
    """
    numbers = np.asarray(values, dtype=np.float64)
    if not len(numbers):
        return "-"
    band = bootstrap_band(numbers[:, None], 0)
    if np.isnan(band.low[0]):  # so few values tell nothing of their spread
        return f"{numbers.mean():.{decimals}f}"
    return f"{band.mean[0]:.{decimals}f} [{band.low[0]:.{decimals}f}, {band.high[0]:.{decimals}f}]"
