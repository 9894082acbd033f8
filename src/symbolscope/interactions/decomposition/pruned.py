"""Dropping the smallest effects of a split, as many as the tolerance has room for."""

import numpy as np

from symbolscope.interactions.decomposition.split import Split, SplitPrices
from symbolscope.shapes import Vector


def pruned(values: Vector, prices: SplitPrices, tolerance: float, split: Split) -> Split:
    """The split without as many of its smallest effects as the tolerance has room for."""
    effects = np.concatenate([split.and_effects, split.absent_effects])
    free = np.tile(prices.orders == 0, 2)
    weakest_first = np.argsort(np.where(free, np.inf, np.abs(effects)), kind="stable")
    size, best = values.size, split
    fewest, most = 0, len(effects) - 2  # how many are dropped: known to be within the tolerance, and not tried above
    while fewest < most:
        dropped = (fewest + most + 1) // 2
        kept = effects.copy()
        kept[weakest_first[:dropped]] = 0.0
        cost = prices.cost(kept[:size], kept[size:])
        candidate = Split(kept[:size], kept[size:], cost, min(split.lower_bound, cost))
        # The constant is free, so it takes up half of the range of what was dropped.
        error = values - candidate.prediction()
        candidate.and_effects[0] += 0.5 * float(error.max() + error.min())
        if 0.5 * float(error.max() - error.min()) <= tolerance:
            fewest, best = dropped, candidate
        else:
            most = dropped - 1
    return best
