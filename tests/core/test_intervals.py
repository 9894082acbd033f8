"""Intervals of shares and of R^2 where all draws are alike: never of no width, and they hold the truth."""

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symbolscope.core.binomial_interval import binomial_interval, unseen_share
from symbolscope.core.r2_where_alike import r2_where_alike


@given(st.integers(1, 60), st.data())
def test_each_end_leaves_two_and_a_half_percent_of_the_binomial(of, data):
    count = data.draw(st.integers(0, of))
    low, high = binomial_interval(count, of)
    assert 0 <= low <= count / of <= high <= 1
    assert low < high
    if count:
        assert sum(comb(of, j) * low**j * (1 - low) ** (of - j) for j in range(count, of + 1)) == pytest.approx(0.025)
    if count < of:
        assert sum(comb(of, j) * high**j * (1 - high) ** (of - j) for j in range(count + 1)) == pytest.approx(0.025)


@pytest.mark.parametrize("draws", [1, 3, 40, 10_000])
def test_the_unseen_share_is_missed_once_in_forty_times(draws):
    assert (1 - unseen_share(draws)) ** draws == pytest.approx(0.025)
    assert unseen_share(draws) == pytest.approx(binomial_interval(0, draws)[1])


def r2_of_law(share, effect, predicted):
    """R^2 of a constant prediction 0 (or of the exact one) of a value that is ``effect`` on a share of the population, else 0."""
    variance = share * (1 - share) * effect**2
    return 1.0 if predicted else 1 - share * effect**2 / variance


@pytest.mark.parametrize("players", [8, 9, 10, 12, 15])
@pytest.mark.parametrize("effect", [0.1, 1.0, -7.0])
@pytest.mark.parametrize("predicted", [True, False])
def test_an_interaction_that_no_mask_shows_is_inside(players, effect, predicted):
    share, m = 0.5**players, 300
    values = np.zeros(m)  # as with probability (1 - share)^m, from 0.31 up
    low, high = r2_where_alike(values, values, seen=np.array([0.0, effect]))
    assert low < high
    assert low <= r2_of_law(share, effect, predicted) <= high


@pytest.mark.parametrize("unseen", [0.5**9, 0.5**10, 0.5**12])
@pytest.mark.parametrize("effect", [1.0, 3.0, 10.0])
def test_a_rare_interaction_beside_others_is_inside(unseen, effect):
    """All 300 masks are predicted, and a mask like those that are not is known from the fit."""
    coin = np.arange(300) % 2.0
    low, high = r2_where_alike(coin, coin, seen=np.array([0.0, 1.0 + effect]))
    variance = 0.25 + unseen * (1 - unseen) * effect**2
    assert low <= 1 - unseen * effect**2 / variance <= high == 1.0
    assert low < high


def test_one_value_ever_seen_says_only_that_most_masks_have_it():
    low, high = r2_where_alike(np.full(500, 2.0), np.full(500, 2.0))
    u = unseen_share(500)
    assert (low, high) == (pytest.approx(-u / (1 - u)), 1.0)


def test_wrong_predictions_of_one_value_leave_everything_open_below():
    low, high = r2_where_alike(np.zeros(100), np.full(100, 0.5), seen=np.array([1.0]))
    u = unseen_share(100)
    # With a share u of ones the squared error is 1/4 everywhere, and the variance u (1 - u).
    assert low <= 1 - 0.25 / (u * (1 - u)) < -5
    assert low < high


def test_draws_that_differ_and_are_not_reproduced_have_another_interval():
    values = np.arange(50.0)
    assert r2_where_alike(values, values + 1e-3) is None
    assert r2_where_alike(values, values + 1e-12) is not None
