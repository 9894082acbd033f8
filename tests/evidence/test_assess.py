"""Reports against slow formulas, oracles whose answer is known, and every refusal."""

import inspect
import re
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.evidence.instances import BRIEF, CONJUNCTIONS, TASK, reading
from tests.interactions.games import network as relu_values

import symbolscope as sy
from symbolscope.core.random_streams import stream
from symbolscope.evidence.null import restart_seed

F, P, N = sy.featurizers, sy.programs, sy.evidence.nulls
UP_DOWN, UP_UP = P.UpDown(TASK), P.UpUp(TASK)
LEVELS = (0.9, 0.99)
CHEAP = ("permuted-outputs", "wrong-program")
SETTINGS = {"rate": 0.03, "steps": 60, "n_pairs": 300, "n_validation": 100, "progress": False}


# Interactions


def slow_r2(values, model):
    prediction = np.array([model.predict(mask)[0] for mask in sy.all_masks(model.n_players)])
    return 1 - sum((values - prediction) ** 2) / sum((values - sum(values) / len(values)) ** 2)


def slow_count(model, level):
    """Fewest terms from which on the accuracy stays at the level."""
    r2 = [model.restrict(k).fidelity.r2 for k in range(len(model.effects) + 1)]
    enough = [k for k in range(len(r2)) if all(one >= level for one in r2[k:])]
    return min(enough, default=None)


def slow_best(model, k):
    """R^2 of the k strongest terms with the effects that suit them best, by least squares column by column."""
    columns = [np.ones(len(model.values))]
    for kind, members in list(zip(model.kinds, model.masks, strict=True))[:k]:
        there = sy.all_masks(model.n_players)[:, members]
        columns.append((there.all(axis=1) if kind == "and" else there.any(axis=1)).astype(float))
    design = np.column_stack(columns)
    fitted = design @ np.linalg.lstsq(design, model.values, rcond=None)[0]
    return max(0.0, 1 - np.mean((model.values - fitted) ** 2) / np.var(model.values))


@pytest.mark.parametrize(("n", "tolerance"), [(4, 0.1), (5, 0.0), (6, 0.0)])
def test_interactions_by_slow_formulas(n, tolerance):
    values = relu_values(n, seed=n)
    model = sy.decompose(values, tolerance=tolerance)
    usual = N.PermutedOutputs(), N.RandomSubset()
    report = sy.assess(model, nulls=usual, restarts=2, seed=5)
    errors = [value - model.predict(mask)[0] for value, mask in zip(values, sy.all_masks(n), strict=True)]
    assert report.score == pytest.approx(slow_r2(values, model), abs=1e-12)
    assert report.details["unfaithfulness"] == pytest.approx(sum(e * e for e in errors) / len(errors), abs=1e-12)
    assert report.details["largest error"] == pytest.approx(max(abs(e) for e in errors), abs=1e-12)
    assert (report.floor, report.seed, report.restarts) == (0.0, 5, 2)
    assert report.interval[0] <= report.score <= report.interval[1]
    assert report.complexity["interactions"] == len(model.effects)
    assert report.subject == f"{len(model.effects)} interactions of {n} players"
    # Sizes are compared between exact splits, whatever the tolerance of the reading.
    exact = sy.decompose(values, gap=1e-2)
    counts = {"network": [slow_count(exact, level) for level in LEVELS]}
    assert report.sizes["network"] == (tuple(counts["network"]),)
    for null in usual:
        drawn = [model.refit(variation=null.variation(model, seed=restart_seed(5, i))) for i in range(2)]
        assert report.sizes[null.name] == tuple(tuple(slow_count(one, level) for level in LEVELS) for one in drawn)
        expected = [slow_best(one, len(model.effects)) for one in drawn]
        np.testing.assert_allclose(report.null_scores[null.name], expected, atol=1e-9)
        assert report.margin[null.name] == pytest.approx(report.score - max(expected), abs=1e-9)
        low, high = report.margin_interval[null.name]
        assert low <= report.margin[null.name] <= high
        for place, level in enumerate(LEVELS):
            theirs = [count for one in drawn if (count := slow_count(one, level)) is not None]
            ratio, own = report.size_ratio[null.name][place], counts["network"][place]
            assert np.isnan(ratio) if not theirs or own is None else ratio == min(theirs) / own
        for one, curve in zip(drawn, report.curves[null.name], strict=True):
            slow = [one.restrict(k).fidelity.r2 for k in range(len(one.effects) + 1)]
            np.testing.assert_allclose(curve, slow, atol=1e-9)
    assert report.best_null == max(max(scores) for scores in report.null_scores.values())
    for name, curve in model.rival_curves().items():
        rival = report.rivals[name]
        assert rival.score == pytest.approx(max(0.0, *curve.r2[: len(model.effects) + 1]))
        assert rival.margin == pytest.approx(report.score - rival.score)
        assert report.sizes[name] == ((curve.count_for(0.9), curve.count_for(0.99)),)
    assert (report.off_target, report.divergence) == (None, None)
    assert str(report.alternatives) == str(exact.alternatives())


