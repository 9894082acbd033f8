"""The perceptron and its training: shapes, seeds, what changes and what does not."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn

import symbolscope as sy
from symbolscope.core.random_streams import stream
from symbolscope.networks import MLP, class_accuracy, train_classifier

TASK = sy.tasks.TwoConjunctions()


def weights(network):
    return {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("widths", [(), (1,), (5, 3), (4, 4, 4)])
def test_shapes(widths):
    network = MLP(6, 3, widths=widths)
    x = torch.randn(7, 6, generator=torch.Generator().manual_seed(0))
    assert network(x).shape == (7, 3)
    assert len(network.layers) == len(widths)
    for depth, width in enumerate(widths):
        assert network.layers[: depth + 1](x).shape == (7, width)
    sizes = [6, *widths, 3]
    assert sum(parameter.numel() for parameter in network.parameters()) == sum(
        (one + 1) * two for one, two in itertools.pairwise(sizes)
    )


def test_it_is_linear_maps_with_relu_between():
    network = MLP(4, 2, widths=(5, 3), seed=2)
    x = torch.randn(20, 4, generator=torch.Generator().manual_seed(0))
    hidden = x.numpy()
    for layer in network.layers:
        hidden = np.maximum(hidden @ layer[0].weight.detach().numpy().T + layer[0].bias.detach().numpy(), 0)
    expected = hidden @ network.head.weight.detach().numpy().T + network.head.bias.detach().numpy()
    np.testing.assert_allclose(network(x).detach().numpy(), expected, atol=1e-6)
    np.testing.assert_allclose(sy.sites.Output("layers.1").read(network, x).detach().numpy(), hidden, atol=1e-6)


def test_the_seed_fixes_the_weights():
    assert same(weights(MLP(4, 2, seed=3)), weights(MLP(4, 2, seed=3)))
    one, other = weights(MLP(4, 2, seed=3)), weights(MLP(4, 2, seed=4))
    assert not any(torch.equal(one[name], other[name]) for name in one)


def test_the_global_random_state_is_left_alone():
    before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002 - that it stays is the test
    network = MLP(4, 2, widths=(8,), seed=1)
    train_classifier(network, TASK, steps=5, batch=16, shuffled_labels=True, progress=False)
    class_accuracy(network, TASK, n=10)
    assert torch.equal(torch.get_rng_state(), before)
    np.testing.assert_array_equal(np.random.get_state()[1], numpy_before)  # noqa: NPY002


@pytest.fixture(scope="module")
def trained():
    network = MLP(TASK.width, TASK.n_classes, widths=(16,))
    accuracy = train_classifier(network, TASK, steps=1_000, batch=256, rate=1e-2, progress=False)
    return network, accuracy


def test_it_learns_two_conjunctions(trained):
    network, accuracy = trained
    assert accuracy > 0.99
    examples = TASK.sample(3_000, seed=99)
    said = network(torch.from_numpy(examples.inputs)).argmax(dim=1).numpy()
    assert (said == examples.classes).mean() > 0.99
    assert not network.training
    assert all(parameter.grad is None and parameter.requires_grad for parameter in network.parameters())


def test_the_accuracy_is_a_share_of_fresh_examples(trained):
    network, accuracy = trained
    assert class_accuracy(network, TASK) == accuracy  # the same seed, the same examples

    class Always(nn.Module):
        def forward(self, x):
            return torch.tensor([[1.0, 0.0]]).repeat(len(x), 1)

    share = class_accuracy(Always(), TASK, n=500, seed=4)
    assert share == (TASK.sample(500, seed=stream(4, "examples that measure accuracy")).classes == 0).mean()


def test_the_accuracy_leaves_the_mode_alone():
    network = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.5), nn.Linear(8, 2)).train()
    first = class_accuracy(network, TASK, n=200)
    assert first == class_accuracy(network, TASK, n=200)  # without dropout
    assert all(module.training for module in network.modules())


def test_training_is_reproducible():
    def run(seed):
        network = MLP(TASK.width, TASK.n_classes, widths=(8,))
        return train_classifier(network, TASK, steps=40, batch=64, seed=seed, progress=False), weights(network)

    (accuracy, one), (again, other) = run(0), run(0)
    assert accuracy == again
    assert same(one, other)
    assert not same(one, run(1)[1])


def test_training_stops_once_it_is_accurate():
    easy, long = (MLP(TASK.width, TASK.n_classes, widths=(16,)) for _ in range(2))
    train_classifier(easy, TASK, steps=600, batch=64, rate=1e-2, stop_accuracy=0.5, progress=False)
    # Stopped at the first check, it is where any training of the same length and rate is after 200 steps.
    train_classifier(long, TASK, steps=600, batch=64, rate=1e-2, stop_accuracy=1.1, progress=False)
    assert not same(weights(easy), weights(long))
    assert class_accuracy(easy, TASK) < class_accuracy(long, TASK)


def test_only_what_requires_gradients_changes():
    network = MLP(TASK.width, TASK.n_classes, widths=(8, 8))
    network.layers[0].requires_grad_(False)
    network.head.bias.requires_grad_(False)
    before = weights(network)
    train_classifier(network, TASK, steps=10, batch=32, progress=False)
    changed = {name for name, tensor in weights(network).items() if not torch.equal(tensor, before[name])}
    assert changed == {"layers.1.0.weight", "layers.1.0.bias", "head.weight"}
    still = {name for name, parameter in network.named_parameters() if not parameter.requires_grad}
    assert still == {"layers.0.0.weight", "layers.0.0.bias", "head.bias"}


def test_nothing_is_learned_from_shuffled_labels():
    network = MLP(TASK.width, TASK.n_classes, widths=(16,))
    before = weights(network)
    accuracy = train_classifier(
        network, TASK, steps=400, batch=256, rate=1e-2, shuffled_labels=True, stop_accuracy=0.4, progress=False
    )
    assert abs(accuracy - 0.5) < 0.1
    assert not same(before, weights(network))  # and it has not stopped before it began
    examples = TASK.sample(5_000, seed=1)
    logits = network(torch.from_numpy(examples.inputs)).detach()
    share = torch.softmax(logits, dim=1)[:, 1].numpy()
    assert np.abs(share - 0.5).max() < 0.2  # it says half of everything


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: MLP(0, 2), r"every size must be at least 1; got 0 -> \[64, 64\] -> 2"),
        (lambda: MLP(4, 0), r"every size must be at least 1; got 4 -> \[64, 64\] -> 0"),
        (lambda: MLP(4, 2, widths=(3, 0)), r"got 4 -> \[3, 0\] -> 2"),
        (lambda: train_classifier(MLP(4, 2), TASK, steps=0), "must be positive; got 0, 1024, 0.003"),
        (lambda: train_classifier(MLP(4, 2), TASK, batch=0), "must be positive; got 20000, 0, 0.003"),
        (lambda: train_classifier(MLP(4, 2), TASK, rate=0.0), "must be positive; got 20000, 1024, 0.0"),
        (lambda: train_classifier(MLP(4, 2), TASK, rate=float("nan")), "must be positive; got 20000, 1024, nan"),
        (
            lambda: train_classifier(MLP(4, 2).requires_grad_(False), TASK),
            "MLP has no parameters that could be trained",
        ),
        (lambda: train_classifier(nn.Identity(), TASK), "Identity has no parameters that could be trained"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(sy.SymbolscopeError, match=message):
        call()
