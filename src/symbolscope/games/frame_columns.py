"""The columns of a data frame one by one, for what is computed over its rows."""

from collections.abc import Hashable
from typing import Any, cast

from symbolscope.errors import SymbolscopeError


def is_frame(given: object) -> bool:
    """Tell whether something is a data frame: of pandas, polars or pyarrow.

    Examples
    --------
    >>> is_frame([[1.0, 2.0]])
    False
    """
    return (hasattr(given, "iloc") and hasattr(given, "columns")) or (
        hasattr(given, "columns") and any(hasattr(given, way) for way in ("to_dicts", "to_pylist"))
    )


def pandas_columns(frame: object, *, needs: str) -> dict[Hashable, Any]:
    """Columns of a frame as pandas Series, by name, in order.

    Parameters
    ----------
    frame
        The frame.
    needs
        What needs pandas, for the message.

    Raises
    ------
    SymbolscopeError
        If there is no pandas, no row or no column, or two columns of one name.
    """
    try:
        import pandas
    except ImportError as error:
        raise SymbolscopeError(f"{needs} needs pandas; type pip install 'symbolscope[frames]'") from error
    given = cast("Any", frame)
    if hasattr(given, "collect") and not hasattr(given, "shape"):  # a lazy frame of polars
        given = given.collect()
    if not hasattr(given, "iloc"):
        rows: list[dict[str, object]] = given.to_dicts() if hasattr(given, "to_dicts") else given.to_pylist()
        given = pandas.DataFrame(rows, columns=list(getattr(given, "column_names", None) or given.columns))
    if not len(given) or not len(given.columns):
        raise SymbolscopeError(f"{needs} needs at least one row and one column; got shape {tuple(given.shape)}")
    columns: dict[Hashable, Any] = {}
    for at, name in enumerate(given.columns):
        if name in columns:
            raise SymbolscopeError(f"the frame has two columns named {name!r}; give them different names")
        columns[name] = given.iloc[:, at]
    return columns
