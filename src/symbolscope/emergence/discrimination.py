"""Whether an interaction pushes every sample of a class the same way."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.argument_checks import Number, SeedOrGenerator
from symbolscope.core.array_checks import plain_numbers
from symbolscope.core.checked_call import takes
from symbolscope.core.printable_text import printable
from symbolscope.emergence.check_type import GivenModels
from symbolscope.emergence.effect_table import aligned_models, check_share, effect_table
from symbolscope.emergence.frame import frame_of
from symbolscope.emergence.interval import LEAST_SAMPLES, Band, resampling_weights, spread_band, widened_where_alike
from symbolscope.errors import SymbolscopeError

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, eq=False, repr=False)
class Discrimination:
    """How constant the signs of salient interactions are over samples; 0.5 is chance.

    Attributes
    ----------
    bins
        [b + 1], edges of the bins of alpha, the share of samples in which an interaction is salient: (low, high].
    agreement
        Per bin, the chance that two samples in which an interaction is salient agree on its sign; mean over the bin's
        interactions and 95 % interval (bootstrap over samples), nan where no interaction is salient twice; the interval is nan
        for fewer than 3 samples.
    overall
        The same of all interactions, weighted by alpha; [1].
    raw
        float64 [b], the papers' beta = max(m+, m-) / (m+ + m-), mean per bin: 1 for whatever is salient in one sample.
    raw_overall
        sum alpha beta / sum alpha.
    counts
        int64 [b], interactions in each bin.
    single
        Interactions salient in one sample only: they say nothing of agreement and are in the raw figures alone.
    n_samples
        Number of samples.
    sign_chance
        p^2 + (1 - p)^2 with p the share of positive effects among all salient ones: what signs would agree to that have this share
        but nothing to do with the interaction they belong to.
    positive, negative
        int64 [m], samples in which each interaction is salient with that sign.
    """

    bins: NDArray[np.float64]
    agreement: Band
    overall: Band
    raw: NDArray[np.float64]
    raw_overall: float
    counts: NDArray[np.int64]
    single: int
    n_samples: int
    sign_chance: float
    positive: NDArray[np.int64] = field(repr=False)
    negative: NDArray[np.int64] = field(repr=False)

    chance: float = 0.5

    def to_frame(self) -> "pandas.DataFrame":
        """One row per bin of alpha, and one for all. Needs pandas."""

        def column(band: NDArray[np.float64], overall: NDArray[np.float64] | float | int) -> NDArray[np.float64]:
            return np.append(band, overall)

        return frame_of(
            {
                "alpha_above": column(self.bins[:-1], self.bins[0]),
                "alpha_to": column(self.bins[1:], self.bins[-1]),
                "interactions": column(self.counts.astype(np.float64), int(self.counts.sum())).astype(np.int64),
                "agreement": column(self.agreement.mean, self.overall.mean),
                "agreement_low": column(self.agreement.low, self.overall.low),
                "agreement_high": column(self.agreement.high, self.overall.high),
                "chance": np.full(len(self.bins), self.chance),
                "sign_chance": np.full(len(self.bins), self.sign_chance),
                "beta": column(self.raw, self.raw_overall),
            }
        )

    def to_text(self) -> str:
        """Agreement with intervals beside chance and the papers' figure, as a plain table."""
        lines = [
            f"signs of {len(self.positive)} interactions over {self.n_samples} samples; {self.single} of them, salient in one "
            "sample, are in beta alone",
            "salient in      interactions  agreement [95 %]   chance  beta (papers)",
        ]
        for b, count in enumerate(self.counts):
            share = f"{self.bins[b]:.0%} - {self.bins[b + 1]:.0%}"
            lines.append(_line(share, int(count), self.agreement, b, self.chance, float(self.raw[b])))
        total = int(self.counts.sum())
        lines.append(_line("all, weighted", total, self.overall, 0, self.chance, self.raw_overall))
        share = int(self.positive.sum()) / int((self.positive + self.negative).sum())
        lines.append(
            f"{share:.0%} of the signs are positive; drawn so without regard to interactions, {self.sign_chance:.2f} agree"
        )
        return "\n".join(lines)

    def __repr__(self) -> str:
        return printable(self.to_text(), keep="\n")


