"""Condition 2 of sampled games: what is monotone by construction never fails; what falls is found, its fall inside the interval."""

import numpy as np
import pytest

import symbolscope as sy

N = 24
WEIGHTS = np.random.default_rng(0).random((N, 2))


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


MONOTONE = {
    "sigmoid": lambda m: sigmoid(2 * m @ WEIGHTS[:, 0] - 8),
    "early sigmoid": lambda m: sigmoid(6 * m @ WEIGHTS[:, 0] - 4),
    "max": lambda m: (m * WEIGHTS[:, 0]).max(axis=1),
    "min": lambda m: (m @ WEIGHTS).min(axis=1),
    "product": lambda m: np.prod(1 + m * WEIGHTS[:, 0] / 5, axis=1),
    "and": lambda m: 1.0 * m[:, :5].all(axis=1),
    "threshold": lambda m: 1.0 * (m.sum(axis=1) >= 17),
    "square root": lambda m: np.sqrt(m @ WEIGHTS[:, 1]),
    "constant": lambda m: np.zeros(len(m)),
}
FALLING = {
    "bump": lambda m: sigmoid(2 * m @ WEIGHTS[:, 0] - 8) - 0.4 * sigmoid(2 * m @ WEIGHTS[:, 0] - 16),
    "count": lambda m: np.sin(m.sum(axis=1) / 6.0),
    "one less": lambda m: m.sum(axis=1) - 1.5 * np.maximum(m.sum(axis=1) - 18, 0),
    "pairs": lambda m: m.sum(axis=1) - 0.06 * m.sum(axis=1) ** 2,
    "saturated": lambda m: np.minimum(m.sum(axis=1), 12) - 0.02 * m.sum(axis=1) * (m.sum(axis=1) > 12),
}


def report_of(function, seed=0):
    return sy.check_emergence(sy.Game.from_function(function, N), max_calls=2_500, seed=seed, progress=False)


@pytest.mark.parametrize("name", MONOTONE)
@pytest.mark.parametrize("seed", [0, 1])
def test_what_cannot_fall_does_not_fail(name, seed):
    report = report_of(MONOTONE[name], seed)
    assert report.sampled
    assert report.monotone is True
    assert report.largest_drop <= report.monotone_tolerance
    assert "fails, by" not in report.to_text()


@pytest.mark.parametrize("name", FALLING)
def test_what_falls_is_found_with_an_interval_above_zero(name):
    report = report_of(FALLING[name])
    assert report.monotone is False
    assert report.largest_drop > 0
    low, high = report.largest_drop_interval
    assert 0 < low <= report.largest_drop <= high


def test_the_fall_of_a_game_of_counts_is_inside_its_interval():
    """u depends on the number of players alone, so its mean by order is known."""
    report = report_of(FALLING["one less"])
    assert report.largest_drop == pytest.approx(0.5)
    low, high = report.largest_drop_interval
    assert low <= 0.5 <= high


def test_noise_around_a_rising_mean_is_no_fall():
    wiggle = np.random.default_rng(3).normal(size=N) * 1e4
    report = report_of(lambda m: 3.0 * m.sum(axis=1) + np.sin(m @ wiggle))
    assert report.monotone is not False
