"""From a game to its interactions: sizes, refusals before work, and the whole way on networks."""

import numpy as np
import pytest
import torch
from tests.interactions.games import planted

import symbolscope as sy


def counted(fn, n):
    calls = []

    def wrapped(masks):
        calls.append(len(masks))
        return fn(masks)

    return sy.Game.from_function(wrapped, n), calls


def test_one_player_works():
    model = sy.explain(sy.Game.from_function(lambda masks: 3.0 * masks[:, 0] + 1.0, 1))
    assert model.intercept == 1.0
    assert model.effects.tolist() == [3.0]
    assert model.shapley_values().tolist() == [3.0]
    assert model.curve().r2[-1] == 1.0


def test_no_players_are_refused():
    with pytest.raises(sy.SymbolscopeError, match="player"):
        sy.Game.from_function(lambda masks: np.zeros(len(masks)), 0)


def test_a_constant_network_has_no_interactions():
    model = sy.explain(sy.Game.from_function(lambda masks: np.full(len(masks), 2.0), 4))
    assert len(model.effects) == 0
    assert model.predict(sy.all_masks(4)).tolist() == [2.0] * 16
    assert model.fidelity.r2 == 1.0
    assert "0 interactions" in repr(model)


def test_the_exact_method_refuses_thirty_players_before_any_call():
    game, calls = counted(lambda masks: masks.sum(axis=1) * 1.0, 30)
    before = len(calls)
    with pytest.raises(sy.SymbolscopeError, match=r"240\.0 GiB .* 1,073,741,824 model calls"):
        sy.explain(game, method="exact")
    assert len(calls) == before


@pytest.mark.parametrize(
    ("n", "max_calls", "method"), [(12, None, "exact"), (12, 1000, "sparse"), (12, 4096, "exact"), (30, None, "sparse")]
)
def test_auto_is_exact_for_few_players_and_sparse_for_many(n, max_calls, method):
    game, calls = counted(lambda masks: 2.0 * masks[:, 0] + masks[:, 1:3].all(axis=1), n)
    model = sy.explain(game, max_calls=max_calls)
    assert model.settings["method"] == method
    assert (model.sampled is None) == (method == "exact")
    assert sum(calls) <= (max_calls or 5000)
    assert np.allclose(
        model.predict(sy.all_masks(n)[:50] if n < 20 else np.eye(n, dtype=bool)),
        game(sy.all_masks(n)[:50] if n < 20 else np.eye(n, dtype=bool)),
        atol=1e-2,
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"max_calls": 100, "method": "exact"}, "needs 2\\^8 = 256 model calls, more than max_calls=100"),
        ({"method": "guess"}, 'method must be "auto", "exact", "sparse" or "queries"'),
        ({"tolerance": "a lot"}, "tolerance must be"),
        ({"tolerance": -0.1}, "tolerance must be"),
        ({"gap": 2.0}, "gap must be"),
        ({"kinds": "xor"}, "kinds must be"),
    ],
)
def test_bad_arguments_are_refused_before_any_call(arguments, message):
    game, calls = counted(lambda masks: masks.sum(axis=1) * 1.0, 8)
    before = len(calls)
    with pytest.raises(sy.SymbolscopeError, match=message):
        sy.explain(game, **arguments)
    assert len(calls) == before


def test_a_network_that_returns_nan_for_one_mask_is_refused_by_name():
    def fn(masks):
        out = masks.sum(axis=1) * 1.0
        out[(masks == [True, False, True]).all(axis=1)] = np.nan
        return out

    with pytest.raises(sy.SymbolscopeError, match="b"):
        sy.explain(sy.Game.from_function(fn, 3, ("a", "b", "c")))


def test_planted_terms_are_read_out_of_a_black_box():
    values, terms = planted(9, seed=7)
    bits = 1 << np.arange(9)
    model = sy.explain(sy.Game.from_function(lambda masks: values[masks @ bits], 9))
    strongest = max(terms, key=lambda term: abs(terms[term]))
    found = {(str(k), int(m @ bits)): e for k, m, e in zip(model.kinds, model.masks, model.effects, strict=True)}
    assert found[strongest] == pytest.approx(terms[strongest], abs=1e-6)


def test_a_torch_network_is_reproduced_on_every_mask():
    generator = torch.Generator().manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(7, 16), torch.nn.ReLU(), torch.nn.Linear(16, 3))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    sample = torch.randn(7, generator=generator)
    game = sy.Game(network, sample, target=1)
    model = sy.explain(game)
    masks = sy.all_masks(7)
    with torch.no_grad():
        logits = network(torch.from_numpy(masks) * sample).double()
    others = torch.logsumexp(logits[:, [0, 2]], dim=1)
    np.testing.assert_allclose(model.predict(masks), (logits[:, 1] - others).numpy(), atol=1e-4)
    assert model.settings["target"] == 1
    assert model.settings["method"] == "exact"
    assert model.view == game.view
    assert model.player_names == game.player_names


def test_the_result_depends_on_no_seed():
    values, _ = planted(8, seed=1, noise=0.1)
    bits = 1 << np.arange(8)
    game = sy.Game.from_function(lambda masks: values[masks @ bits], 8)
    one, other = sy.explain(game, seed=0), sy.explain(game, seed=1)
    np.testing.assert_array_equal(one.effects, other.effects)


def test_it_says_what_it_will_cost_before_it_starts(caplog):
    said = []

    def fn(masks):
        said.append(list(caplog.messages))
        return masks.sum(axis=1) * 1.0

    game = sy.Game.from_function(fn, 10)
    said.clear()
    with caplog.at_level("INFO", logger="symbolscope"):
        sy.explain(game)
    assert "1,024 model calls and about 0.00 GiB" in said[0][0]


def test_queries_find_an_interaction_that_no_drawn_mask_shows():
    def deep(masks):
        return 2.0 * masks[:, :14].all(axis=1) - masks[:, 30:33].any(axis=1)

    game = sy.Game.from_function(deep, 50)
    models = [sy.explain(game, method="queries", max_calls=3_000, seed=seed) for seed in range(4)]
    found = [sorted(zip(one.kinds.tolist(), one.orders.tolist(), strict=True)) for one in models]
    assert found.count([("and", 14), ("or", 3)]) >= 3  # a search that draws may miss it
    model = models[-1]
    assert model.sampled.calls <= 3_000
    assert model.settings["method"] == "queries"
    assert "no proof" in model.sampled.statement
    drawn = sy.explain(game, max_calls=3_000)
    assert drawn.orders.max() < 14


def test_queries_that_do_not_end_leave_the_calls_to_drawn_masks():
    weights = np.random.default_rng(0).normal(size=40)
    game, calls = counted(lambda masks: np.tanh(masks @ weights), 40)
    model = sy.explain(game, method="queries", max_calls=1_000)
    assert sum(calls) <= 1_000
    assert model.sampled.calls <= 1_000
    assert "gave up" in model.sampled.statement
    assert model.sampled.held_out["uniform"].r2 > 0.5
