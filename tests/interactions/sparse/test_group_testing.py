"""Group testing: planted games of any order found exactly, other games given up for little, no false claim."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import symbolscope as sy
from symbolscope.interactions.sparse.group_testing import found_by_queries
from symbolscope.interactions.sparse.sampling import draw_masks


class Counted:
    """A game of planted atoms that counts its masks and refuses to be asked one twice."""

    def __init__(self, truth, constant=0.7):
        self.truth, self.constant = truth, constant
        self.seen = set()

    def __call__(self, masks):
        for mask in masks:
            assert mask.tobytes() not in self.seen
            self.seen.add(mask.tobytes())
        return self.value(masks)

    def value(self, masks):
        out = np.full(len(masks), self.constant)
        for (kind, players), effect in self.truth.items():
            part = masks[:, list(players)]
            out += effect * (part.all(axis=1) if kind == "and" else part.any(axis=1))
        return out


def planted(n, k, orders, kinds, seed):
    generator = np.random.default_rng(seed)
    truth = {}
    for j in range(k):
        order = int(generator.integers(orders[0], orders[1] + 1))
        players = tuple(sorted(generator.choice(n, order, replace=False).tolist()))
        effect = float(generator.normal() + 0.3 * generator.choice([-1, 1]))
        truth["and" if order == 1 else kinds[j % len(kinds)], players] = effect
    return Counted(truth)


def search(game, n, budget, seed=0, **options):
    found = found_by_queries(game, n, budget=budget, generator=np.random.default_rng(seed), **options)
    assert found.calls == len(found.masks) == len(found.values) == len(found.drawn) <= budget
    return found


def same_function(found, game, n):
    generator = np.random.default_rng(99)
    masks = generator.random((3000, n)) < generator.random((3000, 1))
    np.testing.assert_allclose(found.fit.predict(masks), game.value(masks), atol=1e-8)


@pytest.mark.parametrize("kind", ["and", "or"])
@pytest.mark.parametrize("seed", range(2))
def test_one_kind_of_orders_1_to_12_is_recovered_exactly(kind, seed):
    game = planted(100, 30, (1, 12), [kind], seed)
    found = search(game, 100, 4000, seed)
    assert found.finished
    assert found.calls == len(game.seen)
    assert dict(zip(found.fit.atoms, found.fit.effects, strict=True)) == pytest.approx(game.truth, abs=1e-9)
    assert found.fit.constant == pytest.approx(game.constant)
    information = sum(len(players) * math.log2(100 / len(players)) for _, players in game.truth)
    assert found.calls < 2.6 * information


@pytest.mark.parametrize("seed", [0, 2])
def test_ands_and_ors_of_orders_1_to_12_together(seed):
    game = planted(100, 30, (1, 12), ["and", "or"], seed)
    found = search(game, 100, 8000, seed)
    assert found.finished
    assert found.calls == len(game.seen)
    same_function(found, game, 100)


@pytest.mark.parametrize("kinds", [["and"], ["and", "or"]])
def test_high_orders_that_no_drawn_mask_shows(kinds):
    game = planted(100, 20, (12, 20), kinds, 0)
    drawn = np.random.default_rng(1).random((300, 100)) < 0.5
    assert np.ptp(game.value(drawn)) < 1e-9
    found = search(game, 100, 6000)
    assert found.finished
    assert set(found.fit.atoms) == set(game.truth)


@pytest.mark.parametrize("kinds", [["and"], ["and", "or"]])
def test_a_thousand_players(kinds):
    game = planted(1000, 20, (1, 12), kinds, 7)
    found = search(game, 1000, 6000)
    assert found.finished
    same_function(found, game, 1000)


def test_masks_known_already_are_not_asked_and_give_the_atoms_of_low_order():
    game = planted(100, 20, (1, 4), ["and", "or"], 0)
    deep = planted(100, 6, (10, 18), ["and", "or"], 1)
    game.truth |= deep.truth
    masks = draw_masks("uniform", 2000, n_players=100, generator=np.random.default_rng(5))
    values = game(masks)
    game.seen.clear()
    found = search(game, 100, 2000, asked=(masks, values))
    assert found.finished
    assert found.calls == len(game.seen) < 1500
    assert not {mask.tobytes() for mask in masks} & game.seen
    assert set(deep.truth) <= set(found.fit.atoms)
    same_function(found, game, 100)


def test_known_masks_of_a_dense_game_change_no_outcome():
    masks = draw_masks("uniform", 300, n_players=40, generator=np.random.default_rng(5))
    found = search(network(40, np.tanh), 40, 3000, asked=(masks, network(40, np.tanh)(masks)))
    assert not found.finished
    assert found.calls <= 300


def network(n, activation):
    generator = np.random.default_rng(n)
    inner, outer = generator.normal(size=(n, 30)) * 2 / math.sqrt(n), generator.normal(size=30)
    return lambda masks: activation(masks @ inner - 0.3) @ outer


@pytest.mark.parametrize("activation", [np.tanh, lambda x: np.maximum(x, 0)], ids=["tanh", "relu"])
@pytest.mark.parametrize("n", [30, 100, 1000])
@pytest.mark.parametrize("budget", [3000, 20_000])
def test_a_network_is_given_up_within_a_tenth_of_the_budget(n, activation, budget):
    found = search(network(n, activation), n, budget)
    assert not found.finished
    assert found.calls <= budget / 10
    assert found.reason == "too many interactions for the budget"


def test_noise_is_given_up():
    game = planted(100, 30, (1, 12), ["and"], 0)
    generator = np.random.default_rng(1)
    found = search(lambda masks: game(masks) + 1e-3 * generator.normal(size=len(masks)), 100, 4000)
    assert not found.finished
    assert found.calls <= 400


def test_noise_below_the_tolerance_leaves_the_strong_atoms():
    truth = {("and", (1, 2, 3)): 3.0, ("and", tuple(range(10, 22))): -2.0, ("and", (40,)): 1.0}
    game = Counted(truth)
    generator = np.random.default_rng(1)
    noisy = lambda masks: game(masks) + 1e-3 * generator.normal(size=len(masks))  # noqa: E731
    found = search(noisy, 60, 2000, tolerance=0.01)
    assert found.finished
    assert dict(zip(found.fit.atoms, found.fit.effects, strict=True)) == pytest.approx(truth, abs=0.02)


@pytest.mark.parametrize("budget", [2, 3, 50, 137, 500, 1100, 3000])
@pytest.mark.parametrize("kinds", [["and"], ["or"], ["and", "or"]])
def test_the_budget_is_never_exceeded_and_its_end_is_no_success(kinds, budget):
    game = planted(100, 30, (1, 12), kinds, 1)
    found = search(game, 100, budget)
    assert len(game.seen) == found.calls <= budget
    if budget <= 1100:
        assert not found.finished
    if found.finished:
        same_function(found, game, 100)


@pytest.mark.parametrize("kinds", [["and"], ["and", "or"]])
def test_equal_generators_give_equal_results(kinds):
    first, again = (search(planted(60, 15, (1, 10), kinds, 3), 60, 4000, seed=4) for _ in range(2))
    assert first.fit.atoms == again.fit.atoms
    np.testing.assert_array_equal(first.fit.effects, again.fit.effects)
    np.testing.assert_array_equal(first.masks, again.masks)


def test_the_masks_come_back_with_their_values_and_those_drawn_are_marked():
    game = planted(30, 12, (1, 8), ["and", "or"], 100)
    found = search(game, 30, 3000)
    np.testing.assert_array_equal(found.values, game.value(found.masks))
    shares = found.masks[found.drawn].mean(axis=1)
    assert len(shares) >= 300
    assert abs(shares.mean() - 0.5) < 0.01
    assert not found.drawn.all()


def atoms_of(n, kinds):
    return st.tuples(
        st.sampled_from(kinds), st.sets(st.integers(0, n - 1), min_size=1, max_size=n).map(sorted).map(tuple)
    )


@settings(max_examples=40)
@given(st.lists(atoms_of(7, ["and"]), max_size=8, unique=True), st.integers(0, 10**6))
def test_few_players_against_the_exact_transform(atoms, seed):
    effects = np.random.default_rng(seed).normal(size=len(atoms))
    game = Counted(dict(zip(atoms, effects.tolist(), strict=True)))
    found = search(game, 7, 130, seed=seed, with_or=False)
    assert found.finished
    exact = sy.mobius(game.value(sy.all_masks(7)))
    got = np.zeros(2**7)
    got[0] = found.fit.constant
    for (_, players), effect in zip(found.fit.atoms, found.fit.effects, strict=True):
        got[sum(1 << player for player in players)] += effect
    np.testing.assert_allclose(got, exact, atol=1e-4)


@settings(max_examples=60)
@given(
    st.integers(1, 9).flatmap(lambda n: st.tuples(st.just(n), st.lists(atoms_of(n, ["and", "or"]), max_size=6))),
    st.integers(0, 10**6),
)
def test_small_whole_numbers_that_cancel_are_never_a_false_success(game, seed):
    n, atoms = game
    effects = np.random.default_rng(seed).choice([-1.0, 1.0, 2.0], len(atoms))
    game = Counted(dict(zip(atoms, effects.tolist(), strict=True)))
    found = search(game, n, 2**n + 2, seed=seed)
    masks = sy.all_masks(n)
    # What was asked is explained if that is claimed; with so few masks that is nearly all of them.
    if found.finished:
        np.testing.assert_allclose(found.fit.predict(found.masks), found.values, atol=1e-5)
        assert np.mean(np.abs(found.fit.predict(masks) - game.value(masks)) > 1e-5) <= 0.05


def test_a_constant_game():
    found = search(lambda masks: np.full(len(masks), 3.0), 50, 1000)
    assert (found.finished, found.fit.atoms, found.fit.constant) == (True, (), 3.0)
    assert found.reason == "all masks asked are explained"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"budget": 1}, "budget must be at least 2 masks; got 1"),
        ({"tolerance": 0.0}, "tolerance must be a share of the range"),
        (
            {"asked": (np.ones((3, 4), dtype=bool), np.ones(3))},
            r"asked must be masks \[m, 5\] and values \[m\]; got \[3, 4\]",
        ),
    ],
)
def test_refusals(options, message):
    options = {"budget": 100} | options
    with pytest.raises(sy.SymbolscopeError, match=message):
        found_by_queries(lambda masks: np.zeros(len(masks)), 5, generator=np.random.default_rng(0), **options)


def test_an_answer_that_is_no_number_is_refused():
    with pytest.raises(sy.SymbolscopeError, match="a finite number; got inf or nan"):
        search(lambda masks: np.full(len(masks), np.nan), 5, 100)
