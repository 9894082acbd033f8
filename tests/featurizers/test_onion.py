"""Onion on states that are written in its own code, and on one that it must learn."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from symbolscope.featurizers import Linear, Onion

WIDTH, POSITIONS, SYMBOLS, GAMMA = 6, 4, 3, 0.4


def coded(size=POSITIONS):
    """An Onion whose codes are axes and shrink to 0.4 per position, so that what is further in never hides what is out."""
    featurizer = Onion(size, symbols=SYMBOLS).initialise(WIDTH, seed=0).double()
    with torch.no_grad():
        featurizer.codes.copy_(torch.eye(SYMBOLS, WIDTH))
        featurizer.gamma.fill_(GAMMA)
    return featurizer


def written(symbols, noise):
    """States with those symbols [b, positions], and a little of the coordinates that no code uses."""
    states = torch.zeros(len(symbols), WIDTH, dtype=torch.float64)
    for position in range(POSITIONS):
        states[torch.arange(len(symbols)), symbols[:, position]] += GAMMA**position
    states[:, SYMBOLS:] = noise[:, None]
    return states


words = st.lists(st.integers(0, SYMBOLS - 1), min_size=POSITIONS, max_size=POSITIONS)
noises = st.floats(-2, 2)


@given(first=words, second=words, noise=noises, other_noise=noises)
def test_symbols_are_read_back_and_written(first, second, noise, other_noise):
    featurizer = coded((1, 3))
    targets, sources = torch.tensor([first]), torch.tensor([second])
    noise, other_noise = torch.tensor([noise], dtype=torch.float64), torch.tensor([other_noise], dtype=torch.float64)
    target, source = written(targets, noise), written(sources, other_noise)
    features, error = featurizer(target)
    assert torch.equal(features, targets.double())
    assert torch.allclose(error[:, :SYMBOLS], torch.zeros(1, SYMBOLS, dtype=torch.float64), atol=1e-12)
    # The source's symbols over the target's error: once, twice, or block by block.
    expected = written(sources, noise)
    once = featurizer.swap(target, source)
    assert torch.allclose(once, expected)
    assert torch.allclose(featurizer.swap(once, source), expected)
    outer = featurizer.swap(target, source, block=0)
    assert torch.allclose(outer, written(torch.cat([sources[:, :1], targets[:, 1:]], dim=1), noise))
    assert torch.allclose(featurizer.swap(outer, source, block=1), expected)


def test_no_linear_featurizer_can_do_that():
    """Outermost symbols alone: positions share their directions, so a projection takes the inner ones along."""
    generator = torch.Generator().manual_seed(0)
    linear = Linear(2).initialise(WIDTH, seed=0).double()
    onion = coded((1, 3))
    optimiser = torch.optim.Adam(linear.parameters(), lr=0.02)
    for _ in range(200):
        targets, sources = torch.randint(SYMBOLS, (2, 64, POSITIONS), generator=generator)
        noise = torch.randn(2, 64, generator=generator, dtype=torch.float64)
        target, source = written(targets, noise[0]), written(sources, noise[1])
        wanted = written(torch.cat([sources[:, :1], targets[:, 1:]], dim=1), noise[0])
        loss = (linear.swap(target, source) - wanted).square().sum(dim=1).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert float(loss.detach()) > 0.1
    assert float((onion.swap(target, source, block=0) - wanted).abs().max().detach()) < 1e-12


def test_scales_are_the_formula():
    featurizer = Onion(3).initialise(3, seed=0).double()
    values = {"g": [2.0, 1.0, 0.0], "gamma": [0.5, -1.0, 0.0], "slope": [0.1, 0.0, 1.0], "b": [0.0, 3.0, 0.0]}
    featurizer.load_state_dict(featurizer.state_dict() | {name: torch.tensor(value) for name, value in values.items()})
    expected = torch.tensor([[2.0, 4.0, 0.0], [1.1, 2.0, 1.0], [0.7, 4.0, 2.0]], dtype=torch.float64)
    assert torch.allclose(featurizer.scales(), expected)
    featurizer.scales().sum().backward()
    assert all(
        bool(torch.isfinite(parameter.grad).all())
        for parameter in featurizer.parameters()
        if parameter.grad is not None
    )


def test_codes_start_as_different_states_where_there_are_any():
    states = torch.eye(4).repeat_interleave(5, dim=0)
    codes = Onion(1, symbols=4).initialise(4, seed=0, states=states).codes.detach()
    assert sorted(codes.argmax(dim=1).tolist()) == [0, 1, 2, 3]
    codes = Onion(1, symbols=6).initialise(4, seed=0, states=states).codes.detach()  # two more than there are
    assert bool((codes.sum(dim=1) == 1.0).all())


@pytest.mark.parametrize("seed", [1, 2])
def test_training_finds_a_code(seed):
    """One symbol out of four, on top of noise: the swap of its code must be learned from what it does."""
    generator = torch.Generator().manual_seed(seed)
    codes = torch.randn(4, 8, generator=generator)

    def draw():
        symbols = torch.randint(4, (2, 64), generator=generator)
        noise = 0.3 * torch.randn(2, 64, 8, generator=generator)
        return codes[symbols[0]] + noise[0], codes[symbols[1]] + noise[1], codes[symbols[1]] + noise[0]

    featurizer = Onion(1, symbols=4).initialise(8, seed=seed, states=draw()[0])
    losses = []
    optimiser = torch.optim.Adam(featurizer.parameters(), lr=0.02)
    for _ in range(300):
        target, source, wanted = draw()
        loss = (featurizer.swap(target, source) - wanted).square().sum(dim=1).mean()
        losses.append(float(loss.detach()))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert losses[-1] < 0.02 < 0.2 < losses[0]
