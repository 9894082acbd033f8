"""An order of players and interactions that does not depend on how the players were numbered.

Players are told apart by the interactions they are in: their kinds, strengths and orders first, then the classes of the players
they share them with, and so on until no class splits further (colour refinement). Players that are still alike are interchangeable
in all but contrived cases; one of them is then named first, and refinement goes on.
"""

from collections.abc import Hashable, Sequence

import numpy as np

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
    colours = _ranked([tuple(sorted(fixed[row] for row in rows)) for rows in inside])
    colours = _refined(colours, fixed, members, inside)
    while len(set(colours)) < n:
        alike = min(colour for colour in colours if colours.count(colour) > 1)
        first = colours.index(alike)
        colours = _ranked([(colour, player != first) for player, colour in enumerate(colours)])
        colours = _refined(colours, fixed, members, inside)
    rows = sorted(range(len(members)), key=lambda row: (fixed[row], sorted(colours[player] for player in members[row])))
    return sorted(range(n), key=lambda player: colours[player]), rows


def _refined(
    colours: list[int],
    fixed: Sequence[tuple[float, bool, int]],
    members: Sequence[Sequence[int]],
    inside: Sequence[Sequence[int]],
) -> list[int]:
    while True:
        of_rows = _ranked(
            [(fixed[row], tuple(sorted(colours[player] for player in members[row]))) for row in range(len(members))]
        )
        finer = _ranked(
            [(colours[player], tuple(sorted(of_rows[row] for row in inside[player]))) for player in range(len(colours))]
        )
        if len(set(finer)) == len(set(colours)):
            return finer
        colours = finer


def _ranked(keys: Sequence[Hashable]) -> list[int]:
    """Rank of each key among the distinct ones."""
    places = {key: place for place, key in enumerate(sorted(set(keys)))}  # pyright: ignore[reportArgumentType, reportUnknownVariableType]
    return [places[key] for key in keys]
