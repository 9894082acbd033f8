"""An And-Or graph as SVG: readable on light and dark ground, in black and white, and by a screen reader."""

from typing import TYPE_CHECKING

from symbolscope.graphs.xml_text import xml_text

if TYPE_CHECKING:
    from symbolscope.graphs.and_or_graph import AndOrGraph
    from symbolscope.graphs.layout import Layout

UP, DOWN = "#2f74c5", "#c8661a"  # readable on white and on black; a page may say otherwise by class
_THIN, _THICK = 1.0, 5.5
_REACH = {"player": 4.0}  # pixels from a node's centre to its edges, otherwise 8


def and_or_svg(graph: "AndOrGraph", *, interactive: bool = False) -> str:
    """Draw ``graph`` as one SVG element.

    ANDs are filled squares, ORs open circles. An edge to the sum is as thick as the effect is large, whole where it raises the
    output and dashed where it lowers it; everything else takes the colour of the text around it. Nothing is loaded, no style or
    script is needed, and every name is escaped. Nodes and edges carry their index (``data-node``, ``data-edge``), for a page that
    wants to style them; in an interactive one players (``data-player``) and coalitions (``data-fold``) are buttons.

    Examples
    --------
    >>> import symbolscope as sy
    >>> from symbolscope.graphs import AndOrGraph
    >>> AndOrGraph.from_interactions(sy.decompose([0.0, 0.0, 0.0, 1.0])).to_svg()[:37]
    '<svg class="symbolscope-graph" xmlns='
    """
    layout = graph.layout()
    strongest = max((abs(node.effect) for node in graph.nodes if node.effect is not None), default=0.0) or 1.0
    said = xml_text(description(graph))
    space = "" if interactive else ' xmlns="http://www.w3.org/2000/svg"'  # in an HTML page it goes without saying
    parts = [
        f'<svg class="symbolscope-graph"{space} width="{layout.width:.0f}" '
        f'height="{layout.height:.0f}" viewBox="0 0 {layout.width:.0f} {layout.height:.0f}" '
        f'role="{"group" if interactive else "img"}" aria-label="{said}" font-family="sans-serif" font-size="12" '
        'fill="currentColor">',
        f"<title>And-Or graph</title><desc>{said}</desc>",
        '<g class="aog-edges" fill="none">',
        *(edge_path(graph, layout, index, strongest) for index in range(len(graph.edges))),
        '</g><g class="aog-nodes">',
        *(node_group(graph, layout, index, interactive=interactive) for index in range(len(graph.nodes))),
        "</g></svg>",
    ]
    return "".join(parts)


def description(graph: "AndOrGraph") -> str:
    """What the drawing shows, in two sentences."""
    strongest = max(
        (node for node in graph.nodes if node.effect is not None),
        key=lambda node: abs(node.effect or 0.0),
        default=None,
    )
    many = len([node for node in graph.nodes if node.effect is not None])
    said = (
        f"And-Or graph of {many} interaction{'' if many == 1 else 's'} with {len(graph.coalitions)} shared "
        f"coalition{'' if len(graph.coalitions) == 1 else 's'}: {len(graph.nodes)} nodes, {len(graph.edges)} edges."
    )
    if strongest is None:
        return said
    return f"{said} The strongest is {strongest.name}, {strongest.effect:+.4g}."


def edge_path(graph: "AndOrGraph", layout: "Layout", index: int, strongest: float) -> str:
    """One edge, from the child up to its parent; those to the sum make way for what is written in the slot."""
    parent, child = graph.edges[index]
    (x0, y0), (x1, y1) = layout.places[child], layout.places[parent]
    start = y0 - _REACH.get(graph.nodes[child].kind, 8.0)
    if parent < len(graph.nodes) - 1:
        path = _bent(x0, start, x1, y1 + 8.0)
        return f'<path class="aog-edge" data-edge="{index}" d="{path}" stroke="currentColor" stroke-opacity=".38"/>'
    x, y = layout.slots[child]
    path = _bent(x, layout.above, x1, y1 + 12.0)
    if y != y0:
        path = f"{_bent(x0, start, x, y + 4.0)}V{y - 5.0:.1f}{path}"
    effect = graph.nodes[child].effect or 0.0
    width = _THIN + (_THICK - _THIN) * abs(effect) / strongest
    sign = "raises" if effect >= 0 else "lowers"
    dash = "" if effect >= 0 else ' stroke-dasharray="6 3"'
    colour = UP if effect >= 0 else DOWN
    return f'<path class="aog-edge aog-{sign}" data-edge="{index}" d="{path}" stroke="{colour}" stroke-width="{width:.2f}"{dash}/>'


