"""What sampled masks show of condition 2, that the mean output never falls: from the outputs by order, not from a fitted curve."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.binomial_interval import unseen_share
from symbolscope.emergence.sampling import Samples

_LEVEL = 0.95
# A fall is claimed where it is beyond doubt over all steps and stretches looked at together: a game that does not fall would be
# accused once in a hundred times.
_CLAIMED = 0.99

Interval = tuple[float, float]


@dataclass(frozen=True)
class MonotoneEvidence:
    """Whether the mean output falls anywhere, and by how much where it falls most.

    Attributes
    ----------
    monotone
        False: it falls somewhere, at 99 % over everything looked at. True: no player's arrival lowered the output in any sampled
        order, or each step alone, at 95 %, does not fall. None: neither.
    drop, at
        Largest ubar(m) - ubar(m + 1), and its m; of a mean output that falls, the step that shows it best.
    interval
        95 % interval of the drop, over all steps together.
    stretch
        (m, m') between which it falls, where one step alone does not show it; None otherwise.
    """

    monotone: bool | None
    drop: float
    at: int
    interval: Interval
    stretch: tuple[int, int] | None


def monotone_evidence(samples: Samples, tolerance: float) -> MonotoneEvidence:
    """Test ubar(m) - ubar(m + w) <= ``tolerance`` for all m and w = 1, 2, 4, ..., from the sampled chains.

    Players come one by one, so two orders of one chain are compared, and what differs between chains plays no part. Student's t for
    the mean over chains, which are independent; orders of which every mask was evaluated are compared exactly.
    """
    count, n = len(samples.chains), samples.chains.shape[1] - 1
    widths = [1 << k for k in range(n.bit_length()) if 1 << k <= n]
    tests = sum(n + 1 - width for width in widths)
    sure = _student_quantile(count - 1, (1 - _CLAIMED) / tests)
    drops, errors = _falls(samples, 1)
    stretch: tuple[int, int] | None = None
    shown = drops - sure * errors
    falls = bool((shown > tolerance).any())
    at = int(np.argmax(shown)) if falls else int(np.argmax(drops))
    if not falls:
        for width in widths[1:]:
            wide, spread = _falls(samples, width)
            lowest = wide - sure * spread
            m = int(np.argmax(lowest))
            if lowest[m] > tolerance:
                falls, stretch = True, (m, m + width)
                at = m + int(np.argmax(drops[m : m + width]))
                break
    steps = np.diff(samples.chains, axis=1)
    sampled = [m for m in range(n) if not _exact(samples, m, 1)]
    arrivals = bool((steps[:, sampled] >= -tolerance).all()) and bool((np.delete(drops, sampled) <= tolerance).all())
    once = _student_quantile(count - 1, 1 - _LEVEL)
    stays = arrivals or bool((drops + once * errors <= tolerance).all())
    half = _student_quantile(count - 1, (1 - _LEVEL) / 2 / n) * float(errors[at])
    drop = float(drops[at])
    interval = (drop - half, drop + half)
    if half == 0 and not _exact(
        samples, at, 1
    ):  # every chain has the same step there: a share of the others may have any
        unseen, width = unseen_share(count), samples.high - samples.low
        interval = ((1 - unseen) * drop if falls else drop - unseen * width, drop + unseen * width)
    return MonotoneEvidence(False if falls else True if stays else None, drop, at, interval, stretch)


def _falls(samples: Samples, width: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """ubar(m) - ubar(m + width) for every m, [n + 1 - width], and its standard error, 0 where it is known exactly."""
    chains = samples.chains
    fallen = chains[:, :-width] - chains[:, width:]
    drops, errors = fallen.mean(axis=0), fallen.std(axis=0, ddof=1) / math.sqrt(len(chains))
    for m in range(len(drops)):
        if _exact(samples, m, width):
            drops[m], errors[m] = samples.exact[m] - samples.exact[m + width], 0.0
    return drops, errors


def _exact(samples: Samples, m: int, width: int) -> bool:
    return m in samples.exact and m + width in samples.exact


def _student_quantile(degrees: int, tail: float) -> float:
    """Quantile of Student's distribution that leaves ``tail`` above it."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, 1 - tail))
