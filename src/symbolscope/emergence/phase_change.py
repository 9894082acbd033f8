"""Where in a training the mean order of interactions stops falling and rises."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from symbolscope.emergence.interval import resampling_weights
from symbolscope.errors import SymbolscopeError

_TAILS = (2.5, 97.5)
_LEAST_CHECKPOINTS = 4
_LEAST_SAMPLES = 3
_ROUNDING = 1e-9


@dataclass(frozen=True)
class PhaseChange:
    """The checkpoint where the mean order is lowest, if it falls before and rises after.

    Attributes
    ----------
    step
        Its step; None if there is no such checkpoint.
    low, high
        95 % of the resamples of the samples have it between these steps; None with ``step``.
    fall, rise
        How far the mean order falls until then from the first checkpoint, and rises afterwards at most.
    margin
        The largest difference of any two checkpoints that the choice of samples alone makes in 95 % of the resamples.
    reason
        In words, why there is a phase change or none.
    """

    step: int | None
    low: int | None
    high: int | None
    fall: float
    rise: float
    margin: float
    reason: str


def phase_change(
    steps: NDArray[np.int64], mean_orders: NDArray[np.float64], *, seed: int | np.random.Generator = 0
) -> PhaseChange:
    """Find the end of the first phase, in which the mean order falls, and the start of the second, in which it rises.

    The curve is the mean over samples, then over three neighbouring checkpoints. Its lowest point is a phase change if the fall
    before and the rise after it are both larger than the largest difference that resampling the samples makes between any two
    checkpoints (95 % of the resamples). That speaks of these checkpoints of one training; another training may differ.

    Parameters
    ----------
    steps
        int64 [t], increasing.
    mean_orders
        float64 [t, samples]; nan where a sample has no interactions.
    seed
        Of the resamples.

    Raises
    ------
    SymbolscopeError
        If the shapes do not belong together.

    Source: 2405.10262 calls the two phases the learning of generalisable and of over-fitted interactions.

    Examples
    --------
    >>> steps = np.arange(7)
    >>> curve = np.array([5.0, 4.0, 3.0, 2.0, 3.0, 4.0, 5.0])
    >>> spread = np.array([0.0, 0.1, -0.1, 0.05])
    >>> phase_change(steps, curve[:, None] + spread).step
    3
    >>> phase_change(steps[:4], curve[:4, None] + spread).reason
    "the mean order rises by 0.00 after its lowest point, no more than the samples' spread makes (0.00)"
    """
    if mean_orders.ndim != 2 or steps.shape != (len(mean_orders),):
        raise SymbolscopeError(
            f"steps must be [t] and mean_orders [t, samples]; got {list(steps.shape)} and {list(mean_orders.shape)}"
        )
    known = np.isfinite(mean_orders).any(axis=1)
    if known.sum() < _LEAST_CHECKPOINTS:
        return _none(f"{_LEAST_CHECKPOINTS} checkpoints with interactions are needed; there are {int(known.sum())}")
    if mean_orders.shape[1] < _LEAST_SAMPLES:
        return _none(f"{_LEAST_SAMPLES} samples are needed for an interval; there are {mean_orders.shape[1]}")
    steps, mean_orders = steps[known], mean_orders[known]
    samples = mean_orders.shape[1]
    curve = _smoothed(_means(np.ones((1, samples)), mean_orders))[0]
    draws = _smoothed(_means(resampling_weights(samples, seed), mean_orders))
    draws = draws[np.isfinite(draws).all(axis=1)]
    if not len(draws):
        return _none("too few samples have interactions at every checkpoint for an interval")
    # The lowest and highest of many noisy checkpoints differ even where the truth is flat, so fall and rise are held against
    # the largest difference of two checkpoints that resampling alone makes; its variance is (samples - 1) / samples too small.
    moved = (draws - curve) * np.sqrt(samples / (samples - 1))
    margin = float(np.percentile(np.ptp(moved, axis=1), 95.0))
    lowest = int(np.argmin(curve))
    highest = lowest + int(np.argmax(curve[lowest:]))
    fall, rise = float(curve[0] - curve[lowest]), float(curve[highest] - curve[lowest])
    for what, moves in (("fall", f"falls by {fall:.2f} before"), ("rise", f"rises by {rise:.2f} after")):
        if (fall if what == "fall" else rise) <= max(margin, _ROUNDING):
            reason = f"the mean order {moves} its lowest point, no more than the samples' spread makes ({margin:.2f})"
            return PhaseChange(None, None, None, fall, rise, margin, reason)
    low, high = np.percentile(steps[np.argmin(draws, axis=1)], _TAILS, method="nearest")
    reason = f"the mean order falls by {fall:.2f} until step {steps[lowest]} and rises by {rise:.2f} afterwards"
    return PhaseChange(int(steps[lowest]), int(low), int(high), fall, rise, margin, reason)


def _none(reason: str) -> PhaseChange:
    return PhaseChange(None, None, None, float("nan"), float("nan"), float("nan"), reason)


def _means(weights: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weighted means [draws, t] over samples of values [t, samples], nan left out."""
    known = np.isfinite(values)
    counts = weights @ known.T.astype(np.float64)
    return weights @ np.where(known, values, 0.0).T / np.where(counts > 0, counts, np.nan)


def _smoothed(curves: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of each checkpoint and its neighbours, two at the ends; [draws, t]."""
    edge = np.zeros((len(curves), 1))
    padded = np.concatenate([edge, curves, edge], axis=1)
    counts = np.full(curves.shape[1], 3.0)
    counts[[0, -1]] = 2.0
    return (padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]) / counts
