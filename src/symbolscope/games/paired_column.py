"""One column of a masked row: the sample's value and the baseline's, in a dtype that holds both as they are."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from symbolscope.errors import SymbolscopeError
from symbolscope.games.cell_kinds import NUMBERS, as_number, kind_of
from symbolscope.games.missing_values import is_missing, listed

if TYPE_CHECKING:
    import pandas

_WHOLE_INT64 = 1 << 63
_ADVICE = "symbolscope.baselines.typical(frame) gives each column a value of its own kind"


def check_kinds(sample: object, baseline: object, column: str) -> None:
    """Refuse a baseline that is of another kind than the sample's value, such as 0 for a text.

    Raises
    ------
    SymbolscopeError
        If one is a number, text or date and the other is something else; with the column.
    """
    kinds = [kind_of(value) for value in (sample, baseline)]
    families = ["number" if kind in NUMBERS else kind for kind in kinds]
    if "missing" not in families and families[0] != families[1]:
        raise SymbolscopeError(
            f"{column} holds {sample!r} in the sample, and the baseline {baseline!r} is no {_noun(families[0])}. Give the column "
            f"a {_noun(families[0])} as its baseline, or a missing value: {_ADVICE}"
        )


def paired_column(
    sample: object, baseline: object, dtypes: Sequence[object], column: str, categories: Sequence[object] | None = None
) -> "pandas.Series":
    """Put both values into one pandas column.

    Parameters
    ----------
    sample, baseline
        The two values.
    dtypes
        What is known of the column's dtype, the first to be trusted most; None for nothing.
    column
        The column in a message.
    categories
        Categories that the estimator was fitted with in this column, if it keeps them.

    Returns
    -------
    Series of two entries, the sample's first.

    Raises
    ------
    SymbolscopeError
        If no dtype holds both.

    Examples
    --------
    >>> paired_column(True, 0.3175, [np.dtype(bool)], "column 'owner'").tolist()
    [1.0, 0.3175]
    >>> str(paired_column(2**60 + 1, 0, [None], "column 'id'").dtype)
    'int64'
    """
    import pandas

    known = [dtype for dtype in dtypes if dtype is not None]
    category = next((dtype for dtype in known if isinstance(dtype, pandas.CategoricalDtype)), None)
    if category is None and categories is not None:
        category = pandas.CategoricalDtype(list(categories))
    if category is not None:
        return _categories(sample, baseline, [dtype for dtype in (category, *known) if dtype is not None], column)
    dtype = known[0] if known else None
    sample, baseline = (_dated(value, dtype, column) for value in (sample, baseline))
    check_kinds(sample, baseline, column)
    values = [sample, baseline]
    if (
        holds_no_numbers(dtype)
        and (number := next((value for value in values if kind_of(value) in NUMBERS), None)) is not None
    ):
        raise SymbolscopeError(f"{column} has the dtype {dtype}, which does not hold the number {number!r}; {_ADVICE}")
    if all(kind_of(value) in (*NUMBERS, "missing") for value in values):
        return _numbers(values, dtype)
    if dtype is not None:
        try:
            return pandas.Series(values, dtype=cast("Any", dtype))
        except (TypeError, ValueError, OverflowError):
            pass  # a dtype of one of the two that does not hold the other: pandas finds one that does
    return pandas.Series(values)


def _numbers(values: list[object], dtype: object) -> "pandas.Series":
    """Numbers in the column's own dtype where it holds both exactly, else in one of the same family that does."""
    import pandas

    extension = dtype is not None and not isinstance(dtype, np.dtype)
    is_object = isinstance(dtype, np.dtype) and dtype.kind == "O"
    missing = [is_missing(value) for value in values]
    if is_object and not any(kind_of(value) == "float" for value in values):
        return pandas.Series(values, dtype=object)  # as they stood in the frame: True, 3 or None
    if extension and all(missing):
        return pandas.Series(values, dtype=cast("Any", dtype))
    floats = [as_number(value) for value in values]
    if extension:
        whole = all(lost or number == int(number) for lost, number in zip(missing, floats, strict=True))
        truth = all(lost or number in (0.0, 1.0) for lost, number in zip(missing, floats, strict=True))
        text = str(dtype).lower()
        if ("int" in text and whole) or (text.startswith("bool") and truth):
            kind: Any = bool if text.startswith("bool") else int
            try:
                own = [None if lost else kind(cast("Any", value)) for lost, value in zip(missing, values, strict=True)]
                return pandas.Series(own, dtype=cast("Any", dtype))
            except (TypeError, ValueError, OverflowError):
                pass  # 300 in an Int8
        given = [None if lost else number for lost, number in zip(missing, floats, strict=True)]
        return pandas.Series(given, dtype="double[pyarrow]" if "pyarrow" in text else "Float64")
    if any(missing):
        return pandas.Series(floats, dtype=np.float64)
    kinds = [kind_of(value) for value in values]
    own_kind = dtype.kind if isinstance(dtype, np.dtype) else None
    if kinds == ["bool", "bool"] or (own_kind == "b" and all(number in (0.0, 1.0) for number in floats)):
        return pandas.Series([bool(number) for number in floats], dtype=np.bool_)
    exact = all(kind in ("bool", "int") for kind in kinds)
    if exact or (own_kind in ("i", "u") and all(number == int(number) for number in floats)):
        integers = [int(cast("Any", value)) for value in values]
        if all(-_WHOLE_INT64 <= value < _WHOLE_INT64 for value in integers):
            return pandas.Series(integers, dtype=np.int64)
        if all(0 <= value < 2 * _WHOLE_INT64 for value in integers):
            return pandas.Series(integers, dtype=np.uint64)
    return pandas.Series(floats, dtype=np.float64)


def _categories(sample: object, baseline: object, dtypes: Sequence[object], column: str) -> "pandas.Series":
    import pandas

    values = [sample, baseline]
    categorical = [dtype for dtype in dtypes if isinstance(dtype, pandas.CategoricalDtype)]
    for dtype in categorical:
        known: Any = dtype.categories  # None of a dtype without a list
        if known is not None and all(is_missing(value) or value in known for value in values):
            return pandas.Series(
                pandas.Categorical([None if is_missing(value) else value for value in values], dtype=dtype)
            )
    first: Any = categorical[0].categories
    known = [] if first is None else list(first)
    unknown = next(value for value in values if not is_missing(value) and value not in known)
    whose = "sample" if unknown is sample else "baseline"
    raise SymbolscopeError(
        f"{column} holds {unknown!r} in the {whose}, which is none of its categories {listed(known)}. Give one of them or a "
        f"missing value: {_ADVICE}"
    )


def _dated(value: object, dtype: object, column: str) -> object:
    """A text in a column of dates, as JSON gives them, as the date it writes."""
    if not isinstance(value, str) or not str(dtype).startswith(("datetime64", "timestamp")):
        return value
    import pandas

    try:
        return pandas.Timestamp(value)
    except ValueError:
        raise SymbolscopeError(f"{column} holds dates, and {value!r} is none; write 2026-01-31") from None


def holds_no_numbers(dtype: object) -> bool:
    """Whether a column's dtype is of texts or dates.

    Examples
    --------
    >>> holds_no_numbers(np.dtype("datetime64[s]")), holds_no_numbers(np.dtype(float)), holds_no_numbers(None)
    (True, False, False)
    """
    if isinstance(dtype, np.dtype):
        return dtype.kind in "mMUS"
    return str(dtype).startswith(("str", "datetime64", "timedelta64", "timestamp", "large_string", "period"))


def _noun(family: str) -> str:
    return {"other": "value of that kind"}.get(family, family)
