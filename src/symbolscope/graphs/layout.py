"""Where the nodes of an And-Or graph are drawn: in layers, the sum on top and the players at the bottom."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.effect_text import effect_decimals, magnitude
from symbolscope.graphs.text import letter

if TYPE_CHECKING:
    from symbolscope.graphs.and_or_graph import AndOrGraph

_LETTER_WIDTH, _LINE = 6.9, 15.0  # of text of 12 pixels
_LONGEST_NAME = 22
_FLAT_WIDTH = 900.0  # labels that take more than this side by side are turned upright
_SYMBOL, _GAP, _MARGIN = 18.0, 78.0, 16.0
_SWEEPS = 12
MINUS = "\u2212"


@dataclass(frozen=True, eq=False)
class Layout:
    """A drawing in numbers, in pixels, y downwards.

    Every interaction has a slot in one row below the sum, where its effect is written and its edge to the sum passes. Most stand in
    their slot themselves; a coalition or a player that is an interaction too stands further down, and only its edge comes up there.

    Attributes
    ----------
    places
        float64 [nodes, 2]: centre of every node.
    slots
        float64 [nodes, 2]: slot of every interaction, nan for other nodes.
    above
        y at which edges leave for the sum, above what is written in the slots.
    labels
        What is written at every node: a player's name, a coalition's letter, "+", or nothing.
    effects
        What is written in its slot: its effect, or nothing.
    names_turned, effects_turned
        Whether players' names and effects run upwards.
    width, height
        Size of the drawing.

    Examples
    --------
    >>> import symbolscope as sy
    >>> from symbolscope.graphs import AndOrGraph
    >>> layout = AndOrGraph.from_interactions(sy.decompose([0.0, 1.0, 1.0, 4.0])).layout()
    >>> layout.labels, layout.effects
    (('x0', 'x1', '', '+'), ('+1.00', '+1.00', '+2.00', ''))
    >>> bool((layout.places[:2, 1] > layout.places[2, 1]).all() and layout.places[2, 1] > layout.places[3, 1])
    True
    """

    places: NDArray[np.float64]
    slots: NDArray[np.float64]
    above: float
    labels: tuple[str, ...]
    effects: tuple[str, ...]
    names_turned: bool
    effects_turned: bool
    width: float
    height: float


def layered(graph: "AndOrGraph") -> Layout:
    """Place the nodes: coalitions by their depth, interactions in one layer above them.

    Players keep their order. In the other layers nodes are drawn towards the mean place of their neighbours (Sugiyama's
    barycentre sweeps), and of the orders met on the way the one with the fewest crossings is taken.
    """
    nodes, root = graph.nodes, len(graph.nodes) - 1
    coalitions = set(graph.coalitions)
    top = 1 + max((nodes[index].depth for index in coalitions), default=0)
    labels, effects = _labels(graph)
    # The layer of each node, and of a stand-in for the slot of each interaction that is drawn further down.
    layer = [node.depth if index in coalitions or node.kind == "player" else top for index, node in enumerate(nodes)]
    lower = [index for index in range(root) if nodes[index].effect is not None and layer[index] < top]
    layer += [top] * len(lower)
    edges = [edge for edge in graph.edges if edge[0] != root]
    edges += [(root + 1 + place, index) for place, index in enumerate(lower)]
    layers = [
        [index for index in range(len(layer)) if layer[index] == depth and index != root] for depth in range(top + 1)
    ]
    names_turned = _flat(labels[index] for index in layers[0]) > _FLAT_WIDTH
    effects_turned = _flat(effects) > _FLAT_WIDTH
    room = np.array([_SYMBOL + 28.0] * len(layer))
    room[layers[0]] = [
        _LINE + 5.0 if names_turned else max(_SYMBOL + 8.0, _written(labels[i]) + 14.0) for i in layers[0]
    ]
    tall = max(map(_written, effects), default=0.0)
    room[layers[top]] = _LINE + 5.0 if effects_turned else max(_SYMBOL + 8.0, tall + 12.0)
    width = max((float(room[one].sum()) for one in layers), default=0.0)
    width = max(width, 120.0)
    across = _ordered(layers, edges, room, width) + _MARGIN
    # From above: the sum, room for its edges to fan out, the effects, the slots, coalitions, players, their names.
    fan = min(150.0, 40.0 + 0.08 * width)
    above = _MARGIN + 24.0 + fan
    rows = above + (tall if effects_turned else _LINE) + _SYMBOL / 2 + 4.0 + _GAP * (top - np.arange(top + 1.0))
    names = max((_written(labels[index]) for index in layers[0]), default=0.0) if names_turned else _LINE
    places = np.column_stack([across, rows[layer]])
    slots = np.full((root + 1, 2), np.nan)
    for index in range(root):
        if nodes[index].effect is not None and layer[index] == top:
            slots[index] = places[index]
    slots[lower] = places[root + 1 :]
    places = places[: root + 1]
    places[root] = [_MARGIN + width / 2, _MARGIN + 12.0]
    height = float(rows[0]) + _SYMBOL / 2 + 6.0 + names + _MARGIN
    return Layout(places, slots, above, labels, effects, names_turned, effects_turned, width + 2 * _MARGIN, height)


def _labels(graph: "AndOrGraph") -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is written at each node, and in its slot."""
    letters = {index: letter(place) for place, index in enumerate(graph.coalitions)}
    largest = max((abs(node.effect) for node in graph.nodes if node.effect is not None), default=0.0)
    digits = effect_decimals(largest)
    digits = max(digits - 2, 0) if digits >= 0 else digits + 2  # three digits are enough in a picture
    labels: list[str] = []
    effects: list[str] = []
    for index, node in enumerate(graph.nodes):
        effects.append(
            "" if node.effect is None else (MINUS if node.effect < 0 else "+") + magnitude(node.effect, digits)
        )
        if node.kind == "player":
            labels.append(node.name if len(node.name) <= _LONGEST_NAME else node.name[: _LONGEST_NAME - 1] + "\u2026")
        else:
            labels.append("+" if node.kind == "sum" else letters.get(index, ""))
    return tuple(labels), tuple(effects)


