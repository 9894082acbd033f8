"""Conditions, exponents and bounds on games known on every mask: definitions, laws, known answers, edges and refusals."""

import itertools
import math
from math import comb

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tests.emergence.planted_interactions import planted_ands
from tests.interactions.games import instances, planted

import symbolscope as sy
from symbolscope.emergence.check_emergence import check_emergence
from symbolscope.emergence.theorem import order_sum_digits

games = st.integers(1, 6).flatmap(lambda n: arrays(np.float64, 1 << n, elements=st.floats(-8, 8, width=32)))


@st.composite
def rising(draw):
    """Games that have an exponent: every player adds something to every mask, and higher orders anything small."""
    n = draw(st.integers(2, 6))
    generator = np.random.default_rng(draw(st.integers(0, 10**6)))
    masks = sy.all_masks(n)
    power = draw(st.floats(1.0, 3.5))
    return masks.sum(axis=1) ** power + draw(st.floats(0.0, 0.4)) * generator.normal(size=1 << n) * (
        masks.sum(axis=1) > 1
    )


def _sets(n, k):
    return itertools.combinations(range(n), k)


def _index(players):
    return sum(1 << i for i in players)


def _interaction(values, players):
    """I(S) of u, by definition."""
    total = 0.0
    for size in range(len(players) + 1):
        for inside in itertools.combinations(players, size):
            total += (-1) ** (len(players) - size) * (values[_index(inside)] - values[0])
    return total


@settings(max_examples=50)
@given(games)
def test_every_number_equals_its_definition(values):
    n = int(math.log2(len(values)))
    report = check_emergence(values, max_order=n, threshold=0.3)
    mean = [np.mean([values[_index(s)] - values[0] for s in _sets(n, m)]) for m in range(n + 1)]
    np.testing.assert_allclose(report.mean_output, mean, atol=1e-12)
    effects = [np.array([_interaction(values, s) for s in _sets(n, k)]) for k in range(1, n + 1)]
    np.testing.assert_allclose(report.order_sums, [e.sum() for e in effects], atol=1e-10)
    largest = max(np.abs(e).max() for e in effects)
    assert report.threshold == pytest.approx(0.3 * largest, abs=1e-10)
    margin = 1e-9
    for k, e in enumerate(effects, 1):
        sizes = np.abs(e)
        assert report.strength_by_order[k] == pytest.approx(sizes.sum(), abs=1e-9)
        least, most = (sizes >= 0.3 * largest + margin).sum(), (sizes >= max(0.3 * largest - margin, 1e-12)).sum()
        assert least <= report.counts[k - 1] <= most
        if sizes.sum() > 1e-6:
            assert report.eta[k - 1] == pytest.approx(e.sum() / sizes.sum(), abs=1e-6)
    drops = -np.diff(mean)
    assert report.largest_drop == pytest.approx(drops.max(), abs=1e-12)
    assert report.monotone == (report.largest_drop <= report.monotone_tolerance)
    assert report.calls == 1 << n
    assert not report.sampled


@given(rising())
def test_exponents_equal_their_definitions_and_suffice(values):
    report = check_emergence(values)
    mean, n = report.mean_output, report.n_players
    if (mean[1:] <= 0).any():
        assert math.isnan(report.exponent_order1)
        return
    slope = {(a, b): math.log(mean[b] / mean[a]) / math.log(b / a) for a in range(1, n) for b in range(a + 1, n + 1)}
    assert report.exponent_all == pytest.approx(max(slope.values()), abs=1e-12)
    assert report.exponent_order1 == pytest.approx(max(s for (a, _), s in slope.items() if a == 1), abs=1e-12)
    assert report.exponent_all >= report.exponent_order1
    assert slope[report.exponent_all_at] == pytest.approx(report.exponent_all, abs=1e-12)
    for m in range(1, n + 1):
        assert mean[m] <= m**report.exponent_order1 * mean[1] * (1 + 1e-9)


