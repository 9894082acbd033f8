"""Counts, strength and eta of an order from the sets whose interaction was computed."""

from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.binomial_interval import binomial_interval
from symbolscope.emergence.sampling import Samples

_TAIL = 0.025
_RESAMPLES = 1_000
# For sums over sampled sets to say anything of all sets, this many must count in them (Kish's effective number).
_EFFECTIVE_SETS = 20


@dataclass(frozen=True, eq=False)
class OrderStatistics:
    """What the sets looked at say of each order.

    Attributes
    ----------
    counts, counts_interval
        R(k), float64 [M] and [M, 2]; the interval of a sampled order is Clopper-Pearson's.
    eta, eta_interval
        float64 [M] and [M, 2]; the interval of a sampled order is a bootstrap's.
    strength
        float64 [n + 1].
    """

    counts: NDArray[np.float64]
    counts_interval: NDArray[np.float64]
    eta: NDArray[np.float64]
    eta_interval: NDArray[np.float64]
    strength: NDArray[np.float64]


def order_statistics(
    samples: Samples, n: int, tau: float, highest: int, generator: np.random.Generator
) -> OrderStatistics:
    """Statistics of the orders 1..highest; nan where none of an order's sets was looked at, or too few say anything."""
    counts, eta, strength = np.full(highest, np.nan), np.full(highest, np.nan), np.full(n + 1, np.nan)
    counts_interval, eta_interval = np.full((highest, 2), np.nan), np.full((highest, 2), np.nan)
    strength[0] = 0.0
    for k, effects in samples.interactions.items():
        if k > highest:
            continue
        sizes, total = np.abs(effects), comb(n, k)
        salient = int(((sizes >= tau) & (sizes > 0)).sum())
        sum_of_sizes = float(sizes.sum())
        if k <= samples.plan.complete:
            counts[k - 1] = counts_interval[k - 1] = salient
            strength[k] = sum_of_sizes
            if sum_of_sizes > 0:
                eta[k - 1] = eta_interval[k - 1] = effects.sum() / sum_of_sizes
            continue
        looked = len(effects)
        counts[k - 1] = total * salient / looked
        counts_interval[k - 1] = total * np.array(share_interval(salient, looked))
        if sum_of_sizes**2 >= _EFFECTIVE_SETS * float((sizes**2).sum()) > 0:
            strength[k] = total * sum_of_sizes / looked
            eta[k - 1] = effects.sum() / sum_of_sizes
            drawn = generator.integers(looked, size=(_RESAMPLES, looked))
            ratios = effects[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
            eta_interval[k - 1] = np.percentile(ratios, [100 * _TAIL, 100 * (1 - _TAIL)])
    return OrderStatistics(counts, counts_interval, eta, eta_interval, strength)


def share_interval(count: int, of: int) -> tuple[float, float]:
    """Clopper and Pearson's 95 % interval of a share.

    Examples
    --------
    >>> low, high = share_interval(0, 100)
    >>> low, round(high, 3)
    (0.0, 0.036)
    """
    return binomial_interval(count, of)
