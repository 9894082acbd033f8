"""The baseline of a row of a table, column by column."""

from collections.abc import Hashable, Sequence

import numpy as np

from symbolscope.errors import SymbolscopeError
from symbolscope.games.baselines import choose_baseline
from symbolscope.games.cell_kinds import NUMBERS, as_number, kind_of
from symbolscope.games.column_order import in_order, is_counting, order_by_name
from symbolscope.games.given_row import GivenRow, given_row, is_named_row, plain_array
from symbolscope.games.missing_values import column_of, is_missing, listed


def row_baseline(
    baseline: object, sample: GivenRow, columns: Sequence[Hashable] | None, *, owner: str, moved: bool
) -> tuple[GivenRow, str]:
    """Read the ``baseline`` argument of a game of a row.

    Parameters
    ----------
    baseline
        "zero", a number or missing value for every column, or a row; one that carries names is matched by them.
    sample
        The sample, in the order of the columns.
    columns, owner
        The columns' names where they are known, and whose they are: "LogisticRegression was fitted on".
    moved
        Whether the sample was given in another order, so that a baseline without names could mean either.

    Returns
    -------
    The baseline, and a description of it.

    Raises
    ------
    SymbolscopeError
        If the columns do not fit, or zero or a number is to hide a text, date or category.

    Examples
    --------
    >>> row, name = row_baseline({"b": 2.0, "a": 1.0}, GivenRow((5.0, 6.0), ("a", "b")), ("a", "b"), owner="", moved=False)
    >>> row.values, name
    ((1.0, 2.0), 'row of 2 columns')
    """
    n = len(sample)
    if isinstance(baseline, str) and baseline == "zero":
        _refuse_for_others(0, sample, "zero")
        return GivenRow((0,) * n), "zero"
    if isinstance(baseline, str):
        if any(kind_of(value) not in NUMBERS for value in sample.values):
            choose_baseline(baseline, np.zeros(n)) if baseline not in ("blur", "center") else None
            _refuse_for_others(0, sample, baseline)
        numbers = np.array([as_number(value) for value in sample.values])
        values, description = choose_baseline(baseline, numbers)
        return GivenRow(tuple(values)), description
    if baseline is None:
        raise SymbolscopeError(
            "the baseline is None; give 'zero', a number, a row such as symbolscope.baselines.typical(frame), or float('nan') "
            "where hidden columns are to be missing"
        )
    if not is_named_row(baseline):
        single = _single(baseline)
        if single is not None:
            value = single[0]
            if not is_missing(value):
                _refuse_for_others(value, sample, repr(value))
            return GivenRow((value,) * n), "missing" if is_missing(value) else f"{as_number(value):g}"
    row = given_row(baseline, "the baseline")
    if columns is not None and is_counting(columns) and row.names is not None and is_counting(row.names):
        return row.reordered(order_by_name(row.names, columns, what="the baseline", owner=owner)), f"row of {n} columns"
    if row.known_names is not None and columns is not None:
        return in_order(row, columns, what="the baseline", owner=owner), f"row of {n} columns"
    if len(row) == 1 and n > 1 and row.names is None:
        return GivenRow(row.values * n), f"array of shape {(1,)}"
    if len(row) != n:
        shape = (len(row),) if not row.batch_axis else (1, len(row))
        raise SymbolscopeError(
            f"sample and baseline have different shapes: the sample {(n,)}, the baseline {shape}; give a baseline of the sample's "
            "shape, or a number"
        )
    if moved:
        raise SymbolscopeError(
            "the sample's columns stand in another order than the estimator's, and the baseline carries no names, so its order "
            f"is not known; give it with names, such as symbolscope.baselines.mean_baseline(frame). The columns are "
            f"{listed(list(columns or ()))}"
        )
    described = f"row of {n} columns" if row.known_names is not None else f"array of shape {(n,)}"
    return row, described


def _single(baseline: object) -> tuple[object] | None:
    """One value for every column, in a tuple of its own; None if it is a row."""
    if kind_of(baseline) in (*NUMBERS, "missing"):
        return (baseline,)
    if isinstance(baseline, (list, tuple)):
        return None
    values = plain_array(baseline, "the baseline")
    return (values[()],) if values.ndim == 0 and kind_of(values[()]) in NUMBERS else None


def _refuse_for_others(value: object, sample: GivenRow, what: str) -> None:
    """Refuse a number as the baseline of columns that hold no numbers."""
    names = sample.names
    others = [
        column_of(None if names is None else names[at], at)
        for at, cell in enumerate(sample.values)
        if kind_of(cell) not in (*NUMBERS, "missing")
    ]
    if others:
        raise SymbolscopeError(
            f"baseline {what} does not suit {others[0]}"
            + (f" and {len(others) - 1} more" if len(others) > 1 else "")
            + ", which holds no number. Give baseline=symbolscope.baselines.typical(frame): the mean of numbers, the most frequent "
            "of texts and categories"
        )