@given(rising(), st.integers(1, 6))
def test_theorem_2_and_lemma_2_hold(values, most):
    n = int(math.log2(len(values)))
    report = check_emergence(values, max_order=min(most, n))
    sums, digits = report.order_sums, report.digits
    if digits is None:
        assert "exponent_order1" in report.reasons
        return
    np.testing.assert_allclose(digits.order_sums(), sums, atol=1e-9 * np.maximum(1.0, np.abs(sums)).max())
    assert (np.abs(digits.lambdas) <= 1).all()
    places = digits.digits.shape[1]
    assert places == max(0, math.floor(report.exponent_order1 + 1e-9))
    if places:
        assert (np.abs(digits.digits) < n).all()
        np.testing.assert_array_equal(digits.digits[:, 1:], np.round(digits.digits[:, 1:]))
        assert (digits.digits * sums[:, None] >= 0).all()
    assert digits.m0.tolist() == list(range(n - report.max_order, n + 1))
    mean = report.mean_output
    for row, m0 in enumerate(digits.m0.tolist()):
        # Lemma 2, with what lies above M left out on both sides.
        known = sum(comb(m0, k) / comb(n, k) * sums[k - 1] for k in range(1, report.max_order + 1))
        power = 0.0 if digits.delta == -math.inf else float(n) ** (report.exponent_order1 + digits.delta)
        by_digits = digits.lambda_m0[row] * power + digits.digits_m0[row] @ float(n) ** np.arange(places)
        assert by_digits * mean[1] == pytest.approx(known, abs=1e-9 * max(1.0, np.abs(sums).max()))
        if m0 <= report.max_order:
            assert known == pytest.approx(mean[m0], abs=1e-9 * max(1.0, np.abs(sums).max()))


@given(rising())
def test_the_bound_on_delta_is_one_where_nothing_lies_above_m(values):
    """With M = n condition 1 asks nothing; the other two are the report's to check."""
    report = check_emergence(values, max_order=int(math.log2(len(values))))
    if not report.applies or report.digits is None or math.isnan(report.delta_upper):
        return
    if report.delta == -math.inf:  # delta multiplies nothing
        assert report.bound_upper == pytest.approx(report.bound_exact, rel=1e-9)
        return
    bounds = report.digits.delta_upper_m0
    assert (bounds[~np.isnan(bounds)] >= report.delta - 1e-6).all()
    assert report.delta_upper == np.nanmin(bounds)
    assert report.bound_upper >= report.bound_exact * (1 - 1e-6)


@given(st.one_of(games, rising()), st.floats(0.01, 1.0), st.integers(1, 6))
def test_the_exact_bound_is_markovs_and_never_below_the_count(values, threshold, most):
    n = int(math.log2(len(values)))
    report = check_emergence(values, threshold=threshold, max_order=min(most, n))
    assert (report.counts <= report.bound_exact_by_order * (1 + 1e-9)).all()
    assert report.counts.sum() <= report.bound_exact * (1 + 1e-9)
    assert report.bound_exact_by_order.shape == (report.max_order,)
    if report.digits is None or report.threshold == 0:
        return
    # Theorem 3 as it is printed, with the exact delta.
    there = (report.order_sums != 0) & (np.abs(report.eta) > 1e-6)
    by_theorem = np.abs(report.digits.order_sums()[there]) / (report.threshold * np.abs(report.eta[there]))
    np.testing.assert_allclose(by_theorem, report.bound_exact_by_order[there], rtol=1e-8)
    markov = report.strength_by_order[1 : report.max_order + 1] / report.threshold
    np.testing.assert_allclose(report.bound_exact_by_order, markov, rtol=1e-12)


def test_by_default_nothing_salient_lies_above_m():
    values, _ = planted(8, seed=3, n_or=0, most=4)
    report = check_emergence(values)
    assert report.max_order == 4
    assert report.counts.sum() == report.n_salient == 12
    assert report.counts[-1] > 0
    cut = check_emergence(values, max_order=2)
    assert cut.n_salient == 12
    assert cut.counts.sum() == report.counts[:2].sum()
    assert cut.share_above == pytest.approx(report.strength_by_order[3:].sum() / report.strength_by_order[1:].sum())
    assert report.share_above == 0


def _differences_by_definition(values, order):
    n = int(math.log2(len(values)))
    found = []
    for players in _sets(n, order):
        rest = [i for i in range(n) if i not in players]
        for size in range(len(rest) + 1):
            for context in itertools.combinations(rest, size):
                total = sum(
                    (-1) ** (order - s) * values[_index(inside + context)]
                    for s in range(order + 1)
                    for inside in itertools.combinations(players, s)
                )
                found.append(abs(total))
    return np.mean(found)


@pytest.mark.parametrize("most", [1, 2, 3])
def test_differences_of_high_order_equal_their_definition(most):
    values = np.random.default_rng(most).normal(size=32)
    report = check_emergence(values, max_order=most)
    expected = _differences_by_definition(values, most + 1) / np.ptp(values)
    assert report.difference_above == pytest.approx(expected, rel=1e-12)
    assert report.difference_above_interval == (report.difference_above, report.difference_above)
    assert report.difference_sets == comb(5, most + 1)


