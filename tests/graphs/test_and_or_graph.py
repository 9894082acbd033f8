"""The And-Or graph: it predicts what its interactions predict, its parts, the active path, text, and evidence on it."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.graphs.instances import by_hand, nested, unstructured
from tests.interactions.games import instances, network
from torch import nn

import symbolscope as sy
from symbolscope.evidence.readings import MaskReading
from symbolscope.graphs import AndOrGraph
from symbolscope.graphs.causal_graph import causal_graph
from symbolscope.graphs.text import letter
from symbolscope.variation import Variation

any_sets = given(st.sampled_from([unstructured, nested]), st.integers(2, 7), st.integers(1, 30), st.integers(0, 10_000))


@settings(max_examples=25)
@any_sets
def test_the_graph_predicts_what_its_interactions_predict(make, n, k, seed):
    model = make(n, k, seed)
    graph = AndOrGraph.from_interactions(model)
    np.testing.assert_allclose(graph.predict_all(), model.predict_all(), atol=1e-9)
    masks = sy.all_masks(n)[:: max(1, n - 2)]
    np.testing.assert_allclose(graph.predict(masks), model.predict(masks), atol=1e-9)
    np.testing.assert_allclose(graph.predict(masks[-1]), model.predict(masks[-1]), atol=1e-9)


@pytest.mark.parametrize("name", instances(6))
def test_the_graph_of_a_whole_split_gives_the_network_back(name):
    values = instances(6)[name]
    graph = AndOrGraph.from_interactions(sy.decompose(values))
    np.testing.assert_allclose(graph.predict_all(), values, atol=1e-9 * max(1.0, float(np.abs(values).max())))


@settings(max_examples=25)
@any_sets
def test_the_parts_belong_together(make, n, k, seed):
    model = make(n, k, seed)
    graph = AndOrGraph.from_interactions(model)
    root = len(graph.nodes) - 1
    kinds = {(str(kind), tuple(np.flatnonzero(mask))) for kind, mask in zip(model.kinds, model.masks, strict=True)}
    drawn = set()
    seen = set()
    for index, node in enumerate(graph.nodes):
        assert all(child < index for child in node.children)
        assert list(node.children) == sorted(set(node.children))
        below = sorted({player for child in node.children for player in graph.nodes[child].players})
        if node.kind == "player":
            assert (node.children, node.depth, len(node.players)) == ((), 0, 1)
            assert node.name == graph.player_names[node.players[0]]
        else:
            assert list(node.players) == below
            assert node.depth == 1 + max(graph.nodes[child].depth for child in node.children)
        if node.kind in ("and", "or"):
            assert len(node.children) > 1
            assert (node.kind, node.players) not in seen  # nothing is there twice
            seen.add((node.kind, node.players))
            assert all(graph.nodes[child].kind in ("player", node.kind) for child in node.children)
        if node.effect is not None:
            drawn.add(("and" if node.kind == "player" else node.kind, node.players))
        assert (node.effect is not None) == (index in graph.nodes[-1].children)
        users = [parent for parent, child in graph.edges if child == index]
        assert users or index == root
        if index in graph.coalitions:
            assert len(users) > 1  # otherwise it would be written out
    assert graph.nodes[-1].kind == "sum"
    assert graph.edges == tuple((i, child) for i, node in enumerate(graph.nodes) for child in node.children)
    assert {(kind if len(players) > 1 else "and", players) for kind, players in kinds} == drawn


@settings(max_examples=15)
@given(st.sampled_from([unstructured, nested]), st.integers(2, 6), st.integers(0, 10_000))
def test_the_active_path_is_what_the_definition_says(make, n, seed):
    graph = AndOrGraph.from_interactions(make(n, 15, seed))
    for mask in sy.all_masks(n):
        path = graph.active(mask)
        for index, node in enumerate(graph.nodes):
            present = mask[list(node.players)]
            expected = {"player": present.all(), "and": present.all(), "or": present.any(), "sum": True}[node.kind]
            assert path.nodes[index] == expected
        for active, (parent, child) in zip(path.edges, graph.edges, strict=True):
            assert active == (path.nodes[parent] and path.nodes[child])
        total = graph.intercept + sum(
            node.effect for node, on in zip(graph.nodes, path.nodes, strict=True) if on and node.effect
        )
        assert total == pytest.approx(graph.predict(mask)[0], abs=1e-9)


def test_an_interaction_of_a_coalition_is_that_node():
    terms = [("and", (0, 1, 2), 5.0), ("and", (0, 1, 2, 3), 4.0), ("and", (0, 1, 2, 4), 3.0), ("and", (3,), -2.0)]
    graph = AndOrGraph.from_interactions(by_hand(5, terms))
    (index,) = graph.coalitions
    assert graph.nodes[index].effect == 5.0
    assert len(graph.nodes) == 5 + 3 + 1
    assert graph.nodes[3].effect == -2.0  # a single player is an edge from the player to the sum
    assert (len(graph.nodes) - 1, 3) in graph.edges
    assert graph.plain_edges == 4 + 5 + 5 + 1


def test_repeated_and_empty_sets_are_drawn_once():
    terms = [
        ("and", (0, 1), 2.0),
        ("and", (0, 1), 1.0),
        ("or", (0,), 1.0),
        ("and", (0,), 0.5),
        ("and", (), 4.0),
        ("or", (), 8.0),
    ]
    model = by_hand(2, terms, intercept=1.0)
    graph = AndOrGraph.from_interactions(model)
    assert graph.intercept == 5.0
    assert [node.effect for node in graph.nodes] == [1.5, None, 3.0, None]
    np.testing.assert_allclose(graph.predict_all(), model.predict_all())


def test_players_that_no_interaction_has_are_left_out():
    graph = AndOrGraph.from_interactions(by_hand(6, [("or", (1, 4), 1.0)]))
    assert [node.name for node in graph.nodes] == ["x1", "x4", "x1 or x4", "+"]


def test_no_interactions_leave_the_sum():
    graph = AndOrGraph.from_interactions(sy.decompose(np.full(8, 2.0)))
    assert graph.description_length == 0.0
    assert [node.kind for node in graph.nodes] == ["sum"]
    assert graph.predict_all().tolist() == [2.0] * 8
    assert graph.active(np.zeros(3, dtype=bool)).edges.tolist() == []
    assert "0 interactions of 3 players" in repr(graph)
    assert graph.to_svg().startswith("<svg")


def test_effects_of_zero_have_no_length():
    graph = AndOrGraph.from_interactions(by_hand(3, [("and", (0, 1), 0.0), ("or", (1, 2), 0.0)]))
    assert graph.description_length == 0.0
    assert graph.predict_all().tolist() == [0.0] * 8
    assert graph.to_svg().startswith("<svg")


@pytest.mark.parametrize("mask", [np.ones(3, bool), np.ones((1, 2), bool), np.array([0.5, 1.0])])
def test_masks_of_the_wrong_kind_are_refused(mask):
    graph = AndOrGraph.from_interactions(sy.decompose([0.0, 1.0, 2.0, 4.0]))
    with pytest.raises(sy.SymbolscopeError, match=r"masks must be bool \[m, 2\]"):
        graph.active(mask)
    if mask.shape != (1, 2):
        with pytest.raises(sy.SymbolscopeError, match=r"masks must be bool \[m, 2\]"):
            graph.predict(mask)


def test_too_many_interactions_are_refused(monkeypatch):
    monkeypatch.setattr("symbolscope.graphs.and_or_graph._MOST_INTERACTIONS", 2)
    with pytest.raises(sy.SymbolscopeError, match=r"a graph of 3 interactions cannot be read; keep at most 2, such as"):
        AndOrGraph.from_interactions(sy.decompose([0.0, 1.0, 2.0, 5.0]))


@pytest.mark.parametrize("kappa", [-1.0, float("nan")])
def test_a_negative_kappa_is_refused(kappa):
    with pytest.raises(sy.SymbolscopeError, match="kappa must be at least 0"):
        AndOrGraph.from_interactions(sy.decompose([0.0, 1.0, 2.0, 5.0]), kappa=kappa)


def test_text_writes_each_coalition_once():
    terms = [
        ("and", (0, 1, 2, 3, 4), 8.0), ("and", (0, 1, 2, 3, 5), 7.0), ("and", (0, 1, 6), 6.0), ("and", (0, 1, 7), -5.0),
    ]  # fmt: skip
    assert AndOrGraph.from_interactions(by_hand(8, terms)).to_text() == (
        "sum  intercept +0.0000\n"
        "  +8.0000  and  x4, [B]\n"
        "    [B]  and  x2, x3, [A]\n"
        "      [A]  and  x0, x1\n"
        "  +7.0000  and  x5, [B]\n"
        "  +6.0000  and  x6, [A]\n"
        "  -5.0000  and  x7, [A]"
    )


@settings(max_examples=25)
@any_sets
def test_text_names_every_coalition_once(make, n, k, seed):
    graph = AndOrGraph.from_interactions(make(n, k, seed))
    lines = [line.strip() for line in graph.to_text().splitlines()]
    for place in range(len(graph.coalitions)):
        name = f"[{letter(place)}]"
        assert sum(line.startswith(f"{name}  ") or f"  {name}  " in line for line in lines) == 1


# Evidence


def small_network(seed):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(5, 12), nn.Tanh(), nn.Linear(12, 2)).double().eval()


def test_a_graph_is_a_reading_that_can_be_assessed():
    game = sy.Game(small_network(0), torch.linspace(-2.0, 2.0, 5, dtype=torch.float64), target=1, score="logit")
    model = sy.explain(game, progress=False)
    graph = causal_graph(model, r2=0.95).graph()
    assert isinstance(graph, MaskReading)
    report, same = (
        sy.assess(reading, nulls=("random-init",), restarts=1, seed=3) for reading in (graph, graph.interactions)
    )
    assert report.score == pytest.approx(same.score)
    assert report.null_scores == same.null_scores
    assert report.score >= 0.95
    assert report.complexity["edges"] == len(graph.edges)
    assert report.complexity["nodes"] == len(graph.nodes)
    assert report.complexity["coalitions"] == len(graph.coalitions)
    assert report.complexity["graph's description length (nats)"] == graph.description_length


def test_what_evidence_asks_is_the_interactions():
    model = sy.decompose(network(5, seed=0))
    graph = AndOrGraph.from_interactions(model)
    assert (graph.n_players, graph.complexity, graph.network) == (5, model.complexity, None)
    assert graph.values is model.values
    np.testing.assert_array_equal(graph.size_curve().r2, model.size_curve().r2)
    assert graph.fitted_r2(3) == model.fitted_r2(3)
    assert graph.rival_curves().keys() == model.rival_curves().keys()
    assert graph.alternatives().n_splits == model.alternatives().n_splits
    again = graph.refit(variation=Variation())
    np.testing.assert_allclose(again.predict_all(), model.values, atol=1e-9)


@pytest.mark.parametrize("given", [None, 3, np.zeros(4), "model"])
def test_what_is_no_model_is_refused(given):
    with pytest.raises(sy.SymbolscopeError, match=r"an And-Or graph is made of an InteractionModel.*sy\.explain"):
        AndOrGraph.from_interactions(given)
    with pytest.raises(sy.SymbolscopeError, match="a causal graph is made of an InteractionModel"):
        sy.causal_graph(given)


def test_a_causal_graph_in_place_of_its_interactions_is_told():
    causal = sy.causal_graph(sy.decompose([0.0, 1.0, 1.0, 4.0]))
    with pytest.raises(sy.SymbolscopeError, match=r"give its \.interactions"):
        AndOrGraph.from_interactions(causal)
    with pytest.raises(sy.SymbolscopeError, match="kappa must be at least 0"):
        AndOrGraph.from_interactions(causal.interactions, kappa=float("inf"))


def test_a_folder_is_no_file_and_a_file_has_the_rights_of_others(tmp_path):
    graph = sy.decompose([0.0, 1.0, 1.0, 4.0]).graph()
    with pytest.raises(sy.SymbolscopeError, match="is a folder"):
        graph.to_graphml(tmp_path)
    plain = tmp_path / "plain"
    plain.touch()
    graph.to_graphml(tmp_path / "graph.graphml")
    assert (tmp_path / "graph.graphml").stat().st_mode == plain.stat().st_mode
