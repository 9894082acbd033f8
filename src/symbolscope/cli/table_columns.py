"""The columns of a CSV table with their kinds, and the value that is typical of each."""

import datetime
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

_MISSING = frozenset(("", "na", "n/a", "nan", "null", "none", "nat", "<na>"))
_TRUTH = {"true": True, "false": False}

Kind = Literal["whole", "number", "truth", "date", "text"]
Cell = bool | int | float | str | datetime.datetime | None


def _every_kind() -> set[Kind]:
    return {"truth", "whole", "number", "date"}


@dataclass
class ColumnKind:
    """What all cells of a column have in common, as far as they have been read.

    Examples
    --------
    >>> def kind(*cells):
    ...     column = ColumnKind()
    ...     for cell in cells:
    ...         column.add(cell)
    ...     return column.kind
    >>> kind("3", "4"), kind("3", ""), kind("3.5", "1e3"), kind("True", "false"), kind("2026-01-31", ""), kind("Oslo", "3")
    ('whole', 'number', 'number', 'truth', 'date', 'text')
    """

    possible: set[Kind] = field(default_factory=_every_kind)
    missing: int = 0
    present: int = 0

    def add(self, cell: str) -> None:
        """Read one more cell."""
        text = cell.strip()
        if is_empty(text):
            self.missing += 1
            return
        self.present += 1
        self.possible = {kind for kind in self.possible if read_cell(text, kind) is not None}

    @property
    def kind(self) -> Kind:
        """The narrowest kind that all cells are of; whole numbers with gaps are numbers, as pandas reads them."""
        if not self.present:
            return "number"
        order: tuple[Kind, ...] = ("truth", "number", "date") if self.missing else ("truth", "whole", "number", "date")
        for kind in order:
            if kind in self.possible:
                return kind
        text: Kind = "text"
        return text


def is_empty(cell: str) -> bool:
    """Tell whether a cell says that nothing is there.

    Examples
    --------
    >>> is_empty(" NA "), is_empty("0")
    (True, False)
    """
    return cell.strip().lower() in _MISSING


def read_cell(cell: str, kind: Kind) -> Cell:
    """A cell as a value of a kind; None if it is empty, or of another kind.

    Examples
    --------
    >>> read_cell("3", "whole"), read_cell("TRUE", "truth"), read_cell("2026-01-31", "date"), read_cell("x", "number")
    (3, True, datetime.datetime(2026, 1, 31, 0, 0), None)
    """
    text = cell.strip()
    if is_empty(text):
        return None
    if kind == "text":
        return text
    if kind == "truth":
        return _TRUTH.get(text.lower())
    if kind == "date":
        try:
            return datetime.datetime.fromisoformat(text) if "-" in text[1:] else None
        except ValueError:
            return None
    if text.lower() in _TRUTH and kind == "number":
        return float(_TRUTH[text.lower()])  # among numbers, 1 and 0
    try:
        return int(text) if kind == "whole" else float(text)
    except ValueError:
        return None


def typical_cell(cells: Iterable[str], kind: Kind) -> Cell:
    """The mean of numbers and truths, the most frequent text, the middle date; None if every cell is empty.

    Examples
    --------
    >>> typical_cell(["1", "4"], "whole"), typical_cell(["b", "a", "a"], "text"), typical_cell(["true", "false"], "truth")
    (2.5, 'a', 0.5)
    """
    if kind == "text":
        counts = Counter(text for cell in cells if not is_empty(text := cell.strip()))
        return max(counts, key=lambda text: counts[text], default=None)  # of equals the first that was met
    if kind == "date":
        dates = sorted(date for cell in cells if isinstance(date := read_cell(cell, "date"), datetime.datetime))
        return dates[(len(dates) - 1) // 2] if dates else None
    numbers = [float(value) for cell in cells if isinstance(value := read_cell(cell, kind), (bool, int, float))]
    return math.fsum(numbers) / len(numbers) if numbers else None


def date_as_written(date: object, cells: Iterable[str]) -> str | None:
    """How the table writes a date; None if it does not have it.

    Examples
    --------
    >>> date_as_written(datetime.datetime(2026, 1, 31), ["2026-01-31 00:00"])
    '2026-01-31 00:00'
    """
    return next((cell.strip() for cell in cells if date is not None and read_cell(cell, "date") == date), None)