def planted_game():
    planted = sy.networks.Planted.random(7, n_and=3, n_or=2, seed=0)
    return sy.Game(planted, torch.ones(7, dtype=torch.float64), score="output")


def test_a_planted_game_is_far_smaller_than_its_outputs_permuted():
    report = sy.assess(sy.explain(planted_game(), progress=False), nulls=("permuted-outputs",))
    assert report.score == pytest.approx(1.0)
    assert report.sizes["network"][0][1] <= 5
    assert report.size_ratio["permuted-outputs"][0] > 10
    assert report.margin["permuted-outputs"] > 0.5
    assert report.sentence.endswith("so this says nothing of what was learned.")  # no untrained network was asked for


def test_a_constant_output():
    report = sy.assess(sy.decompose(np.full(8, 2.5)))
    assert (report.score, report.interval, report.sizes["network"]) == (1.0, (1.0, 1.0), ((0, 0),))
    assert report.details == {"unfaithfulness": 0.0, "largest error": 0.0}
    # Permuted it is the same constant: no term against no term.
    assert report.null_scores == {"permuted-outputs": (1.0, 1.0)}
    assert report.margin == {"permuted-outputs": 0.0}
    assert report.size_ratio == {"permuted-outputs": (1.0, 1.0)}
    assert report.sentence.endswith("so there is nothing to explain.")


def test_a_model_without_values_is_refused():
    known = sy.decompose([0.0, 1.0, 1.0, 4.0])
    with pytest.raises(sy.SymbolscopeError, match=r"no game to ask, so there is nothing to compare"):
        sy.assess(replace(known, values=None))


def test_values_alone_have_no_network_to_draw_anew():
    report = sy.assess(sy.decompose([0.0, 1.0, 1.0, 4.0]))
    assert set(report.skipped) == {"random-init"}
    assert "no network" in report.skipped["random-init"]
    assert set(report.null_scores) == {"permuted-outputs"}


@pytest.mark.parametrize("of", ["decomposed", "gru"])
def test_no_nulls_is_said(of):
    report = sy.assess(reading(of), nulls=(), n=30)
    assert not report.controlled
    assert (dict(report.null_scores), dict(report.margin), dict(report.skipped)) == ({}, {}, {})
    assert np.isnan(report.best_null)
    for text in (report.sentence, repr(report), report._repr_html_()):
        assert "Nothing was controlled" in text


# Alignments


@pytest.fixture(scope="module")
def oracle():
    """The count is coordinate 0 of its state, and the search finds it."""
    return sy.align(sy.networks.Toy1d(TASK), UP_DOWN, TASK, featurizer=F.Orthogonal(size=1), **SETTINGS)


@pytest.fixture(scope="module")
def report(oracle):
    return sy.assess(oracle, nulls=CHEAP, rivals=[UP_UP], n=200, seed=2)


