"""The report: a score with everything it needs beside it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from symbolscope.evidence.divergence import Divergence

if TYPE_CHECKING:
    import pandas
    from rich.table import Table

Interval = tuple[float, float]
Sizes = tuple[tuple[int | None, int | None], ...]  # per restart, for R^2 of 0.9 and 0.99
Curves = tuple[NDArray[np.float64], ...]

# Controls that are no nulls, as they are named where they are left out.
RIVALS, ELSEWHERE, OFF_TARGET, DIVERGENCE, ALTERNATIVES = (
    "rival bases",
    "features elsewhere",  # the rival that may not touch the features found: the same program somewhere else in the state
    "off-target",
    "divergence",
    "identifiability",
)


@dataclass(frozen=True)
class Rival:
    """A competing reading, and by how much this one beats it.

    Attributes
    ----------
    score
        Of the rival, of the same measure; at equal complexity for rival bases, with a search of the same size for rival programs.
    interval
        95 %, of its score.
    floor
        The rival's own: with nothing swapped, or the mean output.
    margin, margin_interval
        Score of the reading minus that of the rival.
    """

    score: float
    interval: Interval
    floor: float
    margin: float
    margin_interval: Interval


@dataclass(frozen=True)
class OffTarget:
    """What happens when everything but the mapped features is swapped: the variable must stay what it was.

    Attributes
    ----------
    value, interval
        Share of pairs whose answer has the target's variable, whether anything else in it is the source's or not.
    floor
        The whole state swapped, the variable with it: what remains right is pairs whose answer does not tell.
    swapped
        The other direction, for comparison: share of pairs in which the features alone are swapped and everything else stays.
    """

    value: float
    interval: Interval
    floor: float
    swapped: float


@dataclass(frozen=True, eq=False, repr=False)
class Faithfulness:
    """How well a reading predicts its network under intervention, and how much of that is worth anything.

        score = 1 - E d(network, model) / E d(network, null predictor)

    For masked inputs d is the squared error and the null predictor the mean output: R^2 over all masks. For interchange
    interventions the score is IIA, the share of pairs answered right; with d = 0/1 and "nothing was swapped" for null predictor the
    formula gives ``details["chance-corrected"]``. Any table of outputs is fitted by enough interactions and any network by a rich
    enough alignment function, so the score is evidence only by its ``margin`` over the same procedure, at the same complexity,
    where there is nothing to be found. Made by :func:`symbolscope.assess`.

    Attributes
    ----------
    subject, measure
        What was assessed, and what the score counts.
    score, interval
        With its 95 % bootstrap interval over interventions.
    floor
        Score without any reading: 0 for R^2 (the mean output), IIA with nothing swapped.
    complexity
        What the reading takes, by name.
    details
        Further numbers: unfaithfulness and largest error; ceiling and chance-corrected IIA.
    null_scores
        Null -> the score of each of its restarts. For interactions: of as many of its strongest terms as the reading has, with the
        effects that suit them best, which favours the null.
    margin, margin_interval
        Null -> score minus the best of its restarts, with a 95 % interval.
    sizes
        For interactions: "network", each null (its restarts) and each rival -> how many terms R^2 of 0.9 and 0.99 take, all of them
        split exactly, so that no tolerance favours any.
    size_ratio
        Null -> (ratio at 0.9, at 0.99): terms that its most favourable restart takes, over those of the network; nan where never.
    curves
        For interactions: the same names -> R^2 of the k strongest terms, k = 0, 1, 2, ..., a curve per restart.
    rivals, off_target, divergence
        See their classes; None where they do not apply.
    alternatives
        For interactions: what other exact splits of nearly the same cost have in common.
    skipped
        Null, or other control ("rival bases", "off-target", ...) -> why it was left out: it does not suit the reading, or could not
        be run. The reason holds the exception's type where it is no error of ours.
    seed, restarts
        Of the nulls.
    null_accuracy
        For alignments: null that is a network -> the share of the task's trials that each of its networks answers right.
    trivial
        Those whose network answers so little that a low score there says nothing.

    Examples
    --------
    >>> import symbolscope as sy
    >>> task = sy.tasks.MultiObject(max_count=6)
    >>> network, program = sy.networks.Toy1d(task), sy.programs.UpDown(task)
    >>> one = sy.featurizers.Orthogonal(size=1)
    >>> found = sy.align(network, program, task, featurizer=one, rate=0.03, steps=200, progress=False)
    >>> report = sy.assess(found, nulls=("permuted-outputs",), n=500)
    >>> report.score, report.margin["permuted-outputs"] > 0.5
    (1.0, True)
    """

    subject: str
    measure: str
    score: float
    interval: Interval
    floor: float
    complexity: Mapping[str, float]
    details: Mapping[str, float]
    null_scores: Mapping[str, tuple[float, ...]]
    margin: Mapping[str, float]
    margin_interval: Mapping[str, Interval]
    rivals: Mapping[str, Rival]
    skipped: Mapping[str, str]
    seed: int
    restarts: int
    sizes: Mapping[str, Sizes] = field(default_factory=dict[str, Sizes])
    size_ratio: Mapping[str, Interval] = field(default_factory=dict[str, Interval])
    curves: Mapping[str, Curves] = field(default_factory=dict[str, Curves])
    off_target: OffTarget | None = None
    divergence: Divergence | None = None
    alternatives: object = None
    null_accuracy: Mapping[str, tuple[float, ...]] = field(default_factory=dict[str, tuple[float, ...]])
    trivial: tuple[str, ...] = ()

    @property
    def controlled(self) -> bool:
        """Whether any null was run to its end."""
        return bool(self.null_scores)

    @property
    def best_null(self) -> float:
        """The highest score that any restart of any null reached; nan without nulls."""
        return max((max(scores) for scores in self.null_scores.values()), default=float("nan"))

    @property
    def sentence(self) -> str:
        """What the evidence supports, in words."""
        from symbolscope.evidence.sentence import sentence

        return sentence(self)

    def to_frame(self) -> "pandas.DataFrame":
        """One row per number: section, name, value, low, high. Needs pandas."""
        from symbolscope.evidence.presentation import frame

        return frame(self)

    def __repr__(self) -> str:
        from symbolscope.evidence.presentation import text

        return text(self)

    def __rich__(self) -> "Table":
        from symbolscope.evidence.presentation import rich_table

        return rich_table(self)

    def _repr_html_(self) -> str:
        from symbolscope.evidence.presentation import html

        return html(self)
