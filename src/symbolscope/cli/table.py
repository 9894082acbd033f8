"""One row of a CSV table, and the means of its columns."""

import csv
import difflib
import math
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from symbolscope.cli.table_columns import Cell, ColumnKind, Kind, is_empty, read_cell, typical_cell
from symbolscope.errors import SymbolscopeError

_TRUTH = {"true": 1.0, "false": 0.0}


@dataclass(frozen=True)
class Table:
    """The header and one row of a CSV file; the rest stays on disk.

    Parameters
    ----------
    path
        The file.
    delimiter
        Between its cells.
    names
        Names of all columns.
    row, line
        Number of the row, from 0, and the line of the file that it ends on.
    cells
        The row's cells, as text.
    n_rows
        Number of rows.
    """

    path: Path
    delimiter: str
    names: tuple[str, ...]
    row: int
    line: int
    cells: tuple[str, ...]
    n_rows: int

    @classmethod
    def read(cls, path: Path, row: int) -> "Table":
        """Read the header and row ``row``, the first row below the header being 0.

        Raises
        ------
        SymbolscopeError
            If the file is no table with a header, or has no such row.
        """
        with _reading(path) as (lines, delimiter):
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            names = tuple(name.strip() for name in next(reader, []))
            _check_header(path, names)
            found: tuple[tuple[str, ...], int] | None = None
            n_rows = 0
            for cells in reader:
                if not cells:
                    continue  # a blank line
                if len(cells) != len(names):
                    raise SymbolscopeError(
                        f"{path}, line {reader.line_num} has {len(cells)} cells, but the header names {len(names)} columns"
                    )
                if n_rows == row:
                    found = tuple(cells), reader.line_num
                n_rows += 1
        if found is None:
            there = f"rows 0 .. {n_rows - 1}" if n_rows else "no rows below its header"
            raise SymbolscopeError(f"--row {row} is not in {path}, which has {there}")
        return cls(path, delimiter, names, row, found[1], found[0], n_rows)

    def choose(self, columns: str | None, drop: Sequence[str], expected: Sequence[str] | None) -> tuple[int, ...]:
        """Choose the columns that the network is given, in its order.

        Parameters
        ----------
        columns
            The columns as the user listed them, separated by commas; None for all.
        drop
            Columns left out.
        expected
            Columns that the network was fitted on, if it knows them.

        Returns
        -------
        Positions of the chosen columns.

        Examples
        --------
        >>> table = Table(Path("t.csv"), ",", ("id", "age", "dose"), 0, 2, ("7", "40", "1.5"), 1)
        >>> table.choose("dose,age", (), None), table.choose(None, ["id"], None), table.choose(None, (), ["dose"])
        ((2, 1), (1, 2), (2,))
        """
        if columns is not None and drop:
            raise SymbolscopeError("give --columns or --drop, not both")
        if columns is not None:
            listed = [name.strip() for name in next(csv.reader([columns]), [])]
            chosen = [self._position(name, "--columns") for name in listed if name]
            if len(set(chosen)) != len(chosen):
                raise SymbolscopeError(f"--columns {columns} names a column twice")
        elif drop or expected is None:
            left_out = {self._position(name, "--drop") for name in drop}
            chosen = [position for position in range(len(self.names)) if position not in left_out]
        else:
            chosen = [self._position(name, "the network's column") for name in expected]
        if not chosen:
            raise SymbolscopeError(f"no column of {self.path} is left, so there would be nothing to hide")
        if expected is not None:
            if {self.names[position] for position in chosen} != set(expected):
                raise SymbolscopeError(
                    f"the network was fitted on the columns {', '.join(expected)}; leave --columns and --drop out to use those"
                )
            chosen = [self.names.index(name) for name in expected]
        return tuple(chosen)

    def numbers(self, chosen: Sequence[int]) -> list[float]:
        """The row's numbers in the chosen columns.

        Raises
        ------
        SymbolscopeError
            If a cell is missing or holds no number.
        """
        values: list[float] = []
        for position in chosen:
            value = self._number(self.cells[position], position, self.line)
            if value is None:
                raise SymbolscopeError(
                    f"column {self.names[position]!r} has no value in row {self.row} of {self.path}; fill it in, or leave "
                    f'the column out: --drop "{self.names[position]}"'
                )
            values.append(value)
        return values

    def cells_of(self, positions: Sequence[int]) -> Generator[list[str], None, None]:
        """The cells of some columns, row by row."""
        with _reading(self.path) as (lines, delimiter):
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            next(reader)
            for cells in reader:
                if cells:
                    yield [cells[position] for position in positions]

    def kinds(self, chosen: Sequence[int]) -> list[Kind]:
        """Kind of each chosen column, from all its cells.

        Raises
        ------
        SymbolscopeError
            If a column of numbers holds an infinite one.
        """
        columns = [ColumnKind() for _ in chosen]
        for cells in self.cells_of(chosen):
            for column, cell in zip(columns, cells, strict=True):
                column.add(cell)
        kinds: list[Kind] = [column.kind for column in columns]
        numeric = [at for at, kind in enumerate(kinds) if kind in ("whole", "number")]
        for number, cells in enumerate(self.cells_of([chosen[at] for at in numeric])):
            for at, cell in zip(numeric, cells, strict=True):
                value = read_cell(cell, "number")
                if isinstance(value, float) and math.isinf(value):
                    raise SymbolscopeError(
                        f"column {self.names[chosen[at]]!r} holds {cell.strip()!r} in row {number} of {self.path}; only finite "
                        "numbers can be used"
                    )
        return kinds

    def row_cells(self, chosen: Sequence[int], kinds: Sequence[Kind]) -> list[Cell]:
        """The row's cells in the chosen columns, read as their kinds; None where one is empty."""
        return [read_cell(self.cells[position], kind) for position, kind in zip(chosen, kinds, strict=True)]

    def typical_cells(self, chosen: Sequence[int], kinds: Sequence[Kind]) -> list[Cell]:
        """What is typical of each chosen column: see :func:`typical_cell`."""
        return [
            typical_cell((cells[0] for cells in self.cells_of([position])), kind)
            for position, kind in zip(chosen, kinds, strict=True)
        ]

    def means(self, chosen: Sequence[int]) -> list[float]:
        """Mean of each chosen column over the rows that have a value there."""
        sums, counts = [0.0] * len(chosen), [0] * len(chosen)
        with _reading(self.path) as (lines, delimiter):
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            next(reader)
            for cells in reader:
                for at, position in enumerate(chosen if cells else ()):
                    value = self._number(cells[position], position, reader.line_num)
                    if value is not None:
                        sums[at] += value
                        counts[at] += 1
        return [total / max(count, 1) for total, count in zip(sums, counts, strict=True)]

    def _position(self, name: str, what: str) -> int:
        if (count := self.names.count(name)) == 1:
            return self.names.index(name)
        if count:
            raise SymbolscopeError(f"{self.path} has {count} columns named {name!r}; give them different names")
        near = difflib.get_close_matches(name, self.names, 1)
        listed = ", ".join(self.names[:20]) + (", ..." if len(self.names) > 20 else "")
        hint = f"did you mean {near[0]!r}?" if near else f"its columns are {listed}"
        raise SymbolscopeError(f"{what} {name!r} is not in {self.path}; {hint}")

    def _number(self, cell: str, position: int, line: int) -> float | None:
        """Number in a cell; None where there is none."""
        text = cell.strip()
        if is_empty(text):
            return None
        try:
            value = _TRUTH[text.lower()] if text.lower() in _TRUTH else float(text)
        except ValueError:
            raise SymbolscopeError(
                f"column {self.names[position]!r} holds {text[:40]!r} on line {line} of {self.path}, which is no number; leave "
                f'the column out: --drop "{self.names[position]}"'
            ) from None
        if not math.isfinite(value):
            raise SymbolscopeError(
                f"column {self.names[position]!r} holds {text!r} on line {line} of {self.path}; only finite numbers can be used"
            )
        return value


@contextmanager
def _reading(path: Path) -> Generator[tuple[TextIO, str], None, None]:
    """Open a table; what cannot be read as one is refused."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            header = lines.readline()
            lines.seek(0)
            yield lines, max(",;\t", key=header.count)
    except UnicodeDecodeError:
        raise SymbolscopeError(f"{path} is not UTF-8 text; save the table as CSV in UTF-8") from None
    except csv.Error as error:
        raise SymbolscopeError(f"{path} cannot be read as CSV: {error}") from None
    except OSError as error:
        raise SymbolscopeError(f"{path} cannot be read: {error.strerror}") from None


def _check_header(path: Path, names: Sequence[str]) -> None:
    if not any(names):
        raise SymbolscopeError(f"{path} is empty; its first line must name the columns")
    numeric = [name for name in names if _is_number(name)]
    if len(numeric) == len(names):
        raise SymbolscopeError(
            f"the first line of {path} holds numbers ({', '.join(names[:4])}, ...); it must name the columns"
        )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