def test_the_oracle_and_its_controls(oracle, report):
    assert report.score == 1.0
    assert report.interval == (pytest.approx(0.025 ** (1 / 200)), 1.0)
    pairs = oracle.pairs(n=200, variable="count", seed=stream(2, "test pairs of assess", 0))
    iia = oracle.iia(pairs)
    assert (report.score, report.floor) == (iia.value, iia.floor)
    assert report.details == {"ceiling": iia.ceiling, "chance-corrected": 1.0}
    assert set(report.margin) == set(CHEAP)
    for name in CHEAP:
        assert len(report.null_scores[name]) == 2
        assert report.margin[name] == report.score - max(report.null_scores[name])
        assert report.margin[name] > 0.5
        low, high = report.margin_interval[name]
        assert 0.4 < low <= report.margin[name] <= high
    assert report.measure == "IIA over 200 fresh pairs"
    assert report.subject == "count of UpDown in Toy1d"
    assert report.complexity == oracle.costs
    assert "No untrained network was compared" in report.sentence  # both nulls are about its own network
    assert "because" not in report.sentence


def test_the_rest_of_the_oracle_leaves_its_count_alone(oracle, report):
    rest = oracle.rest(oracle.pairs(n=200, seed=stream(2, "test pairs of assess", 0)))
    assert (report.off_target.value, report.off_target.floor) == (rest.value, rest.floor)
    assert report.off_target.value == 1.0
    assert report.off_target.floor < 0.9
    assert report.off_target.swapped == report.score
    low, high = report.off_target.interval
    assert low <= 1.0 <= high


def test_a_rival_falls_short_and_has_a_floor_of_its_own(report):
    rival = report.rivals["UpUp"]
    assert rival.margin == report.score - rival.score > 0.3
    low, high = rival.margin_interval
    assert low <= rival.margin <= high
    assert rival.interval[0] <= rival.score <= rival.interval[1]
    assert 0.0 < rival.floor < 1.0
    assert "does as well" not in report.sentence


@pytest.mark.parametrize(
    ("rivals", "names"),
    [
        ({"other": UP_UP}, ["other"]),
        ({"demo": (UP_UP, "demo_count"), "response": (UP_UP, "response_count")}, ["demo", "response"]),
        ([(UP_UP, "response_count"), UP_UP], ["UpUp response_count", "UpUp"]),
        ([UP_DOWN], ["UpDown"]),
    ],
    ids=str,
)
def test_rivals_are_told_apart_by_their_names(oracle, report, rivals, names):
    found = sy.assess(oracle, nulls=(), rivals=rivals, n=200, seed=2)
    assert [name for name in found.rivals if name != "features elsewhere"] == names  # that one is nobody's program
    assert not found.controlled
    assert all(name in repr(found) for name in names)
    if names == ["UpDown"]:
        # The program itself, of the same name of variable, does as well as it did.
        assert found.rivals["UpDown"].margin_interval[0] <= 0
        assert found.rivals["UpDown"].score > 0.9
    if "UpUp" in names or "other" in names:  # without a variable, the first of its own
        assert found.rivals[names[-1]].score == pytest.approx(report.rivals["UpUp"].score)


def numbers(found):
    kept = (
        found.score, found.interval, found.floor, dict(found.details), dict(found.null_scores), dict(found.margin),
        dict(found.margin_interval), dict(found.rivals), found.off_target, found.divergence, dict(found.skipped),
    )  # fmt: skip
    return found.subject, found.measure, kept


def test_two_calls_say_the_same(oracle, report):
    again = sy.assess(oracle, nulls=CHEAP, rivals=[UP_UP], n=200, seed=2)
    assert numbers(again) == numbers(report)
    other = sy.assess(oracle, nulls=CHEAP, n=200, seed=3)
    assert other.floor != report.floor


