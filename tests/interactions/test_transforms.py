"""The transforms against their definitions, their inverses and each other."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import symbolscope as sy
from symbolscope.interactions import transforms
from symbolscope.interactions.butterflies import kron, shear


def _subsets(index: int, n: int):
    return [s for s in range(1 << n) if s & ~index == 0]


def mobius_by_definition(values):
    n = int(np.log2(len(values)))
    return np.array([sum((-1) ** ((s ^ t).bit_count()) * values[t] for t in _subsets(s, n)) for s in range(1 << n)])


def or_by_definition(values):
    n, full = int(np.log2(len(values))), len(values) - 1
    effects = [-sum((-1) ** ((s ^ t).bit_count()) * values[full ^ t] for t in _subsets(s, n)) for s in range(1 << n)]
    return np.array([values[0], *effects[1:]])


tables = st.integers(0, 6).flatmap(lambda n: arrays(np.float64, 1 << n, elements=st.floats(-100, 100)))


@given(tables)
def test_they_equal_their_definitions(values):
    np.testing.assert_allclose(sy.mobius(values), mobius_by_definition(values), atol=1e-10)
    np.testing.assert_allclose(sy.or_mobius(values), or_by_definition(values), atol=1e-10)


@given(tables)
def test_they_invert_each_other(values):
    scale = max(1.0, np.abs(values).max())
    np.testing.assert_allclose(sy.inverse_mobius(sy.mobius(values)), values, atol=1e-12 * scale)
    np.testing.assert_allclose(sy.inverse_or_mobius(sy.or_mobius(values)), values, atol=1e-12 * scale)
    np.testing.assert_allclose(sy.mobius(sy.inverse_mobius(values)), values, atol=1e-12 * scale)


@given(tables)
def test_or_is_and_with_present_and_hidden_swapped(values):
    np.testing.assert_allclose(sy.or_mobius(values)[1:], -sy.mobius(values[::-1])[1:], atol=1e-10)


@pytest.mark.parametrize("n", [*range(1, 15), 17, 18])
@pytest.mark.parametrize("matrix", [(1.0, 0.0, -1.0, 1.0), (0.6, -0.8, 0.8, 0.6), (1.0, 1.0, 1.0, 2.0)])
def test_butterflies_equal_one_player_at_a_time(n, matrix):
    """Sizes on both sides of the two block sizes, 2^12 and 2^16."""
    x = np.random.default_rng(n).normal(size=1 << n)
    expected = x.copy()
    for player in range(n):
        low, high = expected.reshape(-1, 2, 1 << player).transpose(1, 0, 2).copy()
        pairs = expected.reshape(-1, 2, 1 << player)
        pairs[:, 0] = matrix[0] * low + matrix[1] * high
        pairs[:, 1] = matrix[2] * low + matrix[3] * high
    out = x.copy()
    kron(out, matrix)
    np.testing.assert_allclose(out, expected, rtol=1e-12, atol=1e-12 * np.abs(expected).max())
    if matrix[1] == 0:
        out = x.copy()
        shear(out, -1.0)
        np.testing.assert_allclose(out, expected, rtol=1e-12, atol=1e-12 * np.abs(expected).max())


@pytest.mark.parametrize("transform", [sy.mobius, sy.inverse_mobius, sy.or_mobius, sy.inverse_or_mobius])
def test_batches_tensors_and_slices_give_the_same(transform):
    values = np.random.default_rng(0).normal(size=(2, 3, 16))
    out = transform(values)
    for i, j in itertools.product(range(2), range(3)):
        np.testing.assert_array_equal(out[i, j], transform(values[i, j]))
    tensor = transform(torch.from_numpy(values))
    assert isinstance(tensor, torch.Tensor)
    np.testing.assert_array_equal(tensor.numpy(), out)
    np.testing.assert_array_equal(transform(values[:, ::2, ::-1]), out_of_copy(transform, values))
    # The path of other devices, run here on the CPU.
    private = getattr(transforms, f"_{transform.__name__}".replace("_inverse_mobius", "_zeta"))
    other = private(torch.from_numpy(values.reshape(6, 16)))
    np.testing.assert_allclose(other.numpy().reshape(values.shape), out, atol=1e-12)


def out_of_copy(transform, values):
    return transform(np.ascontiguousarray(values[:, ::2, ::-1]))


@pytest.mark.parametrize("transform", [sy.mobius, sy.inverse_mobius, sy.or_mobius, sy.inverse_or_mobius])
def test_the_argument_is_left_alone(transform):
    values = np.arange(8.0)
    transform(values)
    np.testing.assert_array_equal(values, np.arange(8.0))
    tensor = torch.arange(8, dtype=torch.float64)
    transform(tensor)
    assert tensor.tolist() == list(range(8))


@settings(max_examples=20)
@given(st.integers(0, 5), st.integers(0, 3))
def test_linearity(n, seed):
    generator = np.random.default_rng(seed)
    a, b = generator.normal(size=(2, 1 << n))
    np.testing.assert_allclose(sy.mobius(2 * a - b), 2 * sy.mobius(a) - sy.mobius(b), atol=1e-10)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([1.0, 2.0, 3.0], "2^n entries along the last axis.*got 3"),
        (np.array(5.0), "got 0"),
        ([], "got 0"),
        ([1.0, float("nan")], r"values\[1\] is not a finite number"),
        ([[0.0, 1.0], [float("inf"), 0.0]], r"values\[1, 0\] is not a finite number"),
        (["a", "b"], "must be an array of numbers"),
        (torch.tensor([float("nan"), 1.0]), r"values\[0\] is not a finite number"),
    ],
)
def test_bad_input_is_refused(given, message):
    with pytest.raises(sy.SymbolscopeError, match=message.replace("2^n", r"2\^n")):
        sy.mobius(given)


def test_huge_finite_values_are_not_mistaken_for_infinite_ones():
    out = sy.mobius([1.5e308, -1.5e308, 0.0, 0.0])
    assert not np.isfinite(out).all()  # the effect itself overflows; the input was finite and is accepted
