"""The certified split: against the linear programme, on planted games, and its laws on every instance."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.interactions.games import instances, network, planted
from tests.interactions.linear_programme import optimal_cost

import symbolscope as sy


def reproduced(model, values):
    return np.abs(model.predict_all() - values).max()


@pytest.mark.parametrize("n", [1, 2, 3, 4, 6])
@pytest.mark.parametrize("name", instances(1))
@pytest.mark.parametrize("tolerance", [0.0, 0.05])
def test_it_agrees_with_the_linear_programme(n, name, tolerance):
    values = instances(n)[name]
    allowed = tolerance * np.ptp(values)
    model = sy.decompose(values, tolerance=allowed)
    optimum = optimal_cost(values, allowed)
    scale = np.abs(values).max()
    assert model.objective == pytest.approx(optimum, rel=1e-4, abs=1e-9 * scale)
    assert model.lower_bound <= optimum + 1e-9 * scale
    assert model.gap <= 1e-3
    assert reproduced(model, values) <= allowed + 1e-12 * scale


@pytest.mark.parametrize("tolerance", [0.0, 0.02, 0.2])
@pytest.mark.parametrize("case", ["network", "noisy", "clean", "random"])
def test_it_agrees_with_the_linear_programme_at_eight_players(case, tolerance):
    values = {
        "network": network(8, seed=3),
        "noisy": planted(8, seed=1, noise=0.01)[0],
        "clean": planted(8, seed=2)[0],
        "random": np.random.default_rng(5).normal(size=256),
    }[case]
    model = sy.decompose(values, tolerance=tolerance)
    assert model.objective == pytest.approx(optimal_cost(values, tolerance), rel=1e-4)
    assert model.gap <= 1e-4
    assert reproduced(model, values) <= tolerance + 1e-12


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 5), st.integers(0, 10_000), st.sampled_from([0.0, 0.1, 0.5]))
def test_random_games_reach_the_optimum(n, seed, tolerance):
    values = np.round(np.random.default_rng(seed).normal(size=1 << n), 1)
    model = sy.decompose(values, tolerance=tolerance)
    assert model.objective == pytest.approx(optimal_cost(values, tolerance), rel=1e-4, abs=1e-8)
    assert reproduced(model, values) <= tolerance + 1e-12
    assert model.objective >= model.lower_bound


@pytest.mark.parametrize("n", [9, 12, 14])
@pytest.mark.parametrize("name", ["network", "noise", "parity", "majority"])
def test_larger_games_are_certified(n, name):
    values = instances(n)[name]
    model = sy.decompose(values)
    assert model.gap <= 1e-3
    assert reproduced(model, values) <= 1e-9 * max(1.0, np.abs(values).max())


def test_the_tolerance_is_certified_at_twelve_players():
    values = network(12, seed=0)
    model = sy.decompose(values, tolerance="4%")
    assert model.gap <= 2e-2
    assert model.tolerance == pytest.approx(0.04 * abs(values[-1] - values[0]))
    assert reproduced(model, values) <= model.tolerance
    assert model.objective < sy.decompose(values).objective


def test_a_dense_game_within_a_tolerance_ends_with_an_honest_bound():
    """So many effects that no linear programme is small enough: the iteration's own split is returned."""
    values = np.random.default_rng(0).normal(size=1 << 11)
    model = sy.decompose(values, tolerance=0.02, gap=0.05)
    assert reproduced(model, values) <= 0.02 + 1e-9
    assert 0 < model.lower_bound <= model.objective
    assert model.gap <= 0.05


@pytest.mark.parametrize("n", [10, 12])
@pytest.mark.parametrize("seed", range(5))
def test_planted_interactions_are_recovered_from_noise(n, seed):
    values, terms = planted(n, seed=seed, noise=0.01)
    salient = sy.decompose(values, tolerance="auto").salient()
    bits = 1 << np.arange(n)
    found = {(str(kind), int(mask @ bits)) for kind, mask in zip(salient.kinds, salient.masks, strict=True)}
    assert len(found & set(terms)) >= 22
    assert len(found - set(terms)) <= 2


@pytest.mark.parametrize("n", [6, 8, 9, 12])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_truly_sparse_game_comes_back_sparse_and_exact(n, seed):
    values, terms = planted(n, seed=seed, n_and=4, n_or=3, most=4)
    model = sy.decompose(values)
    assert len(model.effects) <= 2 * len(terms)
    assert reproduced(model, values) <= 1e-9
    assert model.objective <= sum((1 + 0.01 * (i.bit_count() - 1)) * abs(e) for (_, i), e in terms.items()) + 1e-9


