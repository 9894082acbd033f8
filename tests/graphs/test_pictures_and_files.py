"""Layout, SVG, matplotlib, networkx and GraphML."""

import sys
import xml.etree.ElementTree as ET

import networkx as nx
import numpy as np
import pytest
from tests.graphs.instances import by_hand, nested, unstructured
from tests.interactions.games import network

import symbolscope as sy
from symbolscope.graphs import AndOrGraph
from symbolscope.graphs.causal_graph import causal_graph
from symbolscope.graphs.svg import and_or_svg

SVG = "{http://www.w3.org/2000/svg}"
NASTY = ('<script>alert("1")</script>', "a & b", "'quoted\"", "$x_1$", "\x01\ud7ff\U0001f600")


def hostile():
    terms = [("and", (0, 1, 2), 2.0), ("and", (0, 1, 3), -1.0), ("or", (2, 4), 0.5), ("and", (4,), -0.25)]
    return AndOrGraph.from_interactions(by_hand(5, terms, names=NASTY))


GRAPHS = {
    "hostile": hostile,
    "fifty": lambda: AndOrGraph.from_interactions(sy.decompose(network(8, seed=0)).top(50)),
    "nested": lambda: AndOrGraph.from_interactions(nested(10, 25, 3)),
    "one": lambda: AndOrGraph.from_interactions(by_hand(1, [("and", (0,), 1.0)])),
    "none": lambda: AndOrGraph.from_interactions(by_hand(2, [])),
    "many": lambda: AndOrGraph.from_interactions(unstructured(30, 60, 0, share=0.1)),
    "long names": lambda: AndOrGraph.from_interactions(
        by_hand(
            40,
            [("or", (i, i + 1), 1.0 + i) for i in range(39)],
            names=tuple(f"a long name, number {i}" for i in range(40)),
        )
    ),
}


@pytest.fixture(scope="module", params=GRAPHS)
def graph(request):
    return GRAPHS[request.param]()


def label_boxes(graph):
    """Where text stands, (left, top, right, bottom), by the width of letters of 12 pixels."""
    layout = graph.layout()
    boxes = []

    def box(x, y, label, *, turned, up):
        long = 6.0 * len(label)  # a digit is 6.7 wide, most letters less
        wide, tall = (12.0, long) if turned else (long, 12.0)
        boxes.append((x - wide / 2, y - tall if up else y, x + wide / 2, y if up else y + tall))

    for index, node in enumerate(graph.nodes):
        if node.kind == "player":
            box(*(layout.places[index] + [0, 9]), layout.labels[index], turned=layout.names_turned, up=False)
        if node.effect is not None:
            box(*(layout.slots[index] - [0, 9]), layout.effects[index], turned=layout.effects_turned, up=True)
    return boxes


def test_no_labels_overlap_and_all_are_inside(graph):
    boxes, layout = label_boxes(graph), graph.layout()
    for i, (left, top, right, bottom) in enumerate(boxes):
        assert 0 <= left < right <= layout.width
        assert 0 <= top < bottom <= layout.height
        for other in boxes[:i]:
            assert right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top


def test_layers_go_from_the_sum_down_to_the_players(graph):
    layout = graph.layout()
    across, down = layout.places.T
    for parent, child in graph.edges:
        assert down[parent] < down[child]
    players = [index for index, node in enumerate(graph.nodes) if node.kind == "player"]
    assert len({down[index] for index in players}) <= 1
    assert (np.diff(across[players]) > 0).all()
    for depth in set(down.tolist()):
        row = np.sort(across[down == depth])
        assert (np.diff(row) >= 18.0).all()  # symbols do not touch
    assert down[-1] < layout.above
    held = np.flatnonzero(~np.isnan(layout.slots[:, 0]))
    assert held.tolist() == [index for index, node in enumerate(graph.nodes) if node.effect is not None]


def test_the_layout_is_the_same_every_time():
    one, other = (GRAPHS["nested"]().layout() for _ in range(2))
    np.testing.assert_array_equal(one.places, other.places)
    np.testing.assert_array_equal(one.slots, other.slots)


def test_fifty_interactions_fit_a_page():
    layout = GRAPHS["fifty"]().layout()
    assert layout.width <= 1200
    assert layout.effects_turned


def test_svg_has_every_node_and_edge_and_loads_nothing(graph):
    text = graph.to_svg()
    root = ET.fromstring(text)
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    assert f"{len(graph.nodes)} nodes, {len(graph.edges)} edges" in root.get("aria-label")
    assert root.find(f"{SVG}title").text == "And-Or graph"
    assert root.find(f"{SVG}desc").text == root.get("aria-label")
    nodes = [int(one.get("data-node")) for one in root.iter() if one.get("data-node")]
    edges = [int(one.get("data-edge")) for one in root.iter() if one.get("data-edge")]
    assert nodes == list(range(len(graph.nodes)))
    assert edges == list(range(len(graph.edges)))
    assert {one.tag.removeprefix(SVG) for one in root.iter()} <= {
        "svg", "title", "desc", "g", "path", "circle", "rect", "text",
    }  # fmt: skip
    assert "href" not in text
    assert "style=" not in text
    assert graph._repr_html_() == f'<div class="symbolscope-graph-frame">{text}</div>'