def close(one, other):
    assert (one.subject, one.measure) == (other.subject, other.measure)
    assert one.score == pytest.approx(other.score, abs=1e-9)
    assert one.floor == pytest.approx(other.floor, abs=1e-9)
    assert one.null_scores.keys() == other.null_scores.keys()
    for name, scores in one.null_scores.items():
        np.testing.assert_allclose(scores, other.null_scores[name], atol=1e-9)
    assert dict(one.skipped) == dict(other.skipped)


def test_many_are_as_one_by_one_and_in_their_order(oracle, report):
    phase = sy.align(
        oracle.network, UP_DOWN, TASK, variable="phase", featurizer=F.Orthogonal(size=1), **SETTINGS
    )  # the same network, so that its nulls are shared
    model, other = (sy.decompose(np.random.default_rng(seed).normal(size=8)) for seed in (0, 1))
    readings = [model, oracle, other, phase, oracle]
    given = {"nulls": ("permuted-outputs",), "n": 200, "seed": 2}
    together = sy.assess_many(readings, **given)
    for one, found in zip(readings, together, strict=True):
        close(found, sy.assess(one, **given))
    assert [found.subject.split()[0] for found in together] == [
        str(model.complexity), "count", str(other.complexity), "phase", "count",
    ]  # fmt: skip
    assert sy.assess_many([]) == []


@pytest.mark.parametrize("order", [["gru", "toy"], ["toy", "gru"]])
def test_what_does_not_suit_one_network_is_run_on_another(order):
    """One has nothing to train, the other has."""
    reports = dict(zip(order, sy.assess_many([reading(of) for of in order], n=20, restarts=1), strict=True))
    # The readout of its random core has not learned the task.
    assert set(reports["gru"].null_scores) == {"random-init", "permuted-outputs"}
    assert set(reports["gru"].skipped) == {"random-core"}
    assert "trials right" in reports["gru"].skipped["random-core"]
    assert dict(reports["toy"].skipped) == {"random-core": "the network has no parameters to train"}
    assert reports["gru"].subject == "count of UpDown in GRU"


def test_held_out_quantities_are_those_of_the_test():
    task = sy.tasks.MultiObject(max_count=5, held_out=(3,))
    found = sy.align(sy.networks.Toy1d(task), P.UpDown(task), task, featurizer=F.Orthogonal(size=1), **BRIEF)
    held = sy.assess(found, nulls=(), held_out=(3,), n=100)
    assert held.measure == "IIA over 100 fresh pairs of held-out quantities"
    usual = sy.assess(found, nulls=(), n=100)
    assert usual.measure == "IIA over 100 fresh pairs"
    for report, counts in ((held, (3,)), (usual, None)):
        iia = found.iia(found.pairs(n=100, counts=counts, seed=stream(0, "test pairs of assess", 0)))
        assert (report.score, report.floor) == (iia.value, iia.floor)
    assert held.floor != usual.floor


def test_several_variables_are_tested_each_on_its_own_pairs():
    both = sy.align(
        sy.networks.Toy1d(TASK),
        UP_DOWN,
        TASK,
        variable=("count", "phase"),
        featurizer=F.Orthogonal(size=(1, 1)),
        **BRIEF,
    )
    report = sy.assess(both, nulls=("random-subset",), n=60, restarts=1)
    assert report.measure == "IIA over 120 fresh pairs"
    assert report.subject == "count, phase of UpDown in Toy1d"
    each = [
        both.iia(both.pairs(n=60, variable=name, seed=stream(0, "test pairs of assess", place)))
        for place, name in enumerate(("count", "phase"))
    ]
    assert report.score == pytest.approx(np.mean([iia.value for iia in each]))


def test_a_causal_model_without_time():
    found = reading("mlp")
    report = sy.assess(
        found,
        nulls=("random-init", "permuted-outputs", "wrong-program"),
        rivals={"other": (P.OrAndOr(), "first")},
        n=100,
    )
    assert report.subject == "left of AndOrAnd in MLP"
    iia = found.iia(found.pairs(n=100, variable="left", seed=stream(0, "test pairs of assess", 0)))
    assert (report.score, report.floor) == (iia.value, iia.floor)
    assert set(report.null_scores) == {"random-init", "permuted-outputs", "wrong-program"}
    assert 0.0 <= report.rivals["other"].score <= 1.0
    assert report.off_target is not None
    assert report.divergence.n_patched == 100
    assert found.task is CONJUNCTIONS


