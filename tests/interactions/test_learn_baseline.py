"""Learned baselines: the gradient, the bound, that nothing is lost, and what is refused."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

import symbolscope as sy
from symbolscope.interactions.baseline_bound import masked_network
from symbolscope.interactions.baseline_cost import AndEffects, SecondOrderDifferences


def small_network(seed, inputs=5, hidden=12):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(inputs, hidden), nn.Tanh(), nn.Linear(hidden, 3)).double()


def small_game(seed, inputs=5):
    network = small_network(seed, inputs)
    return sy.Game(network, torch.randn(inputs, dtype=torch.float64), target=1)


@pytest.mark.parametrize("relative", [False, True])
@given(st.integers(0, 10**6))
def test_gradient_of_the_effects_is_that_of_finite_differences(relative, seed):
    game = small_game(seed)
    cost = AndEffects(game, masked_network(game), relative=relative)
    baseline = torch.randn(5, dtype=torch.float64)
    _, gradient = cost.value_and_gradient(baseline, wanted=True)
    direction = torch.randn(5, dtype=torch.float64)
    ends = [cost.value_and_gradient(baseline + h * direction, wanted=False)[0] for h in (1e-6, -1e-6)]
    # The cost has kinks where an effect crosses zero; none lies within 1e-6 here.
    assert float(gradient @ direction) == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-4, abs=1e-5)


def test_costs_equal_their_definitions():
    games = [small_game(seed) for seed in range(3)]
    cost = AndEffects(games[0], masked_network(games[0]), relative=False)
    zero = torch.zeros(5, dtype=torch.float64)
    effects = sy.mobius(games[0](sy.all_masks(5)))
    assert cost.value_and_gradient(zero, wanted=False)[0] == pytest.approx(np.abs(effects[1:]).sum())
    additive = nn.Linear(4, 1).double()
    sums = [sy.Game(additive, torch.randn(4, dtype=torch.float64), score="output") for _ in range(2)]
    second = SecondOrderDifferences(sums, [masked_network(game) for game in sums], seed=0)
    assert second.value_and_gradient(torch.zeros(4, dtype=torch.float64), wanted=False)[0] == pytest.approx(
        0, abs=1e-12
    )


@given(st.integers(0, 10**6), st.floats(0.05, 2.0), st.booleans())
def test_never_worse_and_inside_the_bound(seed, radius, relative):
    game = small_game(seed)
    learned = sy.learn_baseline(game, radius=radius, spread=0.7, relative=relative, steps=8)
    assert learned.cost_after == learned.costs.min() <= learned.cost_before
    assert len(learned.costs) == 9
    assert (np.abs(learned.values - learned.initial) <= radius * 0.7 + 1e-12).all()
    # The cost reported is that of the game returned.
    effects = sy.mobius(learned.game(sy.all_masks(5)))
    again = np.abs(effects[1:]).sum() / (abs(effects[1:].sum()) if relative else 1.0)
    assert again == pytest.approx(learned.cost_after, rel=1e-9)
    assert learned.differences[1, 0] == pytest.approx(effects[1:].sum())


def test_it_finds_the_baseline_that_leaves_nothing_to_interact():
    # (x0 - 0.3)(x1 - 0.2): hidden at 0.3 and 0.2 there is one effect, from zero there are three.
    class Product(nn.Module):
        def forward(self, x):
            return ((x[:, 0] - 0.3) * (x[:, 1] - 0.2))[:, None]

    game = sy.Game(Product(), torch.tensor([1.3, 1.2], dtype=torch.float64), score="output")
    learned = sy.learn_baseline(game, radius=1.0, spread=0.5, steps=100)
    assert learned.cost_before == pytest.approx(0.26 + 0.36 + 1.56)
    assert learned.cost_after < 0.5 * learned.cost_before
    assert "less" in repr(learned)
    assert "v(empty)" in repr(learned)


def test_coordinates_without_spread_and_background_stay():
    game = small_game(3)
    learned = sy.learn_baseline(game, spread=[1.0, 0.0, 1.0, 1.0, 0.0], radius=0.5, steps=5)
    assert learned.values[1] == learned.initial[1]
    assert learned.values[4] == learned.initial[4]
    limited = sy.learn_baseline(game, spread=1.0, radius=0.5, limits=(0.0, 0.1), steps=5)
    assert limited.values.min() >= 0.0
    assert limited.values.max() <= 0.1


def test_an_image_and_its_patches():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2))
    game = sy.Game(network, torch.rand(1, 8, 8), players=(2, 3), target=1)
    learned = sy.learn_baseline(game, spread=0.3, radius=1.0, limits=(0.0, 1.0), steps=10)
    assert learned.values.shape == (1, 8, 8)
    assert learned.cost_after < learned.cost_before


def test_the_network_is_left_as_it_was():
    network = small_network(0)
    network.train()
    parameter = network[0].weight
    parameter.requires_grad_(False)
    before = [p.detach().clone() for p in network.parameters()]
    state = torch.get_rng_state()
    sy.learn_baseline(sy.Game(network, torch.ones(5, dtype=torch.float64)), spread=1.0, steps=2)
    assert torch.equal(torch.get_rng_state(), state)
    assert network.training
    assert [p.requires_grad for p in network.parameters()] == [False, True, True, True]
    assert all(p.grad is None for p in network.parameters())
    assert all(torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))


def test_one_baseline_for_several_games():
    network = small_network(1)
    games = [sy.Game(network, torch.randn(5, dtype=torch.float64), target=1) for _ in range(4)]
    learned = sy.learn_baseline(games, spread=1.0, radius=1.0, steps=15, seed=1)
    assert learned.cost_after < learned.cost_before
    assert len(learned.games) == 4
    assert learned.differences.shape == (2, 4)
    again = sy.learn_baseline(games, spread=1.0, radius=1.0, steps=15, seed=1)
    assert np.array_equal(learned.values, again.values)
    for game in learned.games:
        empty = game(np.zeros((1, 5), bool))[0]
        assert empty == pytest.approx(learned.games[0](np.zeros((1, 5), bool))[0])


class Reader(nn.Module):
    """A recurrent classifier of token ids that can be given embeddings instead."""

    def __init__(self):
        super().__init__()
        self.table, self.rnn, self.head = nn.Embedding(6, 8), nn.LSTM(8, 8, batch_first=True), nn.Linear(8, 2)

    def get_input_embeddings(self):
        return self.table

    def forward(self, input_ids=None, inputs_embeds=None):
        states, _ = self.rnn(self.table(input_ids) if inputs_embeds is None else inputs_embeds)
        return self.head(states[:, -1])


@pytest.fixture
def read():
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({"[UNK]": 0, "not": 1, "a": 2, "bad": 3, "film": 4, "at": 5}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, unk_token="[UNK]")
    torch.manual_seed(0)
    network = Reader()
    return lambda text, **more: sy.Game.from_text(network, tokenizer, text, target=1, **more)


def test_texts_learn_embeddings_within_those_of_the_vocabulary(read):
    one = sy.learn_baseline(read("not a bad film", level="embedding"), radius=0.5, steps=10)
    assert one.values.shape == (4, 8)
    assert one.cost_after < one.cost_before
    texts = [read(text, level="embedding") for text in ("not a bad film", "a film", "bad film at not")]
    shared = sy.learn_baseline(texts, radius=0.5, steps=10)
    assert shared.values.shape == (8,)
    spread = texts[0].network.table.weight.double().std(dim=0).detach().numpy()
    assert (np.abs(shared.values - shared.initial) <= 0.5 * spread + 1e-7).all()
    with pytest.raises(sy.SymbolscopeError, match='level="embedding"'):
        sy.learn_baseline(read("not a bad film"))


def test_ctrl_c_keeps_the_best_so_far(monkeypatch):
    game = small_game(5)
    calls = []
    evaluate = AndEffects.value_and_gradient

    def interrupted(self, baseline, *, wanted):
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return evaluate(self, baseline, wanted=wanted)

    monkeypatch.setattr(AndEffects, "value_and_gradient", interrupted)
    learned = sy.learn_baseline(game, spread=1.0, steps=50)
    assert learned.interrupted
    assert len(learned.costs) == 3
    assert "stopped early" in repr(learned)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"radius": 0.0, "spread": 1.0}, "radius must be"),
        ({"steps": 0, "spread": 1.0}, "steps must be"),
        ({}, r"give spread=training_samples.std\(axis=0\)"),
        ({"spread": [1.0, 2.0]}, "spread must have the baseline's shape"),
        ({"spread": -1.0}, "finite numbers >= 0"),
        ({"spread": 1.0, "limits": (0.5, 1.0)}, "limits must be"),
    ],
)
def test_refusals(arguments, message):
    with pytest.raises(sy.SymbolscopeError, match=message):
        sy.learn_baseline(small_game(0), **arguments)


def test_games_that_have_no_gradient_are_refused():
    with pytest.raises(sy.SymbolscopeError, match="none; give a baseline by hand"):
        sy.learn_baseline(sy.Game.from_function(lambda m: m.sum(axis=1), 3), spread=1.0)
    network = small_network(0)
    detached = sy.Game(lambda x: network(x).detach(), torch.ones(5, dtype=torch.float64), target=1)
    with pytest.raises(sy.SymbolscopeError, match="no gradient by the input"):
        sy.learn_baseline(detached, spread=1.0)
    with pytest.raises(sy.SymbolscopeError, match="got none"):
        sy.learn_baseline([])
    with pytest.raises(sy.SymbolscopeError, match="samples of one shape"):
        sy.learn_baseline([small_game(0), small_game(0, inputs=4)], spread=1.0)
    with pytest.raises(sy.SymbolscopeError, match="up to 14 players"):
        sy.learn_baseline(small_game(0, inputs=15), spread=1.0)
    game = small_game(0)
    with pytest.raises(sy.SymbolscopeError, match="relative=True is for one game"):
        sy.learn_baseline([game, game], spread=1.0, relative=True)


def test_a_shared_baseline_is_of_one_network_and_one_start():
    network = small_network(0)
    games = [sy.Game(network, torch.randn(5, dtype=torch.float64), target=1, baseline=start) for start in (0.0, 1.0)]
    with pytest.raises(sy.SymbolscopeError, match="start from the same one"):
        sy.learn_baseline(games, spread=1.0)
    with pytest.raises(sy.SymbolscopeError, match="the games have several"):
        sy.learn_baseline([small_game(0), small_game(1)], spread=1.0)
    with pytest.raises(sy.SymbolscopeError, match="got a InteractionModel"):
        sy.learn_baseline(sy.explain(games[0]))
