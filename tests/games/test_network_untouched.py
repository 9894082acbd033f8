import numpy as np
import pytest
import torch
from torch import nn

import symbolscope as sy

SAMPLE = torch.tensor([1.0, -2.0, 0.5, 3.0])


def state_of(network):
    return {name: value.clone() for name, value in network.state_dict().items()}


def flags_of(network):
    return {name: module.training for name, module in network.named_modules()}


def same(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def network_with_batch_norm():
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))


def test_batch_norm_statistics_and_training_flags_stay():
    network = network_with_batch_norm()
    network[1].eval()  # a mixture of flags, as fine-tuning leaves it
    network[3].eval()
    for part in (network, network_with_batch_norm()):
        state, flags = state_of(part), flags_of(part)
        sy.Game(part, SAMPLE, target=0)(sy.all_masks(4))
        assert same(state_of(part), state)
        assert flags_of(part) == flags


def test_batch_norm_in_training_mode_is_evaluated_with_its_statistics():
    network = network_with_batch_norm()
    training = sy.Game(network, SAMPLE, target=0)(sy.all_masks(4))
    assert network.training
    assert np.allclose(sy.Game(network.eval(), SAMPLE, target=0)(sy.all_masks(4)), training, atol=1e-6)


def test_flags_are_restored_after_an_exception():
    class Failing(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(4, 2)
            self.calls = 0

        def forward(self, x):
            self.calls += 1
            if self.calls > 8:
                raise RuntimeError("out of luck")
            return self.linear(x)

    network = Failing()
    game = sy.Game(network, SAMPLE, target=0)
    with pytest.raises(RuntimeError, match="out of luck"):
        game(sy.all_masks(4)), game(sy.all_masks(4))
    assert network.training
    assert network.linear.training
    assert not torch.is_inference_mode_enabled()
    assert torch.is_grad_enabled()


def test_buffers_replaced_by_the_network_are_put_back():
    class Counting(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(4, 2)
            self.register_buffer("seen", torch.zeros(()))

        def forward(self, x):
            if self.training:
                self.seen = self.seen + 1
            return self.linear(x)

    network = Counting()
    before = network.seen
    sy.Game(network, SAMPLE, target=0)(sy.all_masks(4))
    assert network.seen is before
    assert network.seen == 0


@pytest.mark.parametrize("p", [0.05, 0.5])
def test_dropout_left_on_is_refused_and_leaves_no_trace(p):
    network = nn.Sequential(nn.Linear(4, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Dropout(p), nn.Linear(64, 3))
    state, flags = state_of(network), flags_of(network)
    rng, numpy_rng = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    with pytest.raises(sy.SymbolscopeError, match=r"training mode.*dropout left on.*network.eval\(\)"):
        sy.Game(network, SAMPLE)
    assert same(state_of(network), state)
    assert flags_of(network) == flags
    assert torch.equal(torch.get_rng_state(), rng)
    assert (np.random.get_state()[1] == numpy_rng).all()  # noqa: NPY002


def test_dropout_in_eval_mode_is_fine_and_the_random_state_stays():
    network = nn.Sequential(nn.Linear(4, 64), nn.Dropout(0.5), nn.Linear(64, 3)).eval()
    rng = torch.get_rng_state()
    sy.Game(network, SAMPLE)(sy.all_masks(4))
    assert torch.equal(torch.get_rng_state(), rng)


def test_random_in_eval_mode_is_refused():
    class Noisy(nn.Module):
        def forward(self, x):
            return x + torch.randn_like(x)

    rng = torch.get_rng_state()
    with pytest.raises(sy.SymbolscopeError, match="even in evaluation mode"):
        sy.Game(Noisy().eval(), SAMPLE)
    assert torch.equal(torch.get_rng_state(), rng)


def test_dropout_hidden_in_a_callable_is_refused():
    network = nn.Sequential(nn.Linear(4, 64), nn.Dropout(0.5), nn.Linear(64, 3))
    with pytest.raises(sy.SymbolscopeError, match=r"call eval\(\) on it first"):
        sy.Game(lambda x: network(x), SAMPLE)


def test_dropout_exported_in_training_mode_is_refused():
    network = nn.Sequential(nn.Linear(4, 64), nn.Dropout(0.5), nn.Linear(64, 3))
    program = torch.export.export(network, (torch.zeros(3, 4),)).module()
    with pytest.raises(sy.SymbolscopeError, match="change between two equal calls"):
        sy.Game(program, SAMPLE)


def test_rows_that_depend_on_the_batch_are_refused():
    network = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8, track_running_stats=False), nn.Linear(8, 3)).eval()
    with pytest.raises(sy.SymbolscopeError, match="BatchNorm without running statistics"):
        sy.Game(network, SAMPLE)


def test_parameters_keep_their_gradients():
    network = nn.Linear(4, 2)
    network(SAMPLE[None]).sum().backward()
    gradient = network.weight.grad.clone()
    sy.Game(network, SAMPLE)(sy.all_masks(4))
    assert torch.equal(network.weight.grad, gradient)
    assert network.weight.requires_grad
    network(SAMPLE[None]).sum().backward()
