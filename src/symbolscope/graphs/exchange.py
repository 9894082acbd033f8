"""Exchange of And-Or graphs with networkx."""

from typing import TYPE_CHECKING, Any

from symbolscope.errors import SymbolscopeError

if TYPE_CHECKING:
    from symbolscope.graphs.and_or_graph import AndOrGraph


def to_networkx(graph: "AndOrGraph") -> Any:
    """A networkx.DiGraph: nodes and edges as :func:`attributes` describes them."""
    try:
        import networkx
    except ImportError:
        raise SymbolscopeError("to_networkx needs networkx: pip install 'symbolscope[graphs]'") from None
    made: Any = networkx.DiGraph(intercept=graph.intercept, description_length=graph.description_length)
    for index in range(len(graph.nodes)):
        made.add_node(index, **attributes(graph, index))
    made.add_edges_from(graph.edges)
    return made


def attributes(graph: "AndOrGraph", index: int) -> dict[str, str | float | int]:
    """Name, kind, depth and players (indices joined by spaces) of a node, and its effect if it has one."""
    node = graph.nodes[index]
    named: dict[str, str | float | int] = {
        "name": node.name,
        "kind": node.kind,
        "depth": node.depth,
        "players": " ".join(map(str, node.players)),
    }
    return named if node.effect is None else {**named, "effect": node.effect}
