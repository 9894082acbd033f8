"""Greedy removal: the order from the definition, the curve, the size chosen, fitted effects and refusals."""

from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.graphs.instances import by_hand, unstructured
from tests.graphs.reference_removal import indicators, reference_removal
from tests.interactions.games import instances, network, planted

import symbolscope as sy
from symbolscope.graphs.causal_graph import causal_graph
from symbolscope.graphs.indicator_products import indicator_means, indicator_products
from symbolscope.graphs.nested_fit import nested_fit


def every_interaction(values, kinds=("and", "or")):
    """All AND and OR interactions of half the output each, none left out."""
    n = values.size.bit_length() - 1
    tables = {"and": sy.mobius, "or": sy.or_mobius}
    terms = [
        (kind, tuple(np.flatnonzero(mask)), float(effect) / len(kinds))
        for kind in kinds
        for mask, effect in zip(sy.all_masks(n)[1:], tables[kind](values)[1:], strict=True)
    ]
    return by_hand(
        n, sorted(terms, key=lambda term: -abs(term[2])), intercept=float(values[0]), values=np.asarray(values, float)
    )


def explained(effects, rise):
    strength = np.abs(effects).sum()
    return strength / (strength + abs(rise - effects.sum())) if strength > 0 else 0.0


# Inner products


@given(st.integers(1, 6), st.integers(0, 10_000))
def test_inner_products_equal_the_mean_over_all_masks(n, seed):
    model = unstructured(n, 12, seed)
    model = by_hand(n, [("and", (), 1.0), ("or", (), 1.0)] + [  # the empty set too
        (str(kind), tuple(np.flatnonzero(mask)), 1.0) for kind, mask in zip(model.kinds, model.masks, strict=True)
    ])  # fmt: skip
    active = indicators(model)
    found = indicator_products(model.masks, model.is_or, model.masks, model.is_or)
    np.testing.assert_allclose(found, active.T @ active / len(active), atol=1e-12)
    np.testing.assert_allclose(indicator_means(model.masks, model.is_or), active.mean(axis=0), atol=1e-12)


# The order of removal


@pytest.mark.parametrize("kinds", [("and",), ("and", "or")])
@pytest.mark.parametrize("n", [2, 4, 5])
def test_the_one_missed_least_goes_at_every_step(n, kinds):
    values = np.random.default_rng(n).normal(size=1 << n)  # no ties
    model = every_interaction(values, kinds)
    removed, squared = reference_removal(model, values)
    curve = causal_graph(model, r2=0.5).curve
    np.testing.assert_array_equal(curve.order[::-1], removed)
    np.testing.assert_allclose(curve.unfaithfulness[::-1], squared, atol=1e-12)


@settings(max_examples=30)
@given(st.integers(3, 5), st.integers(0, 10_000))
def test_interactions_that_do_not_reproduce_the_output_are_removed_by_what_is_missed(n, seed):
    values = np.random.default_rng(seed).normal(size=1 << n)
    model = replace(unstructured(n, 15, seed), values=values)
    removed, squared = reference_removal(model, values)
    curve = causal_graph(model, r2=None, max_interactions=3).curve
    np.testing.assert_array_equal(curve.order[::-1], removed)
    np.testing.assert_allclose(curve.unfaithfulness[::-1], squared, atol=1e-12)


def test_greedy_removal_is_not_the_order_of_size():
    """A large effect on few masks is missed less than a smaller one on half of them."""
    masks = sy.all_masks(6)
    values = 3.0 * masks.all(axis=1) + 2.0 * masks[:, 0]
    graph = causal_graph(sy.decompose(values), r2=None, max_interactions=1)
    assert graph.interactions.to_text().splitlines()[1].split() == ["+2.0000", "and", "x0"]


@pytest.mark.parametrize("name", instances(6))
def test_every_size_is_measured_as_it_is(name):
    values = instances(6)[name]
    model = sy.decompose(values)
    curve = causal_graph(model, r2=None, max_interactions=0).curve
    scale, rise = float(np.abs(values).max()), float(values[-1] - values[0])
    assert sorted(curve.order.tolist()) == list(range(model.complexity))
    for k in range(0, model.complexity + 1, 5):
        kept = model.restrict(np.sort(curve.order[:k]))
        assert curve.r2[k] == pytest.approx(kept.fidelity.r2, abs=1e-9)
        assert curve.unfaithfulness[k] == pytest.approx(kept.fidelity.unfaithfulness, abs=1e-12 * scale**2)
        assert curve.largest_error[k] == pytest.approx(kept.fidelity.largest_error, abs=1e-9 * scale)
        assert curve.explained_ratio[k] == pytest.approx(explained(kept.effects, rise), abs=1e-9)
        squared = np.sum((values - kept.predict_all()) ** 2) / np.sum(values**2)
        assert curve.relative_unfaithfulness[k] == pytest.approx(squared, abs=1e-12)


