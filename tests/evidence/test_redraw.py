"""Networks drawn anew: every parameter another, everything else as it was, and the original untouched."""

import threading

import numpy as np
import pytest
import torch
from tests.evidence.instances import TASK, same, weights
from torch import nn

import symbolscope as sy
from symbolscope.evidence.redraw import redrawn

N = len(TASK.vocabulary)


class Bare(nn.Module):
    """Weights that no reset knows of, one of them a single number."""

    def __init__(self):
        super().__init__()
        self.table = nn.Parameter(torch.linspace(-2.0, 3.0, 40).reshape(5, 8))
        self.scale = nn.Parameter(torch.tensor(1.5))
        self.linear = nn.Linear(8, 2)

    def forward(self, x):
        return self.linear(x @ self.table) * self.scale


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(6, 4)
        self.middle = nn.Linear(4, 4)
        self.head = nn.Linear(4, 6, bias=False)
        self.head.weight = self.embedding.weight

    def forward(self, tokens):
        return self.head(self.middle(self.embedding(tokens)))


class ByData(nn.Module):
    """Begins through .data, as older modules do, which leaves no trace in the version of a parameter."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(6, 6))

    def reset_parameters(self):
        self.weight.data.uniform_(-0.5, 0.5)


MAKE = {
    "Linear": lambda: nn.Linear(3, 4),
    "Embedding": lambda: nn.Embedding(7, 3),
    "LayerNorm": lambda: nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4)),
    "BatchNorm": lambda: nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)),
    "GRU": lambda: nn.GRU(3, 4, num_layers=2),
    "LSTM": lambda: nn.LSTM(3, 4, bidirectional=True),
    "attention": lambda: nn.MultiheadAttention(8, 2),
    "a bare parameter": Bare,
    "tied": Tied,
    "by data": ByData,
    "this package's GRU": lambda: sy.networks.GRU(TASK.vocabulary, width=8),
    "this package's LSTM": lambda: sy.networks.LSTM(TASK.vocabulary, width=8),
    "NoPE": lambda: sy.networks.Transformer(TASK.vocabulary, width=8, n_heads=2),
    "RoPE": lambda: sy.networks.Transformer(TASK.vocabulary, width=8, n_heads=2, positions="rope"),
    "MLP": lambda: sy.networks.MLP(4, 2, widths=(6,)),
}


def trained(kind):
    """A network whose every number has been moved from where it began, buffers too."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        network = MAKE[kind]()
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator))
        for name, buffer in network.named_buffers():
            if "running" in name:
                buffer.add_(torch.rand(buffer.shape, generator=generator))
            elif "num_batches" in name:
                buffer.add_(17)
    return network


def parameters(module):
    return {name: parameter.detach().clone() for name, parameter in module.named_parameters()}


@pytest.mark.parametrize("kind", MAKE)
def test_every_parameter_is_drawn_anew(kind):
    network = trained(kind)
    before, fresh = parameters(network), redrawn(network, seed=0)
    after = parameters(fresh)
    assert type(fresh) is type(network)
    assert before.keys() == after.keys()
    for name, parameter in after.items():
        assert parameter.shape == before[name].shape
        assert torch.isfinite(parameter).all()
        assert (parameter != before[name]).all(), name


@pytest.mark.parametrize("kind", MAKE)
def test_the_seed_fixes_the_draw_and_the_original_stays(kind):
    network = trained(kind)
    before, chance = weights(network), torch.get_rng_state()
    first, again, other = (redrawn(network, seed=seed) for seed in (3, 3, 4))
    assert same(weights(first), weights(again))
    assert not same(weights(first), weights(other))
    assert same(weights(network), before)
    assert torch.equal(torch.get_rng_state(), chance)
    shared = {id(one) for one in network.parameters()} & {id(one) for one in first.parameters()}
    assert not shared
    with torch.no_grad():
        for parameter in first.parameters():
            parameter.zero_()
    assert same(weights(network), before)
    # Whatever anybody else has drawn before makes no difference.
    with torch.random.fork_rng():
        torch.manual_seed(99)
        assert same(weights(redrawn(network, seed=3)), weights(again))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_types_modes_and_flags_are_kept(dtype):
    layers = nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 2)
    network = nn.Sequential(*layers).to(dtype).train()
    layers[1].eval()
    layers[3].bias.requires_grad_(False)
    layers[0].weight.grad = torch.ones_like(layers[0].weight)
    fresh = redrawn(network, seed=0)
    for one, other in zip(network.modules(), fresh.modules(), strict=True):
        assert one.training == other.training
    for one, other in zip(network.parameters(), fresh.parameters(), strict=True):
        assert (one.dtype, one.device, one.shape, one.requires_grad) == (
            other.dtype, other.device, other.shape, other.requires_grad,
        )  # fmt: skip
        assert isinstance(other, nn.Parameter)
    assert layers[0].weight.grad.tolist() == torch.ones(4, 3).tolist()
    assert not fresh[3].bias.requires_grad


