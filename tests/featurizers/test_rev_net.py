"""RevNet: exact where it is not linear, and able to do what no linear map can."""

import torch
from tests.featurizers.instances import examples

from symbolscope.featurizers import Linear, RevNet


def test_one_coupling_is_the_formula():
    featurizer = RevNet(3, blocks=1, hidden=5).initialise(6, seed=0, states=examples(6, torch.float64))
    states = examples(6, torch.float64)
    weights = featurizer.state_dict()

    def network(name, x):
        hidden = (x @ weights[f"couplings.0.{name}.0.weight"].T + weights[f"couplings.0.{name}.0.bias"]).clamp(min=0.0)
        return hidden @ weights[f"couplings.0.{name}.2.weight"].T + weights[f"couplings.0.{name}.2.bias"]

    x1, x2 = states[:, :3], states[:, 3:]
    y1 = x1 + network("F", x2)
    y2 = x2 + network("G", y1)
    features, error = featurizer(states)
    assert torch.allclose(features, y1)
    assert torch.allclose(error, y2)


def test_weights_start_as_those_of_torch_layers():
    weights = RevNet(1, blocks=4, hidden=64).initialise(18, seed=0).state_dict()
    for name, tensor in weights.items():
        bound = (9 if ".0." in name[-9:] else 64) ** -0.5
        assert 0.8 * bound < float(tensor.abs().max()) <= bound, name


def test_its_map_is_not_linear():
    featurizer = RevNet(2).initialise(4, seed=0, states=examples(4, torch.float64))
    first, second = examples(4, torch.float64).split(12)
    sum_of_swaps = featurizer.swap(first, second) + featurizer.swap(second, first)
    assert not torch.allclose(sum_of_swaps, first + second, atol=1e-3)
    linear = Linear(2).initialise(4, seed=0, states=first)
    assert torch.allclose(linear.swap(first, second) + linear.swap(second, first), first + second)


def test_it_learns_a_variable_on_a_curve():
    """h = (v + |n|, n): to swap v and leave n, the kernel must bend."""
    generator = torch.Generator().manual_seed(0)

    def loss(featurizer):
        v, n, w, m = torch.randn(4, 128, generator=generator)
        target, source = torch.stack([v + n.abs(), n], dim=1), torch.stack([w + m.abs(), m], dim=1)
        return (featurizer.swap(target, source) - torch.stack([w + n.abs(), n], dim=1)).square().sum(dim=1).mean()

    final = {}
    for template in (Linear(1), RevNet(1, blocks=1, hidden=16)):
        featurizer = template.initialise(2, seed=0)
        optimiser = torch.optim.Adam(featurizer.parameters(), lr=0.02)
        for _ in range(300):
            optimiser.zero_grad()
            value = loss(featurizer)
            value.backward()
            optimiser.step()
        final[type(template).__name__] = float(value.detach())
    assert final["Linear"] > 0.3
    assert final["RevNet"] < 0.05
