"""Transfer across samples and networks against plain counting, its controls against combinatorics."""

from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.emergence.hand_made import by_hand, effects_of, salient_sets, terms

import symbolscope as sy
from symbolscope.emergence.effect_table import effect_table
from symbolscope.emergence.random_sets import random_sets
from symbolscope.emergence.transferability import transferability


def place(one):
    """Order among equally frequent interactions."""
    kind, players = one
    return len(players), kind == "or", sum(1 << player for player in players)


def covers(sets, k, *, held_out):
    """rho(1 ... k) of each sample by counting."""
    rows = []
    for own, mine in enumerate(sets):
        counts = {}
        for position, one in enumerate(sets):
            if not (held_out and position == own):
                for each in one:
                    counts[each] = counts.get(each, 0) + 1
        dictionary = sorted(counts, key=lambda each: (-counts[each], *place(each)))
        rows.append([len(mine & set(dictionary[:size])) / len(mine) for size in range(1, k + 1)])
    return np.array(rows)


@given(st.lists(terms(), min_size=2, max_size=5), st.sampled_from([0.0, 0.1, 0.5, 1.0]))
@settings(max_examples=60)
def test_across_samples_is_what_counting_gives(written, threshold):
    given_models = [by_hand(3, one) for one in written]
    sets = [one for model in given_models if (one := salient_sets(model, threshold))]
    if len(sets) < 2:
        with pytest.raises(sy.SymbolscopeError, match="fewer than 2 of"):
            transferability(given_models, threshold=threshold, restarts=1)
        return
    found = transferability(given_models, threshold=threshold, restarts=2)
    k = max(map(len, sets))
    assert found.at.tolist() == list(range(1, k + 1))
    assert found.without == len(given_models) - len(sets)
    np.testing.assert_allclose(found.per_sample, covers(sets, k, held_out=True))
    np.testing.assert_allclose(found.score.mean, covers(sets, k, held_out=True).mean(axis=0))
    np.testing.assert_allclose(found.own_included.mean, covers(sets, k, held_out=False).mean(axis=0))
    if len(sets) < 3:
        assert np.isnan([found.score.low, found.score.high, found.own_included.low]).all()
    else:
        assert (found.score.low <= found.score.mean + 1e-12).all()
        assert (found.score.mean <= found.score.high + 1e-12).all()
    shares = [sum(one in mine for mine in sets) / len(sets) for one in named(found.dictionary)]
    np.testing.assert_allclose(found.shares, shares)


def named(dictionary):
    return [(kind, frozenset("abcdefgh".index(player) for player in players)) for kind, players in dictionary]


@given(st.lists(st.tuples(terms(), terms()), min_size=1, max_size=4), st.sampled_from([0.0, 0.3, 0.6]))
@settings(max_examples=60)
def test_across_networks_is_what_counting_gives(written, other_threshold):
    pairs = [(by_hand(3, one), by_hand(3, two)) for one, two in written]
    first, second = [one for one, _ in pairs], [two for _, two in pairs]
    thresholds = (0.05, 0.4, 1.0)
    expected = [
        [
            len(mine & salient_sets(two, other_threshold)) / len(mine)
            for tau in thresholds
            if (mine := salient_sets(one, tau))
        ]
        for one, two in pairs
    ]
    expected = [row for row in expected if row]
    if not expected:
        with pytest.raises(sy.SymbolscopeError, match="nothing can transfer"):
            transferability(first, second, thresholds=thresholds, restarts=1)
        return
    found = transferability(first, second, thresholds=thresholds, other_threshold=other_threshold, restarts=2)
    np.testing.assert_allclose(found.per_sample, expected)
    assert found.without == len(pairs) - len(expected)


def test_a_network_transfers_to_itself():
    chosen = [sy.decompose(np.random.default_rng(seed).normal(size=16)) for seed in range(3)]
    found = transferability(chosen, chosen, restarts=5)
    np.testing.assert_array_equal(found.score.mean, 1.0)
    # Three samples that agree: what all three would have missed with a probability of 2.5 % may not transfer.
    np.testing.assert_allclose(found.score.low**3, 0.025)


