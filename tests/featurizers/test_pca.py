"""PCA against an independent implementation."""

import pytest
import torch
from sklearn import decomposition

from symbolscope.featurizers import PCA


@pytest.fixture
def states():
    generator = torch.Generator().manual_seed(0)
    spread = torch.tensor([5.0, 3.0, 2.0, 1.0, 0.5, 0.1], dtype=torch.float64)
    Q = torch.linalg.qr(torch.randn(6, 6, generator=generator, dtype=torch.float64))[0]
    return (torch.randn(200, 6, generator=generator, dtype=torch.float64) * spread) @ Q + 3.0


def test_components_equal_the_reference(states):
    featurizer = PCA(3).initialise(6, seed=0, states=states)
    reference = decomposition.PCA(n_components=3).fit(states.numpy())
    assert torch.allclose(featurizer.mean, torch.from_numpy(reference.mean_))
    expected = torch.from_numpy(reference.components_).T
    signs = (featurizer.components * expected).sum(dim=0).sgn()
    assert torch.allclose(featurizer.components, expected * signs)
    features, error = featurizer(states)
    assert torch.allclose(features, torch.from_numpy(reference.transform(states.numpy())) * signs)
    assert torch.allclose(features.mean(dim=0), torch.zeros(3, dtype=torch.float64), atol=1e-12)
    assert torch.allclose(error @ featurizer.components, torch.zeros(200, 3, dtype=torch.float64), atol=1e-12)


def test_signs_do_not_depend_on_the_order_of_the_states(states):
    first, second = (PCA(4).initialise(6, seed=0, states=given) for given in (states, states.flip(0)))
    assert torch.allclose(first.components, second.components)
    largest = first.components.gather(0, first.components.abs().argmax(dim=0, keepdim=True))
    assert bool((largest > 0).all())


def test_blocks_go_from_the_most_variable_down(states):
    featurizer = PCA((1, 2)).initialise(6, seed=0, states=states)
    variances = featurizer(states)[0].var(dim=0)
    assert bool((variances.diff() < 0).all())


def test_states_with_leading_axes_and_states_that_do_not_vary(states):
    flat = PCA(2).initialise(6, seed=0, states=states)
    assert torch.equal(flat.components, PCA(2).initialise(6, seed=0, states=states.reshape(10, 20, 6)).components)
    same = PCA(2).initialise(6, seed=0, states=torch.ones(5, 6))
    assert torch.allclose(same.components.T @ same.components, torch.eye(2), atol=1e-6)
