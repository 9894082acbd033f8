"""Masks in which players go together, and the parities found with them."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symbolscope.games.game import Game
from symbolscope.interactions.sparse.atoms import columns
from symbolscope.interactions.sparse.free_masks import FreeMasks
from symbolscope.interactions.sparse.grouped_masks import GroupedMasks
from symbolscope.interactions.sparse.grouped_screening import GroupedScreening, _Fit
from symbolscope.interactions.sparse.pursuit import Pursuit
from symbolscope.interactions.sparse.screening import Screening, all_orders_affordable
from symbolscope.interactions.sparse.sparse_model import sparse_model


def parities(n, count, *, seed, least=1, most=4):
    """A sum of parities with effects of 0.5 to 2, and their players."""
    generator = np.random.default_rng(seed)
    terms = {}
    while len(terms) < count:
        players = tuple(sorted(generator.choice(n, int(generator.integers(least, most + 1)), replace=False).tolist()))
        terms[players] = generator.choice([-1.0, 1.0]) * generator.uniform(0.5, 2.0)
    effects = np.array(list(terms.values()))
    return (lambda masks: columns([("parity", players) for players in terms], masks) @ effects), terms


@given(st.integers(1, 60), st.integers(1, 40), st.integers(0, 10_000))
def test_masks_of_groups_and_back(n, count, seed):
    generator = np.random.default_rng(seed)
    grouped = GroupedMasks.drawn(n, generator)
    sizes = np.bincount(grouped.group)
    assert sizes.max() - sizes.min() <= 1
    assert [i for g in range(grouped.n_groups) for i in grouped.members(g)] == list(
        np.argsort(grouped.group, kind="stable")
    )
    bits = generator.random((count, grouped.n_groups)) < 0.5
    masks = grouped.masks(bits)
    assert (grouped.of_groups(masks) == bits).all()
    assert grouped.holds(masks).all()
    if sizes.max() > 1:
        player = int(grouped.members(int(sizes.argmax()))[1])
        masks[:, player] ^= True  # alone, without its group
        assert not grouped.holds(masks).any()


@given(st.integers(1, 100), st.integers(0, 10_000))
def test_a_parity_is_one_of_the_groups_with_an_odd_number_of_its_players(n, seed):
    generator = np.random.default_rng(seed)
    grouped = GroupedMasks.drawn(n, generator)
    bits = generator.random((30, grouped.n_groups)) < 0.5
    players = tuple(sorted(generator.choice(n, min(n, 4), replace=False).tolist()))
    seen = tuple(np.flatnonzero(np.bincount(grouped.group[list(players)]) % 2).tolist())
    here = columns([("parity", players)], grouped.masks(bits))[:, 0]
    there = columns([("parity", seen)], bits)[:, 0] if seen else np.ones(30)
    assert abs(here @ there) == 30  # up to a sign


@pytest.mark.parametrize("n", [150, 400])
def test_every_planted_parity_is_found(n):
    function, terms = parities(n, 30, seed=n)
    generator = np.random.default_rng(1)
    grouped = GroupedMasks.drawn(n, generator)
    masks = np.vstack(
        [generator.random((900, n)) < 0.5, grouped.masks(generator.random((700, grouped.n_groups)) < 0.5)]
    )[generator.permutation(1600)]
    found = GroupedScreening(grouped).dictionary(masks, function(masks), seed=0)
    assert {players for _, players in found.atoms} == set(terms)
    scales = {players: scale for (_, players), scale in zip(found.atoms, found.scales.tolist(), strict=True)}
    assert scales == pytest.approx({players: abs(effect) for players, effect in terms.items()}, abs=1e-6)


def test_two_players_of_one_group():
    generator = np.random.default_rng(2)
    grouped = GroupedMasks.drawn(300, generator)
    first, second = grouped.members(0)[:2]
    third, fourth = grouped.members(1)[0], grouped.members(2)[3]
    players = tuple(sorted(int(i) for i in (first, second, third, fourth)))
    masks = np.vstack(
        [generator.random((400, 300)) < 0.5, grouped.masks(generator.random((300, grouped.n_groups)) < 0.5)]
    )
    assert not all_orders_affordable(300, 700)  # so plain screening does not look at four players
    values = columns([("parity", players)], masks)[:, 0].astype(np.float64)
    assert GroupedScreening(grouped).dictionary(masks, values, seed=0).atoms == (("parity", players),)
    assert ("parity", players) not in Screening().dictionary(masks, values, seed=0).atoms


def test_noise_is_left_alone_and_so_are_masks_without_groups():
    generator = np.random.default_rng(3)
    grouped = GroupedMasks.drawn(200, generator)
    free, bound = generator.random((400, 200)) < 0.5, grouped.masks(generator.random((400, grouped.n_groups)) < 0.5)
    noise = generator.normal(size=800)
    assert len(GroupedScreening(grouped).dictionary(np.vstack([free, bound]), noise, seed=0).atoms) <= 2
    assert GroupedScreening(grouped).dictionary(free, noise[:400], seed=0).atoms == ()
    assert GroupedScreening(grouped).dictionary(bound, noise[:400], seed=0).atoms == ()


def test_small_parities_are_seen_once_large_ones_are_taken():
    masks = np.random.default_rng(4).random((600, 30)) < 0.5
    sets = [s for s in itertools.combinations(range(30), 4) if sum(s) % 97 == 0][:25]
    effects = np.linspace(0.02, 3.0, len(sets))
    table = columns([("parity", s) for s in sets], masks)
    found = Screening().dictionary(masks, table @ effects, seed=0)
    assert {players for _, players in found.atoms} == set(sets)


@pytest.mark.parametrize("seed", [0, 1])
def test_many_players_and_parities_of_four(seed):
    function, terms = parities(300, 30, seed=seed, most=4)
    asked = []

    def ask(masks):
        asked.extend(row.tobytes() for row in masks)
        return function(masks)

    game = Game.from_function(function, 300)
    model = sparse_model(
        game, max_calls=2400, target_r2=0.99, sampling="uniform", kinds="and-or", seed=seed, ask=ask, progress=False
    )
    assert len(asked) == len(set(asked)) == model.sampled.calls <= 2400
    assert model.sampled.learner == "grouped parities"
    assert model.settings["learners"].endswith("grouped parities")
    fresh = np.random.default_rng(9).random((500, 300)) < 0.5
    assert model.predict(fresh) == pytest.approx(function(fresh), abs=1e-6)
    assert model.sampled.held_out["uniform"].r2 > 1 - 1e-9
    assert max(len(players) for players in terms) == 4


def test_more_masks_never_hide_what_fewer_showed():
    n = 5000
    function, terms = parities(n, 4, seed=3, least=4)
    generator = np.random.default_rng(4)
    grouped = GroupedMasks.drawn(n, generator)
    # So many that all of them, for all choices of players, would be more work than is done at once.
    masks = np.vstack(
        [generator.random((1800, n)) < 0.5, grouped.masks(generator.random((400, grouped.n_groups)) < 0.5)]
    )
    found = GroupedScreening(grouped).dictionary(masks, function(masks), seed=0)
    assert {players for _, players in found.atoms} == set(terms)


def test_sets_of_groups_that_lead_nowhere_do_not_stop_the_others():
    n = 4000
    function, terms = parities(n, 1, seed=5, least=4)
    (players,) = terms
    generator = np.random.default_rng(6)
    grouped = GroupedMasks.drawn(n, generator)
    seen = tuple(sorted(grouped.group[list(players)].tolist()))
    rows = grouped.masks(generator.random((600, grouped.n_groups)) < 0.5)
    masks = np.vstack([generator.random((3000, n)) < 0.5, rows])
    nowhere = [tuple(range(i, i + 4)) for i in range(0, 32, 4)]
    learner, values = GroupedScreening(grouped), function(masks)
    start = learner._lifted([], _Fit.of([], masks, values), masks, values, ~grouped.holds(masks), paired=False)
    fit = learner._lifted([*nowhere, seen], start, masks, values, ~grouped.holds(masks), paired=False)
    assert fit.atoms == [("parity", players)]


def test_on_noisy_values_the_refit_keeps_what_was_found():
    function, terms = parities(400, 12, seed=7)
    generator = np.random.default_rng(8)
    grouped = GroupedMasks.drawn(400, generator)
    masks = np.vstack(
        [grouped.masks(generator.random((500, grouped.n_groups)) < 0.5), generator.random((900, 400)) < 0.5]
    )
    values = function(masks) + 0.5 * generator.normal(size=1400)
    learner = GroupedScreening(grouped)
    before = learner.dictionary(masks[:1200], values[:1200], seed=0)
    after = learner.again(masks, values, seed=0, found=before.atoms, start=())
    assert set(terms) <= {players for _, players in before.atoms}
    assert set(terms) <= {players for _, players in after.atoms}
    assert len(after.atoms) <= len(terms) + 2


def test_other_learners_keep_to_the_free_masks():
    generator = np.random.default_rng(9)
    grouped = GroupedMasks.drawn(90, generator)
    masks = np.vstack(
        [grouped.masks(generator.random((200, grouped.n_groups)) < 0.5), generator.random((300, 90)) < 0.5]
    )
    values = 2.0 * masks[:, :3].all(axis=1) + 100.0 * grouped.holds(masks)  # what only they would make of the others
    found = FreeMasks(Pursuit(), grouped).dictionary(masks, values, seed=0)
    alone = Pursuit().dictionary(masks[200:], values[200:], seed=0)
    assert found.atoms == alone.atoms
    assert found.scales == pytest.approx(alone.scales)
    strong = [atom for atom, scale in zip(found.atoms, found.scales.tolist(), strict=True) if scale > 1e-6]
    assert strong == [("and", (0, 1, 2))]
    again = FreeMasks(Pursuit(), grouped).again(masks, values, seed=0, found=found.atoms, start=())
    assert again.atoms == Pursuit().again(masks[200:], values[200:], seed=0, found=found.atoms, start=()).atoms


def test_a_larger_budget_asks_for_most_masks_of_a_smaller_one_again():
    function, _ = parities(200, 40, seed=10)
    asked = {}
    for calls in (1500, 3000):
        rows = asked[calls] = set()

        def ask(masks, rows=rows):
            rows.update(row.tobytes() for row in masks)
            return function(masks) + np.sin(1e3 * masks @ np.arange(200.0))

        model = sparse_model(
            Game.from_function(function, 200),
            max_calls=calls, target_r2=2.0, sampling="uniform", kinds="and-or", seed=0, ask=ask, progress=False,
        )  # fmt: skip
        assert model.settings["learners"].endswith("grouped parities")
    assert len(asked[1500] & asked[3000]) > 0.9 * 1500
