"""Jaccard similarity and intersection over union, strength by order, and the audit, against their definitions."""

from math import comb

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.emergence.hand_made import by_hand, effects_of, salient_sets, terms

import symbolscope as sy
from symbolscope.emergence.audit import audit
from symbolscope.emergence.intersection_over_union import intersection_over_union
from symbolscope.emergence.jaccard import jaccard
from symbolscope.emergence.order_strength import strength_by_order_and_sign

# Jaccard


def jaccard_by_definition(one, other):
    least = most = 0.0
    for each in one.keys() | other.keys():
        for sign in (1, -1):
            mine, its = max(sign * one.get(each, 0.0), 0.0), max(sign * other.get(each, 0.0), 0.0)
            least, most = least + min(mine, its), most + max(mine, its)
    return least / most if most else 1.0


@given(terms(), terms())
def test_jaccard_is_its_definition(written, also):
    one, other = by_hand(3, written), by_hand(3, also)
    mine, its = effects_of(one), effects_of(other)
    assert jaccard(one, other, restarts=1).value == pytest.approx(jaccard_by_definition(mine, its))
    assert jaccard(one, other, restarts=1).value == pytest.approx(jaccard(other, one, restarts=1).value)
    shapes = [
        {each: effect / (sum(map(abs, effects.values())) or 1.0) for each, effect in effects.items()}
        for effects in (mine, its)
    ]
    found = jaccard(one, other, normalised=True, restarts=1)
    assert found.value == pytest.approx(jaccard_by_definition(*shapes))
    assert 0 <= found.chance <= 1


@given(terms(), st.floats(0.1, 10))
def test_jaccard_of_multiples(written, factor):
    model = by_hand(3, written)
    assume(effects_of(model) and any(effects_of(model).values()))
    terms = [
        (str(kind), np.flatnonzero(mask), effect * factor)
        for kind, mask, effect in zip(model.kinds, model.masks, model.effects, strict=True)
    ]
    scaled = by_hand(3, terms)
    assert jaccard(model, scaled, restarts=1).value == pytest.approx(min(factor, 1 / factor))
    assert jaccard(model, scaled, normalised=True, restarts=1).value == pytest.approx(1.0)
    opposite = by_hand(3, [(kind, players, -effect) for kind, players, effect in terms])
    assert jaccard(model, opposite, restarts=1).value == 0.0


def test_chance_is_the_mean_over_rearrangements_in_the_order_and_kind():
    one = by_hand(4, [("and", [0, 1], 1.0), ("or", [0, 1], 1.0)])
    other = by_hand(4, [("and", [2, 3], 1.0), ("or", [0, 1], -1.0)])
    found = jaccard(one, other, restarts=6000, seed=1)
    assert found.value == 0.0
    # The AND lands on {0, 1} one time in six, and then a third of the strength is shared.
    assert found.chance == pytest.approx(1 / 3 / comb(4, 2), abs=0.01)
    assert (found.chance_low, found.chance_high) == (0.0, pytest.approx(1 / 3))
    assert repr(found).startswith("Jaccard 0.000, by chance 0.0")
    assert float(found) == found.value


def test_and_and_or_of_the_same_players_differ_but_not_of_one_player():
    assert jaccard(by_hand(2, [("and", [0, 1], 1.0)]), by_hand(2, [("or", [0, 1], 1.0)])).value == 0.0
    assert jaccard(by_hand(2, [("and", [0], 1.0)]), by_hand(2, [("or", [0], 1.0)])).value == 1.0


@pytest.mark.parametrize("measure", [jaccard, lambda one, two, **o: intersection_over_union(one, two, **o)])
def test_refusals_of_both_measures(measure):
    with pytest.raises(sy.SymbolscopeError, match="model 1 has 3 players"):
        measure(by_hand(2, []), by_hand(3, []))
    with pytest.raises(sy.SymbolscopeError, match="restarts must be at least 1"):
        measure(by_hand(2, []), by_hand(2, []), restarts=0)


# Intersection over union


@given(terms(), terms())
def test_iou_is_its_definition(written, also):
    model, truth = by_hand(3, written), by_hand(3, also)
    known = {one for one, effect in effects_of(truth).items() if effect}
    if not known:
        with pytest.raises(sy.SymbolscopeError, match="truth holds no interaction"):
            intersection_over_union(model, truth)
        return
    effects = effects_of(model)
    strengths = sorted((abs(effect) for effect in effects.values()), reverse=True)[: len(known) + 1]
    assume(len(strengths) <= len(known) or strengths[-1] < strengths[-2])  # no tie at the border
    found = {
        one for one in salient_sets(model, 0.0) if abs(effects[one]) >= ([*strengths, 0.0][: len(known)] or [0.0])[-1]
    }
    expected = len(found & known) / len(found | known)
    assert intersection_over_union(model, truth, restarts=1).value == pytest.approx(expected)


