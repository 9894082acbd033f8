"""A quantity with its 95 % interval."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.binomial_interval import unseen_share
from symbolscope.core.random_streams import stream

_TAILS = (2.5, 97.5)
_RESAMPLES = 2_000
# Resamples of one or two samples are too few different ones to say how far their mean may be off.
LEAST_SAMPLES = 3


@dataclass(frozen=True, eq=False)
class Band:
    """Means with 95 % intervals.

    Attributes
    ----------
    mean, low, high
        float64 [t]; nan where it is not known.
    """

    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    def text(self, position: int) -> str:
        """Mean and interval at one position, such as ``0.75 [0.60, 0.88]``; a dash for what is not known."""
        mean, low, high = (_shown(float(one[position])) for one in (self.mean, self.low, self.high))
        return f"{mean} [{low}, {high}]"


def _shown(value: float) -> str:
    return "-" if np.isnan(value) else f"{value:.2f}"


def resampling_weights(
    samples: int, seed: int | np.random.Generator, *, resamples: int = _RESAMPLES
) -> NDArray[np.float64]:
    """How often each sample is drawn in each resample with replacement, float64 [resamples, samples]."""
    generator = stream(seed, "resamples of samples")
    return generator.multinomial(samples, np.full(samples, 1.0 / samples), size=resamples).astype(np.float64)


def bootstrap_band(
    per_sample: NDArray[np.float64], seed: int | np.random.Generator, *, bounds: tuple[float, float] | None = None
) -> Band:
    """Mean over samples and its percentile interval over resamples of them; per_sample [samples, t].

    The interval of fewer than 3 samples is nan. Samples that are all alike give resamples that are all alike, which would claim
    certainty: where the least and largest possible value are known (``bounds``), the share of samples that may have been missed,
    see :func:`unseen_share`, is taken to have these.

    Examples
    --------
    >>> band = bootstrap_band(np.ones((20, 1)), 0, bounds=(0.0, 1.0))
    >>> bool(0.8 < band.low[0] < 0.9), band.high
    (True, array([1.]))
    """
    if len(per_sample) < LEAST_SAMPLES:
        unknown = np.full(per_sample.shape[1], np.nan)
        return Band(per_sample.mean(axis=0), unknown, unknown.copy())
    means = resampling_weights(len(per_sample), seed) @ per_sample / len(per_sample)
    band = spread_band(per_sample.mean(axis=0), means)
    return band if bounds is None else widened_where_alike(band, len(per_sample), bounds)


def widened_where_alike(band: Band, samples: int, bounds: tuple[float, float]) -> Band:
    """The band with intervals of no width replaced by what samples that are all alike leave open."""
    alike = band.low == band.high
    unseen = unseen_share(samples)
    low = np.where(alike, (1 - unseen) * band.mean + unseen * bounds[0], band.low)
    high = np.where(alike, (1 - unseen) * band.mean + unseen * bounds[1], band.high)
    return Band(band.mean, low, high)


def spread_band(mean: NDArray[np.float64], draws: NDArray[np.float64]) -> Band:
    """The interval that holds 95 % of the draws [draws, t]."""
    low, high = np.percentile(draws, _TAILS, axis=0)
    return Band(mean, low, high)


def spread_positions(length: int, shown: int) -> list[int]:
    """Up to ``shown`` positions from the first to the last, for tables that would be too long."""
    return sorted({round(float(one)) for one in np.linspace(0, length - 1, min(shown, length))})
