"""The And-Or graph of an explanation as the page shows it: drawn, and ready to follow hidden players."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from symbolscope.report.numerals import plain, several

if TYPE_CHECKING:
    from symbolscope.graphs.and_or_graph import AndOrGraph
    from symbolscope.interactions.model import InteractionModel

_MOST_DRAWN = 50  # interactions that can be told apart in one picture
_MOST_EDGES = 800  # more are a black patch, and take minutes to lay out


@dataclass(frozen=True)
class GraphFigure:
    """A drawn graph, with what the page says of it and computes with.

    Attributes
    ----------
    svg
        The drawing, every name in it escaped.
    sentence
        Its size.
    count
        Interactions drawn.
    total
        Its sum with every player shown.
    data
        What the script needs to evaluate it: for each node its kind, children, player and effect; edges; intercept.
    """

    svg: str
    sentence: str
    count: int
    total: float
    data: dict[str, object]


def graph_figure(model: "InteractionModel", chosen: int) -> GraphFigure | None:
    """Draw the interactions that the page uses at first, at most 50 and fewer where they have many players; None if none is left.

    Examples
    --------
    >>> import symbolscope as sy
    >>> graph_figure(sy.decompose([0.0, 1.0, 1.0, 4.0]), 3).sentence
    '4 nodes and 5 edges for 3 interactions (5 edges without shared coalitions); description length 2.773 nats.'
    """
    from symbolscope.graphs.and_or_graph import AndOrGraph
    from symbolscope.graphs.svg import and_or_svg

    drawn = model.top(_drawn(model, min(chosen, _MOST_DRAWN)))
    if not drawn.complexity:
        return None
    graph = AndOrGraph.from_interactions(drawn)
    return GraphFigure(
        svg=and_or_svg(graph, interactive=True),
        sentence=_sentence(graph),
        count=drawn.complexity,
        total=float(drawn.intercept + drawn.effects.sum()),
        data={
            "kinds": [node.kind for node in graph.nodes],
            "children": [list(node.children) for node in graph.nodes],
            "players": [node.players[0] if node.kind == "player" else -1 for node in graph.nodes],
            "effects": [node.effect for node in graph.nodes],
            "edges": [list(edge) for edge in graph.edges],
            "intercept": graph.intercept,
            "count": drawn.complexity,
        },
    )


def _drawn(model: "InteractionModel", most: int) -> int:
    """How many of the strongest have together so few players that their edges can be told apart."""
    return int((model.orders[:most].cumsum() <= _MOST_EDGES).sum())


def _sentence(graph: "AndOrGraph") -> str:
    return (
        f"{several(len(graph.nodes), 'node')} and {several(len(graph.edges), 'edge')} for "
        f"{several(graph.complexity, 'interaction')} ({several(graph.plain_edges, 'edge')} without shared coalitions); "
        f"description length {plain(graph.description_length)} nats."
    )