def test_modules_that_know_how_to_begin_begin_again():
    """A linear layer's weights are within 1 / sqrt(inputs), wherever training has taken them."""
    network = trained("Linear")
    with torch.no_grad():
        network.weight.add_(100.0)
    assert redrawn(network, seed=0).weight.abs().max() <= 1 / np.sqrt(3)
    norm = redrawn(trained("LayerNorm"), seed=0)[1]
    assert (norm.weight.tolist(), norm.bias.tolist()) == ([1.0] * 4, [0.0] * 4)


def test_running_statistics_are_reset():
    fresh = redrawn(trained("BatchNorm"), seed=0)[1]
    assert fresh.running_mean.tolist() == [0.0] * 4
    assert fresh.running_var.tolist() == [1.0] * 4
    assert int(fresh.num_batches_tracked) == 0
    assert fresh.weight.tolist() == [1.0] * 4


def test_bare_parameters_keep_their_scale():
    class Wide(nn.Module):
        def __init__(self):
            super().__init__()
            generator = torch.Generator().manual_seed(0)
            self.table = nn.Parameter(5.0 + 0.5 * torch.randn(60, 60, generator=generator))

    table = redrawn(Wide(), seed=0).table.detach()
    assert float(table.mean()) == pytest.approx(5.0, abs=0.05)
    assert float(table.std()) == pytest.approx(0.5, rel=0.05)


def test_ties_hold():
    network = trained("tied")
    fresh = redrawn(network, seed=0)
    assert fresh.head.weight is fresh.embedding.weight
    assert fresh.head.weight is not network.head.weight
    assert len(list(fresh.parameters())) == 3


def test_a_network_whose_weights_are_buffers():
    network = sy.networks.Toy1d(TASK)
    before, fresh = weights(network), redrawn(network, seed=0)
    assert same(weights(network), before)
    after = weights(fresh)
    varied = {name for name, tensor in before.items() if tensor.std(correction=0) > 0}
    assert varied == {"maps", "shifts", "weights", "bias"}
    for name in varied:
        assert (after[name] != before[name]).all()
        assert after[name].dtype == before[name].dtype
    assert sy.networks.trial_accuracy(network, TASK) == 1.0
    assert sy.networks.trial_accuracy(fresh, TASK) < 0.5
    assert not same(after, weights(redrawn(network, seed=1)))


def test_integers_are_left_alone():
    class Lookup(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("order", torch.arange(5))
            self.index = nn.Parameter(torch.arange(3), requires_grad=False)
            self.weight = nn.Parameter(torch.arange(4.0))

    fresh = redrawn(Lookup(), seed=0)
    assert (fresh.order.tolist(), fresh.index.tolist()) == ([0, 1, 2, 3, 4], [0, 1, 2])
    assert (fresh.weight != torch.arange(4.0)).all()


class Locked(nn.Linear):
    def __init__(self):
        super().__init__(2, 2)
        self.lock = threading.Lock()


class Derived(nn.Linear):
    """Holds a tensor that was computed, which torch does not copy."""

    def __init__(self):
        super().__init__(2, 2)
        self.twice = 2 * self.weight


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (nn.ReLU(), "ReLU has neither parameters nor buffers, so there is nothing to draw anew"),
        (Locked(), "Locked cannot be copied, so none like it can be drawn: cannot pickle"),
        (Derived(), "Derived cannot be copied, so none like it can be drawn: Only Tensors created explicitly"),
    ],
)
def test_refusals(network, message):
    with pytest.raises(sy.SymbolscopeError, match=message):
        redrawn(network, seed=0)
