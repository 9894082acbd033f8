"""What a reading is compared with: refits, random sets, rival bases, other splits and the length of its description."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.interactions.games import instances, network, planted
from tests.interactions.linear_programme import optimal_cost
from torch import nn

import symbolscope as sy
from symbolscope.interactions.alternatives import Alternatives, alternatives
from symbolscope.interactions.description_length import description_length
from symbolscope.interactions.rivals import rival_curves
from symbolscope.variation import Variation


def mlp(seed, inputs=5, *, scale=1.0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        made = nn.Sequential(nn.Linear(inputs, 12), nn.ReLU(), nn.Linear(12, 2)).double().eval()
    with torch.no_grad():
        made[0].weight.mul_(3.0)
        made[2].weight.mul_(scale)
        made[2].bias.mul_(scale)
    return made


def game(seed, inputs=5, *, scale=1.0, **options):
    sample = torch.linspace(-2.0, 2.0, inputs, dtype=torch.float64) + 0.3
    return sy.Game(mlp(seed, inputs, scale=scale), sample, **{"target": 1, "score": "logit"} | options)


def described(model):
    return {
        (str(kind), tuple(np.flatnonzero(mask))): effect
        for kind, mask, effect in zip(model.kinds, model.masks, model.effects, strict=True)
    }


def by_hand(n, terms, values=None, intercept=0.0):
    """A model of given (kind, players, effect)."""
    masks = np.zeros((len(terms), n), dtype=bool)
    for row, (_, players, _) in enumerate(terms):
        masks[row, list(players)] = True
    return sy.InteractionModel(
        masks=masks,
        kinds=np.array([kind for kind, _, _ in terms] or np.zeros(0, dtype="<U3")),
        effects=np.array([effect for _, _, effect in terms], dtype=np.float64),
        intercept=intercept,
        player_names=tuple("abcdefgh"[:n]),
        objective=float("nan"),
        lower_bound=float("nan"),
        values=values,
    )


@pytest.fixture(scope="module")
def model():
    return sy.explain(game(0), progress=False)


# Refits


@pytest.mark.parametrize("tolerance", [0.0, 0.05, "4%"])
@pytest.mark.parametrize("kinds", ["and-or", "and"])
def test_another_network_is_read_as_by_explain(tolerance, kinds):
    model = sy.explain(game(0), tolerance=tolerance, kinds=kinds, progress=False)
    again = model.refit(mlp(1))
    np.testing.assert_array_equal(again.values, game(1)(sy.all_masks(5)))
    assert again.tolerance == 0.0  # whatever the model's own: sizes are compared between exact splits
    asked = sy.explain(game(1), kinds=kinds, progress=False)
    assert again.objective == pytest.approx(asked.objective, rel=1e-3)
    assert again.player_names == model.player_names
    assert again.largest_error <= again.tolerance + 1e-9
    if kinds == "and":
        assert not again.is_or.any()
    mine, its = described(again), described(asked)
    assert mine.keys() == its.keys()
    for key, effect in mine.items():
        assert effect == pytest.approx(its[key], abs=1e-6)


def test_a_refit_of_many_players_is_within_its_own_gap():
    model = sy.explain(game(0, 9), progress=False)
    again = model.refit(mlp(1, 9))
    asked = sy.explain(game(1, 9), progress=False)
    assert again.gap <= 0.01
    assert again.lower_bound <= asked.objective * (1 + 1e-9)
    assert asked.lower_bound <= again.objective <= asked.objective / 0.99
    assert again.largest_error < 1e-9


def test_the_model_is_left_as_it_is(model):
    before = described(model), model.values.copy(), dict(model.settings)
    for variation in (
        Variation(network=mlp(2)), Variation(answers="shuffled"), Variation(features="random-units")
    ):  # fmt: skip
        model.refit(variation=variation)
    assert described(model) == before[0]
    np.testing.assert_array_equal(model.values, before[1])
    assert dict(model.settings) == before[2]
    assert model.complexity == len(model.effects)
    assert model.network is model.game.network


def test_nothing_changed_is_the_same_reading(model):
    again = model.refit(variation=Variation())
    assert described(again) == described(model)
    np.testing.assert_array_equal(again.values, model.values)


def test_shuffled_outputs_are_the_same_outputs_of_other_masks(model):
    shuffled = model.refit(variation=Variation(answers="shuffled", seed=3))
    np.testing.assert_array_equal(np.sort(shuffled.values), np.sort(model.values))
    assert (shuffled.values != model.values).mean() > 0.8
    assert shuffled.largest_error < 1e-9
    again, other = (model.refit(variation=Variation(answers="shuffled", seed=seed)) for seed in (3, 4))
    np.testing.assert_array_equal(again.values, shuffled.values)
    assert (other.values != shuffled.values).any()
    # Of another network too, and random sets of them.
    both = model.refit(variation=Variation(network=mlp(1), answers="shuffled"))
    np.testing.assert_array_equal(np.sort(both.values), np.sort(model.refit(mlp(1)).values))
    random = model.refit(variation=Variation(answers="shuffled", features="random-units", seed=3))
    np.testing.assert_array_equal(random.values, shuffled.values)


@pytest.mark.parametrize("scale", [1 / 8, 4.0, -2.0])
def test_a_refit_follows_the_scale_of_the_output(scale):
    """A network whose output is several times as large is read as several times the same."""
    model = sy.explain(game(0), progress=False)
    again = model.refit(mlp(0, scale=scale))
    assert again.objective == pytest.approx(abs(scale) * model.objective, rel=1e-6)
    if scale < 0:  # which of several splits of the same cost is found may depend on the sign
        return
    mine, its = described(again), described(model)
    assert mine.keys() == its.keys()
    for key, effect in mine.items():
        assert effect == pytest.approx(scale * its[key], rel=1e-6, abs=1e-9)


def test_outputs_without_spread():
    constant = sy.explain(game(0, scale=0.0), progress=False)
    assert len(constant.effects) == 0
    again = constant.refit(mlp(1))
    assert again.tolerance == 0.0
    assert again.largest_error < 1e-9
    assert len(sy.explain(game(1), tolerance=0.1, progress=False).refit(mlp(0, scale=0.0)).effects) == 0
    assert len(constant.refit(variation=Variation(features="random-units")).effects) == 0


def slow_design(model):
    """Columns: one, then each interaction, on every mask, [2^n, 1 + k]."""
    rows = []
    for mask in itertools.product([False, True], repeat=model.n_players):
        present = {player for player, there in enumerate(mask[::-1]) if there}
        row = [1.0]
        for kind, members in zip(model.kinds, model.masks, strict=True):
            players = set(np.flatnonzero(members).tolist())
            row.append(float(players <= present if kind == "and" else bool(players & present)))
        rows.append(row)
    return np.array(rows)


def kinds_and_orders(model):
    return Counter((str(kind), int(order)) for kind, order in zip(model.kinds, model.orders, strict=True))


@settings(max_examples=25)
@given(st.integers(1, 5), st.integers(0, 10_000), st.integers(0, 10_000))
def test_random_sets_are_fitted_as_well_as_they_can_be(n, seed, drawn):
    values = np.round(np.random.default_rng(seed).normal(size=1 << n), 2)
    model = sy.decompose(values).restrict(2 * n)
    random = model.refit(variation=Variation(features="random-units", seed=drawn))
    assert kinds_and_orders(random) == kinds_and_orders(model)
    np.testing.assert_array_equal(random.values, values)
    design = slow_design(random)
    best = design @ np.linalg.lstsq(design, values, rcond=None)[0]
    np.testing.assert_allclose(random.predict_all(), best, atol=1e-9)
    np.testing.assert_allclose(design[:, 1:] @ random.effects + random.intercept, best, atol=1e-9)
    assert (np.diff(np.abs(random.effects)) <= 0).all()


def test_random_sets_are_drawn_from_all_of_a_size():
    model = sy.decompose(2.0 * sy.all_masks(4)[:, :2].all(axis=1) + 1.0 * sy.all_masks(4)[:, 1:].any(axis=1))
    seen = {"and": Counter(), "or": Counter()}
    for seed in range(300):
        for kind, players in described(model.refit(variation=Variation(features="random-units", seed=seed))):
            seen[kind][players] += 1
    assert set(seen["and"]) == set(itertools.combinations(range(4), 2))
    assert set(seen["or"]) == set(itertools.combinations(range(4), 3))
    assert min(seen["and"].values()) > 25
    assert min(seen["or"].values()) > 45
    one, again = (described(model.refit(variation=Variation(features="random-units", seed=7))) for _ in range(2))
    assert one == again


@pytest.mark.parametrize("n", [1, 2, 3])
def test_more_sets_than_masks(n):
    players = [one for order in range(1, n + 1) for one in itertools.combinations(range(n), order)]
    terms = [(kind, one, 1.0 + place) for place, one in enumerate(players) for kind in ("and", "or")] * 2
    values = np.random.default_rng(n).normal(size=1 << n)
    model = by_hand(n, terms, values)
    assert len(terms) > 1 << n
    random = model.refit(variation=Variation(features="random-units"))
    assert len(random.effects) == 1 << n
    assert np.isfinite(random.effects).all()
    assert random.fidelity.r2 > 0


@pytest.mark.parametrize(
    ("variation", "message"),
    [
        (
            Variation(answers="scrambled"),
            "a control that changes the program is for alignments; interactions have none",
        ),
        (Variation(program="UpUp"), "a control that changes the program is for alignments"),
        (Variation(features="random"), "a control that changes the features is for alignments"),
        (Variation(network=mlp(0, 4)), "Sequential raised RuntimeError on its first call"),
    ],
)
def test_refits_that_do_not_apply(model, variation, message):
    with pytest.raises(sy.SymbolscopeError, match=message):
        model.refit(variation=variation)


def test_refits_of_what_has_no_network(model, tmp_path):
    from_values = sy.decompose(model.values)
    assert from_values.network is None
    with pytest.raises(sy.SymbolscopeError, match=r"made from values alone, so no other network .* sy\.explain"):
        from_values.refit(mlp(1))
    function = sy.explain(sy.Game.from_function(lambda masks: masks.sum(axis=1), 3), progress=False)
    assert function.network is None
    with pytest.raises(sy.SymbolscopeError, match="was made from a function, so no other network can take its place"):
        function.refit(mlp(1))
    model.save(tmp_path / "model.safetensors")
    loaded = sy.InteractionModel.load(tmp_path / "model.safetensors")
    with pytest.raises(sy.SymbolscopeError, match="made from values alone"):
        loaded.refit(mlp(1))
    shuffled = loaded.refit(variation=Variation(answers="shuffled"))
    np.testing.assert_array_equal(shuffled.values, model.refit(variation=Variation(answers="shuffled")).values)
    unknown = by_hand(2, [("and", (0, 1), 1.0)])
    for call in (lambda: unknown.refit(variation=Variation()), unknown.rival_curves, unknown.alternatives):
        with pytest.raises(sy.SymbolscopeError, match="the network's output is not known on all masks"):
            call()


# Rivals


def subsets(n):
    return [frozenset(i for i in range(n) if code >> i & 1) for code in range(1 << n)]


def slow_terms(name, values):
    """Effect of every set but the empty one, its column on all masks, and the constant, from the definitions."""
    n = int(np.log2(len(values)))
    sets = subsets(n)
    code = {one: index for index, one in enumerate(sets)}
    everyone = sets[-1]
    terms = []
    for S in sets[1:]:
        inside = [L for L in sets if L <= S]
        if name == "AND only":
            effect = sum((-1) ** (len(S) - len(L)) * values[code[L]] for L in inside)
            column = [float(S <= T) for T in sets]
        elif name == "OR only":
            effect = -sum((-1) ** (len(S) - len(L)) * values[code[everyone - L]] for L in inside)
            column = [float(bool(S & T)) for T in sets]
        else:
            column = [float((-1) ** len(S & T)) for T in sets]
            effect = sum(sign * value for sign, value in zip(column, values, strict=True)) / len(values)
        terms.append((effect, np.array(column)))
    constant = sum(values) / len(values) if name == "Fourier" else values[0]
    return sorted(terms, key=lambda term: -abs(term[0])), constant


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("name", ["AND only", "OR only", "Fourier"])
def test_rival_curves_by_their_definitions(n, name):
    values = np.random.default_rng(10 * n).normal(size=1 << n)
    terms, prediction = slow_terms(name, values)
    expected = [1 - np.mean((values - prediction) ** 2) / np.var(values)]
    for effect, column in terms:
        prediction = prediction + effect * column
        expected.append(1 - np.mean((values - prediction) ** 2) / np.var(values))
    curve = rival_curves(values)[name]
    assert len(curve.r2) == 1 << n
    np.testing.assert_allclose(curve.r2, expected, atol=1e-9)
    assert curve.r2[-1] == pytest.approx(1.0, abs=1e-12)


def test_the_fourier_curve_is_the_best_of_all_choices_of_parities():
    values = np.random.default_rng(5).normal(size=8)
    parities = [column for _, column in slow_terms("Fourier", values)[0]]
    curve = rival_curves(values)["Fourier"]
    for k in range(8):
        best = -np.inf
        for chosen in itertools.combinations(parities, k):
            design = np.column_stack([np.ones(8), *chosen])
            fitted = design @ np.linalg.lstsq(design, values, rcond=None)[0]
            best = max(best, 1 - np.mean((values - fitted) ** 2) / np.var(values))
        assert curve.r2[k] == pytest.approx(best, abs=1e-9)
    assert (np.diff(curve.r2) >= -1e-12).all()


@pytest.mark.parametrize("name", [name for name in instances(1) if name != "constant"])
def test_every_rival_curve_ends_at_one(name):
    values = instances(6)[name].astype(np.float64)
    curves = sy.decompose(values).rival_curves()
    assert list(curves) == ["AND only", "OR only", "Fourier"]
    for curve in curves.values():
        assert curve.r2[-1] == pytest.approx(1.0, abs=1e-9)
        assert curve.count_for(0.99) is not None


def test_each_basis_is_short_where_it_is_at_home():
    masks = sy.all_masks(4)
    homes = {
        "AND only": 2.0 * masks.all(axis=1),
        "OR only": 2.0 * masks.any(axis=1),
        "Fourier": np.where(masks.sum(axis=1) % 2 == 0, 1.0, -1.0),
    }
    for home, values in homes.items():
        counts = {name: curve.count_for(0.99) for name, curve in rival_curves(values).items()}
        assert counts[home] == 1
        assert min(count for name, count in counts.items() if name != home) > 3


# Other splits


@settings(max_examples=8)
@given(st.integers(2, 5), st.integers(0, 10_000), st.sampled_from([0.0, 0.1, 0.4]))
def test_other_splits_cost_at_most_a_hundredth_more(n, seed, tolerance):
    values = np.round(np.random.default_rng(seed).normal(size=1 << n), 1)
    model = sy.decompose(values, tolerance=tolerance)
    found = model.alternatives()
    optimum = optimal_cost(values, tolerance)
    for cost in found.costs:
        assert optimum * (1 - 1e-4) <= cost * model.objective <= 1.01 * optimum * (1 + 1e-4) + 1e-9
    assert len(found.costs) == (2 if model.objective > 0 else 0)
    assert 1 <= found.n_splits <= 3
    assert found.in_all.shape == (len(model.salient().effects),)
    assert 0.0 <= found.overlap <= 1.0
    assert (found.n_splits == 1) == (found.overlap == 1.0)
    if found.n_splits == 1:
        assert found.in_all.all()


@pytest.mark.parametrize("n", [2, 3, 5])
@pytest.mark.parametrize("kind", ["and", "or"])
def test_one_interaction_cannot_be_said_otherwise(n, kind):
    masks = sy.all_masks(n)[:, : min(n, 3)]
    values = -1.5 * (masks.all(axis=1) if kind == "and" else masks.any(axis=1))
    found = alternatives(sy.decompose(values))
    assert (found.n_splits, found.overlap, found.in_all.tolist()) == (1, 1.0, [True])
    np.testing.assert_allclose(found.costs, 1.0)
    assert str(found).startswith("preferring ANDs and then ORs by 0.5% found no other split within 1%")


@pytest.mark.parametrize("others", [0, 1])
def test_a_tie_is_two_splits(others):
    """(a and b) - a = b - (a or b): two splits at one price; what is said of c besides is in both."""
    masks = sy.all_masks(3).astype(np.float64)
    a, b, c = masks.T
    values = a * b - a + 3.0 * others * c
    model = sy.decompose(values)
    found = model.alternatives()
    splits = [
        {("and", (0, 1)): 1.0, ("and", (0,)): -1.0} | ({("and", (2,)): 3.0} if others else {}),
        {("or", (0, 1)): -1.0, ("and", (1,)): 1.0} | ({("and", (2,)): 3.0} if others else {}),
    ]
    mine = {key: round(effect, 6) for key, effect in described(model).items()}
    assert mine in splits
    assert found.n_splits == 2
    np.testing.assert_allclose(found.costs, 1.0)
    assert found.overlap == pytest.approx(others / (4 + others))
    shared = [key == ("and", (2,)) for key in described(model.salient())]
    assert found.in_all.tolist() == shared
    assert str(found).startswith(
        f"2 different splits cost within 1% of one another; {others} of the {2 + others} salient"
    )


def test_weak_interactions_are_left_out_of_the_comparison():
    a, b, c = sy.all_masks(3).T.astype(np.float64)
    values = 100.0 * c + a * b - a
    assert sy.decompose(values).alternatives().n_splits == 1
    assert sy.decompose(values).alternatives(threshold=0.005).n_splits == 2


def test_no_alternatives_where_only_ands_are_allowed():
    values = network(4, seed=0)
    found = sy.decompose(values, kinds="and").alternatives()
    assert (found.costs, found.n_splits, found.overlap) == ((), 1, 1.0)
    assert found.in_all.all()
    constant = sy.decompose(np.full(8, 2.0)).alternatives()
    assert (constant.costs, constant.n_splits, constant.overlap, constant.in_all.size) == ((), 1, 1.0, 0)


def test_alternatives_of_more_players_are_certified_too():
    values = planted(9, seed=0)[0]
    model = sy.decompose(values)
    found = model.alternatives()
    assert isinstance(found, Alternatives)
    for cost in found.costs:
        assert 1 - 1e-3 <= cost <= 1.0102  # the gap of its own search on top


# Length


def test_the_length_of_a_description_by_hand():
    log = math.log2
    four = by_hand(4, [("and", (0, 2), 1.0), ("or", (1, 2, 3), -2.0), ("and", (3,), 0.5), ("and", (0, 1, 2, 3), 4.0)])
    # Kind, order, players: C(4, 2) = 6, C(4, 3) = C(4, 1) = 4, C(4, 4) = 1; an effect takes half a bit for each of 4 players.
    expected = (1 + 2 + log(6)) + (1 + 2 + 2) + (1 + 2 + 2) + (1 + 2 + 0) + 4 * 2
    assert description_length(four) == pytest.approx(expected)
    assert description_length(by_hand(1, [("and", (0,), 1.0)])) == pytest.approx(1 + 0 + 0 + 0.5)
    seven = by_hand(7, [("or", (0, 3, 6), 1.0)])
    assert description_length(seven) == pytest.approx(1 + log(7) + log(35) + 3.5)
    assert description_length(by_hand(5, [])) == 0.0
    assert description_length(four.restrict(2)) == pytest.approx((1 + 2 + log(6)) + (1 + 2 + 2) + 2 * 2)


def test_what_a_reading_costs(model):
    costs = model.costs
    assert costs["interactions"] == len(model.effects) == model.complexity
    assert costs["mean order"] == pytest.approx(np.mean([mask.sum() for mask in model.masks]))
    assert costs["largest order"] == max(mask.sum() for mask in model.masks)
    assert costs["description length (bits)"] == description_length(model) > 0
    assert list(by_hand(3, []).costs.values()) == [0.0, 0.0, 0.0, 0.0]


def test_as_many_terms_as_masks_need_not_fit_them():
    """a or b = a + b - (a and b): seven terms of three players that are no basis."""
    values = np.random.default_rng(0).normal(size=8)
    sets = [(0,), (1,), (0, 1), (0, 1), (2,), (0, 2), (0, 2)]
    kinds = np.array(["and", "and", "and", "or", "and", "and", "or"])
    masks = np.zeros((7, 3), dtype=bool)
    for row, players in enumerate(sets):
        masks[row, list(players)] = True
    model = sy.InteractionModel(masks, kinds, np.ones(7), 0.0, ("a", "b", "c"), 7.0, float("nan"), values=values)
    columns = [np.ones(8)]
    for kind, mask in zip(kinds, masks, strict=True):
        there = sy.all_masks(3)[:, mask]
        columns.append((there.all(axis=1) if kind == "and" else there.any(axis=1)).astype(float))
    design = np.column_stack(columns)
    left = values - design @ np.linalg.pinv(design) @ values
    assert model.fitted_r2(7) == pytest.approx(1 - np.mean(left**2) / np.var(values))
    assert model.fitted_r2(7) < 0.99
    # One interaction of every set is a basis, be it AND or OR.
    exact = sy.decompose(values, kinds="and")
    assert exact.fitted_r2(len(exact.effects)) == 1.0
