"""The tables an estimator is given for a batch of masks: every column in a dtype of its own, or one array."""

from collections.abc import Hashable, Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from symbolscope.errors import SymbolscopeError
from symbolscope.games.cell_kinds import NUMBERS, as_number, kind_of
from symbolscope.games.given_row import GivenRow
from symbolscope.games.missing_values import column_of, is_missing
from symbolscope.games.paired_column import check_kinds, paired_column

Form = Literal["array", "frame"]
_EXACT = 1 << 53  # whole numbers up to here are float64 numbers


class MaskedTable:
    """Rows whose column j holds the sample's value where it is present, else the baseline's.

    Parameters
    ----------
    sample, baseline
        Two rows of the same columns, in the estimator's order.
    form
        "frame": a pandas frame with the columns' own dtypes; "array": float64, or an object array where a column holds no numbers.
    names
        Labels of the frame's columns; None numbers them.
    categories
        Categories the estimator was fitted with, by position of the column.

    Raises
    ------
    SymbolscopeError
        If the two values of a column are of different kinds.

    Examples
    --------
    >>> sample, baseline = GivenRow((True, 40)), GivenRow((0.25, 30))
    >>> MaskedTable(sample, baseline, form="array").rows(np.array([[True, False], [False, True]]))
    array([[ 1.  , 30.  ],
           [ 0.25, 40.  ]])
    """

    def __init__(
        self,
        sample: GivenRow,
        baseline: GivenRow,
        *,
        form: Form,
        names: tuple[Hashable, ...] | None = None,
        categories: Mapping[int, tuple[object, ...]] | None = None,
    ) -> None:
        self.form: Form = form
        self.names = names
        self.sample, self.baseline = sample, baseline
        self._columns: list[Any] = []
        self._pair: NDArray[Any] | None = None
        # One array makes a frame faster than many columns do.
        if form == "array" or (not categories and _all_floats(sample, baseline)):
            self._pair = _two_rows(sample, baseline, names)
        else:
            self._columns = _frame_columns(sample, baseline, names, dict(categories or {}))

    def __len__(self) -> int:
        return len(self.sample)

    @property
    def differs(self) -> NDArray[np.bool_]:
        """Columns in which hiding changes what the estimator is given, bool [columns]."""
        if self._pair is not None:
            pairs = [(self._pair[0, at], self._pair[1, at]) for at in range(len(self))]
        else:
            pairs = [(column.iloc[0], column.iloc[1]) for column in self._columns]
        return np.array([_different(one, other) for one, other in pairs], dtype=np.bool_)

    @property
    def row_bytes(self) -> int:
        """Bytes of one row, about."""
        return len(self) * (8 if self._pair is not None and self._pair.dtype != object else 64)

    def rows(self, present: NDArray[np.bool_]) -> Any:
        """The table of a batch: present is bool [m, columns]; a frame of m rows or an array [m, columns]."""
        if self._pair is not None:
            rows = np.where(present, self._pair[0], self._pair[1])
            return rows if self.form == "array" else _pandas().DataFrame(rows, columns=self._labels(), copy=False)
        pandas, which = _pandas(), np.where(present, 0, 1)
        taken = {at: column.array.take(which[:, at]) for at, column in enumerate(self._columns)}
        frame = pandas.DataFrame(taken, index=pandas.RangeIndex(len(present)), copy=False)
        frame.columns = self._labels()
        return frame

    def content(self) -> tuple[object, ...]:
        """All that the rows depend on, as plain values, for a fingerprint."""
        names = None if self.names is None else [repr(name) for name in self.names]
        if self._pair is not None:
            return self.form, names, str(self._pair.dtype), [_written(value) for value in self._pair.ravel().tolist()]
        columns = [
            (str(column.dtype), _written_categories(column), [_written(value) for value in column.tolist()])
            for column in self._columns
        ]
        return self.form, names, columns

    def _labels(self) -> Any:
        pandas = _pandas()
        if self.names is None:
            return pandas.RangeIndex(len(self))
        if all(isinstance(name, tuple) for name in self.names):
            return pandas.MultiIndex.from_tuples(list(self.names))
        return pandas.Index(list(self.names))


def _two_rows(sample: GivenRow, baseline: GivenRow, names: tuple[Hashable, ...] | None) -> NDArray[Any]:
    """Sample and baseline as one array [2, columns]."""
    rows = (sample.values, baseline.values)
    for at, (present, hidden) in enumerate(zip(*rows, strict=True)):
        check_kinds(present, hidden, column_of(None if names is None else names[at], at))
    kinds = {kind_of(value) for row in rows for value in row}
    if kinds <= {*NUMBERS, "missing"}:
        whole = kinds <= {"bool", "int"}
        if whole and any(abs(int(value)) > _EXACT for row in rows for value in row):  # pyright: ignore[reportArgumentType]
            return np.array([[int(value) for value in row] for row in rows])  # pyright: ignore[reportArgumentType]
        return np.array([[as_number(value) for value in row] for row in rows], dtype=np.float64)
    pair = np.empty((2, len(sample)), dtype=object)
    for number, row in enumerate(rows):
        pair[number] = row
    return pair


def _frame_columns(
    sample: GivenRow,
    baseline: GivenRow,
    names: tuple[Hashable, ...] | None,
    categories: dict[int, tuple[object, ...]],
) -> list[Any]:
    _pandas()  # refused before any column is
    return [
        paired_column(
            sample.values[at],
            baseline.values[at],
            [None if row.dtypes is None else row.dtypes[at] for row in (sample, baseline)],
            column_of(None if names is None else names[at], at),
            categories.get(at),
        )
        for at in range(len(sample))
    ]


def _all_floats(sample: GivenRow, baseline: GivenRow) -> bool:
    """Whether every column is a float64 column whatever is known of its dtype."""
    for row in (sample, baseline):
        for dtype in row.dtypes or ():
            if dtype is not None and not (isinstance(dtype, np.dtype) and dtype.kind == "f"):
                return False
    kinds = [(kind_of(one), kind_of(other)) for one, other in zip(sample.values, baseline.values, strict=True)]
    return all("float" in pair and set(pair) <= {*NUMBERS, "missing"} for pair in kinds)


def _pandas() -> Any:
    try:
        import pandas
    except ImportError as error:
        raise SymbolscopeError(
            "a row with texts, dates or categories is given to the estimator as a data frame, which needs pandas; type "
            "pip install 'symbolscope[frames]'"
        ) from error
    return pandas


def _different(one: object, other: object) -> bool:
    if is_missing(one) or is_missing(other):
        return not (is_missing(one) and is_missing(other)) or (one is None) != (other is None)
    return bool(one != other)


def _written_categories(column: Any) -> object:
    return [_written(one) for one in column.cat.categories.tolist()] if hasattr(column, "cat") else None


def _written(value: object) -> object:
    """A cell as a fingerprint reads it: type and exact text."""
    return type(value).__name__, "missing" if is_missing(value) and value is not None else repr(value)