def test_names_are_escaped_and_signs_need_no_colour():
    graph = hostile()
    text = graph.to_svg()
    assert "<script" not in text
    assert "\x01" not in text
    root = ET.fromstring(text)
    shown = "".join(root.itertext())
    assert "a & b" in shown
    effects = [one.text for one in root.iter(f"{SVG}text") if one.get("class") == "aog-effect"]
    assert sorted(effects) == sorted(["+2.00", "\u22121.00", "+0.50", "\u22120.25"])
    drawn = {int(one.get("data-edge")): one for one in root.iter(f"{SVG}path")}
    widths = {}
    for index, (parent, child) in enumerate(graph.edges):
        if parent == len(graph.nodes) - 1:
            effect = graph.nodes[child].effect
            assert (drawn[index].get("stroke-dasharray") is not None) == (effect < 0)
            widths[abs(effect)] = float(drawn[index].get("stroke-width"))
    assert [widths[size] for size in sorted(widths)] == sorted(widths.values())
    assert len(set(widths.values())) == 4


def test_an_interactive_drawing_has_buttons():
    graph = GRAPHS["nested"]()
    root = ET.fromstring(and_or_svg(graph, interactive=True))
    buttons = {int(one.get("data-node")): one for one in root.iter() if one.get("role") == "button"}
    players = [index for index, node in enumerate(graph.nodes) if node.kind == "player"]
    assert sorted(buttons) == sorted([*players, *graph.coalitions])
    for index in players:
        assert buttons[index].get("data-player") == str(graph.nodes[index].players[0])
    for index in graph.coalitions:
        assert buttons[index].get("aria-expanded") == "true"
    assert "button" not in graph.to_svg()


def test_effects_show_three_digits_of_the_largest():
    graph = AndOrGraph.from_interactions(by_hand(2, [("and", (0, 1), 12345.0), ("and", (0,), -0.004)]))
    assert graph.layout().effects == ("\u22120", "", "+12345", "")
    graph = AndOrGraph.from_interactions(by_hand(2, [("and", (0, 1), 0.0123)]))
    assert graph.layout().effects == ("", "", "+0.0123", "")


def test_matplotlib_draws_into_new_or_given_axes(graph):
    from matplotlib.figure import Figure

    axes = graph.draw()
    axes.figure.canvas.draw()
    assert len(axes.lines) == len(graph.nodes)
    assert len(axes.patches) >= len(graph.edges)
    given = Figure().add_subplot()
    assert graph.draw(given) is given


def test_networkx_has_the_same_nodes_and_edges(graph):
    made = graph.to_networkx()
    assert sorted(made.edges) == sorted(graph.edges)
    assert made.graph["intercept"] == graph.intercept
    for index, node in enumerate(graph.nodes):
        held = made.nodes[index]
        assert (held["name"], held["kind"], held["depth"]) == (node.name, node.kind, node.depth)
        assert held.get("effect") == node.effect
        assert tuple(map(int, held["players"].split())) == node.players
        for value in held.values():
            assert type(value) in (str, int, float)


def test_networkx_can_write_and_read_it(tmp_path):
    made = GRAPHS["nested"]().to_networkx()
    nx.write_graphml(made, tmp_path / "graph.graphml")
    assert nx.is_isomorphic(nx.read_graphml(tmp_path / "graph.graphml", node_type=int), made)


def test_graphml_is_read_back_by_networkx(graph, tmp_path):
    path = tmp_path / "graph.graphml"
    graph.to_graphml(path)
    read = nx.read_graphml(path, node_type=int)
    assert sorted(read.edges) == sorted(graph.edges)
    assert read.graph["intercept"] == graph.intercept
    assert read.graph["description_length"] == graph.description_length
    for index, node in enumerate(graph.nodes):
        assert read.nodes[index]["name"] == node.name.replace("\x01", "\ufffd")
        assert read.nodes[index]["kind"] == node.kind
        assert read.nodes[index].get("effect") == node.effect
    assert list(tmp_path.iterdir()) == [path]


def test_graphml_into_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(sy.SymbolscopeError, match=r"the folder .* does not exist; create it first"):
        hostile().to_graphml(tmp_path / "no" / "graph.graphml")


def test_an_interrupted_write_leaves_nothing(tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("symbolscope.core.whole_file.os.replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        hostile().to_graphml(tmp_path / "graph.graphml")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("module", "call", "extra"),
    [
        ("networkx", lambda graph: graph.to_networkx(), "graphs"),
        ("matplotlib.figure", lambda graph: graph.draw(), "plots"),
        ("pandas", lambda graph: causal_graph(graph.interactions).to_frame(), "frames"),
    ],
    ids=["networkx", "matplotlib", "pandas"],
)
def test_missing_extras_are_named(module, call, extra, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(sy.SymbolscopeError, match=rf"pip install 'symbolscope\[{extra}\]'"):
        call(hostile())
