"""One row of a table in the forms people bring it: its columns' names, its values as they are, its columns' dtypes."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Number
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from symbolscope.errors import SymbolscopeError
from symbolscope.games.frame_columns import is_frame
from symbolscope.games.missing_values import column_of, is_missing


@dataclass(frozen=True, eq=False)
class GivenRow:
    """A row whose values never pass through a common dtype.

    Parameters
    ----------
    values
        One value per column, as it was given.
    names
        The columns' labels, or None where the row has none.
    dtypes
        The columns' pandas dtypes, where the row came as a frame that kept them apart; None for a column whose dtype is not known.
    batch_axis
        Whether it came with a batch axis of length 1.
    """

    values: tuple[object, ...]
    names: tuple[Hashable, ...] | None = None
    dtypes: tuple[object, ...] | None = None
    batch_axis: bool = False

    def __len__(self) -> int:
        return len(self.values)

    @property
    def known_names(self) -> tuple[Hashable, ...] | None:
        """The names, unless they are the numbers 0, 1, 2, ... that pandas gives what has no names."""
        if self.names is None or all(label == position for position, label in enumerate(self.names)):
            return None
        return self.names

    def content(self) -> tuple[object, ...]:
        """The row as plain values, for a fingerprint: names, dtypes with their categories, and what stands in the cells."""
        names = None if self.names is None else [repr(name) for name in self.names]
        dtypes = [
            (str(dtype), [repr(one) for one in _categories(dtype)]) if str(dtype) == "category" else str(dtype)
            for dtype in self.dtypes or ()
        ]
        cells = ["missing" if is_missing(value) else (type(value).__name__, repr(value)) for value in self.values]
        return "row", names, dtypes, cells

    def reordered(self, order: Sequence[int]) -> "GivenRow":
        """The same row with column ``order[i]`` at place i."""
        return GivenRow(
            tuple(self.values[at] for at in order),
            None if self.names is None else tuple(self.names[at] for at in order),
            None if self.dtypes is None else tuple(self.dtypes[at] for at in order),
            self.batch_axis,
        )

    def renamed(self, names: Sequence[Hashable]) -> "GivenRow":
        """The same row, its columns called otherwise."""
        return GivenRow(self.values, tuple(names), self.dtypes, self.batch_axis)


def is_named_row(given: object) -> bool:
    """Tell whether something is a row of named columns: a Series, a frame, a dict, a named tuple or a record.

    Examples
    --------
    >>> is_named_row({"age": 40}), is_named_row([40.0]), is_named_row(np.zeros(2, dtype=[("age", "f8"), ("dose", "f8")])[0])
    (True, False, True)
    """
    return (
        (isinstance(given, GivenRow) and given.names is not None)
        or is_frame(given)
        or (hasattr(given, "iloc") and hasattr(given, "index"))
        or isinstance(given, Mapping)
        or (isinstance(given, tuple) and hasattr(given, "_fields"))
        or (isinstance(given, (np.void, np.ndarray)) and given.dtype.names is not None)
    )


def given_row(given: object, what: str) -> GivenRow:
    """Read a row in any of its forms.

    Parameters
    ----------
    given
        Series, frame of one row (pandas, polars, pyarrow), dict, named tuple, record, list, array or tensor [n] or [1, n], sparse
        matrix [1, n].
    what
        What it is, for messages: "the sample" or "the baseline".

    Raises
    ------
    SymbolscopeError
        If it is empty, has more than one row, or holds something that is no single value.

    Examples
    --------
    >>> given_row({"age": 40, "city": "Oslo"}, "the sample")
    GivenRow(values=(40, 'Oslo'), names=('age', 'city'), dtypes=None, batch_axis=False)
    >>> given_row(np.array([[1.5, 2.0]]), "the sample").batch_axis
    True
    """
    row = _read(given, what)
    if not len(row):
        raise SymbolscopeError(f"{what} is empty, so the game has 0 players; at least 1 is needed")
    for position, value in enumerate(row.values):
        if not _is_single(value) or isinstance(value, (complex, np.complexfloating)):
            where = column_of(None if row.names is None else row.names[position], position)
            raise SymbolscopeError(
                f"{what} must hold one real number, text, date or missing value per column; got {type(value).__name__} at {where}"
            )
    return row


def _read(given: object, what: str) -> GivenRow:
    if isinstance(given, GivenRow):
        return given
    if is_frame(given):
        return _of_frame(given, what)
    if hasattr(given, "iloc") and hasattr(given, "index"):
        return _of_series(cast("Any", given))
    if isinstance(given, Mapping):
        mapping = cast("Mapping[Hashable, object]", given)
        return GivenRow(tuple(_plain(value) for value in mapping.values()), tuple(mapping))
    if isinstance(given, tuple) and hasattr(given, "_fields"):
        return GivenRow(tuple(cast("tuple[object, ...]", given)), tuple(getattr(given, "_fields", ())))
    if isinstance(given, (np.void, np.ndarray)) and given.dtype.names is not None:
        record = _one_record(given, what)
        return GivenRow(tuple(record[name] for name in given.dtype.names), tuple(given.dtype.names))
    if isinstance(given, (list, tuple)):
        entries = tuple(_plain(entry) for entry in cast("Sequence[object]", given))
        if all(_is_single(entry) for entry in entries):
            return GivenRow(entries)
    values = plain_array(given, what)
    batch_axis = values.ndim == 2 and values.shape[0] == 1
    if batch_axis:
        values = values[0]
    if values.ndim != 1:
        raise SymbolscopeError(
            f"{what} must be one row of a table; got shape {values.shape}. Give one row, such as X[3], without a batch axis"
        )
    return GivenRow(tuple(values), batch_axis=batch_axis)  # entries of a NumPy array keep its own dtype


def plain_array(given: object, what: str) -> NDArray[Any]:
    """An array of what was given, with nothing cast: tensors, sparse matrices and masked arrays (a masked entry is NaN) included.

    Raises
    ------
    SymbolscopeError
        If it has no one shape.
    """
    import torch

    if isinstance(given, torch.Tensor):
        tensor = given.detach() if given.device.type == "meta" else given.detach().cpu().resolve_conj().resolve_neg()
        if tensor.device.type == "meta":
            raise SymbolscopeError(
                f"a tensor on the device 'meta' holds no numbers; got one of shape {list(tensor.shape)}"
            )
        if tensor.layout != torch.strided:
            tensor = tensor.to_dense()
        return tensor.float().numpy() if tensor.dtype in (torch.bfloat16, torch.float16) else tensor.numpy()
    if hasattr(given, "toarray") and hasattr(given, "nnz"):  # scipy's sparse matrices and arrays
        given = cast("Any", given).toarray()
    if isinstance(given, np.ma.MaskedArray):
        masked = cast("np.ma.MaskedArray[Any, Any]", given)
        if masked.dtype.kind == "O":
            given = masked.filled(None)
        elif np.ma.getmaskarray(masked).any():
            given = np.where(np.ma.getmaskarray(masked), np.nan, masked.data.astype(np.float64))
        else:
            given = masked.filled()
    try:
        return np.asarray(given)
    except (ValueError, TypeError) as error:
        raise SymbolscopeError(
            f"{what} must be an array of numbers of one shape; got {type(given).__name__}: {error}"
        ) from None


def _of_frame(given: object, what: str) -> GivenRow:
    frame: Any = given
    if hasattr(frame, "collect") and not hasattr(frame, "shape"):  # a lazy frame of polars
        frame = frame.collect()
    rows = int(frame.shape[0])
    if rows != 1:
        hint = (
            "give one row that stands for all, such as symbolscope.baselines.typical(frame)"
            if "baseline" in what
            else "give one of them, such as frame.iloc[[3]], or all to symbolscope.explain_many"
        )
        raise SymbolscopeError(f"{what} is a frame of {rows} rows; {hint}")
    if hasattr(frame, "iloc"):
        n = len(frame.columns)
        columns = [frame.iloc[:, at] for at in range(n)]  # by place: a name may stand twice
        values = tuple(_plain(column.iloc[0]) for column in columns)
        return GivenRow(values, tuple(frame.columns), tuple(column.dtype for column in columns), batch_axis=True)
    names = tuple(getattr(frame, "column_names", None) or frame.columns)
    [row] = frame.to_dicts() if hasattr(frame, "to_dicts") else frame.to_pylist()
    return GivenRow(tuple(row[name] for name in names), names, batch_axis=True)


def _of_series(series: Any) -> GivenRow:
    values = tuple(_plain(series.iloc[at]) for at in range(len(series)))
    # A NumPy number dtype is what all columns were brought to; an extension dtype (category, string, Int64) is the columns' own.
    own = not isinstance(series.dtype, np.dtype) or series.dtype.kind in "mM"
    return GivenRow(values, tuple(series.index), (series.dtype,) * len(series) if own else None)


def _one_record(given: "np.void | NDArray[Any]", what: str) -> "np.void":
    records = np.asarray(given).reshape(-1)
    if len(records) != 1:
        raise SymbolscopeError(f"{what} holds {len(records)} records; give one of them, such as records[3]")
    return cast("np.void", records[0])


def _categories(dtype: object) -> list[object]:
    categories: Any = getattr(dtype, "categories", None)
    return [] if categories is None else categories.tolist()


def _plain(value: object) -> object:
    """A tensor or array of no axis as the number in it."""
    import torch

    if value is np.ma.masked:
        return None
    if isinstance(value, torch.Tensor) and value.ndim == 0:
        return value.detach().cpu().item()
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return value[()]
    return value


def _is_single(value: object) -> bool:
    """Whether a value can stand in one cell."""
    if value is None or isinstance(value, (str, bytes, Number, np.generic)) or is_missing(value):
        return True
    # Dates, times, intervals, periods: any object that is no container.
    return not hasattr(value, "__len__") and not hasattr(value, "__iter__") and not hasattr(value, "__array__")
