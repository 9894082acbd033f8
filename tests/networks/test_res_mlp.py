"""The perceptron with shortcuts: its formula, shapes and seeds."""

import numpy as np
import pytest
import torch

import symbolscope as sy
from symbolscope.networks import ResMLP


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_shapes(depth):
    network = ResMLP(6, 3, width=7, depth=depth)
    x = torch.randn(4, 6, generator=torch.Generator().manual_seed(0))
    assert network(x).shape == (4, 3)
    assert len(network.layers) == depth
    assert sum(parameter.numel() for parameter in network.parameters()) == 7 * 7 + (depth - 1) * 7 * 8 + 3 * 8


def test_every_layer_but_the_first_adds_its_input_before_the_relu():
    network = ResMLP(5, 2, width=8, depth=3, seed=4)
    x = torch.randn(20, 5, generator=torch.Generator().manual_seed(0))
    weights = {name: tensor.double().numpy() for name, tensor in network.state_dict().items()}
    hidden = np.maximum(x.double().numpy() @ weights["layers.0.0.weight"].T + weights["layers.0.0.bias"], 0)
    for layer in (1, 2):
        linear = hidden @ weights[f"layers.{layer}.linear.weight"].T + weights[f"layers.{layer}.linear.bias"]
        hidden = np.maximum(linear + hidden, 0)
    expected = hidden @ weights["head.weight"].T + weights["head.bias"]
    np.testing.assert_allclose(network(x).detach().numpy(), expected, atol=1e-6)
    without = network.layers[1].linear(network.layers[0](x)).relu()
    assert not torch.allclose(network.layers[1](network.layers[0](x)), without)


def test_the_seed_fixes_the_weights_and_nothing_else_changes():
    before = torch.get_rng_state()
    one, same, other = (ResMLP(4, 2, width=6, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    for a, b, c in zip(one.parameters(), same.parameters(), other.parameters(), strict=True):
        assert torch.equal(a, b)
        assert not torch.equal(a, c)


@pytest.mark.parametrize("sizes", [{"width": 0}, {"depth": 0}])
def test_refusals(sizes):
    with pytest.raises(sy.SymbolscopeError, match="every size must be at least 1; got 4 inputs, 2 outputs, width"):
        ResMLP(4, 2, **sizes)
