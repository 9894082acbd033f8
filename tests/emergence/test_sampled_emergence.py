"""Emergence reports of games with too many masks: intervals that hold the exact values, calls kept, what is and is not known."""

import math
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.emergence.planted_interactions import planted_ands

import symbolscope as sy
from symbolscope.emergence.check_emergence import check_emergence
from symbolscope.emergence.looked_at import share_interval
from symbolscope.emergence.mean_output import exponent_all, exponent_order1, exponents_of
from symbolscope.emergence.order_fit import fit_order_sums, lemma2
from symbolscope.emergence.sampling import plan_calls

SEEDS = 40
N = 40


@pytest.fixture(scope="module")
def planted_reports():
    """Forty games of forty players: exact values and the report of a sample of 5,000 masks or fewer."""
    games = [planted_ands(N, seed=seed, saturating=seed % 2 == 1) for seed in range(SEEDS)]
    return [(game, check_emergence(game.game, max_calls=5_000, seed=seed)) for seed, game in enumerate(games)]


def _inside(interval, value):
    scale = 1e-9 * max(1.0, abs(value))
    return interval[0] - scale <= value <= interval[1] + scale


def test_mean_outputs_are_inside_their_intervals(planted_reports):
    """3 and more players present, and n - 2 and fewer, are sampled: 36 orders per game. Games are the independent units."""
    shares = []
    for game, report in planted_reports:
        sampled = range(3, N - 1)
        shares.append(np.mean([_inside(report.mean_output_interval[m], game.mean_output[m]) for m in sampled]))
        for m in (0, 1, 2, N - 1, N):
            assert report.mean_output[m] == pytest.approx(game.mean_output[m], abs=1e-9)
            assert np.ptp(report.mean_output_interval[m]) == 0
    assert 0.88 <= np.mean(shares) <= 0.995


def test_order_sums_are_inside_their_intervals(planted_reports):
    hits = []
    for game, report in planted_reports:
        np.testing.assert_allclose(report.order_sums[:2], game.order_sums[:2], atol=1e-9)
        for k in range(3, report.max_order + 1):
            if not math.isnan(report.order_sums[k - 1]):
                hits.append(_inside(report.order_sums_interval[k - 1], game.order_sums[k - 1]))
                assert np.ptp(report.order_sums_interval[k - 1]) > 0
    assert len(hits) > 2 * SEEDS
    assert np.mean(hits) >= 0.86
    third = np.array([np.ptp(report.order_sums_interval[2]) for _, report in planted_reports])
    assert np.isnan(third).sum() <= 2  # a curve of low degree is refused now and then
    assert np.nanmean(third) < 150


def test_exponents_are_inside_their_intervals(planted_reports):
    """Attained between 1 and n in every saturating game, so nothing there is known exactly."""
    hits, widths = [], []
    for game, report in planted_reports[1::2]:
        exact = exponent_order1(game.mean_output, 0.0)
        if exact.reason != "ok":
            continue
        assert exact.at[1] < N - 1
        hits.append(_inside(report.exponent_order1_interval, exact.value))
        widths.append(np.ptp(report.exponent_order1_interval))
    assert len(hits) >= 18
    assert np.mean(hits) >= 0.8  # 20 games: fewer than 16 of them would be a chance of 3 in 1,000
    assert min(widths) > 0
    rising = [(game, report) for game, report in planted_reports[::2] if game.mean_output[1:].min() > 0]
    assert (
        np.mean([_inside(r.exponent_order1_interval, exponent_order1(g.mean_output, 0.0).value) for g, r in rising])
        >= 0.9
    )
    assert (
        np.mean([_inside(r.exponent_all_interval, exponent_all(g.mean_output, 0.0).value) for g, r in rising]) >= 0.85
    )


def test_counts_are_inside_their_intervals(planted_reports):
    hits = []
    for game, report in planted_reports:
        exact = game.counts(report.threshold)
        for k, (low, high) in enumerate(report.counts_interval, 1):
            if math.isnan(low):
                assert k > 4
            elif k > 2:
                hits.append(low <= exact[k - 1] <= high)
        assert report.counts[:2].tolist() == exact[:2].tolist()
    assert len(hits) == 2 * SEEDS
    assert np.mean(hits) >= 0.9


