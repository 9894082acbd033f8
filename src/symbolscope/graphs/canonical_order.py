"""An order of players and interactions that does not depend on how the players were numbered.

Players are told apart by the interactions they are in: their kinds, strengths and orders first, then the classes of the players
they share them with, and so on until no class splits further (colour refinement). Players that are still alike are interchangeable
in all but contrived cases; one of them is then named first, and refinement goes on.
"""

from collections.abc import Sequence

import numpy as np

from symbolscope.graphs.ordered_partition import OrderedPartition, Split
from symbolscope.shapes import Effects, Members

# Strengths that differ by less than this share of the largest are the same: they come out of sums in another order.
_DIGITS = 10


def canonical_order(masks: Members, is_or: Sequence[bool], strengths: Effects) -> tuple[list[int], list[int]]:
    """Players [n] and rows [k] in canonical order: strongest rows first.

    Parameters
    ----------
    masks
        bool [k, n].
    is_or
        Kinds [k].
    strengths
        |effect| [k].

    Examples
    --------
    The player of the strong interaction and that of the weak one are told apart, wherever they stand:

    >>> canonical_order(np.array([[1, 1, 0], [0, 1, 1]]) > 0, [False, False], np.array([1.0, 2.0]))
    ([2, 1, 0], [1, 0])
    >>> canonical_order(np.array([[0, 1, 1], [1, 1, 0]]) > 0, [False, False], np.array([1.0, 2.0]))
    ([0, 1, 2], [1, 0])
    """
    n = masks.shape[1]
    largest = float(strengths.max(initial=0.0)) or 1.0
    ranks = [-round(float(one) / largest, _DIGITS) for one in strengths]
    members = [np.flatnonzero(row).tolist() for row in masks]
    inside: list[list[int]] = [[] for _ in range(n)]
    for row, players in enumerate(members):
        for player in players:
            inside[player].append(row)
    fixed = [(ranks[row], bool(is_or[row]), len(members[row])) for row in range(len(members))]
    as_players = OrderedPartition([tuple(sorted(fixed[row] for row in rows)) for rows in inside])
    as_rows = OrderedPartition(fixed)
    _refine(as_players, as_rows, inside, members, as_players.all_classes())
    alike = as_players.first_alike(0)
    while alike is not None:
        place = as_players.place(alike)
        _refine(as_players, as_rows, inside, members, [as_players.single_out(alike)])
        alike = as_players.first_alike(place)
    order = as_players.order()
    colours = np.empty(n, dtype=np.int64)
    colours[order] = np.arange(n)
    rows = sorted(
        range(len(members)), key=lambda row: (fixed[row], sorted(int(colours[player]) for player in members[row]))
    )
    return order, rows


def _refine(
    players: OrderedPartition,
    rows: OrderedPartition,
    inside: Sequence[Sequence[int]],
    members: Sequence[Sequence[int]],
    splits: list[Split],
) -> None:
    """Split rows by the classes of their players, and players by those of their rows, until no class falls apart."""
    while splits:
        splits = rows.split_by(*_counted(players, inside, splits))
        splits = players.split_by(*_counted(rows, members, splits))


def _counted(
    side: OrderedPartition, neighbours: Sequence[Sequence[int]], splits: Sequence[Split]
) -> tuple[dict[int, dict[int, int]], dict[int, int]]:
    """How the classes around each vertex of the other side differ from the largest parts, and where these classes begin."""
    counts: dict[int, dict[int, int]] = {}
    starts: dict[int, int] = {}
    for parts, largest in splits:
        for part in parts:
            starts[part] = side.start(part)
            if part == largest:
                continue
            for vertex in side.members(part):
                for other in neighbours[vertex]:
                    changes = counts.setdefault(other, {})
                    changes[part] = changes.get(part, 0) + 1
                    changes[largest] = changes.get(largest, 0) - 1
    return counts, starts