def test_differences_vanish_exactly_where_no_interaction_is_of_higher_order():
    values, _ = planted(8, seed=0, n_or=0, most=3)
    assert check_emergence(values, max_order=3).difference_above < 1e-12
    assert check_emergence(values, max_order=2).difference_above > 1e-3


def test_differences_of_sampled_sets_have_an_interval_around_those_of_all():
    generator = np.random.default_rng(0)
    values = generator.normal(size=1 << 15)  # C(15, 4) = 1,365 sets, more than are taken
    report = check_emergence(values, max_order=3)
    low, high = report.difference_above_interval
    again = check_emergence(values, max_order=3, seed=1)
    assert low < report.difference_above < high
    assert report.difference_above != again.difference_above
    assert report.difference_sets == 1024


def test_the_papers_worked_example():
    """x1 x2 x3 + x1 x2 + x2 x3 + x2 + x3 with five inputs; the 10 triples give 19 in all, which is 1.9 on average."""
    x = sy.all_masks(5).T.astype(float)
    report = check_emergence(x[0] * x[1] * x[2] + x[0] * x[1] + x[1] * x[2] + x[1] + x[2])
    np.testing.assert_allclose(report.mean_output, [0.0, 0.4, 1.0, 1.9, 3.2, 5.0], atol=1e-12)
    np.testing.assert_array_equal(report.counts, [2, 2, 1])
    assert report.exponent_order1 == pytest.approx(math.log(5.0 / 0.4) / math.log(5))
    assert report.exponent_order1_at == (1, 5)
    assert report.monotone
    assert report.status == "ok"


def test_an_additive_game_has_exponent_one_and_the_digits_one_zero():
    """A(1) / ubar(1) is n, in base n the digits 1 0; rounding may lose neither the digit nor the exponent's whole part."""
    for n in (2, 3, 7, 10):
        report = check_emergence(sy.all_masks(n) @ np.full(n, 0.1) + 0.3)
        assert report.exponent_order1 == pytest.approx(1.0, abs=1e-12)
        assert report.counts.tolist() == [n]
        assert report.digits is not None
        assert report.digits.digits.tolist() == [[0.0]]
        assert report.digits.lambdas.tolist() == [1.0]
        assert report.delta == pytest.approx(0.0, abs=1e-12)
        assert report.bound_exact == pytest.approx(20 * n)
        assert report.bound_upper == pytest.approx(20 * n)


def test_digits_of_known_order_sums():
    """In base 10 with p = 2.5: 1234.5 has the digits 4 + 0.5 and 3 below 10^2 and 1200 above."""
    digits = order_sum_digits(np.array([10.0, -1234.5, 57.0]), 10, mean_first=1.0, exponent=2.5)
    np.testing.assert_allclose(digits.digits, [[0.0, 1.0], [-4.5, -3.0], [7.0, 5.0]], atol=1e-9)
    np.testing.assert_allclose(digits.lambdas, [0.0, -1.0, 0.0])
    assert digits.delta == pytest.approx(math.log10(1200) - 2.5)
    np.testing.assert_allclose(digits.order_sums(), [10.0, -1234.5, 57.0])


def test_without_a_high_digit_delta_has_nothing_to_multiply():
    digits = order_sum_digits(np.array([10.0, 3.0]), 10, mean_first=1.0, exponent=2.0)
    assert digits.delta == digits.delta_upper == -math.inf
    np.testing.assert_array_equal(digits.lambdas, 0.0)
    np.testing.assert_allclose(digits.order_sums(digits.delta_upper), [10.0, 3.0])


@pytest.mark.parametrize("name", ["parity", "xor"])
def test_parity_fails_condition_3(name):
    """Mean outputs fall back to 0 (or are below it), so no exponent exists, and the interactions are not sparse."""
    masks = sy.all_masks(10)
    odd = masks.sum(axis=1) % 2
    report = check_emergence(1.0 * odd if name == "xor" else 1.0 - 2.0 * odd)
    assert math.isnan(report.exponent_order1)
    assert math.isnan(report.exponent_all)
    assert "not above 0" in report.reasons["exponent_order1"]
    assert report.monotone is False
    assert not report.applies
    assert "fails: there is no p" in report.to_text()
    assert report.n_salient > 300
    assert math.isnan(report.bound_upper)
    assert report.counts.sum() <= report.bound_exact


