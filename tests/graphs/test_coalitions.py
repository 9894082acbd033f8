"""The search for coalitions: the formula, never longer than the published search, the same whatever the players are called."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.graphs.instances import by_hand, nested, permuted, unstructured
from tests.graphs.reference_codebook import description_length, reference_length
from tests.interactions.games import network

import symbolscope as sy
from symbolscope.graphs import AndOrGraph
from symbolscope.graphs.canonical_order import canonical_order
from symbolscope.graphs.codebook import Codebook, bits, packed
from symbolscope.graphs.shared_codewords import intersections, savings


def described(model):
    sets = [tuple(np.flatnonzero(mask).tolist()) for mask in model.masks]
    kinds = ["and" if len(players) == 1 else str(kind) for players, kind in zip(sets, model.kinds, strict=True)]
    return sets, kinds, np.abs(model.effects).tolist()


def drawn_length(graph):
    """L of the descriptions that the drawing shows, from the definition."""
    rows, weights = [], []
    coalitions = set(graph.coalitions)
    for index in graph.nodes[-1].children:
        node = graph.nodes[index]
        rows.append(frozenset([index]) if index in coalitions or node.kind == "player" else frozenset(node.children))
        weights.append(abs(node.effect))
    return description_length(rows, weights, graph.kappa)


def random_sets(case):
    generator = np.random.default_rng(case)
    n, k = int(generator.integers(4, 9)), int(generator.integers(5, 41))
    make = (unstructured, nested)[case % 2]
    return make(n, min(k, 20) if n > 7 else k, case)


@pytest.mark.parametrize("case", range(50))
def test_never_longer_than_the_published_search(case):
    model = random_sets(case)
    graph = AndOrGraph.from_interactions(model)
    reference = reference_length(*described(model))
    assert graph.description_length <= reference + 1e-9
    assert graph.description_length == pytest.approx(drawn_length(graph), abs=1e-9)
    assert graph.kappa == pytest.approx(10 / np.abs(model.effects).sum())


@pytest.mark.parametrize("seed", range(4))
def test_never_longer_than_the_published_search_on_networks(seed):
    model = sy.decompose(network(7, seed=seed)).top(25)
    assert AndOrGraph.from_interactions(model).description_length <= reference_length(*described(model)) + 1e-9


def test_the_reference_is_the_published_formula():
    """Two ANDs of weights 2 and 1 that share x0: counts 3, 2, 1 of 6."""
    shares = np.array([3, 2, 1]) / 6
    entropy = -(shares * np.log(shares)).sum()
    length = description_length([frozenset([0, 1]), frozenset([0, 2])], [2.0, 1.0], 10 / 3)
    assert length == pytest.approx(6 / 3 * entropy + 10 / 3 * entropy)
    model = by_hand(3, [("and", (0, 1), 2.0), ("and", (0, 2), -1.0)])
    assert AndOrGraph.from_interactions(model).description_length == pytest.approx(length)


@settings(max_examples=12)
@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
def test_neither_length_nor_size_depends_on_the_order_of_players(seed, random):
    model = random_sets(seed)
    order = list(range(model.n_players))
    random.shuffle(order)
    graph, other = AndOrGraph.from_interactions(model), AndOrGraph.from_interactions(permuted(model, order))
    assert other.description_length == pytest.approx(graph.description_length, rel=1e-12)
    assert len(other.nodes) == len(graph.nodes)
    assert len(other.edges) == len(graph.edges)
    names = {frozenset(graph.player_names[player] for player in node.players) for node in graph.nodes}
    assert names == {frozenset(other.player_names[player] for player in node.players) for node in other.nodes}


def test_the_same_twice():
    model = unstructured(8, 30, 1)
    assert AndOrGraph.from_interactions(model).nodes == AndOrGraph.from_interactions(model).nodes


def test_coalitions_that_were_planted_are_found():
    shared = [("and", (0, 1, 2, player), 1.0 + player / 10) for player in (5, 6, 7)]
    shared += [("or", (2, 3, 4, player), 1.0 + player / 20) for player in (5, 6, 7)]
    graph = AndOrGraph.from_interactions(by_hand(8, sorted(shared, key=lambda term: -term[2])))
    found = {(graph.nodes[index].kind, graph.nodes[index].players) for index in graph.coalitions}
    assert found == {("and", (0, 1, 2)), ("or", (2, 3, 4))}
    assert len(graph.edges) == 6 + 6 * 2 + 2 * 3 < graph.plain_edges == 6 * 5


def test_a_coalition_serves_one_kind_only():
    """Two ANDs and two ORs share players, but an OR of them says nothing about an AND."""
    terms = [("and", (0, 1, 2), 4.0), ("or", (0, 1, 3), 3.0)]
    graph = AndOrGraph.from_interactions(by_hand(4, terms))
    assert graph.coalitions == ()
    for index, node in enumerate(graph.nodes[:-1]):
        for child in node.children:
            assert graph.nodes[child].kind in ("player", node.kind), index


def test_coalitions_of_coalitions_are_kept():
    terms = [
        ("and", (0, 1, 2, 3, 4), 8.0), ("and", (0, 1, 2, 3, 5), 7.0), ("and", (0, 1, 6), 6.0), ("and", (0, 1, 7), 5.0),
    ]  # fmt: skip
    graph = AndOrGraph.from_interactions(by_hand(8, terms))
    inner, outer = (graph.nodes[index] for index in graph.coalitions)
    assert (inner.players, outer.players) == ((0, 1), (0, 1, 2, 3))
    assert graph.coalitions[0] in outer.children
    assert (inner.depth, outer.depth) == (1, 2)


def test_kappa_is_free():
    model = unstructured(7, 20, 4)
    sets, kinds, weights = described(model)
    for kappa in (0.0, 1.0, 50.0):
        graph = AndOrGraph.from_interactions(model, kappa=kappa)
        assert graph.kappa == kappa
        assert graph.description_length == pytest.approx(drawn_length(graph), abs=1e-9)
        assert graph.description_length <= reference_length(sets, kinds, weights, kappa) + 1e-9


def test_many_interactions_of_many_players_are_described_shorter():
    model = nested(16, 120, 0)
    graph = AndOrGraph.from_interactions(model)
    plain = description_length(
        [frozenset(players) for players in described(model)[0]], described(model)[2], graph.kappa
    )
    assert graph.description_length < 0.9 * plain
    assert len(graph.edges) < graph.plain_edges


def test_an_exhausted_budget_still_gives_a_description(monkeypatch):
    monkeypatch.setattr("symbolscope.graphs.shortest_codebook._ROUND", 1 << 29)
    model = nested(8, 40, 2)
    graph = AndOrGraph.from_interactions(model)
    assert graph.description_length == pytest.approx(drawn_length(graph), abs=1e-9)
    np.testing.assert_allclose(graph.predict_all(), model.predict_all(), atol=1e-9)


# The parts of the search


@given(st.lists(st.integers(0, 2**70 - 1), min_size=0, max_size=9))
def test_shared_codewords_are_all_distinct_intersections(rows):
    found = intersections(packed(rows, 70))
    got = [int.from_bytes(one.astype("<u8").tobytes(), "little") for one in found]
    expected = {a & b for i, a in enumerate(rows) for b in rows[:i] if (a & b).bit_count() >= 2}
    assert set(got) == expected
    assert len(got) == len(expected)


@settings(max_examples=50)
@given(st.integers(0, 10_000), st.floats(0.0, 5.0))
def test_savings_are_the_change_of_the_length(seed, kappa):
    generator = np.random.default_rng(seed)
    sets = tuple({int(one) for one in generator.integers(3, 64, size=10)})
    book = Codebook(6, sets, (False,) * len(sets), tuple(generator.random(len(sets)) + 0.1), kappa, sets)
    candidates = intersections(book.packed_rows)
    q = len(candidates)
    change, used = np.empty(q), np.empty(q)
    uses, n_players = np.empty(q, dtype=np.int64), np.empty(q, dtype=np.int64)
    leaves = packed([1 << code for code in range(6)], 6)
    weights = np.array(book.weights)
    savings(
        candidates, book.packed_rows, weights, book.counts, book.total, kappa, leaves, change, used, uses, n_players
    )
    for place, words in enumerate(candidates):
        parts = int(words[0])
        named = book.with_coalition(parts, is_or=False)
        assert change[place] == pytest.approx(named.length - book.length, abs=1e-9)
        assert n_players[place] == parts.bit_count()
        assert uses[place] == sum(row & parts == parts for row in sets) >= 2
        assert used[place] == pytest.approx(
            sum(w for w, row in zip(book.weights, sets, strict=True) if row & parts == parts)
        )


def test_a_coalition_can_be_written_out_again():
    book = Codebook(4, (0b0111, 0b1011), (False, False), (1.0, 2.0), 1.0, (0b0111, 0b1011))
    named = book.with_coalition(0b0011, is_or=False)
    assert named.rows == (0b10100, 0b11000)
    assert named.without(4) == book
    assert list(bits(0b10100)) == [2, 4]


@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
def test_the_canonical_order_forgets_the_numbers_of_the_players(seed, random):
    model = unstructured(7, 12, seed)
    order = list(range(7))
    random.shuffle(order)
    other = permuted(model, order)
    players, rows = canonical_order(model.masks, model.is_or.tolist(), np.abs(model.effects))
    players2, rows2 = canonical_order(other.masks, other.is_or.tolist(), np.abs(other.effects))
    np.testing.assert_array_equal(model.masks[np.ix_(rows, players)], other.masks[np.ix_(rows2, players2)])
