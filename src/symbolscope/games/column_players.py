"""The players of a row whose columns have names: groups by name, and names given as ``player_names``."""

from collections.abc import Hashable, Sequence
from typing import cast

import numpy as np

from symbolscope.errors import SymbolscopeError
from symbolscope.games.choose_players import choose_players
from symbolscope.games.missing_values import listed
from symbolscope.games.players import Players


def names_the_columns(player_names: Sequence[str] | None, columns: Sequence[Hashable] | None) -> bool:
    """Tell whether ``player_names`` are the columns' own names, in whatever order: then player i is the column of that name.

    Examples
    --------
    >>> names_the_columns(["dose", "age"], ["age", "dose"]), names_the_columns(["age in years", "dose"], ["age", "dose"])
    (True, False)
    """
    if player_names is None or columns is None or isinstance(player_names, str):
        return False
    return len(player_names) == len(columns) and sorted(map(str, player_names)) == sorted(map(str, columns))


def column_players(
    players: object,
    player_names: Sequence[str] | None,
    columns: Sequence[Hashable] | None,
    n_columns: int,
    *,
    moved: bool,
) -> Players:
    """Players of a row of ``n_columns`` columns.

    Parameters
    ----------
    players, player_names
        As given to the game; groups may name columns.
    columns
        The columns' names, where they are known.
    moved
        Whether the row was given in another order than the columns have now, so that positions could mean either.

    Raises
    ------
    SymbolscopeError
        If a named column does not exist, names would be put on other columns, or positions have two meanings.

    Examples
    --------
    >>> column_players([["age", "bmi"], ["dose"]], None, ["age", "bmi", "dose"], 3, moved=False).labels
    array([0, 0, 1])
    """
    if players is None and columns is not None and names_the_columns(player_names, columns):
        names = tuple(str(name) for name in cast("Sequence[str]", player_names))
        place = {name: player for player, name in enumerate(names)}
        return Players(names, np.array([place[str(column)] for column in columns], dtype=np.int64))
    by_name = _by_name(players, columns)
    if moved and by_name is None and (players is not None or player_names is not None):
        what = "players counts" if players is not None else "player_names are in the order of"
        raise SymbolscopeError(
            f"{what} columns, and the sample's stand in another order than the estimator's: {listed(list(columns or ()))}. Give "
            "the sample in that order, or name the columns: players=[['a', 'b'], ['c']]"
        )
    chosen = choose_players(players if by_name is None else by_name, (n_columns,))
    if player_names is not None:
        renamed = chosen.renamed(player_names)
        if players is None and columns is not None:
            _refuse_mislabelled(renamed.names, columns)
        return renamed
    if players is None and columns is not None:
        return chosen.renamed([str(column) for column in columns])
    if by_name is not None and columns is not None:
        groups = [
            [str(columns[int(at)]) for at in np.flatnonzero(chosen.labels == player)] for player in range(len(chosen))
        ]
        return chosen.renamed([" + ".join(group) for group in groups])
    return chosen


def _by_name(players: object, columns: Sequence[Hashable] | None) -> list[list[int]] | None:
    """Groups of column names as groups of positions; None if the players are given otherwise."""
    if not isinstance(players, list) or columns is None:
        return None
    groups = cast("list[object]", players)
    if not groups or not all(isinstance(group, (list, tuple)) and group for group in groups):
        return None
    members = [list(cast("Sequence[object]", group)) for group in groups]
    if not all(isinstance(member, str) for group in members for member in group):
        return None
    labels = [str(column) for column in columns]
    unknown = [member for group in members for member in group if member not in labels]
    if unknown:
        raise SymbolscopeError(f"players names {listed(unknown)}, which is no column; the columns are {listed(labels)}")
    return [[labels.index(str(member)) for member in group] for group in members]


def _refuse_mislabelled(names: Sequence[str], columns: Sequence[Hashable]) -> None:
    labels = [str(column) for column in columns]
    for at, name in enumerate(names):
        if name != labels[at] and name in labels:
            raise SymbolscopeError(
                f"player_names puts the name {name!r} on the column {labels[at]!r}, and another column has that name; the columns "
                f"are {listed(labels)}, in this order"
            )