@pytest.mark.parametrize("tolerance", [0.0, 0.05])
@pytest.mark.parametrize("n", [5, 9])
def test_the_order_of_the_players_does_not_matter(n, tolerance):
    generator = np.random.default_rng(n)
    values = network(n, seed=2)
    permutation = generator.permutation(n)
    masks = sy.all_masks(n)
    permuted = values[(masks[:, np.argsort(permutation)] @ (1 << np.arange(n)))]
    names = [f"p{i}" for i in range(n)]
    one = sy.decompose(values, tolerance=tolerance, player_names=names)
    other = sy.decompose(permuted, tolerance=tolerance, player_names=[names[i] for i in permutation])

    def described(model):
        return {
            (str(kind), frozenset(np.array(model.player_names)[mask])): effect
            for kind, mask, effect in zip(model.kinds, model.masks, model.effects, strict=True)
        }

    first, second = described(one), described(other)
    assert first.keys() == second.keys()
    for key, effect in first.items():
        assert second[key] == effect  # bit for bit


def test_and_only_is_the_harsanyi_dividends():
    values = network(7, seed=1)
    model = sy.decompose(values, kinds="and")
    effects = sy.mobius(values)
    assert not model.is_or.any()
    assert model.gap <= 1e-15
    np.testing.assert_allclose(model.effects, effects[model.masks @ (1 << np.arange(7))], atol=1e-12)
    assert model.intercept == values[0]


def test_and_only_within_a_tolerance_agrees_with_the_linear_programme():
    values = network(6, seed=4)
    model = sy.decompose(values, kinds="and", tolerance=0.1)
    assert not model.is_or.any()
    assert model.objective == pytest.approx(optimal_cost(values, 0.1, with_or=False), rel=1e-4)
    assert reproduced(model, values) <= 0.1


@pytest.mark.parametrize("kinds", ["and", "and-or"])
def test_whatever_ends_the_search_the_tolerance_holds(kinds):
    """Stepwise outputs, as of a forest, with so small a tolerance that no linear programme is small enough."""
    generator = np.random.default_rng(4)
    masks = sy.all_masks(10)
    values = np.zeros(1 << 10)
    for _ in range(400):
        members = generator.permutation(10)[: generator.integers(1, 8)]
        values += generator.choice([-0.1, 0.1]) * (masks[:, members] == (generator.random(len(members)) < 0.5)).all(
            axis=1
        )
    model = sy.decompose(values, tolerance=1e-4, kinds=kinds)
    assert reproduced(model, values) <= 1e-4
    assert 0 < model.lower_bound <= model.objective < np.inf


def test_two_singles_are_not_taken_for_an_and_and_an_or():
    assert sy.decompose([0.0, 1.0, 1.0, 2.0]).orders.tolist() == [1, 1]


def test_noise_scale_reads_the_noise():
    from symbolscope.interactions.tolerance import absolute_tolerance, noise_scale

    for noise in (1e-3, 1e-2, 1e-1):
        values, _ = planted(12, seed=3, noise=noise)
        assert noise_scale(values) == pytest.approx(noise, rel=0.15)
        assert absolute_tolerance("auto", values) >= np.abs(values - planted(12, seed=3)[0]).max()
    assert noise_scale(planted(10, seed=0)[0]) < 1e-12


def test_many_samples_at_once():
    tables = np.stack([network(6, seed=s) for s in range(3)])
    for model, values in zip(sy.decompose(tables), tables, strict=True):
        one = sy.decompose(values)
        np.testing.assert_array_equal(model.effects, one.effects)
        np.testing.assert_array_equal(model.masks, one.masks)


@pytest.mark.parametrize("shift", [0.0, 1e3])
def test_a_constant_added_to_the_game_moves_only_the_intercept(shift):
    values = network(7, seed=9)
    model = sy.decompose(values + shift)
    assert model.objective == pytest.approx(sy.decompose(values).objective, rel=1e-6)
    assert model.intercept == pytest.approx(values[0] + shift)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"values": [1.0, 2.0, 3.0]}, "values must be"),
        ({"values": [1.0]}, "n from 1 to 26"),
        ({"values": [[[1.0, 2.0]]]}, "values must be"),
        ({"values": [0.0, 1.0, float("nan"), 1.0]}, r"values\[2\] is not finite \(mask with players \[1\] present\)"),
        ({"values": ["a", "b"]}, "values must be numbers"),
        ({"values": [0.0, 1.0], "tolerance": -1.0}, "tolerance must be"),
        ({"values": [0.0, 1.0], "tolerance": "four"}, "tolerance must be"),
        ({"values": [0.0, 1.0], "tolerance": "x%"}, "tolerance must be"),
        ({"values": [0.0, 1.0], "tolerance": float("nan")}, "tolerance must be"),
        ({"values": [0.0, 1.0], "gap": 0.0}, "gap must be"),
        ({"values": [0.0, 1.0], "kinds": "or"}, "kinds must be"),
        ({"values": [0.0, 1.0], "player_names": ["a", "b"]}, "1 players; got 2 player_names"),
    ],
)
def test_bad_input_is_refused(arguments, message):
    with pytest.raises(sy.SymbolscopeError, match=message):
        sy.decompose(arguments.pop("values"), **arguments)


def test_the_callers_array_is_copied():
    values = np.array([0.0, 1.0, 2.0, 6.0])
    model = sy.decompose(values)
    values[3] = 50.0
    assert model.values is not None
    assert model.values[3] == 6.0
