"""Games of thousands of players: 2^n is no float there, and everything that is said of a model still works, in seconds."""

import math
import time

import numpy as np
import pytest
import torch

import symbolscope as sy
from symbolscope.emergence.order_strength import strength_by_order_and_sign
from symbolscope.games.masks import mask_count
from symbolscope.interactions.explain import exact_memory, is_exact
from symbolscope.report.graph_figure import graph_figure

MANY = (1_024, 2_000, 5_000)


def made(n, terms, *, intercept=0.5):
    """A model of given (kind, players, effect); players may be a slice."""
    masks = np.zeros((len(terms), n), dtype=bool)
    for row, (_, players, _) in enumerate(terms):
        masks[row, players] = True
    return sy.InteractionModel(
        masks=masks, kinds=np.array([kind for kind, _, _ in terms]),
        effects=np.array([effect for _, _, effect in terms], dtype=np.float64), intercept=intercept,
        player_names=tuple(f"x{i}" for i in range(n)), objective=float("nan"), lower_bound=float("nan"),
    )  # fmt: skip


def sparse(n):
    return made(n, [("and", [0, n // 2], 3.0), ("or", [1, 2, n - 1], -2.0), ("and", [7], 1.0)])


def linear(n):
    return made(n, [("and", [player], 2.0 - player / n) for player in range(n)])


def equal(n):
    return made(n, [("and", [player], 1.0) for player in range(n)])


def wide(n):
    """Interactions of all players, and of each half."""
    return made(
        n,
        [
            ("and", slice(None), 4.0),
            ("or", slice(None), 3.0),
            ("and", slice(0, n // 2), -2.0),
            ("or", slice(n // 2, n), 1.0),
        ],
    )


def pairs(n):
    """Alike players two by two: nothing tells one pair from another."""
    return made(n, [("and", [2 * pair, 2 * pair + 1], 1.0) for pair in range(300)])


MODELS = {"sparse": sparse, "linear": linear, "equal": equal, "wide": wide, "pairs": pairs}


@pytest.mark.parametrize("n", MANY)
def test_explain_with_its_default_method(n):
    game = sy.Game.from_function(lambda masks: 3.0 * masks[:, 0] - 1.5 * masks[:, n - 1], n)
    model = sy.explain(game, progress=False)
    assert model.sampled is not None
    found = {
        tuple(np.flatnonzero(mask)): round(float(effect), 6)
        for mask, effect in zip(model.masks, model.effects, strict=True)
    }
    assert found == {(0,): 3.0, (n - 1,): -1.5}
    assert model.sampled.held_out["uniform"].r2 > 0.999


@pytest.mark.parametrize("n", MANY)
@pytest.mark.parametrize("method", ["sparse", "queries"])
def test_explain_with_other_methods(n, method):
    game = sy.Game.from_function(lambda masks: 2.0 * masks[:, 5], n)
    model = sy.explain(game, method=method, max_calls=400, progress=False)
    assert np.flatnonzero(model.masks[0]).tolist() == [5]
    assert float(model.effects[0]) == pytest.approx(2.0)


@pytest.mark.parametrize("n", MANY)
def test_the_exact_method_is_refused_in_readable_words(n):
    game = sy.Game.from_function(lambda masks: masks[:, 0] * 1.0, n)
    with pytest.raises(sy.SymbolscopeError, match=f"2\\^{n} masks") as refused:
        sy.explain(game, method="exact")
    assert len(str(refused.value)) < 400
    for max_calls in (1, 10**6, 2**62):
        assert not is_exact(n, max_calls, "auto")
        assert not is_exact(n, max_calls, "sparse")


@pytest.mark.parametrize("n", [0, 1, 2, 5, 11, 12, 13, 16])
@pytest.mark.parametrize("calls", [1, 2, 3, 31, 32, 33, 4_095, 4_096, 4_097, 100_000])
def test_few_players_are_counted_as_before(n, calls):
    assert is_exact(n, calls, "sparse") == (2**n <= calls)
    assert exact_memory(n) == 240.0 * 2**n / 2**30


def test_counts_that_are_no_floats():
    assert (mask_count(10), mask_count(1_024), mask_count(20_000)) == ("1,024", "2^1024", "2^20000")
    assert math.isinf(exact_memory(1_024))
    assert exact_memory(1_000) < math.inf


def test_explain_many():
    network = torch.nn.Linear(1_500, 1, bias=False)
    with torch.no_grad():
        network.weight.zero_()
        network.weight[0, [3, 700]] = torch.tensor([2.0, -1.0])
    found = sy.explain_many(network, torch.ones(2, 1_500), score="output", max_calls=400, progress=False)
    assert [sorted(np.flatnonzero(model.masks.any(axis=0))) for model in found] == [[3, 700]] * 2


@pytest.mark.parametrize("n", MANY)
@pytest.mark.parametrize("kind", MODELS)
def test_what_is_said_of_a_model(kind, n, tmp_path):
    model = MODELS[kind](n)
    masks = np.stack([np.ones(n, dtype=bool), np.zeros(n, dtype=bool), np.arange(n) < 3])
    by_definition = model.intercept + np.array(
        [
            sum(
                effect * (row[mask].any() if kind == "or" else row[mask].all())
                for mask, kind, effect in zip(model.masks, model.kinds, model.effects, strict=True)
            )
            for row in masks
        ]
    )
    np.testing.assert_allclose(model.predict(masks), by_definition, atol=1e-9)
    # Efficiency: Shapley values sum to v(N) - v(empty).
    assert float(model.shapley_values().sum()) == pytest.approx(by_definition[0] - by_definition[1])
    assert len(model.restrict(2).effects) == 2
    assert np.isin(model.salient(0.5).effects, model.effects).all()
    assert model.to_frame().shape == (len(model.effects), 4)
    assert math.isfinite(model.costs["description length (bits)"])
    assert len(repr(model)) < 4_000
    assert strength_by_order_and_sign(model).total.sum() == pytest.approx(np.abs(model.effects).sum())
    model.save(tmp_path / "model.safetensors")
    again = sy.InteractionModel.load(tmp_path / "model.safetensors")
    assert (again.masks == model.masks).all()
    assert (again.effects == model.effects).all()


@pytest.mark.parametrize("n", MANY)
@pytest.mark.parametrize("kind", ["sparse", "wide"])
def test_shapley_interactions_of_single_players_are_shapley_values(kind, n):
    model = MODELS[kind](n)
    values = model.shapley_values()
    for index in ("SII", "STII"):
        found = model.shapley_interactions(1, index=index)
        assert all(found[player,] == pytest.approx(values[player], abs=1e-12) for player in (0, 1, n - 1))


@pytest.mark.parametrize("n", MANY)
def test_graphs(n):
    graph = sy.causal_graph(sparse(n), r2=0.5, progress=False)
    assert 1 <= graph.size < 3
    assert 0.5 <= graph.r2 <= 1.0
    for model in (sparse(n), wide(n), pairs(n)):
        drawn = sy.AndOrGraph.from_interactions(model)
        masks = np.random.default_rng(0).random((5, n)) < 0.9
        np.testing.assert_allclose(drawn.predict(masks), model.predict(masks), atol=1e-9)


@pytest.mark.parametrize("kind", MODELS)
def test_a_page_of_thousands_is_written_in_seconds(kind, tmp_path):
    """Processor time, so that a busy machine does not count; the cube of the players would take half an hour."""
    model = MODELS[kind](5_000)
    before = time.process_time()
    page = sy.write_report(tmp_path / "page.html", model)
    assert time.process_time() - before < 30.0
    text = page.read_text(encoding="utf-8")
    assert text.count('data-player="') >= 5_000
    assert ("4,976 more" in text) == (kind == "wide")


def test_a_graph_of_more_edges_than_can_be_told_apart_is_not_drawn():
    assert graph_figure(wide(2_000), 4) is None
    assert graph_figure(sparse(2_000), 3).count == 3
    few_then_wide = made(2_000, [("and", [0, 1], 5.0), ("and", slice(None), 4.0), ("and", [3], 1.0)])
    assert graph_figure(few_then_wide, 3).count == 1


@pytest.mark.parametrize("n", MANY)
def test_emergence_refuses_or_samples(n):
    game = sy.Game.from_function(lambda masks: masks[:, 0] * 1.0, n)
    with pytest.raises(sy.SymbolscopeError, match="max_calls"):
        sy.check_emergence(game, max_calls=1_000, progress=False)
