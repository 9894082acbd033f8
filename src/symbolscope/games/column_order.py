"""Columns matched by name: a row that carries names brought into the order of whoever knows the columns."""

import difflib
from collections.abc import Hashable, Sequence

from symbolscope.errors import SymbolscopeError
from symbolscope.games.given_row import GivenRow
from symbolscope.games.missing_values import listed


def order_by_name(given: Sequence[Hashable], wanted: Sequence[Hashable], *, what: str, owner: str) -> list[int]:
    """Place in ``given`` of each wanted column.

    Parameters
    ----------
    given
        The names a row carries.
    wanted
        The columns, in the order they are wanted.
    what, owner
        Whose names they are, for messages: "the sample", "LogisticRegression was fitted on".

    Raises
    ------
    SymbolscopeError
        If a column is missing, too many or there twice, with its name.

    Examples
    --------
    >>> order_by_name(["dose", "age"], ["age", "dose"], what="the sample", owner="the network takes")
    [1, 0]
    """
    names, columns = [_label(name) for name in given], [_label(name) for name in wanted]
    if names == columns:
        return list(range(len(columns)))
    spelled = _spelled_as(names, columns)
    twice = sorted({str(name) for name in spelled if spelled.count(name) > 1})
    if twice:
        raise SymbolscopeError(
            f"{what} has the column {listed(twice)} more than once, so it cannot be matched by name; {owner} the columns "
            f"{listed(columns)}. Give each column once"
        )
    missing = [name for name in columns if name not in spelled]
    extra = [names[at] for at, name in enumerate(spelled) if name not in columns]
    if missing or extra:
        parts = [f"lacks {listed(missing)}"] if missing else []
        parts += [f"has {listed(extra)} besides"] if extra else []
        near = difflib.get_close_matches(str(missing[0]), [str(name) for name in extra], 1) if missing else []
        hint = f"; is {near[0]!r} meant for {missing[0]!r}?" if near else ""
        raise SymbolscopeError(
            f"{what} does not have the columns that {owner}: it {' and '.join(parts)}. Wanted are {listed(columns)}{hint}"
        )
    place = {name: at for at, name in enumerate(spelled)}
    return [place[name] for name in columns]


def in_order(row: GivenRow, wanted: Sequence[Hashable] | None, *, what: str, owner: str) -> GivenRow:
    """A row in the order of the wanted columns, if it carries names; one without names is taken by position.

    Raises
    ------
    SymbolscopeError
        If its names, or the number of its columns, are not those wanted.

    Examples
    --------
    >>> row = GivenRow((2.0, 1.0), ("b", "a"))
    >>> in_order(row, ("a", "b"), what="the sample", owner="the network takes").values
    (1.0, 2.0)
    """
    if wanted is None:
        return row
    if (names := row.known_names) is not None:
        return row.reordered(order_by_name(names, wanted, what=what, owner=owner))
    if len(row) != len(wanted):
        raise SymbolscopeError(
            f"{what} has {len(row)} columns, and {owner} {len(wanted)}: {listed([_label(name) for name in wanted])}"
        )
    return row


def is_counting(names: Sequence[Hashable] | None) -> bool:
    """Tell whether labels are the whole numbers 0 .. n-1 in some order, which name places.

    Examples
    --------
    >>> is_counting([2, 0, 1]), is_counting([1, 2]), is_counting(["0", "1"])
    (True, False, False)
    """
    if names is None or not all(hasattr(name, "__index__") and not isinstance(name, bool) for name in names):
        return False
    return sorted(int(name) for name in names) == list(range(len(names)))  # pyright: ignore[reportArgumentType]


def _label(name: Hashable) -> Hashable:
    """A label as it is compared: NumPy's texts and numbers as Python's."""
    if isinstance(name, str):
        return str(name)
    return name


def _spelled_as(names: list[Hashable], columns: list[Hashable]) -> list[Hashable]:
    """Names as the estimator spells them: LightGBM writes ``body_mass`` for "body mass"."""
    known = set(columns)
    spelled = [
        name.replace(" ", "_")
        if isinstance(name, str) and name not in known and name.replace(" ", "_") in known
        else name
        for name in names
    ]
    return spelled if len(set(spelled)) == len(set(names)) else names
