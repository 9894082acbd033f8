"""The sparse model: what was planted comes back within the calls, the report is honest, and bad input is refused."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import symbolscope as sy
from symbolscope.interactions.sparse.sampled_fit import SampledFit
from symbolscope.interactions.sparse.sparse_model import _of_the_same, sparse_model


def planted(n, k, *, seed, kinds=("and", "or"), most=5):
    """A function of masks, and its terms {(kind, players): effect}."""
    generator = np.random.default_rng(seed)
    terms = {}
    while len(terms) < k:
        kind = kinds[len(terms) % len(kinds)]
        order = int(generator.integers(2 if kind == "or" else 1, most + 1))
        players = tuple(sorted(generator.choice(n, order, replace=False).tolist()))
        terms[kind, players] = float(generator.choice([-1.0, 1.0]) * generator.uniform(0.5, 2.0))

    def values(masks):
        out = np.zeros(len(masks))
        for (kind, players), effect in terms.items():
            present = masks[:, list(players)]
            if kind == "parity":
                out += effect * (1.0 - 2.0 * (present.sum(axis=1) % 2))
            else:
                out += effect * (present.all(axis=1) if kind == "and" else present.any(axis=1))
        return out

    return values, terms


class Counted:
    """A function of masks that notes what it was asked."""

    def __init__(self, function, n):
        self.function, self.n, self.asked = function, n, []

    def __call__(self, masks):
        assert masks.dtype == np.bool_
        assert masks.shape[1] == self.n
        assert len(masks)
        self.asked += [row.tobytes() for row in masks]
        return np.asarray(self.function(masks), dtype=np.float64)

    def model(self, **changes):
        options = {"max_calls": 600, "target_r2": 0.99, "sampling": "uniform", "kinds": "and-or", "seed": 0} | changes
        game = sy.Game.from_function(self.function, self.n)
        return sparse_model(game, **options, ask=self, progress=False)


def r2(function, model, n, *, seed=99, m=1000):
    masks = np.random.default_rng(seed).random((m, n)) < 0.5
    values = function(masks)
    return 1 - np.mean((values - model.predict(masks)) ** 2) / np.var(values)


@pytest.mark.parametrize("seed", [0, 1])
def test_planted_terms_come_back(seed):
    function, terms = planted(30, 10, seed=seed, most=3)
    ask = Counted(function, 30)
    model = ask.model(max_calls=1000, seed=seed)
    assert r2(function, model, 30) > 0.9999
    assert len(model.effects) <= 14  # x_i or x_j is also x_i + x_j - (x_i and x_j), so a few may be written otherwise
    found = {
        (kind, tuple(np.flatnonzero(row).tolist())) for kind, row in zip(model.kinds.tolist(), model.masks, strict=True)
    }
    assert len(found & terms.keys()) >= 8
    assert model.intercept == pytest.approx(function(np.zeros((1, 30), bool))[0], abs=0.02)


def test_many_players_within_the_calls():
    function, _ = planted(60, 20, seed=3, most=4)
    ask = Counted(function, 60)
    model = ask.model(max_calls=1200)
    assert len(ask.asked) == len(set(ask.asked)) == model.sampled.calls <= 1200
    assert r2(function, model, 60) > 0.99
    assert len(model.effects) < 30


def test_parities_are_found_and_written_as_ands_and_ors():
    function, _ = planted(24, 10, seed=0, kinds=("parity",), most=4)
    model = Counted(function, 24).model(max_calls=800)
    assert set(model.kinds.tolist()) <= {"and", "or"}
    assert model.sampled.learner == "parities"
    assert r2(function, model, 24) > 1 - 1e-9


@pytest.mark.parametrize("sampling", ["size", "near-full"])
def test_other_laws_learn_and_report_what_they_learned(sampling):
    function, _ = planted(20, 6, seed=1, kinds=("and",), most=2)
    model = Counted(function, 20).model(sampling=sampling, target_r2=0.95)
    report = model.sampled.held_out
    assert report[sampling].r2 > 0.95
    assert list(report) == ["uniform", "size", "near-full"]
    assert "pursuit" in model.settings["learners"]
    assert "parities" not in model.settings["learners"]


@settings(max_examples=3)
@given(st.integers(1, 8), st.integers(0, 1000), st.integers(50, 300))
def test_no_mask_is_asked_twice_and_calls_are_never_exceeded(n, seed, max_calls):
    table = np.random.default_rng(seed).normal(size=1 << n)
    ask = Counted(lambda masks: table[masks @ (1 << np.arange(n))], n)
    model = ask.model(max_calls=max_calls, seed=seed)
    assert len(ask.asked) == len(set(ask.asked)) == model.sampled.calls <= min(max_calls, 1 << n)
    assert np.isfinite(model.effects).all()


def test_easy_games_stop_early_and_hard_ones_say_so():
    easy = Counted(lambda masks: 2.0 * masks[:, 0] - masks[:, 3:5].all(axis=1), 40).model(max_calls=2000)
    assert easy.sampled.calls < 1000
    assert "the target 0.99 is met" in easy.sampled.statement
    weights = np.random.default_rng(0).normal(size=(40, 60))
    hard = Counted(lambda masks: np.cos(3.0 * (masks @ weights)).sum(axis=1), 40).model(max_calls=900)
    fit = hard.sampled
    assert fit.held_out["uniform"].r2 < 0.3
    assert "missed" in fit.statement
    assert "not sparse" in fit.statement
    assert f"{fit.calls:,} calls" in fit.statement
    assert len(fit.curve) == 2
    assert fit.curve[0][0] < fit.curve[1][0] < fit.calls <= 900


def test_learning_stops_only_where_fresh_masks_leave_no_doubt():
    noise = np.random.default_rng(6)
    truth, _ = planted(16, 6, seed=2, most=3)
    spread = np.std(truth(sy.all_masks(16)))
    early = []
    for share in (0.1, 0.2, 0.22, 0.24, 0.26):  # R^2 of the truth itself: 0.99, 0.962, 0.954, 0.945, 0.936
        model = Counted(lambda m, share=share: truth(m) + share * spread * noise.normal(size=len(m)), 16).model(
            max_calls=2500, target_r2=0.95
        )
        early.append(model.sampled.calls < 2000)
        if early[-1]:
            assert model.sampled.held_out["uniform"].low >= 0.95
            masks = sy.all_masks(16)
            error = np.var(truth(masks) - model.predict(masks)) + (share * spread) ** 2
            assert 1 - error / ((1 + share**2) * spread**2) > 0.945
    assert early[0]
    assert not early[-1]


def test_rounds_before_the_last_leave_out_what_cannot_reach_the_target():
    weights = np.random.default_rng(0).normal(size=(30, 30))
    function = lambda masks: np.tanh(masks @ weights * 0.4).sum(axis=1)  # noqa: E731
    far = Counted(function, 30).model(max_calls=900, target_r2=1.0).sampled
    near = Counted(function, 30).model(max_calls=900, target_r2=0.95).sampled
    assert set(far.scores) == set(near.scores) == {"pursuit", "parities", "trees", "union"}  # the last round has all
    assert far.curve[-1] == near.curve[-1]
    assert len(far.curve) == len(near.curve) == 2
    assert far.curve[0][1] <= near.curve[0][1]
    assert "The same learners went from R^2" in far.statement


def test_growth_is_that_of_learners_tried_in_both_rounds():
    curve = [(300, 0.1), (700, 0.5), (1800, 0.9)]
    assert _of_the_same(curve[:1], [{"a": 0.1}]) == [(300, 0.1)]
    scores = [{"a": 0.1}, {"a": 0.4, "b": 0.5}, {"a": 0.6, "b": 0.55, "c": 0.9}]
    assert _of_the_same(curve, scores) == [(700, 0.5), (1800, 0.6)]


def test_reported_interval_covers_the_truth_on_noisy_values():
    noise = np.random.default_rng(5)
    truth, _ = planted(16, 6, seed=2, most=3)
    covered = 0
    for seed in range(4):
        ask = Counted(lambda masks: truth(masks) + 0.5 * noise.normal(size=len(masks)), 16)
        model = ask.model(max_calls=300, seed=seed, target_r2=2.0)
        masks = sy.all_masks(16)
        error = truth(masks) - model.predict(masks)
        expected = 1 - (np.mean(error**2) + 0.25) / (np.var(truth(masks)) + 0.25)
        report = model.sampled.held_out["uniform"]
        covered += report.low <= expected <= report.high
    assert covered >= 3


def test_equal_seeds_give_equal_results_and_others_do_not():
    function, _ = planted(20, 8, seed=4)
    noisy = lambda masks: function(masks) + np.sin(7.0 * (masks @ np.arange(20.0)))  # noqa: E731
    one, same, other = (Counted(noisy, 20).model(max_calls=150, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one.effects, same.effects)
    assert np.array_equal(one.masks, same.masks)
    assert one.sampled == same.sampled or one.sampled.to_json() == same.sampled.to_json()
    assert not np.array_equal(one.effects, other.effects)


def test_a_constant_game_has_no_interactions():
    model = Counted(lambda masks: np.full(len(masks), 3.5), 25).model(max_calls=100)
    assert len(model.effects) == 0
    assert model.intercept == 3.5
    assert model.sampled.held_out["uniform"].r2 == 1.0


def test_ands_alone_contain_no_or():
    function, _ = planted(15, 5, seed=0, kinds=("or",), most=3)
    model = Counted(function, 15).model(kinds="and")
    assert set(model.kinds.tolist()) == {"and"}
    assert r2(function, model, 15) > 0.9


def test_without_lightgbm_the_other_learners_do(monkeypatch):
    import symbolscope.interactions.sparse.sparse_model as module

    monkeypatch.setattr(module, "find_spec", lambda name: None)
    model = Counted(lambda masks: masks[:, 0] * 1.0, 20).model(max_calls=100)
    assert "lightgbm is not installed" in model.settings["learners"]


def test_a_noisy_game_names_every_learner_and_survives_storage():
    generator = np.random.default_rng(0)
    model = Counted(lambda masks: masks[:, 0] + generator.normal(size=len(masks)), 20).model(max_calls=200)
    fit = model.sampled
    assert set(fit.scores) == {"parities", "pursuit", "trees", "union"}
    assert SampledFit.from_json(fit.to_json()).to_json() == fit.to_json()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"max_calls": 20}, "max_calls must be at least 50"),
        ({"sampling": "shapley"}, re.escape("sampling must be one of 'uniform', 'size', 'near-full'; got 'shapley'")),
        ({"target_r2": 0.0}, "target_r2 must be a number above 0"),
        ({"target_r2": float("nan")}, "target_r2 must be a number above 0"),
    ],
)
def test_refusals(changes, message):
    ask = Counted(lambda masks: masks[:, 0] * 1.0, 5)
    with pytest.raises(sy.SymbolscopeError, match=message):
        ask.model(**changes)
    assert not ask.asked