def test_rounding_does_not_add_up_over_thousands_of_removals():
    values = 1e3 + network(11, seed=1)
    model = every_interaction(values)
    assert model.complexity == 2 * 2047
    graph = causal_graph(model, r2=0.99)
    curve = graph.curve
    for k in (0, 10, 300, 2000, 4000):
        kept = model.restrict(np.sort(curve.order[:k]))
        assert curve.unfaithfulness[k] == pytest.approx(kept.fidelity.unfaithfulness, rel=1e-6, abs=1e-18)
    assert 0 < graph.size < model.complexity


# The size


def test_the_smallest_size_at_which_all_hold_is_kept_and_measured():
    values, _ = planted(8, seed=3, noise=0.05)
    model = every_interaction(values)
    asked = {"r2": 0.97, "explained_ratio": 0.95, "largest_error": 1.2, "unfaithfulness": 0.3}
    graph = causal_graph(model, **asked)
    curve = graph.curve
    holds = (
        (curve.r2 >= 0.97)
        & (curve.explained_ratio >= 0.95)
        & (curve.largest_error <= 1.2)
        & (curve.unfaithfulness <= 0.3)
    )
    assert graph.size == np.flatnonzero(holds)[0] == graph.complexity
    kept = graph.interactions
    np.testing.assert_array_equal(kept.predict_all(), graph.predict(sy.all_masks(8)))
    assert graph.r2 == kept.fidelity.r2 >= 0.97
    assert graph.unfaithfulness == kept.fidelity.unfaithfulness
    assert graph.largest_error == kept.largest_error <= 1.2
    assert graph.explained_ratio == pytest.approx(explained(kept.effects, values[-1] - values[0]))
    assert graph.asked == asked
    assert (np.diff(np.abs(kept.effects)) <= 0).all()
    assert graph.against == "network"


def test_a_threshold_must_hold_at_that_very_size():
    """R^2 of the mean need not rise with size: a size is not chosen because a smaller or a larger one is good."""
    values = np.random.default_rng(5).normal(size=64)
    model = every_interaction(values, ("and",))
    curve = causal_graph(model, r2=None, max_interactions=1).curve
    assert (np.diff(curve.explained_ratio) < 0).any()  # it goes down and up again
    limit = float(np.median(curve.explained_ratio))
    graph = causal_graph(model, r2=None, explained_ratio=limit)
    assert graph.size == np.flatnonzero(curve.explained_ratio >= limit)[0]
    assert (curve.explained_ratio[graph.size :] < limit).any()


def test_just_so_many_are_kept_if_nothing_else_is_asked():
    model = sy.decompose(network(6, seed=0))
    graph = causal_graph(model, r2=None, max_interactions=7)
    assert graph.size == 7
    np.testing.assert_array_equal(
        np.sort(np.abs(graph.interactions.effects)), np.sort(np.abs(model.effects[graph.curve.order[:7]]))
    )
    assert causal_graph(model, r2=None, max_interactions=10_000).size == model.complexity
    assert graph.asked == {"max_interactions": 7.0}


def test_a_constant_output_needs_no_interaction():
    graph = causal_graph(sy.decompose(np.full(16, 2.5)))
    assert graph.size == 0
    assert graph.r2 == 1.0
    assert graph.predict(sy.all_masks(4)).tolist() == [2.5] * 16


def test_a_game_without_players_has_an_empty_graph():
    graph = causal_graph(by_hand(0, [], intercept=2.0, values=np.array([2.0])), refit=True)
    assert graph.size == 0
    assert graph.graph().predict_all().tolist() == [2.0]


# Unknown outputs


def test_without_outputs_the_graph_is_measured_against_all_interactions():
    model = replace(sy.decompose(network(6, seed=2)), values=None)
    whole = replace(model, values=model.predict_all())
    graph, same = causal_graph(model), causal_graph(whole)
    np.testing.assert_array_equal(graph.curve.order, same.curve.order)
    assert graph.r2 == pytest.approx(same.r2)
    assert graph.against == "model"
    assert "measured against all interactions of the model" in repr(graph)