def test_what_one_sample_alone_has_is_not_in_its_dictionary():
    chosen = [by_hand(4, [("and", [0, 1], 1.0), ("or", [row + 1, 0], 1.0)]) for row in range(3)]
    found = transferability(chosen, k=4)
    np.testing.assert_allclose(found.score.mean, 0.5)
    np.testing.assert_allclose(found.own_included.mean, [0.5, 2 / 3, 5 / 6, 1.0])


@pytest.mark.parametrize("matched", [False, True])
def test_the_controls_are_as_high_as_combinatorics_says(matched):
    n, size = 5, 3
    rng = np.random.default_rng(0)
    pairs = [(a, b) for a in range(n) for b in range(a)]
    chosen = [
        by_hand(n, [("and", pairs[j], 1.0) for j in rng.choice(len(pairs), size, replace=False)]) for _ in range(6)
    ]
    possible = comb(n, 2) if matched else 2 * (2**n - 1) - n
    across = transferability(chosen[:3], chosen[3:], restarts=4000)
    control = across.matched if matched else across.uniform
    np.testing.assert_allclose(control.mean, size / possible, atol=0.01)
    inside = transferability(chosen, k=2, restarts=4000)
    control = inside.matched if matched else inside.uniform
    np.testing.assert_allclose(control.mean, np.array([1, 2]) / possible, atol=0.01)
    assert (control.low <= control.mean).all()
    assert (control.mean <= control.high).all()


def test_planted_interactions_transfer_and_random_sets_do_not():
    rng = np.random.default_rng(1)
    common = [("and", [0, 1, 2], 1.0), ("or", [3, 4], -0.8), ("and", [5], 0.7)]
    chosen = []
    for _ in range(12):
        own = [("and", rng.choice(8, 3, replace=False), 0.3) for _ in range(2)]
        chosen.append(by_hand(8, [*common, *own]))
    found = transferability(chosen, restarts=400)
    assert found.score.mean[2] >= 0.6
    assert found.uniform.high[2] < 0.1 < found.score.low[2]
    assert found.matched.high[2] < 0.3
    assert found.dictionary[:3] == (("and", ("f",)), ("or", ("d", "e")), ("and", ("a", "b", "c")))


def test_a_score_is_shown_with_its_controls_and_interval():
    chosen = [sy.decompose(np.random.default_rng(seed).normal(size=8)) for seed in range(3)]
    for found in (transferability(chosen), transferability(chosen, chosen)):
        text = repr(found)
        for word in ("[95 %]", "random sets", "same orders and kinds", found.score.text(0), found.matched.text(0)):
            assert word in text
        frame = found.to_frame()
        assert len(frame) == len(found.at)
        assert {"score", "score_low", "random_uniform", "random_matched_high"} <= set(frame.columns)
    assert "own_included" not in frame.columns


def test_the_seed_fixes_all():
    chosen = [sy.decompose(np.random.default_rng(seed).normal(size=8)) for seed in range(4)]
    for seeds in ((5, 5), (np.random.default_rng(5), np.random.default_rng(5))):
        one, again = (transferability(chosen, seed=seed) for seed in seeds)
        np.testing.assert_array_equal(one.matched.mean, again.matched.mean)
        np.testing.assert_array_equal(one.score.low, again.score.low)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ([[by_hand(2, [("and", [0], 1.0)])]], {}, "2 or more InteractionModels; got 1"),
        ([[by_hand(2, [("and", [0], 1.0)]), by_hand(3, [("and", [0], 1.0)])]], {}, "model 1 has 3 players"),
        (
            [[by_hand(2, []), by_hand(2, [], names="xy")]],
            {},
            r"model 0 has 2 players \(a, b\) and model 1 has 2 players",
        ),
        ([[by_hand(2, [])] * 2], {}, "fewer than 2 of 2 samples"),
        ([[by_hand(2, [])] * 2], {"threshold": 1.5}, "threshold must be between 0 and 1"),
        ([[by_hand(2, [])] * 2], {"k": 0}, "k, the size of the largest dictionary"),
        ([[by_hand(2, [])] * 2], {"restarts": 0}, "restarts must be at least 1"),
        ([[by_hand(2, [])], [by_hand(2, [])] * 2], {}, "got 1 and 2 models"),
        ([[by_hand(2, [])], [by_hand(3, [])]], {}, "model 1 has 3 players"),
        ([[by_hand(2, [])], [by_hand(2, [])]], {"thresholds": ()}, "at least one number"),
        ([[by_hand(2, [])], [by_hand(2, [])]], {"thresholds": (0.1, -0.1)}, "every threshold must be between"),
        ([[by_hand(2, [])], [by_hand(2, [])]], {"other_threshold": 2.0}, "every threshold must be between"),
        (
            [[by_hand(2, [])], [by_hand(2, [])]],
            {"threshold": 0.1},
            "threshold plays no part across networks.*other_threshold",
        ),
        ([[by_hand(2, [])], [by_hand(2, [])]], {"k": 3}, "k plays no part across networks"),
        ([[by_hand(2, [])] * 2], {"thresholds": (0.1,)}, "thresholds plays no part across samples.*threshold and k do"),
        ([[by_hand(2, [])] * 2], {"other_threshold": 0.1}, "other_threshold plays no part across samples"),
        ([[by_hand(2, [])] * 2], {"k": 2.0}, "k, the size.*got 2.0, a float.*type int"),
        ([[by_hand(2, [])] * 2], {"restarts": 2.5}, "restarts must be at least 1 random set; got 2.5, a float"),
        ([[by_hand(2, [])] * 2], {"restarts": True}, "restarts must be.*got True, a bool"),
        ([None], {}, r"2 or more InteractionModels; got 0 of NoneType. Type \[sy.explain"),
        ([[by_hand(2, [])], 3], {}, "1 or more InteractionModels; got 0 of int"),
    ],
)
def test_refusals(arguments, options, message):
    with pytest.raises(sy.SymbolscopeError, match=message):
        transferability(*arguments, **options)


