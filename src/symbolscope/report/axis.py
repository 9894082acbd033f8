"""One axis of a chart: where a number goes, and which numbers are written beside it."""

import math
from dataclasses import dataclass
from typing import Literal

from symbolscope.report.numerals import MINUS


@dataclass(frozen=True)
class Axis:
    """Numbers from ``low`` to ``high`` placed from ``start`` to ``end`` (drawing units).

    ``log1p`` places counts so that 0 is on the axis and thousands still fit.

    Examples
    --------
    >>> axis = Axis(0.0, 10.0, 100.0, 200.0)
    >>> axis.place(5.0), axis.place(99.0)
    (150.0, 200.0)
    >>> [label for _, label in axis.ticks()]
    ['0', '2', '4', '6', '8', '10']
    >>> [label for _, label in Axis(0.0, 8192.0, 0.0, 1.0, "log1p").ticks()]
    ['0', '1', '10', '100', '1,000']
    """

    low: float
    high: float
    start: float
    end: float
    kind: Literal["linear", "log", "log1p"] = "linear"
    whole: bool = False  # write every whole number, where there are few

    def place(self, value: float) -> float:
        """Drawing position of ``value``, kept within the axis."""
        low, high, middle = (self._stretch(number) for number in (self.low, self.high, value))
        share = 0.0 if high <= low else min(1.0, max(0.0, (middle - low) / (high - low)))
        return round(self.start + share * (self.end - self.start), 2)

    def ticks(self) -> tuple[tuple[float, str], ...]:
        """(position, label) of the numbers worth writing."""
        return tuple((self.place(value), _label(value)) for value in self._round_numbers())

    def _stretch(self, value: float) -> float:
        if self.kind == "linear":
            return value
        return math.log1p(max(value, 0.0)) if self.kind == "log1p" else math.log10(max(value, self.low))

    def _round_numbers(self) -> list[float]:
        if self.kind == "linear":
            if self.whole and self.high - self.low <= 14:
                return [float(number) for number in range(math.ceil(self.low), math.floor(self.high) + 1)]
            return _linear_ticks(self.low, self.high)
        first = math.ceil(math.log10(self.low) - 1e-9) if self.kind == "log" else 0
        last = math.floor(math.log10(self.high) + 1e-9)
        every = max(1, -(-(last - first + 1) // 6))
        powers = [10.0**power for power in range(first, last + 1, every)]
        return [0.0, *powers] if self.kind == "log1p" else powers


def _linear_ticks(low: float, high: float) -> list[float]:
    if not high > low:
        return [low]
    rough = (high - low) / 5.0
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def _label(value: float) -> str:
    if value and (abs(value) >= 1e5 or abs(value) < 1e-3):
        return f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e").replace("-", MINUS)
    return f"{value:,.3f}".rstrip("0").rstrip(".").replace("-", MINUS)