@pytest.mark.parametrize("refit", [False, True])
def test_closed_forms_stand_in_for_a_table_of_all_masks(refit, monkeypatch):
    """Without a table, up to the last digits, what the table gives; and sets of players over 64 have one all the same."""
    model = replace(sy.decompose(network(7, seed=4)).top(60), values=None)
    tabled = causal_graph(model, r2=0.9, refit=refit)
    monkeypatch.setattr(import_module("symbolscope.graphs.causal_graph"), "_PLAYERS_TABULATED", 0)
    graph = causal_graph(model, r2=0.9, refit=refit)
    np.testing.assert_array_equal(graph.curve.order, tabled.curve.order)
    np.testing.assert_allclose(graph.curve.r2, tabled.curve.r2, atol=1e-9)
    np.testing.assert_allclose(graph.curve.explained_ratio, tabled.curve.explained_ratio, atol=1e-9)
    np.testing.assert_allclose(graph.curve.relative_unfaithfulness, tabled.curve.relative_unfaithfulness, atol=1e-9)
    np.testing.assert_allclose(graph.interactions.effects, tabled.interactions.effects, atol=1e-9)
    assert graph.interactions.intercept == pytest.approx(tabled.interactions.intercept)
    for name in ("r2", "unfaithfulness", "relative_unfaithfulness", "explained_ratio"):
        assert getattr(graph, name) == pytest.approx(getattr(tabled, name), abs=1e-9)
    assert np.isnan(graph.largest_error)
    assert np.isnan(graph.curve.largest_error).all()


def test_a_hundred_players_are_no_obstacle():
    generator = np.random.default_rng(0)
    terms = [
        (
            "and" if row % 2 else "or",
            tuple(sorted(generator.choice(100, 3, replace=False).tolist())),
            5.0 if row < 4 else 0.05,
        )
        for row in range(40)
    ]
    graph = causal_graph(by_hand(100, terms, intercept=1.0), r2=0.95, refit=True)
    assert graph.size == 4
    np.testing.assert_allclose(graph.interactions.effects, 5.0, atol=0.1)


# Fitted effects


@given(st.integers(1, 12), st.integers(0, 10_000))
def test_one_factorisation_fits_every_size(m, seed):
    generator = np.random.default_rng(seed)
    design = generator.normal(size=(40, m))
    if m > 2:
        design[:, 2] = design[:, 0] - 2.0 * design[:, 1]  # depends on those before it
    design -= design.mean(axis=0)
    target = generator.normal(size=40)
    target -= target.mean()
    fit = nested_fit(design.T @ design / 40, design.T @ target / 40)
    assert fit.independent.tolist() == [column != 2 for column in range(m)]
    for k in range(m + 1):
        best = np.linalg.lstsq(design[:, :k], target, rcond=None)[0] if k else np.zeros(0)
        predicted = design[:, :k] @ best
        assert fit.explained[k] == pytest.approx(np.mean(predicted**2), abs=1e-9)
        np.testing.assert_allclose(design[:, :k] @ fit.effects(k), predicted, atol=1e-7)


def test_blocks_do_not_show():
    generator = np.random.default_rng(1)
    design = generator.normal(size=(400, 150))
    design[:, 70] = design[:, :60].sum(axis=1)
    target = generator.normal(size=400)
    fit = nested_fit(design.T @ design / 400, design.T @ target / 400)
    assert np.flatnonzero(~fit.independent).tolist() == [70]
    best = np.linalg.lstsq(design[:, :140], target, rcond=None)[0]
    np.testing.assert_allclose(design[:, :140] @ fit.effects(140), design[:, :140] @ best, atol=1e-8)


def test_fitted_effects_are_the_best_for_every_size():
    model = sy.decompose(network(6, seed=0))
    graph = causal_graph(model, r2=0.95, refit=True)
    curve, kept = graph.curve, graph.interactions
    assert graph.refitted
    assert graph.size == np.flatnonzero(curve.fitted_r2 >= 0.95)[0] <= causal_graph(model, r2=0.95).size
    for k in (1, 5, graph.size):
        part = model.restrict(np.sort(curve.order[:k]))
        assert curve.fitted_r2[k] == pytest.approx(part.fitted_r2(k), abs=1e-9)
    assert graph.r2 == kept.fidelity.r2 == pytest.approx(curve.fitted_r2[graph.size], abs=1e-9)
    assert (curve.fitted_r2[:-1] >= curve.r2[:-1] - 1e-9).all()
    assert (np.diff(np.abs(kept.effects)) <= 0).all()
    error = model.values - kept.predict_all()
    assert error.mean() == pytest.approx(0.0, abs=1e-9)  # the intercept is fitted too
    np.testing.assert_allclose(indicators(kept).T @ error, 0.0, atol=1e-9)


def test_other_thresholds_hold_for_the_fitted_effects():
    values, _ = planted(7, seed=1, noise=0.2)
    model = every_interaction(values)
    graph = causal_graph(model, r2=0.9, largest_error=1.0, explained_ratio=0.9, unfaithfulness=1.0, refit=True)
    assert graph.r2 >= 0.9
    assert graph.interactions.largest_error == graph.largest_error <= 1.0
    assert graph.explained_ratio >= 0.9
    sizes = np.flatnonzero(graph.curve.fitted_r2[: graph.size + 1] >= 0.9)
    assert len(sizes) > 1  # smaller ones have the R^2 and miss something else


