"""Masks in which players go together, and the parities found with them."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symbolscope.games.game import Game
from symbolscope.interactions.sparse.atoms import columns
from symbolscope.interactions.sparse.grouped_masks import GroupedMasks
from symbolscope.interactions.sparse.grouped_screening import GroupedScreening
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
    assert model.settings["learners"].startswith("grouped parities")
    fresh = np.random.default_rng(9).random((500, 300)) < 0.5
    assert model.predict(fresh) == pytest.approx(function(fresh), abs=1e-6)
    assert model.sampled.held_out["uniform"].r2 > 1 - 1e-9
    assert max(len(players) for players in terms) == 4
