"""An And-Or graph drawn with matplotlib."""

from typing import TYPE_CHECKING, Any

from symbolscope.errors import SymbolscopeError
from symbolscope.graphs.svg import DOWN, UP

if TYPE_CHECKING:
    from symbolscope.graphs.and_or_graph import AndOrGraph

_INK = "#1b1f24"


def draw_graph(graph: "AndOrGraph", ax: Any = None) -> Any:
    """Draw into matplotlib axes and return them; without any, into a new figure as large as the drawing needs."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise SymbolscopeError("draw needs matplotlib: pip install 'symbolscope[plots]'") from None
    layout = graph.layout()
    if ax is None:
        ax = Figure(figsize=(layout.width / 80, layout.height / 80), dpi=80).add_axes((0.0, 0.0, 1.0, 1.0))
    ax.set_xlim(0, layout.width)
    ax.set_ylim(layout.height, 0)
    ax.set_aspect("equal")
    ax.set_axis_off()
    root = len(graph.nodes) - 1
    strongest = max((abs(node.effect) for node in graph.nodes if node.effect is not None), default=0.0) or 1.0
    for parent, child in graph.edges:
        (x0, y0), (x1, y1) = layout.places[child], layout.places[parent]
        if parent != root:
            _edge(ax, (x0, y0), (x1, y1), edgecolor=_INK, alpha=0.38, linewidth=0.8)
            continue
        (x, y), effect = layout.slots[child], graph.nodes[child].effect or 0.0
        colour, style = (UP, "-") if effect >= 0 else (DOWN, "--")
        width = 0.8 + 3.2 * abs(effect) / strongest
        if y != y0:
            _edge(ax, (x0, y0), (x, y - 5.0), edgecolor=colour, linewidth=width, linestyle=style)
        _edge(ax, (x, layout.above), (x1, y1), edgecolor=colour, linewidth=width, linestyle=style)
    for index, node in enumerate(graph.nodes):
        x, y = (float(value) for value in layout.places[index])
        size = {"sum": 16.0, "player": 5.0}.get(node.kind, 11.0 if index in graph.coalitions else 7.0)
        marker, face = "s" if node.kind == "and" else "o", "white" if node.kind in ("or", "sum") else _INK
        ax.plot([x], [y], marker=marker, markersize=size, color=_INK, markerfacecolor=face, linestyle="none", zorder=2)
        # "$" and the like are part of a name, not mathematics.
        text = {"fontsize": 8, "zorder": 3, "parse_math": False}
        if node.kind == "sum":
            ax.text(x, y, "+", ha="center", va="center", **text)
        elif node.kind == "player":
            ax.text(x, y + 7, layout.labels[index], ha="center", va="top", rotation=90 * layout.names_turned, **text)
        elif layout.labels[index]:
            ax.text(x + 10, y, layout.labels[index], ha="left", va="center", **text)
        if node.effect is not None:
            x, y = (float(value) for value in layout.slots[index])
            turn, colour = 90 * layout.effects_turned, UP if node.effect >= 0 else DOWN
            ax.text(x, y - 7, layout.effects[index], ha="center", va="bottom", rotation=turn, color=colour, **text)
    return ax


def _edge(
    ax: Any,
    foot: tuple[float, float],
    top: tuple[float, float],
    *,
    edgecolor: str,
    linewidth: float,
    alpha: float = 1.0,
    linestyle: str = "-",
) -> None:
    """A curve that leaves upwards and arrives from below."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    (x0, y0), (x1, y1) = foot, top
    middle = (y0 + y1) / 2
    path = Path([(x0, y0), (x0, middle), (x1, middle), (x1, y1)], [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])
    ax.add_patch(
        PathPatch(
            path, facecolor="none", edgecolor=edgecolor, linewidth=linewidth, alpha=alpha, linestyle=linestyle, zorder=1
        )
    )