@given(st.lists(terms(4), min_size=1, max_size=4))
def test_the_table_holds_the_effects_of_each_model(written):
    given_models = [by_hand(4, one) for one in written]
    table = effect_table(given_models)
    for row, model in enumerate(given_models):
        shown = {
            ("or" if is_or else "and", frozenset(np.flatnonzero(mask).tolist())): effect
            for is_or, mask, effect in zip(table.is_or, table.masks, table.effects[row], strict=True)
            if effect
        }
        assert shown == {one: effect for one, effect in effects_of(model).items() if effect}
        assert table.largest[row] == max(map(abs, shown.values()), default=0.0)
    places = [place(("or" if o else "and", np.flatnonzero(m))) for o, m in zip(table.is_or, table.masks, strict=True)]
    assert places == sorted(places)
    assert len(set(places)) == len(places)


@given(st.lists(st.integers(0, 2), min_size=1, max_size=8), st.integers(0, 3))
def test_random_sets_are_distinct_and_of_the_same_class(classes, spare):
    classes = np.array(classes)
    sizes = {one: int((classes == one).sum()) + spare for one in range(3)}
    drawn = random_sets(classes, sizes, draws=5, generator=np.random.default_rng(0))
    for row in drawn:
        known = row[row < len(classes)]
        assert len(set(known.tolist())) == len(known)
        assert (classes[known] == classes[row < len(classes)]).all()
        if spare == 0:
            assert len(known) == len(classes)


def test_random_sets_of_very_many_players_meet_nothing():
    drawn = random_sets(
        np.zeros(50, dtype=np.int64), {0: 2**500}, draws=3, generator=np.random.default_rng(0)
    )  # fmt: skip
    assert (drawn == 50).all()


def test_a_larger_dictionary_than_there_are_interactions_is_cut():
    chosen = [by_hand(4, [("and", [0, 1], 1.0), ("or", [row + 1, 0], 1.0)]) for row in range(3)]
    found = transferability(iter(chosen), k=np.int64(1000))
    assert found.at.tolist() == [1.0, 2.0, 3.0, 4.0]
    np.testing.assert_array_equal(found.score.mean, transferability(chosen, k=4).score.mean)


def test_too_few_samples_have_no_interval():
    chosen = [by_hand(2, [("and", [0, 1], 1.0)]) for _ in range(3)]
    for found in (transferability(chosen[:2]), transferability(chosen[:1], chosen[:1])):
        assert np.isnan([found.score.low, found.score.high]).all()
        assert "1.00 [-, -]" in repr(found)
    # Three samples that agree are no certainty: a share q of others is met by none of them with probability (1 - q)^3.
    assert transferability(chosen).score.low[0] ** 3 == pytest.approx(0.025)
    assert transferability(chosen).score.high == 1.0
