"""The conditions and bounds over a data set, with an account of every sample."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from symbolscope.core.printable_text import printable
from symbolscope.emergence.emergence_report import EmergenceReport

if TYPE_CHECKING:
    import pandas

_NORMAL = 1.959963984540054


@dataclass(frozen=True)
class MeanStd:
    """A number over samples: mean, standard deviation (of the samples, divisor count), how many, and why others are left out.

    Attributes
    ----------
    mean, std
        nan where no sample has the number.
    count
        Samples that have it.
    left_out
        Name of each other sample -> why; ``count`` and these make up the data set.
    """

    mean: float
    std: float
    count: int
    left_out: Mapping[str, str]

    def __str__(self) -> str:
        return "-" if self.count == 0 else f"{self.mean:.2f} +- {self.std:.2f}"


@dataclass(frozen=True, eq=False, repr=False)
class EmergenceSummary:
    """Emergence reports of many samples, as Tables 1 and 2 and Figure 5b of 2305.01939 give them.

    Attributes
    ----------
    reports
        One per sample.
    names
        Their names.

    Examples
    --------
    >>> from symbolscope.emergence.check_emergence import check_emergence
    >>> from symbolscope.emergence.emergence_over import summarise_emergence
    >>> summary = summarise_emergence([check_emergence([0.0, 1.0, 1.0, 4.0]), check_emergence([0.0, 1.0, 1.0, 0.5])])
    >>> summary.monotone_share, summary.salient_count.mean, summary.salient_count.left_out
    (0.5, 3.0, {'1': 'not monotone: the mean output falls by 0.5 from 1 to 2 players present'})
    """

    reports: tuple[EmergenceReport, ...]
    names: tuple[str, ...]

    @property
    def monotone_share(self) -> float:
        """Share of the decided samples whose mean output is monotone; nan where none is decided."""
        decided = [report.monotone for report in self.reports if report.monotone is not None]
        return sum(decided) / len(decided) if decided else math.nan

    @property
    def monotone_interval(self) -> tuple[float, float]:
        """95 % interval of that share (Wilson)."""
        decided = [report.monotone for report in self.reports if report.monotone is not None]
        return wilson_interval(sum(decided), len(decided))

    @property
    def undecided(self) -> tuple[str, ...]:
        """Names of the samples whose sampling cannot tell."""
        return tuple(name for name, report in zip(self.names, self.reports, strict=True) if report.monotone is None)

    @cached_property
    def salient_monotone(self) -> MeanStd:
        """Salient interactions of all orders, on monotone samples (Table 1)."""
        return self._over(lambda report: report.n_salient, _not_monotone, "n_salient")

    @cached_property
    def salient_other(self) -> MeanStd:
        """Salient interactions of all orders, on samples that are not monotone (Table 1)."""
        return self._over(lambda report: report.n_salient, _monotone, "n_salient")

    @cached_property
    def exponent_order1(self) -> MeanStd:
        """Exponent p of order 1, on monotone samples (Figure 5b)."""
        return self._over(lambda report: report.exponent_order1, _not_monotone, "exponent_order1")

    @cached_property
    def exponent_all(self) -> MeanStd:
        """Exponent p over all pairs, on monotone samples."""
        return self._over(lambda report: report.exponent_all, _not_monotone, "exponent_all")

    @cached_property
    def salient_count(self) -> MeanStd:
        """Salient interactions up to order M, on the samples that the theorem applies to (Table 2, real)."""
        return self._over(lambda report: float(report.counts.sum()), _does_not_apply, "counts")

    @cached_property
    def bound_exact(self) -> MeanStd:
        """Bound with the exact delta, on the same samples."""
        return self._over(lambda report: report.bound_exact, _does_not_apply, "bound_exact")

    @cached_property
    def bound_upper(self) -> MeanStd:
        """Bound with delta's upper bound, on those of these samples that have one (Table 2, bound)."""
        return self._over(lambda report: report.bound_upper, _does_not_apply, "bound_upper")

    @property
    def exceeded(self) -> tuple[str, ...]:
        """Names of the samples that the theorem applies to with more salient interactions than ``bound_upper``."""
        return tuple(
            name
            for name, report in zip(self.names, self.reports, strict=True)
            if report.applies and report.counts.sum() > report.bound_upper * (1 + 1e-9)
        )

    def to_text(self) -> str:
        """A table: every figure, over how many samples, and how many are left out for which reason."""
        low, high = self.monotone_interval
        decided = len(self.reports) - len(self.undecided)
        share = "-" if math.isnan(low) else f"{100 * self.monotone_share:.1f} % [{100 * low:.1f}, {100 * high:.1f}]"
        lines = [
            f"Emergence over {len(self.reports)} samples",
            _row("monotone samples", share, decided, len(self.undecided)),
        ]
        for title, figure in self._figures().items():
            lines.append(_row(title, str(figure), figure.count, len(figure.left_out)))
            kinds: dict[str, int] = {}
            for why in figure.left_out.values():
                kind = why.split(":")[0]
                kinds[kind] = kinds.get(kind, 0) + 1
            lines += [f"      {count} left out: {kind}" for kind, count in kinds.items()]
        if self.exceeded:
            lines.append(
                f"  bound_upper is below the real count on {len(self.exceeded)} samples ({', '.join(self.exceeded[:5])}"
                f"{', ...' if len(self.exceeded) > 5 else ''}): it is a bound only where the conditions hold exactly"
            )
        return "\n".join(lines)

    def to_frame(self) -> "pandas.DataFrame":
        """One row per sample: name, monotone, both exponents, counts, bounds, and its status. Needs pandas."""
        from symbolscope.emergence.frame import frame_of

        return frame_of(
            {
                "name": list(self.names),
                "monotone": [report.monotone for report in self.reports],
                "applies": [report.applies for report in self.reports],
                "max_order": [report.max_order for report in self.reports],
                "exponent_order1": [report.exponent_order1 for report in self.reports],
                "exponent_all": [report.exponent_all for report in self.reports],
                "n_salient": [report.n_salient for report in self.reports],
                "count": [float(report.counts.sum()) for report in self.reports],
                "bound_exact": [report.bound_exact for report in self.reports],
                "bound_upper": [report.bound_upper for report in self.reports],
                "status": [report.status for report in self.reports],
            }
        )

    def __repr__(self) -> str:
        return printable(self.to_text(), keep="\n")

    def _figures(self) -> dict[str, MeanStd]:
        return {
            "salient, monotone samples": self.salient_monotone,
            "salient, other samples": self.salient_other,
            "p of order 1": self.exponent_order1,
            "p over all pairs": self.exponent_all,
            "salient up to order M": self.salient_count,
            "bound, exact delta": self.bound_exact,
            "bound, delta's upper bound": self.bound_upper,
        }

    def _over(
        self, number: Callable[[EmergenceReport], float], excluded: Callable[[EmergenceReport], str], key: str
    ) -> MeanStd:
        values: list[float] = []
        left_out: dict[str, str] = {}
        for name, report in zip(self.names, self.reports, strict=True):
            value, why = number(report), excluded(report)
            if not why and math.isnan(value):
                why = report.reasons.get(key, "sampled: not every interaction was looked at")
            if why:
                left_out[name] = why
            else:
                values.append(value)
        mean, std = (float(np.mean(values)), float(np.std(values))) if values else (math.nan, math.nan)
        return MeanStd(mean, std, len(values), left_out)