def test_an_interaction_that_others_amount_to_is_left_out():
    """x0 or x1 is x0 plus x1 minus both."""
    terms = [("and", (0,), 3.0), ("and", (1,), 2.0), ("and", (0, 1), 1.0), ("or", (0, 1), 0.5)]
    model = by_hand(2, terms, values=np.array([0.0, 3.5, 2.5, 6.5]))
    graph = causal_graph(model, r2=None, max_interactions=4, refit=True)
    assert graph.size == 3
    assert graph.r2 == pytest.approx(1.0)


# Presentation and refusals


def test_the_curve_as_a_table():
    graph = causal_graph(sy.decompose(network(4, seed=0)), refit=True)
    frame = graph.to_frame()
    assert list(frame.columns) == [
        "size", "r2", "unfaithfulness", "relative unfaithfulness", "explained ratio", "largest error", "fitted r2",
    ]  # fmt: skip
    np.testing.assert_array_equal(frame["r2"], graph.curve.r2)
    assert "effects fitted" in repr(graph)


def test_progress_is_shown_where_asked(capsys):
    causal_graph(sy.decompose(network(5, seed=0)), progress=True)
    causal_graph(sy.decompose(network(5, seed=0)), progress=False)
    assert capsys.readouterr().out == ""


def test_thresholds_that_nothing_meets_are_refused_with_the_best_there_is():
    model = sy.decompose(network(6, seed=0)).top(10)
    best = causal_graph(model, r2=None, max_interactions=10).r2
    with pytest.raises(sy.SymbolscopeError, match=r"no graph of at most 10 interactions has r2 >= 0.999") as refusal:
        causal_graph(model, r2=0.999)
    said = str(refusal.value)
    assert f"r2 is {best:.4g}" in said
    typed = float(said.split("such as r2=")[1].split(",")[0])
    assert causal_graph(model, r2=typed).size <= 10  # what it says to type works


def test_too_few_allowed_are_refused_with_how_many_would_do():
    model = sy.decompose(network(6, seed=0))
    needed = causal_graph(model, r2=0.95).size
    with pytest.raises(
        sy.SymbolscopeError, match=rf"r2 is 0\..*{needed} interactions would do: max_interactions={needed}"
    ):
        causal_graph(model, r2=0.95, max_interactions=3)
    assert causal_graph(model, r2=0.95, max_interactions=needed).size == needed


def test_several_thresholds_say_the_best_of_each():
    values = np.random.default_rng(5).normal(size=64)
    model = every_interaction(values, ("and",)).top(50)
    with pytest.raises(sy.SymbolscopeError, match=r"explained_ratio is .* there and at best .* \(at \d+\)"):
        causal_graph(model, r2=0.9, explained_ratio=0.9999, largest_error=0.1)


def test_fitted_thresholds_that_nothing_meets_are_refused():
    model = sy.decompose(network(6, seed=0)).top(5)
    with pytest.raises(
        sy.SymbolscopeError, match=r"no graph of at most 5 interactions has r2 >= 0.999 and largest_error <= 0"
    ):
        causal_graph(model, r2=0.999, largest_error=0.0, refit=True)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"r2": None}, "nothing says how many interactions to keep"),
        ({"r2": 1.5}, "r2 must be at most 1; got 1.5"),
        ({"explained_ratio": 2.0}, "explained_ratio must be at most 1; got 2.0"),
        ({"unfaithfulness": -1.0}, "unfaithfulness must be at least 0; got -1.0"),
        ({"largest_error": float("nan")}, "largest_error must be at least 0; got nan"),
        ({"max_interactions": -1}, "max_interactions must be a number >= 0; got -1"),
        ({"max_interactions": True}, "max_interactions must be a number >= 0; got True"),
    ],
)
def test_thresholds_that_cannot_be_are_refused(asked, message):
    with pytest.raises(sy.SymbolscopeError, match=message):
        causal_graph(sy.decompose([0.0, 0.0, 0.0, 1.0]), **asked)


def test_too_many_interactions_are_refused(monkeypatch):
    monkeypatch.setattr(import_module("symbolscope.graphs.causal_graph"), "_MOST_INTERACTIONS", 2)
    with pytest.raises(sy.SymbolscopeError, match=r"start from the strongest: causal_graph\(model.top\(2\)\)"):
        causal_graph(sy.decompose([0.0, 1.0, 2.0, 5.0]))


def test_the_largest_error_of_too_many_masks_is_refused():
    model = by_hand(30, [("and", (0, 1), 1.0)])
    with pytest.raises(sy.SymbolscopeError, match=r"the largest error over 2\^30 masks is not known"):
        causal_graph(model, largest_error=0.1)
    assert causal_graph(model).size == 1
