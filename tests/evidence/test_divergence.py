"""How far patched states leave the natural ones: against the definitions, their symmetries, and states that were moved."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import symbolscope as sy
from symbolscope.core.random_streams import stream
from symbolscope.evidence.divergence import Divergence, divergence
from symbolscope.evidence.energy_distance import energy_distance, permutation_p
from symbolscope.evidence.local_residual import local_residuals

few = settings(max_examples=20)
MEASURES = ("energy", "energy_baseline", "neighbour", "neighbour_baseline", "residual", "residual_baseline", "spread")


def normal(n, d, seed, shift=0.0):
    states = np.random.default_rng(seed).normal(size=(n, d))
    states[:, 0] += shift
    return states


def measures(result):
    return np.array([getattr(result, name) for name in MEASURES])


def distance(a, b):
    return math.sqrt(sum((x - y) ** 2 for x, y in zip(a, b, strict=True)))


def energy_by_definition(first, second):
    def within(states):
        pairs = [distance(states[i], states[j]) for i in range(len(states)) for j in range(len(states)) if i != j]
        return sum(pairs) / len(pairs)

    between = [distance(a, b) for a in first for b in second]
    return 2 * sum(between) / len(between) - within(first) - within(second)


def residual_by_definition(state, reference, k):
    near = sorted(reference, key=lambda row: distance(row, state))[:k]
    mean = np.mean(near, axis=0)
    values, vectors = np.linalg.eigh(np.cov(np.array(near).T, bias=True))
    values, vectors = values[::-1], vectors[:, ::-1]
    r = next(r for r in range(len(values) + 1) if values[:r].sum() >= 0.9 * values.sum())
    V = vectors[:, :r]
    return np.linalg.norm((np.eye(len(mean)) - V @ V.T) @ (state - mean))


@few
@given(m=st.integers(2, 6), n=st.integers(4, 13), d=st.integers(2, 5), seed=st.integers(0, 1000), k=st.integers(2, 9))
def test_it_is_the_definition_pair_by_pair(m, n, d, seed, k):
    patched, natural = normal(m, d, seed, 1.0), normal(n, d, seed + 1)
    result = divergence(patched, natural, seed=seed, n_neighbours=k)
    split = natural[stream(seed, "rows and permutations of a divergence").permutation(n)]
    reference, left_out = split[: (n + 1) // 2], split[(n + 1) // 2 :]
    for states, suffix in ((patched, ""), (left_out, "_baseline")):
        wanted = (
            energy_by_definition(states, reference),
            np.mean([min(distance(state, row) for row in reference) for state in states]),
            np.mean([residual_by_definition(state, reference, k) for state in states]),
        )
        found = [getattr(result, name + suffix) for name in ("energy", "neighbour", "residual")]
        np.testing.assert_allclose(found, wanted, atol=1e-10)
    spread = [distance(a, b) for i, a in enumerate(reference) for b in reference[:i]]
    assert result.spread == pytest.approx(np.mean(spread), abs=1e-12)
    assert (result.n_patched, result.n_natural) == (m, n)


def test_natural_states_are_as_far_as_the_left_out_ones():
    results = [divergence(normal(300, 6, seed), normal(800, 6, 100 + seed), seed=seed) for seed in range(20)]
    for result in results:
        assert abs(result.energy_share) < 0.02
        assert result.neighbour_ratio == pytest.approx(1.0, abs=0.08)
        assert result.residual_ratio == pytest.approx(1.0, abs=0.15)
    # One in twenty is below by chance; more than four are not (probability 0.003).
    assert sum(result.energy_p > 0.05 for result in results) >= 16


def test_the_p_value_is_uniform_where_there_is_nothing_to_find():
    """Of 200 draws a share alpha has p <= alpha, to four standard errors."""
    p = np.array([divergence(normal(25, 3, s), normal(50, 3, 5_000 + s), seed=s).energy_p for s in range(200)])
    for alpha in (0.05, 0.2, 0.5, 0.8):
        assert (p <= alpha).mean() == pytest.approx(alpha, abs=4 * math.sqrt(alpha * (1 - alpha) / len(p)))


@pytest.mark.parametrize("seed", range(4))
def test_a_shift_is_found(seed):
    result = divergence(normal(150, 5, seed, 0.8), normal(400, 5, 100 + seed), seed=seed)
    assert result.energy_p < 0.02
    assert result.energy_share > 0.03
    assert result.energy > 5 * abs(result.energy_baseline)


@pytest.mark.parametrize("seed", range(3))
def test_states_that_are_too_close_together_are_found_too(seed):
    """No nearer to the edge than natural ones: only the distribution is another."""
    result = divergence(0.5 * normal(200, 4, seed), normal(600, 4, 100 + seed), seed=seed)
    assert result.energy_p < 0.02
    assert result.neighbour_ratio < 1.0


@few
@given(seed=st.integers(0, 1000), shift=st.floats(1.0, 5.0), more=st.floats(0.25, 5.0))
def test_energy_grows_with_the_shift(seed, shift, more):
    """It is convex in the shift, and least within 0.15 (the standard error of the means) or so of none."""
    patched, natural = normal(100, 4, seed), normal(200, 4, seed + 1)
    near, far = (divergence(patched + np.array([by, 0, 0, 0]), natural, seed=seed) for by in (shift, shift + more))
    assert far.energy > near.energy > 0
    assert far.energy_share > near.energy_share
    assert far.energy_baseline == near.energy_baseline
    assert far.energy_p <= 0.02


def test_a_patch_off_the_plane_is_a_residual():
    """Natural states on a plane in five dimensions: left-out ones are on it, patched ones a length of 2 above."""
    generator = np.random.default_rng(0)
    plane = np.linalg.qr(generator.normal(size=(5, 5)))[0]
    natural = generator.uniform(-1, 1, size=(400, 2)) @ plane[:2]
    patched = generator.uniform(-1, 1, size=(50, 2)) @ plane[:2] + 2.0 * plane[4]
    result = divergence(patched, natural)
    assert result.residual == pytest.approx(2.0, rel=0.01)
    assert result.residual_baseline < 0.05


@few
@given(seed=st.integers(0, 1000), d=st.integers(2, 6), scale=st.floats(0.01, 100.0))
def test_rotation_and_translation_change_nothing_and_scale_is_passed_on(seed, d, scale):
    patched, natural = normal(30, d, seed, 0.7), normal(60, d, seed + 1)
    generator = np.random.default_rng(seed + 2)
    Q, shift = np.linalg.qr(generator.normal(size=(d, d)))[0], generator.normal(size=d) * 10
    plain = divergence(patched, natural, seed=seed)
    turned = divergence(patched @ Q + shift, natural @ Q + shift, seed=seed)
    np.testing.assert_allclose(measures(turned), measures(plain), atol=1e-9)
    assert turned.energy_p == plain.energy_p
    scaled = divergence(scale * patched, scale * natural, seed=seed)
    np.testing.assert_allclose(measures(scaled), scale * measures(plain), atol=1e-10 * scale)
    assert scaled.energy_p == plain.energy_p
    assert scaled.energy_share == pytest.approx(plain.energy_share, rel=1e-9)


def test_states_on_few_points():
    """Warnings are errors: copies at distance 0 give no directions, no ratios, and no complaint."""
    points = np.random.default_rng(0).normal(size=(3, 4))
    rows = np.random.default_rng(1).integers(0, 3, size=200)
    same = divergence(points[rows[:60]], points[rows])
    assert (same.neighbour, same.neighbour_baseline, same.residual, same.residual_baseline) == (0.0,) * 4
    assert math.isnan(same.neighbour_ratio)
    assert math.isnan(same.residual_ratio)
    assert same.energy_p > 0.05
    moved = divergence(points[rows[:60]] + 0.1, points[rows])
    assert moved.neighbour == pytest.approx(0.2)
    assert moved.residual == pytest.approx(0.2)  # sqrt(4) * 0.1 from a point without directions
    assert math.isnan(moved.neighbour_ratio)
    assert "nearest natural state at 0.2 (0)" in str(moved)


def test_copies_blurred_by_float32_are_still_copies():
    """Noise of the last float32 digit must not pass for directions in which states vary, nor for a distance."""
    generator = np.random.default_rng(0)
    points = generator.normal(size=(3, 4))
    natural = points[generator.integers(0, 3, size=200)] * (1 + 6e-8 * generator.normal(size=(200, 4)))
    result = divergence(natural[:60] + 0.1, natural)
    assert result.residual == pytest.approx(0.2, rel=1e-4)
    assert result.neighbour_baseline == 0.0
    assert result.residual_baseline == 0.0


def test_natural_states_that_are_all_the_same():
    natural = np.full((10, 3), 0.1)
    same = divergence(natural[:3], natural)
    assert same.energy == 0.0
    assert same.energy_p == 1.0
    assert math.isnan(same.energy_share)
    other = divergence(natural[:3] + np.array([0.0, 2.0, 0.0]), natural)
    assert other.energy == pytest.approx(4.0)
    assert other.residual == pytest.approx(2.0)
    assert "nan%" in str(other)


def test_one_patched_state_has_no_distribution():
    result = divergence(normal(1, 3, 0, 5.0), normal(40, 3, 1))
    assert math.isnan(result.energy)
    assert math.isnan(result.energy_p)
    assert math.isnan(result.energy_share)
    assert result.neighbour_ratio > 2


def test_four_natural_states_are_enough():
    result = divergence(normal(3, 2, 0), normal(4, 2, 1))
    assert result.n_natural == 4
    assert np.isfinite(measures(result)).all()


def test_no_more_rows_are_measured_than_asked_for():
    patched, natural = normal(90, 3, 0, 1.0), normal(300, 3, 1)
    result = divergence(patched, natural, most=40)
    assert (result.n_patched, result.n_natural) == (40, 80)
    assert measures(result) != pytest.approx(measures(divergence(patched, natural)))
    again = divergence(patched, natural, most=40)
    assert again == result
    assert divergence(patched, natural, most=40, seed=1) != result
    generator = stream(0, "rows and permutations of a divergence")
    assert divergence(patched, natural, most=40, seed=generator) == result
    assert divergence(patched, natural, most=40, seed=generator) != result  # the generator has moved on


def test_tensors_lists_and_float32_are_taken():
    patched, natural = normal(20, 3, 0, 1.0).astype(np.float32), normal(50, 3, 1).astype(np.float32)
    wanted = divergence(patched.astype(np.float64), natural.astype(np.float64))
    assert divergence(torch.from_numpy(patched).requires_grad_(), torch.from_numpy(natural)) == wanted
    assert divergence(patched.tolist(), natural) == wanted
    assert divergence(torch.from_numpy(patched).bfloat16(), natural) != wanted


def test_the_arguments_are_left_alone():
    patched, natural = normal(20, 3, 0), normal(50, 3, 1)
    copies = patched.copy(), natural.copy()
    divergence(patched, natural, most=10)
    np.testing.assert_array_equal(patched, copies[0])
    np.testing.assert_array_equal(natural, copies[1])


def test_chunks_of_neighbourhoods_are_those_of_one_go(monkeypatch):
    patched, natural = normal(50, 4, 0, 1.0), normal(80, 4, 1)
    wanted = divergence(patched, natural)
    monkeypatch.setattr("symbolscope.evidence.local_residual._CHUNK", 7 * 10 * 4)
    np.testing.assert_allclose(measures(divergence(patched, natural)), measures(wanted), rtol=1e-12)


def test_ratios_are_taken_where_there_is_something_to_divide_by():
    numbers = {"energy": 3.0, "neighbour": 1.0, "residual": 5.0, "spread": 6.0, "energy_p": 0.25}
    counts = {"n_patched": 1_000, "n_natural": 2_000}
    result = Divergence(**numbers, energy_baseline=1.5, neighbour_baseline=0.5, residual_baseline=0.0, **counts)
    assert (result.energy_ratio, result.energy_share, result.neighbour_ratio) == (2.0, 0.5, 2.0)
    assert math.isnan(result.residual_ratio)
    below = Divergence(**numbers, energy_baseline=-0.1, neighbour_baseline=0.5, residual_baseline=1.0, **counts)
    assert math.isnan(below.energy_ratio)
    assert str(result) == (
        "energy distance 50.0% of the natural spread (left-out natural states 25.0%; p = 0.250), nearest natural state at 1 (0.5), "
        "local residual 5 (0); 1,000 patched and 2,000 natural states"
    )


def test_permutations_count_ties_and_the_labels_themselves():
    """Exact against every relabelling of a small pool, with the states of the third set at 0."""
    import itertools

    pool, third = np.array([1.0, 1.5, 0.25, 0.5, 0.125]), np.array([0.0, 0.5])
    within, to_third = abs(pool[:, None] - pool), abs(pool[:, None] - third).mean(axis=1)

    def energy(rows):
        rows = list(rows)
        return energy_distance(abs(pool[rows, None] - third), within[np.ix_(rows, rows)], abs(third[:, None] - third))

    every = np.array([energy(rows) for rows in itertools.combinations(range(5), 2)])
    share = (every >= energy([0, 1]) - 1e-12).mean()
    assert 0 < share < 1
    p = permutation_p(
        within[:2, :2],
        within[:2, 2:],
        within[2:, 2:],
        first_to_third=to_third[:2],
        second_to_third=to_third[2:],
        n_permutations=20_000,
        generator=np.random.default_rng(0),
    )
    assert p == pytest.approx(share, abs=0.02)


def test_a_neighbourhood_of_all_states_is_the_whole_reference():
    reference = normal(6, 3, 0)
    state = normal(1, 3, 1, 4.0)
    distances = np.linalg.norm(state[:, None] - reference, axis=2)
    found = local_residuals(state, reference, distances, n_neighbours=99, negligible=0.0)
    assert found[0] == pytest.approx(residual_by_definition(state[0], reference, 6), abs=1e-12)


@pytest.mark.parametrize(
    ("patched", "natural", "arguments", "message"),
    [
        (np.ones((2, 3)), np.ones((3, 3)), {}, "natural needs at least 4 states, half of them for comparison; got 3"),
        (np.ones((2, 3)), np.ones((9, 4)), {}, r"of one width.* got \[2, 3\] and \[9, 4\]"),
        (np.ones((0, 3)), np.ones((9, 3)), {}, "there is no patched state"),
        (np.array([[1.0, np.nan]]), np.ones((9, 2)), {}, r"patched\[0, 1\] is not a finite number"),
        (np.ones((2, 2)), np.array([[1.0, 2.0]] * 4 + [[np.inf, 0.0]]), {}, r"natural\[4, 0\] is not a finite number"),
        (np.ones(3), np.ones((9, 3)), {}, r"patched must be states \[rows, d\].* got shape \[3\]"),
        (np.ones((2, 3)), np.ones((3, 3, 3)), {}, r"got shape \[3, 3, 3\]. Type natural.reshape\(-1, 3\)"),
        (np.ones((2, 0)), np.ones((9, 0)), {}, r"patched must be states .* got shape \[2, 0\]"),
        ([["a", "b"]], np.ones((9, 2)), {}, "patched must be an array"),
        (np.ones((2, 3)), np.ones((9, 3)), {"n_neighbours": 0}, "n_neighbours must be at least 1.* got 0"),
        (np.ones((2, 3)), np.ones((9, 3)), {"most": 1}, "most must be at least 2.* got 1"),
    ],
)
def test_what_cannot_be_measured_is_refused(patched, natural, arguments, message):
    with pytest.raises(sy.SymbolscopeError, match=message):
        divergence(patched, natural, **arguments)