def wilson_interval(successes: int, trials: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share; nan where there are no trials.

    Examples
    --------
    >>> low, high = wilson_interval(9, 10)
    >>> round(low, 3), round(high, 3)
    (0.596, 0.982)
    """
    if trials == 0:
        return math.nan, math.nan
    share, z2 = successes / trials, _NORMAL**2
    centre = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = _NORMAL / (1 + z2 / trials) * math.sqrt(share * (1 - share) / trials + z2 / (4 * trials**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def _not_monotone(report: EmergenceReport) -> str:
    if report.monotone is None:
        return "undecided: sampling cannot tell whether the mean output is monotone"
    if report.monotone:
        return ""
    at = report.largest_drop_at
    return f"not monotone: the mean output falls by {report.largest_drop:.4g} from {at} to {at + 1} players present"


def _monotone(report: EmergenceReport) -> str:
    return "monotone" if report.monotone else _not_monotone(report) if report.monotone is None else ""


def _does_not_apply(report: EmergenceReport) -> str:
    why = _not_monotone(report)
    if not why and report.full_output <= report.xi:
        why = f"u(N) not above xi: {report.full_output:.4g}, xi {report.xi:.4g}"
    if not why and math.isnan(report.exponent_order1):
        why = f"no exponent p: {report.reasons.get('exponent_order1', 'none was found')}"
    return why


def _row(title: str, value: str, count: int, left_out: int) -> str:
    return f"  {title:<28}{value:>24}   {count} samples" + (f", {left_out} left out" if left_out else "")