@pytest.mark.parametrize("n", [4, 6, 8])
def test_planted_functions_are_found_whole_and_chance_is_far_below(n):
    rng = np.random.default_rng(n)
    masks, truth = sy.all_masks(n), []
    values = np.zeros(1 << n)
    for kind, size in (("and", 2), ("or", 3), ("and", 3), ("and", 1)):
        players = sorted(rng.choice(n, size, replace=False).tolist())
        active = masks[:, players].all(axis=1) if kind == "and" else masks[:, players].any(axis=1)
        values = values + rng.choice([-1, 1]) * rng.uniform(1, 2) * active
        truth.append((kind, players))
    model = sy.decompose(values)
    found = intersection_over_union(model, truth)
    assert found.value == 1.0
    assert found.chance < 0.5
    named = [(kind, [model.player_names[i] for i in players]) for kind, players in truth]
    assert intersection_over_union(model, named).value == 1.0


@pytest.mark.parametrize(
    ("truth", "message"),
    [
        ([], "truth holds no interaction"),
        ([("xor", [0, 1])], 'must be "and" or "or"; got \'xor\''),
        ([("and", ["z"])], "no player 'z' in the model; its players are a, b"),
        ([("and", [2])], "no player 2 in the model"),
        ([("and", [-1])], "no player -1 in the model"),
        ("and", r"truth must be a list of \(kind, players\), or a model; got a str\. Type"),
        (None, "truth must be a list"),
        (7, "truth must be a list of .*; got 7. Type"),
        ({"and": (0, 1)}, "truth must be a list .*; got a dict. Type"),
        ({...}, r"truth must hold \(kind, players\) each, .*got Ellipsis"),
        (("and", (0, 1)), r"truth must hold \(kind, players\) each, .*got 'and'"),
        ([("and", 0)], r"the players of a known interaction must be one or more, .*got \('and', 0\)"),
        ([("and", ())], "the players of a known interaction must be one or more"),
        ([("and", 0, 1)], r"truth must hold \(kind, players\) each, .*got \('and', 0, 1\)"),
        ([(["and"], (0, 1))], 'must be "and" or "or"'),
        ([("and", [True])], "must be an integer; got True, a bool"),
        ([("and", [np.True_])], "must be an integer"),
        ([("and", [1.0])], "must be an integer; got 1.0, a float"),
    ],
)
def test_refusals_of_known_sets(truth, message):
    with pytest.raises(sy.SymbolscopeError, match=message):
        intersection_over_union(by_hand(2, [("and", [0], 1.0)]), truth)


# Strength by order


@given(terms(4))
def test_strength_by_order_is_its_definition(written):
    model = by_hand(4, written)
    found = strength_by_order_and_sign(model)
    filled = [(len(np.flatnonzero(mask)), effect) for mask, effect in zip(model.masks, model.effects, strict=True)]
    for order in range(1, 5):
        effects = [effect for size, effect in filled if size == order]
        assert found.positive[order] == sum(effect for effect in effects if effect > 0)
        assert found.negative[order] == sum(effect for effect in effects if effect < 0)
        total = sum(map(abs, effects))
        expected = 1 - abs(sum(effects)) / total if total else np.nan
        assert found.cancellation[order] == pytest.approx(expected, nan_ok=True)
    assert found.positive[0] == found.negative[0] == 0.0
    strength = sum(abs(effect) for size, effect in filled if size)
    if not strength:
        assert np.isnan(found.mean_order)
        assert found.normalised() is found
        return
    assert found.mean_order == pytest.approx(sum(size * abs(effect) for size, effect in filled) / strength)
    assert found.normalised().total.sum() == pytest.approx(1.0)
    assert found.normalised().mean_order == pytest.approx(found.mean_order)
    np.testing.assert_allclose(found.total[1:], model.strength_by_order()[1:])


def test_strength_is_shown():
    found = strength_by_order_and_sign(by_hand(3, [("and", [0, 1], 3.0), ("or", [1, 2], -1.0)]))
    assert "mean order 2.00" in repr(found)
    assert "50%" in repr(found)
    assert found.to_frame()["total"].tolist() == [0.0, 0.0, 4.0, 0.0]


# Audit


