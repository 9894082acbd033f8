"""Models learned from drawn masks, after they are made: saved, controlled, shown."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

import symbolscope as sy
from symbolscope.cli.as_json import as_json
from symbolscope.errors import SymbolscopeError
from symbolscope.report.sentences import headline


@pytest.fixture(scope="module")
def network():
    """Two ANDs and an OR of 24 inputs: sparse only if its weights are left as they are."""
    return sy.networks.Planted.random(24, n_and=5, n_or=4, seed=3)


@pytest.fixture(scope="module")
def model(network):
    game = sy.Game(network, torch.ones(24, dtype=torch.float64), score="output")
    return sy.explain(game, max_calls=1_500)


def test_it_is_saved_with_what_it_reached(model, tmp_path):
    model.save(tmp_path / "model.safetensors")
    loaded = sy.InteractionModel.load(tmp_path / "model.safetensors")
    assert loaded.sampled == model.sampled
    assert np.array_equal(loaded.effects, model.effects)
    with pytest.raises(SymbolscopeError, match="no game to ask"):
        loaded.checked()


def test_it_is_checked_on_masks_of_its_own(model):
    checked = model.checked()
    assert not checked.exhaustive
    assert np.array_equal(checked.values, model.game(checked.masks))
    assert np.array_equal(checked.prediction, model.predict(checked.masks))
    r2 = 1 - np.mean((checked.values - checked.prediction) ** 2) / np.var(checked.values)
    assert model.size_curve().r2[-1] == pytest.approx(r2, abs=1e-9)
    assert r2 == pytest.approx(model.sampled.held_out["uniform"].r2, abs=0.05)
    # Fitted to half of the masks, nine planted terms predict the other half as well.
    assert model.fitted_r2(len(model.effects)) > 0.98


def test_controls_spend_as_many_calls_on_what_learned_nothing(model):
    report = sy.assess(model, restarts=1, nulls=("permuted-outputs", "random-subset"))
    assert report.score > 0.98
    assert f"{model.sampled.calls:,} fresh masks" in report.measure  # a check costs no more than the reading
    assert report.null_scores["permuted-outputs"][0] < 0.1
    assert report.null_scores["random-subset"][0] < 0.6
    assert "over fresh masks" in report.sentence
    assert report.alternatives is None
    assert report.rivals == {}


def test_an_untrained_network_is_asked_like_the_network():
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Linear(18, 30), torch.nn.Tanh(), torch.nn.Linear(30, 2))
    found = sy.explain(sy.Game(module, torch.ones(18)), max_calls=600)
    null = found.refit(torch.nn.Sequential(torch.nn.Linear(18, 30), torch.nn.Tanh(), torch.nn.Linear(30, 2)))
    assert null.sampled.calls <= 600
    assert null.sampled.sampling == found.sampled.sampling
    assert null.network is not found.network


def test_the_page_the_terminal_and_json_say_how_it_was_learned(model, capsys):
    said = headline(model, 5, None)
    assert "played no part in finding them" in said
    plain = json.loads(as_json(model, {}))
    assert plain["sampled"]["calls"] == model.sampled.calls
    assert plain["r2"] is None
    from symbolscope.report.terminal import print_model

    print_model(model)
    assert f"after {model.sampled.calls:,} calls" in " ".join(capsys.readouterr().out.split())


def test_a_graph_of_it_predicts_what_it_predicts(model):
    few = model.top(6)
    graph = few.graph()
    masks = np.random.default_rng(0).random((50, 24)) < 0.5
    assert np.allclose(graph.predict(masks), few.predict(masks), atol=1e-9)


def test_without_values_or_game_nothing_is_measured(model):
    with pytest.raises(SymbolscopeError, match="no game"):
        replace(model, game=None).refit(torch.nn.Linear(24, 2))


def test_a_part_is_not_sold_with_what_the_whole_reached(model):
    part = model.top(1)
    assert part.sampled.held_out == {}
    assert "How well they reproduce the output is not shown" in headline(part, 1, None)
    assert "not measured" in part.sampled.statement
    assert model.top(len(model.effects)).sampled == model.sampled
    assert sy.assess(part, restarts=1, nulls=("permuted-outputs",)).score < 0.9


def test_where_nothing_was_found_nobody_says_that_there_is_nothing():
    game = sy.Game.from_function(lambda masks: (masks[:, :9].sum(axis=1) % 2).astype(float), 30)
    found = sy.explain(game, max_calls=400)
    if len(found.effects) == 0:
        assert headline(found, 0, None).startswith("No interaction was found. ")
    assert found.sampled.held_out["uniform"].r2 < 0.5
    assert "missed" in found.sampled.statement


def test_permuted_outputs_cost_no_call(model):
    asked = 0
    outputs = model.game.source.outputs

    def counting(masks):
        nonlocal asked
        asked += len(masks)
        return outputs(masks)

    model.checked()
    model.game.source.outputs = counting
    try:
        sy.assess(model, nulls=("permuted-outputs",), restarts=2)
    finally:
        del model.game.source.outputs
    assert asked == 0


def test_all_masks_of_many_players_are_not_predicted(model):
    wide = sy.InteractionModel(
        np.ones((1, 40), dtype=bool), np.array(["and"]), np.ones(1), 0.0, tuple(f"x{i}" for i in range(40)), 1.0, 1.0
    )
    with pytest.raises(SymbolscopeError, match="too many to predict at once"):
        wide.predict_all()


def test_where_all_masks_are_within_the_budget_they_are_all_asked():
    game = sy.Game.from_function(lambda masks: masks.sum(axis=1).astype(float), 3)
    model = sy.explain(game, method="sparse", max_calls=100)
    assert model.settings["method"] == "exact"
    assert model.fidelity.r2 == 1.0
