"""CKA and RSA against their definitions, and what they do not see."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

import symbolscope as sy
from symbolscope.alignment.similarity import linear_cka, representational_similarity

SEEDS = st.integers(0, 10_000)


def states(seed, m=20, d=4):
    return np.random.default_rng(seed).normal(size=(m, d)) * np.arange(1, d + 1)


def slow_cka(x, y):
    """By the Hilbert-Schmidt independence criterion of the two Gram matrices."""
    m = len(x)
    centre = np.eye(m) - np.ones((m, m)) / m

    def hsic(a, b):
        return np.trace(a @ centre @ b @ centre) / (m - 1) ** 2

    gram_x, gram_y = x @ x.T, y @ y.T
    return hsic(gram_x, gram_y) / np.sqrt(hsic(gram_x, gram_x) * hsic(gram_y, gram_y))


def slow_rsa(x, y):
    """One pair of runs at a time."""

    def dissimilarities(h):
        h = (h - h.mean(axis=0)) / h.std(axis=0)
        return [
            1 - h[i] @ h[j] / np.sqrt((h[i] @ h[i]) * (h[j] @ h[j]))
            for i in range(len(h))
            for j in range(i + 1, len(h))
        ]

    return spearmanr(dissimilarities(x), dissimilarities(y)).statistic


@given(seed=SEEDS, d=st.integers(1, 6))
def test_definitions(seed, d):
    x, y = states(seed, d=3), states(seed + 1, d=d)
    assert linear_cka(x, y) == pytest.approx(slow_cka(x, y), abs=1e-9)
    if d > 1:
        assert representational_similarity(x, y) == pytest.approx(slow_rsa(x, y), abs=1e-9)


@given(seed=SEEDS)
def test_range_and_symmetry(seed):
    x, y = states(seed), states(seed + 1, d=3)
    for measure, least in ((linear_cka, 0.0), (representational_similarity, -1.0)):
        assert measure(x, y) == pytest.approx(measure(y, x))
        assert least <= measure(x, y) <= 1.0
        assert measure(x, x) == pytest.approx(1.0)


@given(seed=SEEDS, scale=st.floats(0.1, 10.0))
def test_rotation_scale_and_shift_change_no_cka(seed, scale):
    x, y = states(seed), states(seed + 1)
    rotation = np.linalg.qr(states(seed + 2))[0][:4, :4]
    rotation = np.linalg.qr(rotation)[0]
    assert linear_cka(scale * x @ rotation + 7.0, y) == pytest.approx(linear_cka(x, y))
    stretched = x * np.array([100.0, 1.0, 1.0, 1.0])
    assert abs(linear_cka(stretched, y) - linear_cka(x, y)) > 1e-6  # but a stretch does


@given(seed=SEEDS)
def test_scale_and_order_of_columns_and_shift_change_no_rsa(seed):
    x, y = states(seed), states(seed + 1)
    changed = (x * np.array([3.0, 0.5, 9.0, 1.0]) + 4.0)[:, [2, 0, 3, 1]]
    assert representational_similarity(changed, y) == pytest.approx(representational_similarity(x, y))


def test_the_order_of_runs_matters_to_both():
    x = states(0, m=200)
    mixed = x[np.random.default_rng(1).permutation(200)]
    assert linear_cka(x, mixed) < 0.2
    assert abs(representational_similarity(x, mixed)) < 0.2


def test_states_that_are_all_alike_resemble_nothing():
    x, constant = states(0), np.full((20, 2), 3.0)
    for first, second in ((x, constant), (constant, x), (constant, constant)):
        assert linear_cka(first, second) == 0.0
        assert representational_similarity(first, second) == 0.0


@pytest.mark.parametrize("measure", [linear_cka, representational_similarity])
@pytest.mark.parametrize("shapes", [((5, 2), (6, 2)), ((2, 2), (2, 2)), ((5,), (5, 2)), ((5, 2), (5, 2, 1))])
def test_states_of_other_runs_are_refused(measure, shapes):
    with pytest.raises(sy.SymbolscopeError, match=r"of the same m >= 3 runs are needed; got \("):
        measure(*(np.zeros(shape) for shape in shapes))
