"""Signs over samples: plain counting, and 0.5 for coin flips whatever the counts."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.emergence.hand_made import by_hand, effects_of, salient_sets, terms

import symbolscope as sy
from symbolscope.emergence.discrimination import discrimination

BINS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def signed_samples(generator, probability, *, samples, interactions=40, n=7):
    """Every interaction is salient in a share of the samples of its own, positive with ``probability``."""
    masks = sy.all_masks(n)
    chosen = generator.choice(np.flatnonzero(masks.sum(axis=1) > 1), interactions, replace=False)
    share = generator.uniform(0.1, 1.0, size=interactions)
    out = []
    for _ in range(samples):
        terms = [
            ("and", np.flatnonzero(masks[row]), 1.0 if generator.random() < probability else -1.0)
            for row, often in zip(chosen, share, strict=True)
            if generator.random() < often
        ]
        out.append(by_hand(n, terms))
    return out


@given(st.lists(terms(), min_size=2, max_size=6), st.sampled_from([0.0, 0.5]))
@settings(max_examples=60)
def test_the_figures_are_what_counting_gives(written, threshold):
    given_models = [by_hand(3, one) for one in written]
    signs = {}
    for model in given_models:
        for one in salient_sets(model, threshold):
            signs.setdefault(one, []).append(np.sign(effects_of(model)[one]))
    if not signs:
        with pytest.raises(sy.SymbolscopeError, match="none of the"):
            discrimination(given_models, threshold=threshold)
        return
    found = discrimination(given_models, threshold=threshold)
    samples = len(given_models)
    beta = {one: max(seen.count(1.0), seen.count(-1.0)) / len(seen) for one, seen in signs.items()}
    weight = sum(len(seen) for seen in signs.values())
    assert found.raw_overall == pytest.approx(sum(beta[one] * len(signs[one]) for one in signs) / weight)
    agreement = {
        one: np.mean([a == b for a, b in itertools.combinations(seen, 2)])
        for one, seen in signs.items()
        if len(seen) > 1
    }
    assert found.single == len(signs) - len(agreement)
    for b, (low, high) in enumerate(itertools.pairwise(BINS)):
        inside = [one for one, seen in signs.items() if low < len(seen) / samples <= high]
        assert found.counts[b] == len(inside)
        assert found.raw[b] == pytest.approx(np.mean([beta[one] for one in inside]) if inside else np.nan, nan_ok=True)
        known = [agreement[one] for one in inside if one in agreement]
        assert found.agreement.mean[b] == pytest.approx(np.mean(known) if known else np.nan, nan_ok=True)
    weights = sum(len(signs[one]) for one in agreement)
    expected = sum(len(signs[one]) * agreement[one] for one in agreement) / weights if agreement else np.nan
    assert found.overall.mean[0] == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("samples", [2, 3, 4, 10])
def test_coin_flips_agree_half_of_the_time_whatever_the_count(samples):
    generator = np.random.default_rng(samples)
    found = [discrimination(signed_samples(generator, 0.5, samples=samples)) for _ in range(40)]
    values = np.array([one.overall.mean[0] for one in found])
    assert values.mean() == pytest.approx(0.5, abs=4 * values.std() / np.sqrt(len(values)))
    assert abs(values.mean() - 0.5) < 0.05
    assert np.mean([one.raw_overall for one in found]) > 0.6  # the papers' figure of the same coin flips


@pytest.mark.parametrize("samples", [2, 5, 12])
def test_constant_signs_agree_always(samples):
    found = discrimination(signed_samples(np.random.default_rng(samples), 1.0, samples=samples))
    assert found.overall.mean[0] == found.raw_overall == found.sign_chance == 1.0
    # Samples that all agree are no certainty: the share of others that they may have missed is Clopper's and Pearson's.
    low = found.overall.low[0]
    assert np.isnan(low) if samples < 3 else low**samples == pytest.approx(0.025)
    np.testing.assert_equal(found.overall.high[0], np.nan if samples < 3 else 1.0)
    assert ("1.00 [-, -]" in repr(found)) == (samples < 3)


def test_agreement_does_not_depend_on_the_number_of_samples():
    for samples in (4, 16):
        generator = np.random.default_rng(7)
        values = [discrimination(signed_samples(generator, 0.8, samples=samples)).overall.mean[0] for _ in range(25)]
        assert np.mean(values) == pytest.approx(0.8**2 + 0.2**2, abs=0.03)


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    generator = np.random.default_rng(3)
    found = [discrimination(signed_samples(generator, 0.8, samples=15), seed=seed) for seed in range(40)]
    held = np.mean([one.overall.low[0] <= 0.68 <= one.overall.high[0] for one in found])
    assert held >= 0.84  # 0.95 less three standard errors


def test_what_is_shown():
    found = discrimination(signed_samples(np.random.default_rng(0), 0.9, samples=8))
    text = repr(found)
    assert "0.5" in text
    assert found.overall.text(0) in text
    assert f"{found.raw_overall:.2f}" in text
    frame = found.to_frame()
    assert len(frame) == len(found.counts) + 1
    assert (frame["chance"] == 0.5).all()
    assert frame["interactions"].iloc[-1] == found.counts.sum() == len(found.positive)
    assert ((found.positive + found.negative) > 0).all()


@pytest.mark.parametrize(
    ("chosen", "options", "message"),
    [
        ([by_hand(2, [("and", [0], 1.0)])], {}, "2 or more InteractionModels"),
        (None, {}, "2 or more InteractionModels; got 0 of NoneType"),
        ([by_hand(2, []), by_hand(3, [])], {}, "model 1 has 3 players"),
        ([by_hand(2, []), by_hand(2, [])], {}, "none of the 2 samples has a salient interaction"),
        ([by_hand(2, [])] * 2, {"threshold": -0.1}, "threshold must be between 0 and 1"),
        ([by_hand(2, [])] * 2, {"bins": (0.0, 0.5, 0.5, 1.0)}, "bins must increase from 0 to 1"),
        ([by_hand(2, [])] * 2, {"bins": (0.1, 1.0)}, "bins must increase from 0 to 1"),
        ([by_hand(2, [])] * 2, {"bins": (0.0, 0.9)}, "bins must increase from 0 to 1"),
    ],
)
def test_refusals(chosen, options, message):
    with pytest.raises(sy.SymbolscopeError, match=message):
        discrimination(chosen, **options)


def test_signs_without_consistency_agree_by_their_share():
    chosen = signed_samples(np.random.default_rng(11), 0.85, samples=40)
    found = discrimination(one for one in chosen)
    share = found.positive.sum() / (found.positive + found.negative).sum()
    assert found.sign_chance == pytest.approx(share**2 + (1 - share) ** 2)
    assert found.overall.mean[0] == pytest.approx(found.sign_chance, abs=0.03)  # far above 0.5
    assert f"{share:.0%} of the signs are positive" in repr(found)
    assert f"{found.sign_chance:.2f} agree" in repr(found)
    assert (found.to_frame()["sign_chance"] == found.sign_chance).all()


def test_one_sign_per_interaction_agrees_more_than_its_share_does():
    chosen = [by_hand(2, [("and", [0], 1.0), ("and", [1], -1.0)]) for _ in range(4)]
    found = discrimination(chosen)
    assert (found.overall.mean[0], found.sign_chance) == (1.0, 0.5)
