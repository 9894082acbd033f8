"""And-Or graphs as GraphML, the XML that graph programs exchange."""

from os import PathLike
from typing import TYPE_CHECKING

from symbolscope.core.whole_file import write_whole
from symbolscope.graphs.exchange import attributes
from symbolscope.graphs.xml_text import xml_text

if TYPE_CHECKING:
    from symbolscope.graphs.and_or_graph import AndOrGraph

_TYPES = {"name": "string", "kind": "string", "depth": "int", "players": "string", "effect": "double"}
_OF_THE_GRAPH = {"intercept": "double", "description_length": "double"}


def write_graphml(graph: "AndOrGraph", path: str | PathLike[str]) -> None:
    """Write ``graph`` to ``path``: to a temporary file beside it first, renamed when complete.

    Raises
    ------
    SymbolscopeError
        If the file cannot be written: :func:`symbolscope.core.whole_file.write_whole` names the reasons.
    """
    write_whole(
        path, graphml(graph).encode("utf-8", "replace")
    )  # lone surrogates, which a tokenizer can make, have no UTF-8


def graphml(graph: "AndOrGraph") -> str:
    """The graph as a GraphML document."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">']
    for name, kind in _TYPES.items():
        lines.append(f'  <key id="{name}" for="node" attr.name="{name}" attr.type="{kind}"/>')
    for name, kind in _OF_THE_GRAPH.items():
        lines.append(f'  <key id="{name}" for="graph" attr.name="{name}" attr.type="{kind}"/>')
    lines.append('  <graph id="and-or" edgedefault="directed">')
    for name in _OF_THE_GRAPH:
        lines.append(f'    <data key="{name}">{float(getattr(graph, name))!r}</data>')
    for index in range(len(graph.nodes)):
        lines.append(f'    <node id="{index}">')
        for name, value in attributes(graph, index).items():
            written = xml_text(value) if isinstance(value, str) else repr(value)
            lines.append(f'      <data key="{name}">{written}</data>')
        lines.append("    </node>")
    for place, (parent, child) in enumerate(graph.edges):
        lines.append(f'    <edge id="e{place}" source="{parent}" target="{child}"/>')
    return "\n".join([*lines, "  </graph>", "</graphml>", ""])