@takes({"threshold": Number(finite=False), "seed": SeedOrGenerator()})
def discrimination(
    models: GivenModels,
    *,
    threshold: float = 0.05,
    bins: Sequence[float] = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0),
    seed: int | np.random.Generator = 0,
) -> Discrimination:
    """Whether an interaction pushes the output of every sample of a class the same way.

    With m+ and m- the samples in which S is salient with a positive and with a negative effect, m = m+ + m-:

        beta(S)      = max(m+, m-) / m                                     (the papers)
        agreement(S) = (m+ (m+ - 1) + m- (m- - 1)) / (m (m - 1))           (two different samples have the same sign)

    Where signs are coin flips beta is 1, 0.75, 0.75, 0.69 on average for m = 1, 2, 3, 4, agreement 0.5 for every m; where the
    sign is positive with probability p, agreement is p^2 + (1 - p)^2 on average, also for every m. Both are averaged over
    the interactions in bins of alpha(S) = m / samples, and over all interactions weighted by alpha. Beside 0.5 stands
    sign_chance, p^2 + (1 - p)^2 with one p for all interactions.

    The interval is a bootstrap over samples. Near 0.5 it is wider than needed and holds the truth more often than 95 % of the time.

    Parameters
    ----------
    models
        One per sample of a class, of the same players, of the score of that class.
    threshold
        An interaction is salient from this share of its sample's largest |effect| on.
    bins
        Increasing edges of the bins of alpha.
    seed
        Of the bootstrap over samples.

    Raises
    ------
    SymbolscopeError
        If the players differ, there are fewer than 2 samples, nothing is salient in any, or a number is out of range.

    Source: Li, Zhang (2302.13080), section on the discrimination power; the agreement is ours.

    Examples
    --------
    >>> import symbolscope as sy
    >>> discrimination([sy.decompose([0.0, 0.0, 0.0, effect]) for effect in (1.0, 2.0, 3.0)]).overall.mean
    array([1.])

    One interaction salient in one sample tells nothing, though its beta is 1:

    >>> samples = [[0.0, 0.0, 1.0, 1.0], [0.0, 2.0, 0.0, 2.0], [0.0, -2.0, 0.0, -2.0]]
    >>> discrimination(sy.decompose(samples), bins=(0.0, 0.5, 1.0))
    signs of 2 interactions over 3 samples; 1 of them, salient in one sample, are in beta alone
    salient in      interactions  agreement [95 %]   chance  beta (papers)
    0% - 50%                   1        -               0.5           1.00
    50% - 100%                 1  0.00 [0.00, 0.71]     0.5           0.50
    all, weighted              2  0.00 [0.00, 0.71]     0.5           0.67
    67% of the signs are positive; drawn so without regard to interactions, 0.56 agree
    """
    check_share("threshold", threshold)
    edges = plain_numbers("bins", bins)
    if edges.ndim != 1 or len(edges) < 2 or not (np.diff(edges) > 0).all() or edges[0] != 0 or edges[-1] < 1:
        raise SymbolscopeError(f"bins must increase from 0 to 1, such as (0, 0.5, 1); got {edges.tolist()}")
    aligned = aligned_models(models, least=2)
    samples = len(aligned)
    table = effect_table(aligned, least=threshold)
    salient = table.salient(threshold)
    if salient.shape[1] == 0:
        raise SymbolscopeError(
            f"none of the {samples} samples has a salient interaction; look at the games: is the output the same on all masks?"
        )
    up = (salient & (table.effects > 0)).astype(np.float64)
    down = (salient & (table.effects < 0)).astype(np.float64)
    positive, negative = up.sum(axis=0), down.sum(axis=0)
    total = positive + negative
    beta = np.maximum(positive, negative) / total
    bin_of = np.digitize(total / samples, edges, right=True) - 1
    member = (bin_of == np.arange(len(edges) - 1)[:, None]).astype(np.float64)  # [b, m]
    counts = member.sum(axis=1)

    def averages(weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Agreement per bin [draws, b] and over all [draws, 1], samples taken so many times [draws, samples]."""
        # A pair of one sample with itself would always agree, so only pairs of different samples count: of samples taken w
        # times these are (sum w)^2 - sum w^2.
        ups, downs = weights @ up, weights @ down
        both = ups + downs
        same_up, same_down = weights**2 @ up, weights**2 @ down
        pairs = both**2 - same_up - same_down
        known = pairs > 0
        agreement = np.where(known, (ups**2 - same_up + downs**2 - same_down) / np.where(known, pairs, 1.0), 0.0)
        in_bin, everywhere = known @ member.T, (both * known).sum(axis=1, keepdims=True)
        per_bin = np.where(in_bin > 0, agreement @ member.T / np.maximum(in_bin, 1.0), np.nan)
        overall = (both * agreement).sum(axis=1, keepdims=True) / np.where(everywhere > 0, everywhere, np.nan)
        return per_bin, overall

    per_bin, overall = averages(np.ones((1, samples)))
    drawn = averages(resampling_weights(samples, seed, resamples=_RESAMPLES))
    if samples < LEAST_SAMPLES:
        drawn = (np.full_like(drawn[0], np.nan), np.full_like(drawn[1], np.nan))
    pooled = float(positive.sum() / total.sum())
    return Discrimination(
        bins=edges,
        agreement=widened_where_alike(_band(per_bin[0], drawn[0]), samples, (0.0, 1.0)),
        overall=widened_where_alike(_band(overall[0], drawn[1]), samples, (0.0, 1.0)),
        raw=np.where(counts > 0, member @ beta / np.maximum(counts, 1.0), np.nan),
        raw_overall=float((total * beta).sum() / total.sum()),
        counts=counts.astype(np.int64),
        single=int((total == 1).sum()),
        n_samples=samples,
        sign_chance=pooled**2 + (1.0 - pooled) ** 2,
        positive=positive.astype(np.int64),
        negative=negative.astype(np.int64),
    )


_RESAMPLES = 1_000


def _band(mean: NDArray[np.float64], draws: NDArray[np.float64]) -> Band:
    """The interval of each column over the draws in which it is known."""
    bands = [
        spread_band(mean[t : t + 1], draws[np.isfinite(draws[:, t]), t : t + 1])
        if np.isfinite(mean[t]) and np.isfinite(draws[:, t]).any()
        else None
        for t in range(len(mean))
    ]
    ends = np.array([(np.nan, np.nan) if band is None else (band.low[0], band.high[0]) for band in bands])
    return Band(mean, ends[:, 0], ends[:, 1])


def _line(share: str, count: int, band: Band, position: int, chance: float, beta: float) -> str:
    agreement = band.text(position) if np.isfinite(band.mean[position]) else f"{'-':^17}"
    return f"{share:<14}  {count:>12}  {agreement:<17}  {chance:>6}  {'-' if np.isnan(beta) else f'{beta:.2f}':>13}"