def test_a_nearly_learned_parity_has_an_exponent_far_above_two():
    """As networks that learned it do: the mean output is just above 0 for one player and for even numbers of players."""
    order = sy.all_masks(10).sum(axis=1)
    values = np.where((order % 2 == 1) & (order > 1), 2.0, 0.02) * (order > 0)
    report = check_emergence(values)
    assert report.exponent_order1 == pytest.approx(math.log(100) / math.log(3))
    assert report.exponent_all == pytest.approx(math.log(100) / math.log(9 / 8))
    assert report.exponent_all_at == (8, 9)
    assert report.monotone is False


def test_a_constant_game_has_nothing_and_says_so():
    report = check_emergence(np.full(16, -3.25))
    assert report.counts.tolist() == [0]
    assert report.n_salient == report.bound_exact == report.threshold == report.share_above == 0
    assert report.monotone is True
    assert np.isnan(report.eta).all()
    assert "the same on every mask" in report.reasons["threshold"]
    assert not report.applies


def test_one_player_has_no_exponent():
    report = check_emergence([1.0, 3.0])
    np.testing.assert_array_equal(report.mean_output, [0.0, 2.0])
    assert "one player" in report.reasons["exponent_order1"]
    assert report.counts.tolist() == [1]
    assert report.bound_exact == pytest.approx(20.0)
    assert math.isnan(report.bound_upper)


def test_first_order_means_of_zero_are_named_and_the_rest_is_still_computed():
    report = check_emergence([0.0, 1.0, -1.0, 3.0])
    assert "1 player present is 0" in report.reasons["exponent_order1"]
    assert report.counts.tolist() == [2, 1]
    assert report.eta.tolist() == [0.0, 1.0]
    assert report.bound_exact == pytest.approx(5 / 0.15)


def test_an_order_whose_effects_cancel_keeps_markovs_bound():
    """Order 2 of three players: +1 and -1; the order sum and eta are 0, the bound is not."""
    x = sy.all_masks(3).T.astype(float)
    report = check_emergence(x.sum(axis=0) + x[0] * x[1] - x[1] * x[2] + 2 * x[0] * x[1] * x[2])
    assert report.eta[1] == 0
    assert report.bound_exact_by_order[1] == report.bound_upper_by_order[1] == pytest.approx(20.0)


def test_negative_outputs_are_no_game_for_the_theorem():
    report = check_emergence(-sy.all_masks(4).sum(axis=1) * 1.0)
    assert report.monotone is False
    assert report.largest_drop == pytest.approx(1.0)
    assert "not monotone" in report.reasons["conditions"]
    assert "not above xi" in report.reasons["conditions"]


def test_rounding_is_no_drop_but_a_small_fall_is_unless_it_is_allowed():
    values = np.array([0.0, 1.0, 1.0, 1.0 - 1e-6])
    assert check_emergence(values).monotone is False
    assert check_emergence(values, monotone_tolerance=1e-5).monotone is True
    assert check_emergence(np.array([0.0, 0.1 + 0.2, 0.3, 0.3])).monotone is True


def test_xi_decides_which_samples_the_theorem_is_applied_to():
    values = sy.all_masks(4).sum(axis=1) * 1.0
    assert check_emergence(values).applies
    strict = check_emergence(values, xi=4.0)
    assert not strict.applies
    assert strict.reasons == {"conditions": "u(N) = 4 is not above xi = 4"}
    assert strict.bound_upper == check_emergence(values).bound_upper


def test_the_upper_bound_can_be_below_the_count_where_interactions_above_m_are_small_not_absent():
    """What the docstring warns of, found by search."""
    found = False
    for seed in range(400):
        generator = np.random.default_rng(seed)
        n = 5
        values = sy.inverse_mobius(
            np.where(
                np.bitwise_count(np.arange(1 << n)) <= 2,
                generator.normal(size=1 << n),
                0.2 * generator.normal(size=1 << n),
            )
        )
        report = check_emergence(values, max_order=2, threshold=0.3)
        if report.applies and report.bound_upper < report.bound_exact * (1 - 1e-6):
            found = True
            assert "no guarantee" in report.to_text()
            break
    assert found


@settings(max_examples=20)
@given(st.integers(0, 10**6))
def test_players_order_does_not_matter(seed):
    generator = np.random.default_rng(seed)
    n = 6
    values = generator.normal(size=1 << n).cumsum()
    order = generator.permutation(n)
    moved = values.reshape([2] * n).transpose(order).reshape(-1)
    one, other = check_emergence(values), check_emergence(moved)
    np.testing.assert_allclose(one.mean_output, other.mean_output, atol=1e-12)
    np.testing.assert_allclose(one.order_sums, other.order_sums, atol=1e-9)
    np.testing.assert_array_equal(one.counts, other.counts)