def test_states_are_kept_among_natural_ones_where_that_is_asked_for():
    """The counterfactual-latent loss: patched states nearer to natural ones, at about the same accuracy."""
    network = sy.networks.GRU(TASK.vocabulary, width=8)
    history = sy.train(network, TASK, steps=200, check_every=50, progress=False)
    assert history.accuracy > 0.9
    settings = SETTINGS | {"featurizer": F.Linear(size=3), "force": True}
    without, asked = (
        sy.assess(sy.align(network, UP_DOWN, TASK, latent_weight=weight, **settings), nulls=(), n=200)
        for weight in (0.0, 1.0)
    )
    assert without.score > 0.9
    assert asked.score > without.score - 0.05
    assert asked.divergence.energy < 0.7 * without.divergence.energy
    assert asked.divergence.neighbour < 0.9 * without.divergence.neighbour
    assert asked.divergence.spread == pytest.approx(without.divergence.spread)


# Refusals


@pytest.mark.parametrize(
    ("of", "settings", "message"),
    [
        ("toy", {"nulls": ("random-int",)}, "there is no null 'random-int'; did you mean 'random-init'? There are: perm"),
        ("decomposed", {"nulls": ("shuffled",)}, "there is no null 'shuffled'; did you mean 'shuffled-labels'?"),
        ("toy", {"nulls": "random-init"}, "nulls must be a list of names; type nulls=('random-init',)"),
        ("toy", {"nulls": ("permuted-outputs", N.PermutedOutputs())}, "each null once; got permuted-outputs, permuted-"),
        ("decomposed", {"nulls": ("random-subset",) * 2}, "each null once; got random-subset, random-subset"),
        ("toy", {"restarts": 0}, "restarts and n must be at least 1; got 0 and 1000"),
        ("toy", {"n": 0}, "restarts and n must be at least 1; got 2 and 0"),
        ("toy", {"nulls": (), "rivals": ["UpUp"]}, "a rival of a program must be one, such as sy.programs.UpUp(task); got"),
        ("toy", {"nulls": (), "rivals": [(UP_UP, "cnt")]}, "UpUp has no variable 'cnt'"),
        ("toy", {"rivals": [UP_UP, P.UpUp(TASK)]}, "two rivals are called 'UpUp'; name them: rivals={'one': ..., 'oth"),
        ("toy", {"rivals": {"random-init": UP_UP}}, "the rival 'random-init' has the name of a null; give it another"),
        ("decomposed", {"rivals": [UP_UP]}, "rivals and held_out are for alignments; interactions always have their"),
        ("decomposed", {"held_out": (3,)}, "rivals and held_out are for alignments"),
    ],
)  # fmt: skip
def test_refusals(of, settings, message):
    with pytest.raises(sy.SymbolscopeError, match=re.escape(message)):
        sy.assess(reading(of), **settings)


@pytest.mark.parametrize("given", [3, "a reading", None, np.zeros(4)], ids=lambda given: type(given).__name__)
def test_only_readings_are_assessed(given, monkeypatch):
    # As for a user, whose annotations nobody checks.
    module = sys.modules["symbolscope.evidence.assess"]
    assess, assess_many = (inspect.unwrap(function) for function in (module.assess, module.assess_many))
    monkeypatch.setattr(module, "assess_many", assess_many)
    with pytest.raises(sy.SymbolscopeError, match=f"assess takes what sy.explain.*; got {type(given).__name__}"):
        assess(given)
    with pytest.raises(sy.SymbolscopeError, match="assess takes what"):
        assess_many([reading("decomposed"), given])
