"""Intervals: how often they hold the truth, and what they say where resampling has nothing to say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symbolscope.evidence.bootstrap import difference_interval, r2_interval, share_interval


def rights(n, count):
    return np.arange(n) < count


@pytest.mark.parametrize(("n", "share"), [(100, 0.5), (200, 0.9), (400, 0.2)])
def test_a_share_s_interval_holds_it_nineteen_times_of_twenty(n, share):
    generator = np.random.default_rng(n)
    drawn = [share_interval(generator.random(n) < share) for _ in range(300)]
    held = np.mean([low <= share <= high for low, high in drawn])
    assert 0.89 <= held <= 0.99  # discreteness costs a little
    widths = [high - low for low, high in drawn]
    assert np.mean(widths) == pytest.approx(2 * 1.96 * np.sqrt(share * (1 - share) / n), rel=0.1)


@given(st.integers(1, 400), st.data())
def test_a_share_s_interval_is_around_it(n, data):
    count = data.draw(st.integers(0, n))
    low, high = share_interval(rights(n, count))
    assert 0.0 <= low <= count / n <= high <= 1.0
    assert share_interval(rights(n, count)) == (low, high)
    # The mirrored question has the mirrored answer, but for the draws.
    mirrored = share_interval(rights(n, n - count))
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=4 / n + 0.02)


@pytest.mark.parametrize("n", [1, 10, 1_000])
def test_all_alike_is_no_certainty(n):
    """Clopper and Pearson: the share for which all n alike have a probability of 2.5 %."""
    low, high = share_interval(rights(n, n))
    assert high == 1.0
    assert low**n == pytest.approx(0.025)
    assert share_interval(rights(n, 0)) == pytest.approx((0.0, 1.0 - low))


def test_a_difference_s_interval_holds_it_nineteen_times_of_twenty():
    generator = np.random.default_rng(1)
    held = []
    for _ in range(300):
        one, other = generator.random(200) < 0.8, generator.random(150) < 0.55
        low, high = difference_interval(one, other)
        held.append(low <= 0.25 <= high)
    assert 0.91 <= np.mean(held) <= 0.985


@given(st.integers(1, 300), st.integers(1, 300), st.data())
def test_a_difference_s_interval_is_around_it(n, m, data):
    count, other = data.draw(st.integers(0, n)), data.draw(st.integers(0, m))
    low, high = difference_interval(rights(n, count), rights(m, other))
    assert -1.0 <= low <= high <= 1.0
    assert low - 0.51 / n - 0.51 / m <= count / n - other / m <= high + 0.51 / n + 0.51 / m


def test_a_difference_of_all_alike_samples_is_no_certainty():
    low, high = difference_interval(rights(100, 100), rights(100, 0))
    assert 0.9 < low < 1.0
    assert high == 1.0
    low, high = difference_interval(rights(50, 50), rights(50, 50))
    assert low < 0.0 < high


def population(seed, n=20_000):
    """Outputs with outliers and a prediction that explains most of them."""
    generator = np.random.default_rng(seed)
    values = generator.normal(size=n) + generator.exponential(size=n)
    return values, values + 0.6 * generator.normal(size=n)


def r2(values, prediction):
    return 1 - np.mean((values - prediction) ** 2) / np.var(values)


@pytest.mark.parametrize("n", [256])
def test_the_interval_of_r2_holds_it_nineteen_times_of_twenty(n):
    values, prediction = population(0)
    truth, generator = r2(values, prediction), np.random.default_rng(n)
    held = []
    for _ in range(150):
        rows = generator.integers(len(values), size=n)
        low, high = r2_interval(values[rows], prediction[rows])
        assert low < r2(values[rows], prediction[rows]) < high
        held.append(low <= truth <= high)
    assert 0.86 <= np.mean(held) <= 0.995


def test_many_masks_have_the_interval_that_resampling_gives():
    values, prediction = population(1, 1 << 14)
    low, high = r2_interval(values, prediction)
    generator = np.random.default_rng(0)
    drawn = [r2(values[rows], prediction[rows]) for rows in generator.integers(len(values), size=(200, len(values)))]
    wanted = np.percentile(drawn, [2.5, 97.5])
    width = wanted[1] - wanted[0]
    np.testing.assert_allclose([low, high], wanted, atol=0.25 * width)
    assert (low + high) / 2 == pytest.approx(r2(values, prediction))
    # The same rule at the border between the two ways of working it out.
    few = r2_interval(values[: 1 << 13], prediction[: 1 << 13])
    assert few[1] - few[0] == pytest.approx(np.sqrt(2) * (high - low), rel=0.3)


def test_many_masks_at_r2_of_nearly_one():
    values, _ = population(2, 1 << 14)
    low, high = r2_interval(values, values + 1e-3)
    assert low <= r2(values, values + 1e-3) <= high <= 1.0
    assert r2_interval(values, values) == (1.0, 1.0)


@pytest.mark.parametrize("n", [2, 16, 1 << 14])
def test_constant_values(n):
    values = np.full(n, 2.5)
    assert r2_interval(values, values) == (1.0, 1.0)
    assert r2_interval(values, values + 0.1) == (0.0, 0.0)


def test_few_masks_whose_resamples_may_be_constant():
    """Two masks: half of the resamples have no variance, and count for nothing."""
    low, high = r2_interval(np.array([0.0, 1.0]), np.array([0.1, 0.9]))
    assert low <= 1 - 0.01 / 0.25 <= high
    assert np.isfinite([low, high]).all()
