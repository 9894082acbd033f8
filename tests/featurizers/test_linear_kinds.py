"""Which projections Orthogonal, Linear and ReferenceLinear can be: what the three classes are about."""

import math

import pytest
import torch
from tests.featurizers.instances import examples
from tests.featurizers.projectors import oblique, residual, swap_matrix, symmetric

from symbolscope.featurizers import Linear, Orthogonal, ReferenceLinear


@pytest.mark.parametrize(("width", "rank"), [(2, 1), (5, 2), (6, 4)])
def test_linear_is_any_projector_and_orthogonal_only_the_symmetric_ones(width, rank):
    for seed in range(2):
        P = oblique(width, rank, seed)
        assert residual(Linear(rank), [P]) < 1e-6
        # For every symmetric S, ||P - S|| >= ||(P - P') / 2||.
        asymmetry = float((P - P.T).norm()) / 2
        assert asymmetry > 0.3
        assert residual(Orthogonal(rank), [P]) >= asymmetry - 1e-9
        Q = symmetric(width, rank, seed)
        assert residual(Orthogonal(rank), [Q]) < 1e-6
        assert residual(Linear(rank), [Q]) < 1e-6


def test_linear_with_blocks_is_any_complementary_set_of_projectors():
    """W_i [W^-1]_i for a W in GL(d), with columns left over."""
    W = torch.randn(5, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    inverse = torch.linalg.inv(W)
    projectors = [W[:, part] @ inverse[part] for part in (slice(0, 1), slice(1, 3))]
    assert residual(Linear((1, 2)), projectors) < 1e-6
    assert residual(Orthogonal((1, 2)), projectors) > 0.3


@pytest.mark.parametrize("degrees", [30, 45, 120])
def test_reference_linear_is_no_orthogonal_projector_off_the_axes(degrees):
    angle = math.radians(degrees)
    q = torch.tensor([[math.cos(angle)], [math.sin(angle)]], dtype=torch.float64)
    assert residual(ReferenceLinear(1), [q @ q.T]) > 0.5
    assert residual(Linear(1), [q @ q.T]) < 1e-6
    assert residual(Orthogonal(1), [q @ q.T]) < 1e-6


def test_reference_linear_reaches_what_its_documentation_says():
    """Image (1, x), kernel (y, 1): all of 0 <= x y < 1."""

    def projector(x, y):
        U = torch.tensor([[1.0], [x]], dtype=torch.float64)
        V = torch.tensor([[1.0], [-y]], dtype=torch.float64)
        return U @ torch.linalg.solve(V.T @ U, V.T)

    assert residual(ReferenceLinear(1), [projector(0.5, 0.8)]) < 1e-3
    assert residual(ReferenceLinear(1), [projector(-0.5, -0.8)]) < 1e-3
    assert residual(ReferenceLinear(1), [projector(0.5, -0.8)]) > 0.1


def test_signs_and_bias_of_reference_linear_cancel_in_a_swap():
    featurizer = ReferenceLinear(2).initialise(4, seed=0, states=examples(4, torch.float64))
    before = swap_matrix(featurizer).detach()
    with torch.no_grad():
        featurizer.signs.mul_(-30.0)
        featurizer.bias.add_(1.0)
    assert torch.allclose(swap_matrix(featurizer), before)
    features, _ = featurizer(torch.zeros(4, dtype=torch.float64))
    assert bool(features.abs().max() > 0.01)


@pytest.mark.parametrize(("width", "size"), [(20, 2), (48, 8), (48, 48), (128, 16)])
def test_orthogonal_stays_orthonormal_in_training(width, size):
    featurizer = Orthogonal(size).initialise(width, seed=0)
    target, source, wanted = (examples(width, n=96)[part::3] for part in range(3))
    start = featurizer.columns.detach()
    optimiser = torch.optim.Adam(featurizer.parameters(), lr=0.03)
    for _ in range(60):
        optimiser.zero_grad()
        (featurizer.swap(target, source) - wanted).square().mean().backward()
        optimiser.step()
    Q = featurizer.columns.detach()
    assert float((Q.T @ Q - torch.eye(size)).abs().max()) < 1e-6
    assert float((featurizer.free.detach().T @ featurizer.free.detach() - torch.eye(size)).abs().max()) > 0.1
    if size < width:
        assert float((Q - start).abs().max()) > 0.1


def test_a_start_is_orthonormal_and_orthogonal_for_both():
    states = examples(9, torch.float64)
    orthogonal, linear = (kind((2, 3)).initialise(9, seed=4, states=states) for kind in (Orthogonal, Linear))
    Q = orthogonal.columns
    assert torch.allclose(Q.T @ Q, torch.eye(5, dtype=torch.float64), atol=1e-14)
    assert torch.allclose(linear.swap(states, states.flip(0)), orthogonal.swap(states, states.flip(0)))
    assert torch.allclose(linear.condition(), torch.ones(2, dtype=torch.float64))


def test_condition_is_the_norm_of_the_projector_and_does_not_depend_on_the_basis():
    featurizer = Linear(2).initialise(5, seed=0, states=examples(5, torch.float64))
    with torch.no_grad():
        featurizer.v.copy_(examples(5, torch.float64)[:2].T)
    P = swap_matrix(featurizer).detach()
    expected = float(P.norm()) / math.sqrt(2)
    assert expected > 1.1
    assert float(featurizer.condition()[0].detach()) == pytest.approx(expected)
    with torch.no_grad():
        featurizer.u.copy_(featurizer.u @ torch.tensor([[100.0, 3.0], [0.0, 0.01]], dtype=torch.float64))
    assert float(featurizer.condition()[0].detach()) == pytest.approx(expected)


def test_penalty_keeps_projectors_from_degenerating_and_pulls_no_others():
    featurizer = Linear(1).initialise(2, seed=0, states=examples(2, torch.float64))

    def at(lengthening):
        """P with image (1, 0) and kernel at an angle such that ||P|| = lengthening."""
        with torch.no_grad():
            featurizer.u.copy_(torch.tensor([[1.0], [0.0]]))
            featurizer.v.copy_(torch.tensor([[1.0], [math.sqrt(lengthening**2 - 1.0)]]))
        featurizer.zero_grad()
        penalty = featurizer.penalty()
        if penalty.requires_grad:
            penalty.backward()
        return float(penalty.detach())

    assert at(1.0) == at(10.0) == at(99.0) == 0.0
    assert at(1000.0) == pytest.approx(math.log(10.0) ** 2)
    before = float(featurizer.condition().detach())
    with torch.no_grad():
        for parameter in featurizer.parameters():
            parameter.sub_(1e-4 * parameter.grad)
    assert float(featurizer.condition().detach()) < before
