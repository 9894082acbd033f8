"""One node of an And-Or graph."""

from dataclasses import dataclass
from typing import Literal

NodeKind = Literal["player", "and", "or", "sum"]


@dataclass(frozen=True)
class Node:
    """A player, an AND or OR of other nodes, or the sum of all effects.

    Attributes
    ----------
    name
        The player's name; the names of all players below joined by "and" or "or"; "+" for the sum.
    kind
        "player", "and" (active where all its children are), "or" (where any is) or "sum".
    players
        Indices of the players below it, ascending.
    effect
        What it adds to the output where it is active, in units of the score; None where it is no interaction.
    children
        Indices of the nodes right below it.
    depth
        0 for players; otherwise one more than its deepest child.
    """

    name: str
    kind: NodeKind
    players: tuple[int, ...]
    effect: float | None
    children: tuple[int, ...]
    depth: int