def _flat(labels: Iterable[str]) -> float:
    """Room that labels take side by side."""
    return sum((_written(label) + 12.0 for label in labels if label), start=0.0)


def _written(label: str) -> float:
    return _LETTER_WIDTH * len(label)


def _ordered(
    layers: list[list[int]], edges: Sequence[tuple[int, int]], room: NDArray[np.float64], width: float
) -> NDArray[np.float64]:
    """Horizontal place of every node."""
    below: list[list[int]] = [[] for _ in room]
    above: list[list[int]] = [[] for _ in room]
    for parent, child in edges:
        below[parent].append(child)
        above[child].append(parent)
    height = np.zeros(len(room))
    for depth, layer in enumerate(layers):
        height[layer] = depth
    across = np.full(len(room), width / 2)
    across[layers[0]] = _spread(np.linspace(0.0, width, len(layers[0])), room[layers[0]], width)
    drawn = np.array(edges, dtype=np.int64).reshape(-1, 2)
    best, fewest = across.copy(), np.inf
    for sweep in range(_SWEEPS):
        upwards = sweep % 2 == 0
        for layer in layers[1:] if upwards else layers[-1:0:-1]:
            near = [below[node] if upwards else [*above[node], *below[node]] for node in layer]
            wanted = np.array([float(across[others].mean()) for others in near])
            order = np.argsort(wanted, kind="stable")
            chosen = np.array(layer, dtype=np.int64)[order]
            across[chosen] = _spread(wanted[order], room[chosen], width)
        crossings = _crossings(across, height, drawn)
        if crossings < fewest:
            best, fewest = across.copy(), crossings
    return best


def _spread(wanted: NDArray[np.float64], room: NDArray[np.float64], width: float) -> NDArray[np.float64]:
    """Places nearest to those wanted (ascending) that leave each node its room and stay within the width.

    Less the room of those before it, each place must not be below the one before: isotonic regression, by pooling neighbours.
    """
    starts = np.concatenate([[0.0], np.cumsum(room)])[:-1] + room / 2
    pools: list[tuple[float, int]] = []
    for place in wanted - starts:
        mean, size = float(place), 1
        while pools and pools[-1][0] > mean:
            other, held = pools.pop()
            mean, size = (mean * size + other * held) / (size + held), size + held
        pools.append((mean, size))
    level = np.concatenate([np.full(size, mean) for mean, size in pools]) if pools else np.zeros(0)
    return np.clip(level, 0.0, max(0.0, width - float(room.sum()))) + starts


def _crossings(across: NDArray[np.float64], height: NDArray[np.float64], edges: NDArray[np.int64]) -> int:
    """Pairs of edges that cross as straight lines."""
    top = np.column_stack([across[edges[:, 0]], height[edges[:, 0]]])  # [e, 2]
    foot = np.column_stack([across[edges[:, 1]], height[edges[:, 1]]])

    def side(of: NDArray[np.float64]) -> NDArray[np.float64]:
        """On which side of each edge [e, 1] each point [1, e] lies."""
        along, towards = (top - foot)[:, None], of[None] - foot[:, None]
        return np.sign(along[..., 0] * towards[..., 1] - along[..., 1] * towards[..., 0])

    apart = side(top) * side(foot) < 0
    return int((apart & apart.T).sum()) // 2