def test_the_verdict_on_monotone_means_is_right_where_it_is_given(planted_reports):
    given_, right = 0, 0
    for game, report in planted_reports:
        truth = bool((np.diff(game.mean_output) >= -1e-12).all())
        given_ += report.monotone is not None
        right += report.monotone is truth
    assert given_ >= 0.8 * SEEDS
    assert right >= given_ - 2


def test_no_more_calls_than_allowed_and_all_are_counted(planted_reports):
    assert all(3_000 < report.calls <= 5_000 for _, report in planted_reports)
    seen = set()

    def counted(masks):
        seen.update(row.tobytes() for row in masks)
        return masks[:, :3].all(axis=1) * 1.0 + masks.sum(axis=1)

    report = check_emergence(sy.Game.from_function(counted, 30), max_calls=4_000, max_order=2)
    assert report.sampled
    assert report.difference_sets > 8
    assert len(seen) == report.calls <= 4_000


def test_the_same_seed_gives_the_same_and_another_does_not():
    game = planted_ands(25, seed=0).game
    one, same, other = (check_emergence(game, max_calls=2_000, seed=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.mean_output, same.mean_output)
    np.testing.assert_array_equal(one.order_sums_interval, same.order_sums_interval)
    assert not np.array_equal(one.mean_output, other.mean_output)
    given, again = (check_emergence(game, max_calls=2_000, seed=np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(given.mean_output, again.mean_output)


def test_enough_calls_make_the_same_game_exact():
    planted = planted_ands(10, seed=2, count=12, highest=3)
    assert not check_emergence(planted.game).sampled
    assert not check_emergence(planted.game, max_calls=1_024).sampled
    assert check_emergence(planted.game, max_calls=1_023).sampled


def test_what_a_sample_cannot_tell_is_nan_with_a_reason():
    report = check_emergence(planted_ands(N, seed=0).game, max_calls=5_000)
    assert math.isnan(report.bound_exact)
    assert math.isnan(report.bound_upper)
    assert math.isnan(report.share_above)
    assert math.isnan(report.n_salient)
    assert report.digits is None
    assert {"bound_exact", "bound_upper", "share_above", "counts", "eta"} <= report.reasons.keys()
    text = report.to_text()
    assert "largest seen, so tau may be too low" in text
    assert "masks sampled" in text
    assert len(report.to_frame()) == N + 1


def test_differences_of_high_order_are_taken_where_calls_allow():
    planted = planted_ands(30, seed=4, count=20, highest=2)
    report = check_emergence(planted.game, max_order=2, max_calls=6_000)
    assert report.difference_above < 1e-12
    assert report.difference_above_interval[1] > 0  # what was not seen
    game = sy.Game.from_function(lambda masks: masks.sum(axis=1) ** 3.0, 30)
    found = check_emergence(game, max_order=2, max_calls=6_000)
    # Every third difference of m^3 is 6.
    assert found.difference_above * 30**3 == pytest.approx(6.0, abs=1e-9)


def test_a_dense_game_gets_eta_and_strength_of_sampled_orders():
    """m^3: I(S) is 1, 6, 6 for orders 1 to 3, and 0 above."""
    game = sy.Game.from_function(lambda masks: masks.sum(axis=1) ** 3.0, 60)
    report = check_emergence(game, max_calls=6_000)
    np.testing.assert_allclose(report.order_sums[:3], [60.0, 6 * comb(60, 2), 6 * comb(60, 3)], rtol=1e-6)
    np.testing.assert_allclose(report.eta[:3], 1.0, atol=1e-9)
    assert report.strength_by_order[3] == pytest.approx(6 * comb(60, 3))
    assert report.monotone is True
    assert report.exponent_order1 == pytest.approx(3.0, abs=1e-6)


def test_an_order_where_all_sampled_masks_agree_is_not_claimed_to_be_known():
    game = sy.Game.from_function(lambda masks: 5.0 * masks[:, :4].all(axis=1), 40)
    report = check_emergence(game, max_calls=5_000)
    low, high = report.mean_output_interval[5]
    assert report.mean_output[5] == 0
    assert low == 0 < comb(36, 1) * 5.0 / comb(40, 5) < high


def test_a_game_of_the_number_of_players_alone_is_known_without_a_polynomial():
    report = check_emergence(sy.Game.from_function(lambda masks: masks.sum(axis=1) ** 1.5, 30), max_calls=2_000)
    assert report.monotone is True
    assert report.exponent_order1 == pytest.approx(1.5, abs=1e-9)
    assert report.exponent_all == pytest.approx(1.5, abs=1e-9)
    assert "not a polynomial of low degree" in report.reasons["order_sums"]


def test_a_jagged_curve_is_not_read_as_a_polynomial():
    """It falls after every third player: sums of orders are not given on its strength, but the fall and p are seen all the same."""
    jagged = sy.Game.from_function(
        lambda m: m.sum(axis=1) + 4.0 * (m.sum(axis=1) % 3 == 0) * m.any(axis=1) + 0.5 * m[:, 0], 40
    )
    report = check_emergence(jagged, max_calls=5_000)
    assert report.monotone is False
    assert report.largest_drop_interval[0] > 0
    assert "not a polynomial of low degree" in report.reasons["order_sums"]
    assert "too rough" in report.reasons["exponent_all"]
    mean = np.array([m + 4.0 * (m % 3 == 0) * (m > 0) + 0.5 * m / 40 for m in range(41)])
    low, high = report.exponent_order1_interval
    assert low < exponent_order1(mean, 0.0).value < high
    assert low < report.exponent_order1 < high


@given(st.integers(4, 9), st.integers(0, 100))
def test_lemma_2_maps_order_sums_to_mean_outputs(n, seed):
    values = np.random.default_rng(seed).normal(size=1 << n)
    report = check_emergence(values, max_order=n)
    np.testing.assert_allclose(lemma2(n, n) @ report.order_sums, report.mean_output, atol=1e-9)


def test_the_fit_is_exact_without_noise():
    sums = np.array([4.0, -2.0, 30.0, 8.0])
    mean = lemma2(20, 4) @ sums
    chains = np.tile(mean, (10, 1)) + 1e-9 * np.random.default_rng(0).normal(size=(10, 21))
    fit = fit_order_sums(chains, sums[:2], {0: 0.0, 1: mean[1], 2: mean[2], 19: mean[19], 20: mean[20]})
    np.testing.assert_allclose(fit.order_sums[:4], sums, atol=1e-4)
    assert fit.adequate
    assert 4 <= len(fit.order_sums) <= 6


def test_exponents_of_many_curves_equal_those_of_each():
    curves = np.random.default_rng(0).uniform(0.1, 1.0, size=(20, 9)).cumsum(axis=1)
    curves[:, 0] = 0
    curves[3, 4] = 0
    for every, least in ((True, exponent_all), (False, exponent_order1)):
        expected = [least(curve, 0.0).value for curve in curves]
        np.testing.assert_allclose(exponents_of(curves, 0.0, every=every), expected, atol=1e-12)


def test_share_intervals_are_clopper_and_pearsons():
    """Each end leaves 2.5 % of the binomial beyond the count."""
    low, high = share_interval(3, 40)
    below = sum(comb(40, j) * high**j * (1 - high) ** (40 - j) for j in range(4))
    above = sum(comb(40, j) * low**j * (1 - low) ** (40 - j) for j in range(3, 41))
    assert below == pytest.approx(0.025, abs=1e-6)
    assert above == pytest.approx(0.025, abs=1e-6)
    assert share_interval(0, 40)[0] == 0
    assert share_interval(40, 40)[1] == 1


@pytest.mark.parametrize(("n", "calls"), [(4, 40), (17, 600), (40, 5_000), (40, 100_000), (300, 4_000)])
def test_plans_stay_within_their_calls(n, calls):
    plan = plan_calls(n, calls)
    low = sum(comb(n, k) for k in range(2, plan.complete + 1))
    sets = sum(count * sum(comb(k, j) for j in range(plan.complete + 1, k + 1)) for k, count in plan.sets.items())
    between = max(0, n - 2 - plan.complete)
    assert 2 * n + 2 + low + sets + plan.chains * between + plan.differences <= calls
    assert plan.chains >= 8


def test_too_few_calls_are_refused():
    with pytest.raises(
        sy.SymbolscopeError, match=r"max_calls=300 is too few to sample a game of 40 players.*Type max_calls=5000"
    ):
        check_emergence(planted_ands(40, seed=0).game, max_calls=300)
    with pytest.raises(sy.SymbolscopeError, match="max_order must be 1 to 40"):
        check_emergence(planted_ands(40, seed=0).game, max_order=41)
