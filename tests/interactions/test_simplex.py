"""The vertex within a tolerance: its basis, the path to it from any guess, and the memory it takes."""

import subprocess
import sys

import numpy as np
import pytest
from tests.interactions.games import instances, network
from tests.interactions.linear_programme import optimal_cost

import symbolscope as sy
from symbolscope.interactions.decomposition.basis import Basis, SingularBasisError
from symbolscope.interactions.decomposition.linear_programme import solve_programme
from symbolscope.interactions.decomposition.operators import absent, zeta
from symbolscope.interactions.decomposition.simplex import Simplex
from symbolscope.interactions.decomposition.split import SplitPrices
from symbolscope.interactions.decomposition.tolerant import TolerantIteration
from symbolscope.interactions.decomposition.vertex import Vertex


def scaled(values):
    return (values - values[0]) / np.ptp(values)


def columns(n):
    """Every set's entries on every mask, [2^n, 2^(n+1)], by the butterflies of the split."""
    units = np.eye(1 << n)
    return np.stack([zeta(unit) for unit in units] + [absent(unit) for unit in units], axis=1)


def matrix(basis, n):
    return columns(n)[np.ix_(basis.masks, basis.sets)]


def filled_basis(n, most=20):
    """A basis grown from sets and masks in a random order, those that would make it singular left out."""
    basis = Basis(1 << n, most, np.zeros(1 << n))
    generator = np.random.default_rng(n)
    for chosen, mask in zip(generator.permutation(2 << n), generator.permutation(1 << n), strict=False):
        try:
            basis.add(int(chosen), int(mask))
        except SingularBasisError:
            continue
    return basis


@pytest.mark.parametrize("kind", ["set", "mask", "shrink and grow"])
def test_a_basis_is_inverted_through_every_exchange(kind):
    n = 5
    basis, generator = filled_basis(n), np.random.default_rng(1)
    changes = 0
    for _ in range(60):
        chosen = int(generator.choice(np.setdiff1d(np.arange(2 << n), basis.sets)))
        mask = int(generator.choice(np.setdiff1d(np.arange(1 << n), basis.masks)))
        position = int(generator.integers(len(basis.sets)))
        try:
            if kind == "set":
                basis.exchange_set(position, chosen)
            elif kind == "mask":
                basis.exchange_mask(position, mask)
            elif len(basis.sets) > 8:
                basis.remove(position, int(np.argmax(np.abs(basis.inverse[position]))))
            else:
                basis.add(chosen, mask)
        except SingularBasisError:
            continue
        changes += 1
        np.testing.assert_allclose(basis.inverse @ matrix(basis, n), np.eye(len(basis.sets)), atol=1e-2)
    assert changes > 10


def test_a_basis_is_solved_to_rounding_and_both_images_reach_every_mask_and_set():
    n = 5
    basis = filled_basis(n)
    right = np.random.default_rng(2).normal(size=len(basis.sets))
    image, transposed = np.zeros(1 << n), np.zeros((2, 1 << n))
    effects = basis.solve(right, image, accuracy=1e-13)
    np.testing.assert_allclose(matrix(basis, n) @ effects, right, atol=1e-11)
    np.testing.assert_allclose(image, columns(n)[:, basis.sets] @ effects, atol=1e-11)
    duals = basis.solve_transposed(right, transposed, accuracy=1e-13)
    np.testing.assert_allclose(matrix(basis, n).T @ duals, right, atol=1e-11)
    np.testing.assert_allclose(transposed.ravel(), columns(n)[basis.masks].T @ duals, atol=1e-11)


def test_a_singular_basis_is_refused():
    basis = Basis(8, 4, np.zeros(8))
    basis.add(0, 7)
    with pytest.raises(SingularBasisError):
        basis.add(8, 3)  # the constant once more


@pytest.mark.parametrize("with_or", [True, False])
@pytest.mark.parametrize("tolerance", [0.02, 0.2])
@pytest.mark.parametrize("steps", [5, 300])
def test_the_path_ends_at_the_optimum_however_rough_the_guess(steps, tolerance, with_or):
    values = scaled(network(6, seed=3))
    prices = SplitPrices.for_players(6, with_or=with_or)
    iteration = TolerantIteration(values, prices, tolerance)
    iteration.advance(steps)
    guess = Vertex.near(prices, *iteration.sparse, iteration.dual)
    vertex = Simplex(values, prices, tolerance, most=64).solve(guess)
    assert vertex is not None
    split = vertex.split(values, prices, tolerance)
    assert split.cost == pytest.approx(optimal_cost(values, tolerance, with_or=with_or), rel=1e-6)
    assert split.gap <= 1e-7
    assert np.abs(values - split.prediction()).max() <= tolerance
    assert len(vertex.sets) == len(vertex.masks)


def test_a_path_through_too_many_effects_is_given_up():
    values = scaled(np.random.default_rng(0).normal(size=256))
    prices = SplitPrices.for_players(8, with_or=True)
    iteration = TolerantIteration(values, prices, 0.01)
    iteration.advance(100)
    guess = Vertex.near(prices, *iteration.sparse, iteration.dual)
    assert Simplex(values, prices, 0.01, most=30).solve(guess) is None


@pytest.mark.parametrize("tolerance", [0.0, 0.05])
@pytest.mark.parametrize("name", ["additive", "majority", "network"])
def test_the_programme_over_everything_is_optimal(name, tolerance):
    values = scaled(instances(4)[name])
    prices = SplitPrices.for_players(4, with_or=True)
    vertex = solve_programme(values, prices, tolerance)
    assert vertex is not None
    split = vertex.split(values, prices, tolerance)
    assert split.cost == pytest.approx(optimal_cost(values, tolerance), rel=1e-7)
    assert split.gap <= 1e-7


@pytest.mark.parametrize("name", ["additive", "and of all", "or of all"])
def test_ties_leave_no_trace_in_the_effects(name):
    """Thousands of masks tie exactly; what breaks the ties must not show up as interactions."""
    values = instances(10)[name]
    model = sy.decompose(values, tolerance=0.01 * np.ptp(values))
    assert len(model.effects) <= 10
    assert model.gap <= 1e-8


def test_the_memory_within_a_tolerance_is_at_most_thirty_vectors():
    """In a process of its own: the shape checks of the tests allocate too, and tracing them is slow."""
    script = """
import tracemalloc
import numpy as np, symbolscope as sy
from tests.interactions.games import network, planted
sy.decompose(np.arange(16.0), tolerance=0.1)  # imports
network, planted = network(12, seed=12), planted(12, seed=0, noise=0.01)[0]
for values, tolerance in ((network, "auto"), (network, 0.08), (planted, "auto")):
    tracemalloc.start()
    model = sy.decompose(values, tolerance=tolerance)
    print(tracemalloc.get_traced_memory()[1] / values.nbytes, model.gap, len(model.effects))
    tracemalloc.stop()
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    figures = [[float(number) for number in line.split()] for line in run.stdout.splitlines()]
    assert len(figures) == 3
    for peak, gap, _ in figures:
        assert peak <= 30
        assert gap <= 2e-2
