"""Kinds of a cell of a table: number, text, date or something else; and how a cell is shown."""

import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Literal

import numpy as np

from symbolscope.errors import SymbolscopeError
from symbolscope.games.missing_values import is_missing

Kind = Literal["missing", "bool", "int", "float", "text", "date", "other"]
NUMBERS = ("bool", "int", "float")


def kind_of(value: object) -> Kind:
    """Kind of a cell.

    Examples
    --------
    >>> [kind_of(value) for value in (None, True, np.int8(3), Decimal("1.5"), "Oslo", np.datetime64("2026-01-31"), 1j)]
    ['missing', 'bool', 'int', 'float', 'text', 'date', 'other']
    """
    if is_missing(value):
        return "missing"
    if isinstance(value, (bool, np.bool_)):
        return "bool"
    if isinstance(value, (datetime.date, datetime.time, datetime.timedelta, np.datetime64, np.timedelta64)):
        return "date"  # pandas' Timestamp and Timedelta are among them
    if isinstance(value, (int, np.integer)):
        return "int"
    if isinstance(value, (float, np.floating, Decimal, Fraction)):
        return "float"
    if isinstance(value, (str, bytes)):
        return "text"
    return "other"


def as_number(value: object) -> float:
    """A cell as float64: NaN where it is missing.

    Examples
    --------
    >>> as_number(True), as_number(Decimal("1.5")), as_number(None)
    (1.0, 1.5, nan)
    """
    if isinstance(value, int) and value.bit_length() > 1023:
        raise SymbolscopeError(f"a whole number of {value.bit_length()} bits is too large for a float")
    return float("nan") if is_missing(value) else float(value)  # pyright: ignore[reportArgumentType]


def shown(value: object) -> str:
    """A cell as a person reads it.

    Examples
    --------
    >>> shown(None), shown(True), shown(1700000000), shown(0.31746), shown(np.datetime64("2026-01-31")), shown("Oslo")
    ('missing', 'True', '1700000000', '0.3175', '2026-01-31', 'Oslo')
    """
    kind = kind_of(value)
    if kind == "missing":
        return "missing"
    if kind == "float":
        return f"{as_number(value):.4g}"
    if kind == "date":
        text = str(value).replace("T", " ")
        return text.removesuffix(" 00:00:00")
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
