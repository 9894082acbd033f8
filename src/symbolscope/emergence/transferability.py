"""How far the interactions of one sample, or of one network, are found again in others."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.argument_checks import Number, SeedOrGenerator, described
from symbolscope.core.checked_call import takes
from symbolscope.core.printable_text import printable
from symbolscope.core.random_streams import stream
from symbolscope.core.sequence_checks import ListOf
from symbolscope.emergence.check_type import GivenModels
from symbolscope.emergence.effect_table import aligned_models, check_share
from symbolscope.emergence.frame import frame_of
from symbolscope.emergence.interval import Band, spread_positions
from symbolscope.emergence.whole_number import GivenInteger, whole_number
from symbolscope.errors import SymbolscopeError

if TYPE_CHECKING:
    import pandas

_SHOWN = 8
_THRESHOLD = 0.1
_THRESHOLDS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3)
_OTHER_THRESHOLD = 0.05


@dataclass(frozen=True, eq=False, repr=False)
class Transferability:
    """Share of a sample's salient interactions that are found again, beside what random sets give.

    Attributes
    ----------
    across
        "samples" or "networks".
    at
        [t]: across samples the size k of the dictionary, across networks the threshold of the explained network.
    score
        Mean over samples with a 95 % interval (bootstrap over samples, dictionaries as they are; nan for
        fewer than 3). Across samples the
        dictionary is made without the sample it is applied to.
    own_included
        Across samples: the papers' figure, where each sample has a part in the dictionary; else None.
    uniform
        The same measure with random sets in the place of those found, as many, all sets equally likely: mean and 95 %
        of the restarts.
    matched
        The same with random sets of the same orders and kinds.
    per_sample
        float64 [samples, t], what ``score`` is the mean of.
    shares
        Across samples: alpha, the share of samples in which each interaction of the dictionary is salient, most frequent
        first; else empty.
    dictionary
        Those interactions, as (kind, names of the players).
    without
        Samples left out because nothing is salient in them.
    """

    across: Literal["samples", "networks"]
    at: NDArray[np.float64]
    score: Band
    uniform: Band
    matched: Band
    per_sample: NDArray[np.float64] = field(repr=False)
    own_included: Band | None = None
    shares: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    dictionary: tuple[tuple[str, tuple[str, ...]], ...] = ()
    without: int = 0

    @property
    def n_samples(self) -> int:
        """Samples that the means are over."""
        return len(self.per_sample)

    def to_frame(self) -> "pandas.DataFrame":
        """One row per dictionary size or threshold, controls and intervals included. Needs pandas."""
        bands = {"score": self.score, "own_included": self.own_included}
        bands |= {"random_uniform": self.uniform, "random_matched": self.matched}
        columns: dict[str, object] = {"k" if self.across == "samples" else "threshold": self.at}
        for name, band in bands.items():
            if band is not None:
                columns |= {name: band.mean, f"{name}_low": band.low, f"{name}_high": band.high}
        return frame_of(columns)

    def to_text(self) -> str:
        """Scores with intervals, each beside its controls, as a plain table."""
        left = f" ({self.without} left out: nothing salient)" if self.without else ""
        if self.across == "samples":
            head = (
                f"transfer across {self.n_samples} samples{left}: share of a sample's salient interactions among the k "
            )
            head += "most frequent of the other samples"
        else:
            head = f"transfer across networks on {self.n_samples} samples{left}: share of the first network's salient "
            head += "interactions that are salient in the second"
        names = [
            "k" if self.across == "samples" else "threshold",
            "score [95 %]",
            "random sets",
            "same orders and kinds",
        ]
        if self.own_included is not None:
            names.append("own sample included")
        rows = [names]
        for t in spread_positions(len(self.at), _SHOWN):
            row = [f"{self.at[t]:g}", self.score.text(t), self.uniform.text(t), self.matched.text(t)]
            rows.append(row if self.own_included is None else [*row, self.own_included.text(t)])
        widths = [max(len(row[column]) for row in rows) for column in range(len(names))]
        lines = ("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
        return "\n".join([head, *lines])

    def __repr__(self) -> str:
        return printable(self.to_text(), keep="\n")


@takes(
    {
        "threshold": Number(finite=False),
        "other_threshold": Number(finite=False),
        "thresholds": ListOf(Number(finite=False), "numbers"),
        "seed": SeedOrGenerator(),
    }
)
def transferability(
    models: GivenModels,
    others: GivenModels | None = None,
    *,
    threshold: float | None = None,
    k: GivenInteger | None = None,
    thresholds: Sequence[float] | None = None,
    other_threshold: float | None = None,
    restarts: GivenInteger = 200,
    seed: int | np.random.Generator = 0,
) -> Transferability:
    """Share of a sample's interactions that are found again in other samples, or in another network.

    Across samples of one class (``others`` not given), with Omega_x the salient interactions of sample x:

        alpha_S = share of samples in which S is salient,   D_k = the k interactions of largest alpha
        rho(k)  = mean over samples x of |D_k and Omega_x| / |Omega_x|        for k = 1 ... K

    A sample has a part in its own D_k (an interaction of this sample alone may be in it), so the score makes D_k for each x
    from the other samples; the papers' figure is ``own_included``. Interactions equally frequent stand in a fixed order: lower
    order, AND before OR, lower players.

    Across networks (``others``: the same samples on a second network):

        gamma = mean over samples of |Omega1 and Omega2| / |Omega1|

    for each threshold of the first network, ``other_threshold`` for the second. Signs play no part; AND and OR of the same
    players are two interactions, those of one player are one.

    The controls replace the sets of D_k (or of Omega2) by random ones, as many, and compute the same share.

    Parameters
    ----------
    models
        One per sample, of the same players.
    others
        One per sample in the same order, from another network.
    threshold
        Across samples: an interaction is salient from this share of its sample's largest |effect| on; None is 0.1.
    k
        Across samples: largest dictionary, at most as many as there are distinct salient interactions in all samples (a larger
        one is cut to that); None is as many as the sample with the most salient interactions has.
    thresholds, other_threshold
        Across networks, as above; None is 0.05, 0.1, ..., 0.3 and 0.05.
    restarts
        Random sets drawn for each control.
    seed
        Of the controls and the bootstrap.

    Raises
    ------
    SymbolscopeError
        If the players differ, there are fewer than 2 samples (1 across networks), nothing is salient in any, a number is
        out of range, or one is given that plays no part: threshold or k across networks, thresholds or other_threshold across
        samples.

    Source: Li, Zhang, *Does a Neural Network Really Encode Symbolic Concepts?* (2302.13080), sections on sample-wise and
    model-wise transferability. There the control across networks is an intersection over union, beside a share of |Omega1|.

    Examples
    --------
    >>> import symbolscope as sy
    >>> same = [sy.decompose([0.0, 0.0, 0.0, effect]) for effect in (1.0, 2.0, -3.0)]
    >>> transferability(same).score.mean
    array([1.])

    What two samples do not share is not in each other's dictionary:

    >>> transferability([sy.decompose([0.0, 1.0, 0.0, 1.0]), sy.decompose([0.0, 0.0, 1.0, 1.0])])
    transfer across 2 samples: share of a sample's salient interactions among the k most frequent of the other samples
    k  score [95 %]        random sets  same orders and kinds  own sample included
    1   0.00 [-, -]  0.27 [0.00, 1.00]      0.47 [0.00, 1.00]          0.50 [-, -]

    Across networks:

    >>> one = sy.decompose([0.0, 4.0, 0.0, 5.0])               # x0 and x0 & x1
    >>> other = sy.decompose([0.0, 3.0, 0.0, 3.0])             # x0
    >>> transferability([one], [other], thresholds=(0.05, 0.5)).score.mean
    array([0.5, 1. ])
    """
    from symbolscope.emergence.transfer_across_networks import transfer_across_networks
    from symbolscope.emergence.transfer_across_samples import transfer_across_samples

    restarts = whole_number("restarts", restarts, least=1, of="random set")
    across = {"threshold": threshold, "k": k}
    between = {"thresholds": thresholds, "other_threshold": other_threshold}
    for name, value in (across if others is not None else between).items():
        if value is not None:
            where, instead = ("networks", between) if others is not None else ("samples", across)
            raise SymbolscopeError(
                f"{name} plays no part across {where} ({'others given' if others is not None else 'no others given'}); got "
                f"{described(value)}. Leave it out; {' and '.join(instead)} do"
            )
    generator = stream(seed, "random sets of transferability")
    if others is None:
        threshold = _THRESHOLD if threshold is None else threshold
        check_share("threshold", threshold)
        size = None if k is None else whole_number("k, the size of the largest dictionary,", k, least=1)
        return transfer_across_samples(
            aligned_models(models, least=2), threshold=threshold, k=size, restarts=restarts, generator=generator
        )
    thresholds = _THRESHOLDS if thresholds is None else thresholds
    other_threshold = _OTHER_THRESHOLD if other_threshold is None else other_threshold
    if len(thresholds) == 0:
        raise SymbolscopeError("thresholds must hold at least one number between 0 and 1; got none")
    for one in (*thresholds, other_threshold):
        check_share("every threshold", one)
    first, second = aligned_models(models), aligned_models(others)
    if len(first) != len(second):
        raise SymbolscopeError(
            f"models and others must be the same samples on two networks; got {len(first)} and {len(second)} models"
        )
    aligned_models([first[0], second[0]])
    return transfer_across_networks(
        first,
        second,
        thresholds=tuple(float(one) for one in thresholds),
        other_threshold=other_threshold,
        restarts=restarts,
        generator=generator,
    )
