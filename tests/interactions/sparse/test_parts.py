"""The parts of the sparse model, each against its definition."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import symbolscope as sy
from symbolscope.interactions.sparse import ridge
from symbolscope.interactions.sparse.atoms import Dictionary, as_and_or, columns, merged
from symbolscope.interactions.sparse.held_out import HeldOut, held_out
from symbolscope.interactions.sparse.lasso import lasso_path
from symbolscope.interactions.sparse.proxy import Proxy, leaf_parities
from symbolscope.interactions.sparse.pursuit import Pursuit
from symbolscope.interactions.sparse.recipes import Recipe, cook, tasted
from symbolscope.interactions.sparse.sampled_fit import SampledFit
from symbolscope.interactions.sparse.sampling import LAWS, draw_masks, draw_new_masks
from symbolscope.interactions.sparse.screening import Screening
from symbolscope.interactions.sparse.statement import statement

LEARNERS = [Pursuit(), Screening(), Proxy()]


def atoms_of(n):
    return st.tuples(
        st.sampled_from(["and", "or", "parity"]),
        st.sets(st.integers(0, n - 1), min_size=1, max_size=4).map(sorted).map(tuple),
    )


@given(st.lists(atoms_of(6), max_size=8, unique=True), st.integers(0, 10**6))
def test_writing_parities_as_ands_changes_no_value(atoms, seed):
    effects = np.random.default_rng(seed).normal(size=len(atoms))
    masks = sy.all_masks(6)
    written, written_effects, constant = as_and_or(atoms, effects)
    assert all(kind in ("and", "or") and (kind == "and" or len(players) > 1) for kind, players in written)
    before = columns(atoms, masks).astype(float) @ effects
    after = columns(written, masks).astype(float) @ written_effects + constant
    np.testing.assert_allclose(after, before, atol=1e-12)


def test_merging_adds_variances_and_checks_shapes():
    one = Dictionary((("and", (0,)), ("or", (1, 2))), np.array([3.0, 1.0]))
    assert merged([one, one]).scales == pytest.approx(np.array([3.0, 1.0]) * math.sqrt(2))
    with pytest.raises(sy.SymbolscopeError, match="one scale per atom; got 1 atoms and scales"):
        Dictionary((("and", (0,)),), np.ones(2))


@pytest.mark.parametrize("law", LAWS)
def test_laws_treat_players_alike_and_are_the_laws_they_say(law):
    n = 16
    masks = draw_masks(law, 20_000, n_players=n, generator=np.random.default_rng(0))
    share, sizes = masks.mean(axis=0), masks.sum(axis=1)
    assert np.abs(share - share.mean()).max() < 0.02
    if law == "uniform":
        assert sizes.var() == pytest.approx(n / 4, rel=0.05)
    elif law == "size":
        assert np.abs(np.bincount(sizes, minlength=n + 1) / len(sizes) - 1 / (n + 1)).max() < 0.01
    else:
        hidden = n - sizes
        assert hidden.min() == 1
        assert (hidden == 1).mean() == pytest.approx(1 / (1 + n / 16), abs=0.02)


def test_new_masks_are_new_until_there_are_no_more():
    known = set()
    generator = np.random.default_rng(0)
    first = draw_new_masks("uniform", 20, n_players=5, generator=generator, known=known)
    rest = draw_new_masks("uniform", 50, n_players=5, generator=generator, known=known)
    assert len(first) == 20
    assert len(rest) == 12
    assert len({row.tobytes() for row in np.vstack([first, rest])}) == len(known) == 32


def test_interval_of_r2_covers_at_its_level():
    generator = np.random.default_rng(0)
    covered = 0
    for _ in range(300):
        values = generator.normal(size=150)
        covered += (report := held_out(values, values + 0.5 * generator.normal(size=150))).low <= 0.75 <= report.high
    assert 0.90 <= covered / 300 <= 0.99


def test_r2_of_constant_and_of_no_masks():
    # Three masks with one output say next to nothing: 1 - 0.025^(1/3) of all masks may have another.
    unseen = 1 - 0.025 ** (1 / 3)
    constant = held_out(np.ones(3), np.ones(3))
    assert (constant.r2, constant.high, constant.masks, constant.alike) == (1.0, 1.0, 3, True)
    assert constant.low == pytest.approx(-unseen / (1 - unseen))
    assert held_out(np.ones(3), np.zeros(3)).r2 == 0.0
    assert math.isnan(held_out(np.empty(0), np.empty(0)).r2)


@given(st.integers(5, 40), st.integers(1, 12), st.floats(0.001, 0.9), st.integers(0, 10**6))
def test_lasso_gap_certifies_the_optimality_conditions(m, k, fraction, seed):
    generator = np.random.default_rng(seed)
    table = (generator.random((m, k)) < 0.5).astype(np.float32)
    values = generator.normal(size=m)
    scales = generator.uniform(0.5, 2.0, k)
    point = lasso_path(table, scales, values, penalties=(fraction,), gap=1e-7)[0]
    assert 0 <= point.gap + 1e-12 <= 1e-6
    relative = scales / scales.max()
    centred = (table - table.mean(axis=0)) * relative
    penalty = fraction * np.abs(centred.T @ (values - values.mean())).max()

    def cost(effects):
        return (
            0.5 * np.sum((values - values.mean() - centred @ (effects / relative)) ** 2)
            + penalty * np.abs(effects / relative).sum()
        )

    for scale in (1e-3, 1e-1):  # convex: no better point nearby, no better point
        for _ in range(10):
            assert cost(point.effects) <= cost(point.effects + scale * generator.normal(size=k)) + 1e-5 * cost(
                0 * point.effects
            )


@given(st.integers(3, 12), st.integers(1, 20), st.floats(0.01, 1.0), st.integers(0, 10**6))
def test_ridge_is_the_minimum_in_both_spaces(m, k, strength, seed):
    generator = np.random.default_rng(seed)
    table = (generator.random((m, k)) < 0.5).astype(np.float32)
    table[:2, 0] = 0, 1
    values, scales = generator.normal(size=m), generator.uniform(0.5, 2.0, k)
    effects = ridge.PriorRidge(table, scales, values).fit(strength)
    centred = table.astype(float) - table.mean(axis=0)
    weights = scales**2 / (scales**2 * centred.var(axis=0)).sum()
    expected = np.linalg.solve(
        centred.T @ centred + strength * np.diag(1 / weights), centred.T @ (values - values.mean())
    )
    np.testing.assert_allclose(effects, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("work", [0, 10**9], ids=["float32", "float64"])
@pytest.mark.parametrize(("m", "strength"), [(400, 1e-8), (400, 1e-3), (60, 1e-8), (60, 1e-3)])
def test_repeated_collinear_and_zero_columns_have_effects(monkeypatch, work, m, strength):
    monkeypatch.setattr(ridge, "_EXACT_WORK", work)
    generator = np.random.default_rng(6)
    masks = generator.random((m, 8)) < 0.5
    one, two = masks[:, 0], masks[:, 1]
    exact = np.stack([one, two, one & two, one | two, one, one, np.zeros(m, bool), np.ones(m, bool)], axis=1)
    table = np.repeat(exact, 30, axis=1).astype(np.float32)  # rank 3
    scales = np.exp(generator.normal(scale=4.0, size=table.shape[1]))
    values = 2.0 * one - 3.0 * (one & two)
    effects = ridge.PriorRidge(table, scales, values).fit(strength)
    predicted = (table - table.mean(axis=0)).astype(np.float64) @ effects
    np.testing.assert_allclose(predicted, values - values.mean(), atol=2e-3 if strength < 1e-6 else 0.5)


def test_effects_exist_where_rounding_is_more_than_expected():
    table = (np.random.default_rng(7).random((50, 6)) < 0.5).astype(np.float32)
    values = table @ np.arange(6.0)
    fitted = ridge.PriorRidge(table, np.ones(6), values)
    fitted._gram = fitted._gram - 1e-3 * fitted._trace * np.eye(6)  # no longer positive definite: eigenvalues near 0
    fitted._gram[0] = fitted._gram[1]
    fitted._gram[:, 0] = fitted._gram[:, 1]
    fitted._gram[0, 0] = fitted._gram[0, 1] * (1 - 1e-6)
    assert np.isfinite(fitted.fit(1e-8)).all()


def test_pursuit_lives_with_players_that_never_change():
    masks = np.random.default_rng(8).random((200, 8)) < 0.5
    masks[:, 0], masks[:, 1], masks[:, 3] = True, False, masks[:, 2]
    values = 2.0 * masks[:, 2] - masks[:, 4:6].all(axis=1)
    dictionary = Pursuit().dictionary(masks, values, seed=0, start=(("and", (0,)), ("and", (1,)), ("and", (2, 3))))
    fit = cook(dictionary, masks, values, Recipe(1e-8))
    assert held_out(values, fit.predict(masks)).r2 > 0.999


def test_leaves_and_their_parities_are_the_same_function():
    leaves = [({0: 1, 2: -1}, 4.0), ({1: -1}, -1.0), ({3: 1, 1: 1, 0: -1}, 0.5)]
    masks = sy.all_masks(4)
    direct = np.zeros(16)
    for path, value in leaves:
        direct += value * np.all([masks[:, i] != (sign == 1) for i, sign in path.items()], axis=0)
    parities = leaf_parities(leaves)
    found = columns([("parity", players) for players in parities], masks) @ np.array(list(parities.values()))
    np.testing.assert_allclose(found - found.mean(), direct - direct.mean(), atol=1e-6)


@pytest.mark.parametrize("learner", LEARNERS, ids=lambda learner: learner.name)
def test_learners_propose_distinct_ascending_atoms_and_follow_scale_and_shift(learner):
    masks = np.random.default_rng(0).random((300, 12)) < 0.5
    values = masks[:, :2].all(axis=1) - 0.5 * masks[:, 3:6].any(axis=1) + 0.1 * np.sin(np.arange(300.0))
    one = learner.dictionary(masks, values, seed=0)
    two = learner.dictionary(masks, 4.0 * values + 8.0, seed=0)
    assert len(set(one.atoms)) == len(one.atoms) > 0
    assert all(players and list(players) == sorted(set(players)) for _, players in one.atoms)
    assert one.atoms == two.atoms
    np.testing.assert_allclose(two.scales, 4.0 * one.scales, rtol=1e-4, atol=1e-9)


@pytest.mark.parametrize("learner", LEARNERS[:2], ids=lambda learner: learner.name)
def test_renaming_the_players_renames_the_atoms(learner):
    generator = np.random.default_rng(1)
    masks = generator.random((400, 10)) < 0.5
    values = 1.3 * masks[:, [1, 4]].all(axis=1) - 0.7 * masks[:, [2, 7, 8]].all(axis=1) + 0.2 * masks[:, 5]
    order = generator.permutation(10)
    there = learner.dictionary(masks[:, order], values, seed=0)
    back = {(kind, tuple(sorted(int(order[i]) for i in players))) for kind, players in there.atoms}
    assert back == set(learner.dictionary(masks, values, seed=0).atoms)


def test_screening_scores_every_parity():
    masks = np.random.default_rng(2).random((500, 9)) < 0.5
    for order in (1, 2, 3, 4):
        for players in itertools.islice(itertools.combinations(range(9), order), 0, None, 17):
            values = columns([("parity", players)], masks)[:, 0].astype(np.float64)
            assert Screening().dictionary(masks, values, seed=0).atoms == (("parity", players),)


def test_pure_noise_is_left_alone():
    generator = np.random.default_rng(3)
    masks, values = generator.random((400, 30)) < 0.5, generator.normal(size=400)
    assert len(Pursuit().dictionary(masks, values, seed=0).atoms) <= 2
    assert len(Screening().dictionary(masks, values, seed=0).atoms) <= 2


def test_pursuit_goes_on_from_a_start_and_drops_what_it_does_not_need():
    masks = np.random.default_rng(4).random((300, 10)) < 0.5
    values = masks[:, :3].all(axis=1) * 2.0
    start = (("and", (0, 1)), ("or", (7, 8)))
    found = Pursuit().dictionary(masks, values, seed=0, start=start)
    scales = dict(zip(found.atoms, found.scales.tolist(), strict=True))
    assert scales.pop(("and", (0, 1, 2))) == pytest.approx(2.0, abs=1e-4)
    assert max(scales.values(), default=0.0) < 1e-4


def test_recipes_agree_with_what_was_tasted():
    generator = np.random.default_rng(5)
    masks = generator.random((120, 8)) < 0.5
    values = 2.0 * masks[:, :2].all(axis=1) + generator.normal(size=120)
    dictionary = Dictionary(tuple(("and", pair) for pair in itertools.combinations(range(8), 2)), np.ones(28))
    train, rest = (masks[:90], values[:90]), (masks[90:], values[90:])
    for r2, size, recipe in tasted(dictionary, *train, *rest):
        fit = cook(dictionary, *train, recipe)
        assert len(fit.atoms) == size
        assert held_out(rest[1], fit.predict(rest[0])).r2 == pytest.approx(r2, abs=1e-4)
    empty = cook(Dictionary((), np.empty(0)), *train, Recipe(1e-2, penalty=0.1))
    assert empty.predict(masks[:3]) == pytest.approx(np.full(3, values[:90].mean()))


@pytest.mark.parametrize(
    ("r2", "curve", "words"),
    [
        (0.95, [(400, 0.95)], "the target 0.9 is met"),
        (0.5, [(400, 0.5)], "raise max_calls"),
        (0.8, [(400, 0.5), (1000, 0.8)], "it still rises, so raise max_calls"),
        (0.5, [(400, 0.5), (1000, 0.5)], "not sparse"),
    ],
)
def test_statement_says_what_to_do(r2, curve, words):
    laws = {"uniform": HeldOut(r2, r2 - 0.1, r2 + 0.04, 60), "size": HeldOut(0.1, 0.0, 0.2, 25)}
    text = statement(laws, curve, sampling="uniform", target_r2=0.9, calls=1000, n_atoms=7)
    assert words in text
    assert "size 0.100 (0.000 to 0.200)" in text


def test_a_report_that_is_none_is_refused():
    with pytest.raises(sy.SymbolscopeError, match="not a SampledFit written by to_json: KeyError"):
        SampledFit.from_json({"calls": 3})
