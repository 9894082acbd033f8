"""What the tables about emergence need of one sample, and their figures over many."""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from symbolscope.emergence.emergence_report import EmergenceReport
from symbolscope.emergence.emergence_summary import MeanStd, wilson_interval

_ROUNDING = 1e-9


@dataclass(frozen=True)
class EmergenceRecord:
    """The numbers of one report; nan where one does not exist.

    Attributes
    ----------
    monotone
        Whether condition 2 holds.
    full_output
        u(N).
    exponent_order1, exponent_all
        p of order 1, and over all pairs of orders.
    n_salient, count
        Salient interactions of all orders, and up to order M.
    bound_exact, bound_upper
        Bounds on ``count``.
    """

    monotone: bool
    full_output: float
    exponent_order1: float
    exponent_all: float
    n_salient: float
    count: float
    bound_exact: float
    bound_upper: float

    @staticmethod
    def of(report: EmergenceReport) -> "EmergenceRecord":
        """Of a report on all masks."""
        return EmergenceRecord(
            report.monotone is True,
            float(report.full_output),
            float(report.exponent_order1),
            float(report.exponent_all),
            float(report.n_salient),
            float(report.counts.sum()),
            report.bound_exact,
            report.bound_upper,
        )

    def as_json(self) -> dict[str, Any]:
        """Fields, with None for nan."""
        return {
            key: None if isinstance(value, float) and math.isnan(value) else value
            for key, value in asdict(self).items()
        }

    @staticmethod
    def read(fields: dict[str, Any]) -> "EmergenceRecord":
        """The other way."""
        numbers = {
            key: math.nan if value is None else float(value) for key, value in fields.items() if key != "monotone"
        }
        return EmergenceRecord(bool(fields["monotone"]), **numbers)


@dataclass(frozen=True)
class EmergenceFigures:
    """Tables 1 and 2 of 2305.01939 for some samples, with an account of those left out.

    Attributes
    ----------
    records
        One per sample.
    xi
        The theorem is applied where u(N) exceeds this and the sample is monotone.

    Examples
    --------
    >>> from symbolscope.emergence.check_emergence import check_emergence
    >>> games = ([0.0, 1.0, 1.0, 4.0], [0.0, 1.0, 1.0, 0.5])
    >>> figures = EmergenceFigures(tuple(EmergenceRecord.of(check_emergence(game)) for game in games))
    >>> figures.monotone, figures.applied("count").count, figures.left_out
    ('50.0 [9.5, 90.5]', 1, '1 not monotone')
    """

    records: tuple[EmergenceRecord, ...]
    xi: float = 0.0

    @property
    def monotone(self) -> str:
        """% of the samples that are monotone, with Wilson's 95 % interval."""
        found = sum(record.monotone for record in self.records)
        low, high = wilson_interval(found, len(self.records))
        share = found / len(self.records) if self.records else math.nan
        return f"{100 * share:.1f} [{100 * low:.1f}, {100 * high:.1f}]"

    def over(self, field: str, *, monotone: bool | None = None) -> MeanStd:
        """Mean and standard deviation of a field over the samples that are monotone, are not, or all."""
        return _mean(self.records, field, lambda record: monotone is None or record.monotone is monotone)

    def applied(self, field: str) -> MeanStd:
        """The same over the samples that the theorem applies to."""
        return _mean(self.records, field, self._applies)

    @property
    def left_out(self) -> str:
        """How many samples the theorem does not apply to, or gives no bound for, and why."""
        counts = {
            "not monotone": sum(not record.monotone for record in self.records),
            f"u(N) at most {self.xi:g}": sum(
                record.monotone and record.full_output <= self.xi for record in self.records
            ),
            "no bound": sum(self._applies(record) and math.isnan(record.bound_upper) for record in self.records),
        }
        return ", ".join(f"{count} {why}" for why, count in counts.items() if count) or "none"

    @property
    def above_exact(self) -> str:
        """Samples of any kind with more salient interactions than the bound with the exact delta, out of those that have one."""
        known = [record for record in self.records if math.isfinite(record.bound_exact)]
        return f"{sum(_above(record.count, record.bound_exact) for record in known)} of {len(known)}"

    @property
    def above_upper(self) -> str:
        """Samples the theorem applies to with more salient interactions than the bound with delta's upper bound."""
        known = [record for record in self.records if self._applies(record) and math.isfinite(record.bound_upper)]
        return f"{sum(_above(record.count, record.bound_upper) for record in known)} of {len(known)}"

    def _applies(self, record: EmergenceRecord) -> bool:
        return record.monotone and record.full_output > self.xi


def _above(count: float, bound: float) -> bool:
    return count > bound * (1.0 + _ROUNDING)


def _mean(records: Sequence[EmergenceRecord], field: str, wanted: Callable[[EmergenceRecord], bool]) -> MeanStd:
    values = [float(getattr(record, field)) for record in records if wanted(record)]
    known = [value for value in values if math.isfinite(value)]
    if not known:
        return MeanStd(math.nan, math.nan, 0, {})
    return MeanStd(float(np.mean(known)), float(np.std(known)), len(known), {})
