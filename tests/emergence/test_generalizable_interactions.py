"""Interactions shared by several networks: the laws of the joint split, what it shares, and what is refused."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import symbolscope as sy


def related_networks(n, seed):
    """Two networks of one hidden layer whose weights are alike but not equal."""
    rng = np.random.default_rng(seed)
    masks = sy.all_masks(n).astype(float)
    weights, out = rng.normal(size=(n, 12)), rng.normal(size=12)
    return [
        np.maximum(masks @ (weights + 0.2 * rng.normal(size=weights.shape)) - 1, 0) @ (out + 0.2 * rng.normal(size=12))
        for _ in range(2)
    ]


@pytest.mark.parametrize("tolerance", [0.0, "4%"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_joint_split_shares_more_than_separate_ones(seed, tolerance):
    result = sy.generalizable_interactions(related_networks(8, seed), tolerance=tolerance, gap=2e-2)
    assert 0 <= result.gap <= 2e-2
    for k in (20, 40, 80):
        assert result.share(k) > result.separate_share(k)
        assert result.share(k) > result.chance(k)
    for model in result.models:
        assert model.largest_error <= model.tolerance + 1e-9


@given(st.integers(2, 4), st.integers(2, 3), st.integers(0, 10**6))
def test_every_network_is_reproduced_and_the_order_of_players_does_not_matter(n, m, seed):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(m, 1 << n))
    result = sy.generalizable_interactions(values)
    for row, model in zip(values, result.models, strict=True):
        assert np.allclose(model.predict_all(), row, atol=1e-9)
    order = rng.permutation(n)
    columns = (sy.all_masks(n)[:, np.argsort(order)] * (1 << np.arange(n))).sum(axis=1)
    again = sy.generalizable_interactions(values[:, columns])
    assert again.objective == pytest.approx(result.objective, rel=1e-6)
    assert result.lower_bound <= result.objective * (1 + 1e-12)


def test_scale_of_a_network_does_not_matter_unless_asked():
    one, other = related_networks(6, 3)
    plain = sy.generalizable_interactions([one, other], gap=1e-4)
    scaled = sy.generalizable_interactions([one, 1000 * other], gap=1e-4)
    assert scaled.objective == pytest.approx(plain.objective, rel=1e-3)
    assert not np.isclose(
        sy.generalizable_interactions([one, 1000 * other], gap=1e-4, equal_scale=False).objective, plain.objective
    )


def test_equal_networks_share_everything_and_constants_nothing():
    one = related_networks(6, 4)[0]
    result = sy.generalizable_interactions([one, one])
    assert result.share(20) == 1.0
    flat = sy.generalizable_interactions([np.ones(8), np.full(8, 2.0)])
    assert flat.objective == 0
    assert flat.gap == 0
    assert np.isnan(flat.share(5))
    assert [model.intercept for model in flat.models] == [1.0, 2.0]


def test_chance_is_what_random_sets_of_the_same_orders_share():
    result = sy.generalizable_interactions(related_networks(6, 5))
    strongest = [model.restrict(np.flatnonzero(model.kinds == "and")[:15]) for model in result.models]
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(2000):
        drawn = [
            {tuple(sorted(subset)) for order in range(1, 7) for subset in _random_sets(rng, 6, order, model.orders)}
            for model in strongest
        ]
        shares.append(len(drawn[0] & drawn[1]) / 15)
    assert result.chance(15, "and") == pytest.approx(np.mean(shares), abs=4 * np.std(shares) / np.sqrt(2000))


def _random_sets(rng, n, order, orders):
    from itertools import combinations

    everything = list(combinations(range(n), order))
    return [everything[i] for i in rng.choice(len(everything), size=int((orders == order).sum()), replace=False)]


def test_networks_strength_and_frame():
    generator = torch.Generator().manual_seed(0)
    sample = torch.randn(5, generator=generator)
    first, second = torch.nn.Linear(5, 2), torch.nn.Linear(5, 2)
    game = sy.Game(first, sample, target=1)
    result = sy.generalizable_interactions([game, game.with_network(second)])
    assert result.models[0].network is first
    assert result.models[1].network is second
    strength = result.strength_by_order(10)
    assert (strength[:, :, :2] <= strength[:, :, 2:] + 1e-12).all()
    assert strength[0, :, 2:].sum() == pytest.approx(np.abs(result.models[0].effects[:10]).sum(), rel=0.5)
    frame = result.to_frame((3, 5))
    assert list(frame.columns) == ["k", "kind", "joint", "separate", "chance"]
    assert len(frame) == 4
    assert "separate" in repr(result)
    assert "chance" in repr(result)
    named = sy.generalizable_interactions(list(result.models))
    assert named.models[0].player_names == game.player_names


@pytest.mark.parametrize(
    ("games", "arguments", "message"),
    [
        ([np.zeros(4)], {}, "two or more"),
        ([np.zeros(4), np.zeros(8)], {}, r"games\[0\] has 2, games\[1\] has 3"),
        ([np.zeros(4), np.array([0.0, np.nan, 0.0, 0.0])], {}, r"games\[1\]\[1\] is not finite"),
        ([np.zeros(4), np.zeros(5)], {}, r"must be \[2\^n\]"),
        ([np.zeros(4), ["a", "b"]], {}, "must be a game, an explanation or numbers"),
        ([np.zeros(4), np.zeros(4)], {"alpha": -1.0}, "alpha"),
        ([np.zeros(4), np.zeros(4)], {"gap": 0.0}, "gap"),
        ([np.zeros(4), np.zeros(4)], {"tolerance": "much"}, "tolerance"),
        ([np.zeros(4), np.zeros(4)], {"player_names": ["a"]}, "got 1 player_names"),
    ],
)
def test_refusals(games, arguments, message):
    with pytest.raises(sy.SymbolscopeError, match=message):
        sy.generalizable_interactions(games, **arguments)


def test_games_of_other_players_are_refused():
    one = sy.Game.from_function(lambda m: m.sum(axis=1), 2, ["a", "b"])
    other = sy.Game.from_function(lambda m: m.sum(axis=1), 2, ["b", "a"])
    with pytest.raises(sy.SymbolscopeError, match="same players in the same order"):
        sy.generalizable_interactions([one, other])
    many = sy.Game.from_function(lambda m: m.sum(axis=1), 17)
    with pytest.raises(sy.SymbolscopeError, match="up to 16"):
        sy.generalizable_interactions([many, many])
    with pytest.raises(sy.SymbolscopeError, match="k must be at least 1"):
        sy.generalizable_interactions([one, one]).share(0)


def test_tensors_are_values_too():
    values = torch.tensor([[0.0, 1.0, 1.0, 4.0], [0.0, 2.0, 1.0, 3.0]], requires_grad=True)
    whole, each = sy.generalizable_interactions(values), sy.generalizable_interactions(list(values))
    assert whole.objective == each.objective
