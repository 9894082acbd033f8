"""An And-Or graph in plain text."""

from string import ascii_uppercase
from typing import TYPE_CHECKING

import numpy as np

from symbolscope.core.effect_text import effect_text, table_decimals
from symbolscope.core.printable_text import printable

if TYPE_CHECKING:
    from symbolscope.graphs.and_or_graph import AndOrGraph

_ROUNDING = 1e-14


def and_or_text(graph: "AndOrGraph") -> str:
    """Strongest interactions first, each with what it is made of; coalitions are lettered and written out once."""
    letters = {index: letter(place) for place, index in enumerate(graph.coalitions)}
    sizes = [abs(node.effect) for node in graph.nodes if node.effect is not None]
    largest = max(sizes, default=0.0)
    digits = table_decimals(largest)
    # A sum of such effects is known to so much only: less than that is where the solver stopped, and no output of the game.
    intercept = graph.intercept if abs(graph.intercept) > _ROUNDING * largest else 0.0
    lines = [f"sum  intercept {effect_text(intercept, digits)}"]
    written: set[int] = set()

    def called(index: int) -> str:
        return f"[{letters[index]}]" if index in letters else printable(graph.nodes[index].name)

    def write_out(index: int, depth: int) -> None:
        for child in graph.nodes[index].children:
            if child in letters and child not in written:
                written.add(child)
                node = graph.nodes[child]
                parts = ", ".join(called(part) for part in node.children)
                lines.append(f"{'  ' * depth}[{letters[child]}]  {node.kind}  {parts}")
                write_out(child, depth + 1)

    top = graph.nodes[-1].children
    for index in sorted(top, key=lambda one: -np.abs(graph.nodes[one].effect or 0.0)):
        node = graph.nodes[index]
        said = [] if node.kind == "player" else [node.kind]
        said.append(", ".join(called(part) for part in node.children) or printable(node.name))
        if index in letters:
            said = [f"[{letters[index]}]", *([] if index in written else said)]
        lines.append(f"  {effect_text(node.effect or 0.0, digits)}  {'  '.join(said)}")
        if index not in written:
            written.add(index)
            write_out(index, 2)
    return "\n".join(lines)


def letter(place: int) -> str:
    """A, B, .. Z, AA, AB, .. as columns of a table are named.

    Examples
    --------
    >>> letter(0), letter(25), letter(26)
    ('A', 'Z', 'AA')
    """
    name = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        name = ascii_uppercase[rest] + name
    return name
