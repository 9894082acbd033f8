"""Boundless: the soft boundary, the hard one, and that the right number of directions is learned."""

import math

import pytest
import torch
from tests.featurizers.instances import examples

from symbolscope.featurizers import Boundless, Orthogonal, from_configuration


def test_the_soft_swap_is_the_swap_of_soft_features():
    """swap = inverse(features(source) + (features - features)(target)): a share of each direction, so once is not twice."""
    featurizer = Boundless(3).initialise(6, seed=0, states=examples(6, torch.float64))
    target, source = examples(6, torch.float64).split(12)
    swapped = featurizer.swap(target, source)
    features, _ = featurizer(source)
    _, error = featurizer(target)
    assert torch.allclose(featurizer.inverse(features, error), swapped)
    mask = featurizer.mask()
    assert bool((mask.diff() < 0).all())
    assert not torch.allclose(featurizer.swap(swapped, source), swapped)


def test_as_the_temperature_falls_the_soft_swap_becomes_the_hard_one():
    featurizer = Boundless(3, temperatures=(2.0, 1e-3)).initialise(6, seed=0, states=examples(6, torch.float64))
    target, source = examples(6, torch.float64).split(12)
    hard = featurizer.eval().swap(target, source)
    featurizer.train()
    distances = []
    for progress in (0.0, 0.5, 0.9, 1.0):
        featurizer.anneal(progress)
        distances.append(float((featurizer.swap(target, source) - hard).norm().detach()))
    assert distances == sorted(distances, reverse=True)
    assert distances[-1] < 1e-9 < distances[0]


def test_the_hard_swap_is_orthogonal():
    boundless = Boundless(2).initialise(6, seed=0).eval()
    orthogonal = Orthogonal(2).initialise(6, seed=1)
    with torch.no_grad():
        orthogonal.free.copy_(boundless.free[:, :2])
    target, source = examples(6).split(12)
    assert torch.allclose(boundless.swap(target, source), orthogonal.swap(target, source), atol=1e-6)


@pytest.mark.parametrize("size", [1, 2, 7, 8])
def test_the_size_at_the_start_is_the_one_given(size):
    featurizer = Boundless(size).initialise(8, seed=0)
    assert featurizer.size == size
    assert featurizer.sizes == (size,)
    assert float(featurizer.penalty().detach()) == pytest.approx(size / 8, abs=0.02)


def test_without_a_size_half_the_state_is_the_start():
    assert Boundless().sizes == (0,)
    featurizer = Boundless().initialise(8, seed=0)
    assert featurizer.size == 4
    assert featurizer.configuration() == {"size": None, "temperatures": [2.0, 0.1], "weight": 1.0}


def test_the_size_stays_within_the_state():
    featurizer = Boundless(4).initialise(8, seed=0).eval()
    for beta, size in ((-5.0, 1), (5.0, 8)):
        with torch.no_grad():
            featurizer.beta.fill_(beta)
        assert featurizer.size == size


def test_the_temperature_and_the_learned_size_are_saved():
    featurizer = Boundless(4).initialise(8, seed=0)
    featurizer.anneal(0.5)
    with torch.no_grad():
        featurizer.beta.add_(0.1)
    assert featurizer.size != 4
    again = from_configuration("Boundless", featurizer.configuration(), 8)
    again.load_state_dict(featurizer.state_dict())
    assert float(again.temperature) == pytest.approx(1.05)
    assert again.size == featurizer.size
    assert again.configuration()["size"] == 4  # what it was made with


@pytest.mark.parametrize("directions", [1, 3])
def test_training_learns_how_many_directions_carry_the_variable(directions):
    generator = torch.Generator().manual_seed(5)
    width = 10
    Q = torch.linalg.qr(torch.randn(width, width, generator=generator))[0]
    featurizer = Boundless(weight=0.3).initialise(width, seed=0)
    optimiser = torch.optim.Adam(featurizer.parameters(), lr=0.01)
    steps = 600
    for step in range(steps):
        featurizer.anneal(step / steps)
        for group in optimiser.param_groups:
            group["lr"] = 0.01 * (0.1 + 0.45 * (1.0 + math.cos(math.pi * step / steps)))
        target, source = torch.randn(2, 64, width, generator=generator)
        wanted = torch.cat([source[:, :directions], target[:, directions:]], dim=1)
        difference = (featurizer.swap(target @ Q, source @ Q) - wanted @ Q).square().sum(dim=1).mean()
        optimiser.zero_grad()
        (difference + featurizer.penalty()).backward()
        optimiser.step()
    assert featurizer.size == directions
    swapped = featurizer.eval().swap(target @ Q, source @ Q)
    assert float((swapped - wanted @ Q).abs().max().detach()) < 0.05