def test_games_models_tensors_and_values_give_the_same():
    planted_game = planted_ands(7, seed=1, count=9, highest=3)
    game = planted_game.game
    values = game(sy.all_masks(7))
    expected = check_emergence(values)
    for given_ in (game, sy.decompose(values), torch.from_numpy(values), values.tolist()):
        report = check_emergence(given_)
        np.testing.assert_array_equal(report.mean_output, expected.mean_output)
        np.testing.assert_array_equal(report.order_sums, expected.order_sums)
        assert report.calls == 128
    np.testing.assert_allclose(expected.order_sums, planted_game.order_sums[:3], atol=1e-12)


@pytest.mark.parametrize("name", sorted(instances(6)))
def test_every_registered_game_has_a_report_that_reads(name):
    report = check_emergence(instances(6)[name])
    text = report.to_text()
    assert text.count("condition") >= 3
    assert repr(report) == text
    frame = report.to_frame()
    assert len(frame) == 7
    assert frame["count"].sum() == report.counts.sum()
    assert (report.status == "ok") == (not report.reasons)


@pytest.mark.parametrize(
    ("values", "arguments", "message"),
    [
        ([1.0, 2.0, 3.0], {}, r"values must be \[2\^n\].*got shape \[3\]"),
        ([1.0], {}, r"n from 1 to 26; got shape \[1\]"),
        ([[1.0, 2.0], [3.0, 4.0]], {}, r"got shape \[2, 2\]; for several samples type emergence_over"),
        ([0.0, math.nan], {}, r"values\[1\] is not a finite number"),
        ("abc", {}, "check_emergence takes a Game, an InteractionModel or values"),
        ([0.0, 1.0], {"threshold": 0.0}, "threshold must be above 0 and at most 1"),
        ([0.0, 1.0], {"threshold": 1.5}, "threshold must be above 0 and at most 1.*1.5"),
        ([0.0, 1.0], {"max_order": 0}, "max_order must be 1 to 1, the number of players; got 0"),
        ([0.0, 1.0], {"max_order": 2}, "max_order must be 1 to 1"),
        ([0.0, 1.0], {"xi": math.inf}, "xi must be a finite number"),
        ([0.0, 1.0], {"monotone_tolerance": -0.1}, "monotone_tolerance must be a share"),
        ([0.0, 1.0], {"max_calls": 0}, "max_calls must be at least 1"),
    ],
)
def test_refusals(values, arguments, message):
    with pytest.raises(sy.SymbolscopeError, match=message):
        check_emergence(values, **arguments)


def test_a_model_that_knows_no_values_is_refused():
    model = sy.InteractionModel(
        np.ones((1, 2), np.bool_), np.array(["and"]), np.array([1.0]), 0.0, ("a", "b"), 1.0, 1.0
    )
    with pytest.raises(sy.SymbolscopeError, match="does not know the network's output on all masks"):
        check_emergence(model)


def test_the_rounding_of_a_single_precision_network_is_no_fall():
    class AnyPresent(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weights = torch.nn.Parameter(torch.tensor([0.1, 0.7, 0.3, 0.9, 0.2, 0.4]))

        def forward(self, x):
            return (x @ self.weights / (x @ self.weights).clamp(min=1e-9) * 0.37)[
                :, None
            ]  # 0.37, to float32's rounding

    report = sy.check_emergence(sy.Game(AnyPresent(), torch.ones(6), score="output"))
    assert report.monotone
    assert report.monotone_tolerance > 1e-7
    linear = torch.nn.Linear(6, 1, bias=False)
    with torch.no_grad():
        linear.weight.copy_(torch.tensor([[0.13, 0.71, 0.37, 0.93, 0.21, 0.41]]))
    additive = sy.check_emergence(sy.Game(linear, torch.ones(6), score="output"))
    assert additive.digits is not None
    assert additive.digits.digits.shape[1] == 1


def test_without_an_exponent_the_theorem_does_not_apply():
    report = sy.check_emergence([0.0, 0.0, 0.0, 1.0])
    assert not report.applies
    assert report.reasons["conditions"] == "there is no exponent p"


def test_half_precision_tensors_are_values():
    assert sy.check_emergence(torch.tensor([0.0, 1.0, 1.0, 4.0], dtype=torch.bfloat16)).counts.tolist() == [2, 1]