def node_group(graph: "AndOrGraph", layout: "Layout", index: int, *, interactive: bool = False) -> str:
    """One node with what is written at it and in its slot, and a tooltip."""
    node, (x, y) = graph.nodes[index], layout.places[index]
    coalition = index in graph.coalitions
    classes = ["aog-node", f"aog-{node.kind}", *(["aog-coalition"] if coalition else [])]
    tip = node.name if node.effect is None else f"{node.name}: {node.effect:+.6g}"
    if node.effect is not None:
        classes.append("aog-raises" if node.effect >= 0 else "aog-lowers")
    button = ""
    if interactive and node.kind == "player":
        button = f' data-player="{node.players[0]}" role="button" tabindex="0" aria-pressed="true" aria-label="{xml_text(tip)}"'
    elif interactive and coalition:
        button = f' data-fold="" role="button" tabindex="0" aria-expanded="true" aria-label="Coalition {xml_text(tip)}"'
    return (
        f'<g class="{" ".join(classes)}" data-node="{index}"{button}><title>{xml_text(tip)}</title>'
        f"{_symbol(node.kind, x, y, coalition=coalition)}{_label(graph, layout, index)}{_effect(graph, layout, index)}</g>"
    )


def _bent(x0: float, y0: float, x1: float, y1: float) -> str:
    middle = (y0 + y1) / 2
    return f"M{x0:.1f} {y0:.1f}C{x0:.1f} {middle:.1f} {x1:.1f} {middle:.1f} {x1:.1f} {y1:.1f}"


def _symbol(kind: str, x: float, y: float, *, coalition: bool) -> str:
    line = 'fill="none" stroke="currentColor" stroke-width="1.8"'
    half = 8.0 if coalition else 5.5
    if kind == "player":
        return f'<circle class="aog-symbol" cx="{x:.1f}" cy="{y:.1f}" r="4"/>'
    if kind == "and":
        return f'<rect class="aog-symbol" x="{x - half:.1f}" y="{y - half:.1f}" width="{2 * half}" height="{2 * half}" rx="2"/>'
    return f'<circle class="aog-symbol aog-open" cx="{x:.1f}" cy="{y:.1f}" r="{12 if kind == "sum" else half}" {line}/>'


def _label(graph: "AndOrGraph", layout: "Layout", index: int) -> str:
    kind, label, (x, y) = graph.nodes[index].kind, xml_text(layout.labels[index]), layout.places[index]
    if kind == "sum":
        return (
            f'<text class="aog-letter" x="{x:.1f}" y="{y + 5:.1f}" text-anchor="middle" font-size="16">{label}</text>'
        )
    if kind == "player" and layout.names_turned:
        where = f'transform="translate({x + 4:.1f} {y + 10:.1f}) rotate(-90)" text-anchor="end"'
        return f'<text class="aog-name" {where}>{label}</text>'
    if kind == "player":
        return f'<text class="aog-name" x="{x:.1f}" y="{y + 19:.1f}" text-anchor="middle">{label}</text>'
    # Inside a filled square a letter would need another colour than the text has.
    return f'<text class="aog-letter" x="{x + 11:.1f}" y="{y + 4:.1f}">{label}</text>' if label else ""


def _effect(graph: "AndOrGraph", layout: "Layout", index: int) -> str:
    effect, label, (x, y) = graph.nodes[index].effect, layout.effects[index], layout.slots[index]
    if effect is None:
        return ""
    where = f'x="{x:.1f}" y="{y - 11:.1f}" text-anchor="middle"'
    if layout.effects_turned:
        where = f'transform="translate({x + 4:.1f} {y - 10:.1f}) rotate(-90)"'
    return f'<text class="aog-effect" {where} fill="{UP if effect >= 0 else DOWN}">{label}</text>'