@given(terms(4), st.lists(st.sampled_from(["relevant", "irrelevant", "forbidden"]), min_size=4, max_size=4))
def test_the_audit_is_its_definition(written, tags):
    model = by_hand(4, written)
    found = audit(model, dict(zip("abcd", tags, strict=True)))

    def row_of(players):
        held = {tags[player] for player in players}
        return 2 if "forbidden" in held else 1 if "irrelevant" in held else 0

    for column, sign in enumerate(("all", "positive", "negative")):
        sums, chances = np.zeros(3), np.zeros(3)
        for mask, effect in zip(model.masks, model.effects, strict=True):
            order = int(mask.sum())
            if not order or (sign == "positive" and effect < 0) or (sign == "negative" and effect > 0):
                continue
            sums[row_of(np.flatnonzero(mask))] += abs(effect)
            alike = [row for row in sy.all_masks(4) if row.sum() == order]
            for other in alike:
                chances[row_of(np.flatnonzero(other))] += abs(effect) / len(alike)
        if not sums.sum():
            assert np.isnan(found.shares[:, column]).all()
            continue
        np.testing.assert_allclose(found.shares[:, column], sums / sums.sum(), atol=1e-12)
        np.testing.assert_allclose(found.chance[:, column], chances / chances.sum(), atol=1e-12)
        assert found.share("forbidden", sign) == found.shares[2, column]


def test_the_suspects_are_named():
    model = by_hand(4, [("and", [0, 1], 3.0), ("or", [1, 2], -1.0), ("and", [3], 0.5)])
    found = audit(model, {"b": "forbidden", "d": "irrelevant"})
    assert [found.suspect.label(row) for row in range(found.suspect.complexity)] == ["a, b", "b, c"]
    assert "a, b" in repr(found)
    assert "a forbidden player" in repr(found)
    assert len(found.to_frame()) == 9
    milder = audit(model, {"d": "irrelevant"})
    assert [milder.suspect.label(row) for row in range(milder.suspect.complexity)] == ["d"]
    clean = audit(model, {})
    assert clean.share("relevant") == 1.0
    assert clean.suspect.complexity == 0
    assert dict(found.tags) == {"a": "relevant", "b": "forbidden", "c": "relevant", "d": "irrelevant"}


def test_refusals_of_the_audit():
    model = by_hand(2, [("and", [0], 1.0)])
    with pytest.raises(sy.SymbolscopeError, match="no player 'z' to tag"):
        audit(model, {"z": "forbidden"})
    with pytest.raises(sy.SymbolscopeError, match='must be "relevant", "irrelevant" or "forbidden"; got \'bad\''):
        audit(model, {"a": "bad"})
    with pytest.raises(sy.SymbolscopeError, match="the sign must be one of"):
        audit(model, {}).share("relevant", "both")
    with pytest.raises(sy.SymbolscopeError, match="the tag must be one of"):
        audit(model, {}).share("good")


def test_players_may_be_counted_by_numpy():
    model = by_hand(3, [("and", [0, 2], 1.0)])
    for truth in ([("and", np.array([0, 2]))], (one for one in [("and", (np.int32(0), "c"))]), {("and", (0, 2))}):
        assert intersection_over_union(model, truth).value == 1.0


@pytest.mark.parametrize("wrong", [None, "model", 3, []])
def test_what_is_no_explanation_is_refused(wrong):
    model = by_hand(2, [("and", [0], 1.0)])
    for name, call in (
        ("model", lambda: strength_by_order_and_sign(wrong)),
        ("model", lambda: strength_by_order_and_sign([model])),
        ("model", lambda: audit(wrong, {})),
        ("model", lambda: audit([model], {})),
        ("model", lambda: jaccard(wrong, model)),
        ("other", lambda: jaccard(model, wrong)),
        ("model", lambda: intersection_over_union(wrong, [("and", (0, 1))])),
    ):
        with pytest.raises(
            sy.SymbolscopeError, match=rf"{name} must be an InteractionModel; got .*Type sy\.explain\(game\)"
        ):
            call()


@pytest.mark.parametrize("tags", [None, [("a", "forbidden")], "forbidden"])
def test_tags_are_a_mapping(tags):
    with pytest.raises(sy.SymbolscopeError, match=r"tags must be a mapping of player names to tags; got .*Type audit"):
        audit(by_hand(2, []), tags)


@pytest.mark.parametrize("measure", [jaccard, intersection_over_union])
def test_restarts_are_whole(measure):
    model = by_hand(2, [("and", [0], 1.0)])
    assert measure(model, model, restarts=np.int64(2)).value == 1.0
    with pytest.raises(sy.SymbolscopeError, match=r"restarts must be at least 1 .*got 2\.0, a float"):
        measure(model, model, restarts=2.0)
