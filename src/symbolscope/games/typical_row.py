"""A row that stands for all rows of a table: the mean of numbers, the most frequent of texts, the middle of dates."""

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np

from symbolscope.errors import SymbolscopeError
from symbolscope.games.cell_kinds import NUMBERS, as_number, kind_of
from symbolscope.games.frame_columns import is_frame, pandas_columns
from symbolscope.games.missing_values import is_missing, listed

if TYPE_CHECKING:
    import pandas

    GivenFrame: TypeAlias = pandas.DataFrame
    OneRow: TypeAlias = pandas.DataFrame
else:
    GivenFrame = OneRow = object  # a frame of polars or pyarrow does as well


def typical(frame: GivenFrame, *, categories: Sequence[Hashable] = ()) -> OneRow:
    """One row that stands for a data frame, each column in a dtype of its own: a baseline for rows of mixed columns.

    Numbers: their mean, r_j = (1/N_j) sum of x_ij over the N_j rows that have a value. Bool columns are numbers here, and their
    mean the share of True: what a one-hot encoded column hides at. Texts and pandas categories: the most frequent value, of equally
    frequent ones the first. Dates and durations: the middle one (of an even number the earlier). Missing values do not count; a
    column without any value stays missing. Nullable columns (Int64, boolean) give a Float64.

    Parameters
    ----------
    frame
        Data frame [N, columns] of pandas, polars or pyarrow, usually the training data.
    categories
        Columns that hold numbers or bools which are codes (a pipeline encodes them): their most frequent value is taken.

    Returns
    -------
    pandas data frame of one row, the same columns in the same order.

    Raises
    ------
    SymbolscopeError
        If the frame is empty, a name stands twice, a number is infinite, or a column of ``categories`` is not there.

    Examples
    --------
    >>> import pandas
    >>> frame = pandas.DataFrame({"age": [30, 40, 50], "owner": [True, False, False], "city": ["Oslo", "Lyon", "Oslo"]})
    >>> typical(frame).iloc[0].to_dict()
    {'age': 40.0, 'owner': 0.3333333333333333, 'city': 'Oslo'}
    >>> typical(frame, categories=["owner"]).iloc[0].to_dict()
    {'age': 40.0, 'owner': False, 'city': 'Oslo'}
    """
    if not is_frame(frame):
        raise SymbolscopeError(
            f"typical needs a data frame, whose columns have kinds; got {type(frame).__name__}. For an array of numbers there is "
            "symbolscope.baselines.mean_baseline"
        )
    columns = pandas_columns(frame, needs="typical")
    unknown = [name for name in categories if name not in columns]
    if unknown:
        raise SymbolscopeError(
            f"categories names {listed(unknown)}, which is no column; they are {listed(list(columns))}"
        )
    import pandas

    row = pandas.concat(
        [_typical_cell(column, name, code=name in categories) for name, column in columns.items()], axis=1
    )
    row.columns = _labels(list(columns))
    return row


def column_means(frame: GivenFrame) -> "pandas.Series":
    """Mean of each column over the rows that have a value, float64, by name.

    Raises
    ------
    SymbolscopeError
        If a column holds texts, categories or dates, or an infinity; with its name.
    """
    import pandas

    columns = pandas_columns(frame, needs="mean_baseline")
    others = [name for name, column in columns.items() if not _is_numeric(column)]
    if others:
        raise SymbolscopeError(
            f"mean_baseline takes columns of numbers, and {listed(others)} holds none; symbolscope.baselines.typical(frame) takes "
            "the mean of numbers and the most frequent of texts and categories"
        )
    means = [_mean(column, name) for name, column in columns.items()]
    return pandas.Series(means, index=_labels(list(columns)), dtype=np.float64)


def _typical_cell(column: Any, name: Hashable, *, code: bool) -> "pandas.Series":
    """A column of one entry."""
    import pandas

    present = column[[not is_missing(value) for value in column]]
    if not len(present):
        return pandas.Series([None], dtype=column.dtype if column.dtype.kind not in "biu" else np.float64)
    if _is_numeric(column) and not code:
        extension = not isinstance(column.dtype, np.dtype)
        return pandas.Series([_mean(column, name)], dtype="Float64" if extension else np.float64)
    kinds = {kind_of(value) for value in present}
    if kinds == {"date"} and not code:
        return present.sort_values().iloc[[(len(present) - 1) // 2]].reset_index(drop=True)
    counts: dict[object, list[int]] = {}
    for at, value in enumerate(present):
        counts.setdefault(value, [0, at])[0] += 1
    _, place = max(counts.values(), key=lambda count: (count[0], -count[1]))
    return present.iloc[[place]].reset_index(drop=True)


def _is_numeric(column: Any) -> bool:
    if str(column.dtype) == "category":
        return False
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "biuf":
        return True
    return all(kind_of(value) in (*NUMBERS, "missing") for value in column) and any(
        not is_missing(value) for value in column
    )


def _mean(column: Any, name: Hashable) -> float:
    fast = isinstance(column.dtype, np.dtype) and column.dtype.kind in "biuf"
    values = column.to_numpy(dtype=np.float64) if fast else np.array([as_number(value) for value in column])
    values = values[~np.isnan(values)]
    if np.isinf(values).any():
        raise SymbolscopeError(f"column {name!r} holds infinity, so it has no mean; remove or fill in those rows")
    return float(values.mean()) if len(values) else float("nan")


def _labels(names: list[Hashable]) -> Any:
    import pandas

    if all(isinstance(name, tuple) for name in names):
        return pandas.MultiIndex.from_tuples(cast("list[tuple[Hashable, ...]]", names))
    return pandas.Index(names)
