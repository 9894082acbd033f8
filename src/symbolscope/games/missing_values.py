"""Missing values (NaN, None, NA, NaT) and infinities, and their refusal by the name of the column."""

import math
from collections.abc import Hashable, Sequence

import numpy as np

from symbolscope.errors import SymbolscopeError

_SHOWN = 6


def is_missing(value: object) -> bool:
    """Tell whether a cell holds no value: None, NaN of any float, pandas' NA and NaT, numpy's NaT, a masked entry.

    Examples
    --------
    >>> [is_missing(value) for value in (None, float("nan"), np.datetime64("NaT"), 0.0, "", "nan")]
    [True, True, True, False, False, False]
    """
    if value is None or value is np.ma.masked:
        return True
    if isinstance(value, (str, bytes)):
        return False
    if isinstance(value, (np.datetime64, np.timedelta64)):
        return bool(np.isnat(value))
    if type(value).__name__ in ("NAType", "NaTType"):  # pandas' two, without importing pandas
        return True
    try:
        return bool(value != value)  # NaN of float, numpy and Decimal alone differs from itself
    except (TypeError, ValueError, RuntimeError, ArithmeticError):  # no single value; or a signaling NaN of Decimal
        return type(value).__name__ == "Decimal"


def is_infinite(value: object) -> bool:
    """Tell whether a cell holds a number that is infinite.

    Examples
    --------
    >>> is_infinite(float("-inf")), is_infinite("inf"), is_infinite(10**400)
    (True, False, False)
    """
    if isinstance(value, (str, bytes, bool, int)) or value is None:
        return False
    try:
        return math.isinf(value)  # pyright: ignore[reportArgumentType]
    except (TypeError, ValueError, OverflowError):
        return False


def listed(names: Sequence[Hashable]) -> str:
    """Some names for a message: the first six and the number of the others.

    Examples
    --------
    >>> listed(["age", "dose"]), listed(list("abcdefgh"))
    ("'age', 'dose'", "'a', 'b', 'c', 'd', 'e', 'f' and 2 more")
    """
    shown = ", ".join(repr(name) for name in names[:_SHOWN])
    return shown + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


def column_of(name: Hashable | None, position: int) -> str:
    """A column in a message: by its name, or by its position where it has none.

    Examples
    --------
    >>> column_of("age", 0), column_of(None, 3)
    ("column 'age'", 'column 3')
    """
    return f"column {position}" if name is None else f"column {name!r}"


def refuse_infinity(values: Sequence[object], names: Sequence[Hashable] | None, what: str) -> None:
    """Refuse a row that holds an infinity, by the name of its column.

    Raises
    ------
    SymbolscopeError
        If a value is infinite.
    """
    for position, value in enumerate(values):
        if is_infinite(value):
            where = column_of(None if names is None else names[position], position)
            raise SymbolscopeError(f"{what} holds {value} at {where}; give a finite number there")
