"""The fast path of a frozen GRU against nn.GRU, values and gradients."""

import pytest
import torch

import symbolscope as sy

TASK = sy.tasks.MultiObject(max_count=5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("with_lengths", [False, True])
def test_equals_autograd(dtype, with_lengths):
    generator = torch.Generator().manual_seed(0)
    network = sy.networks.GRU(TASK.vocabulary, width=12, seed=1).to(dtype).eval().requires_grad_(False)
    tokens = torch.randint(len(TASK.vocabulary), (9, 7), generator=generator)
    states = torch.randn(9, 12, generator=generator, dtype=dtype)
    lengths = torch.randint(0, 8, (9,), generator=generator) if with_lengths else torch.full((9,), 7)
    lengths[0] = 7
    weights = torch.randn(9, 7, 12, generator=generator, dtype=dtype)
    weights[torch.arange(7) >= lengths[:, None]] = 0.0

    ours = states.clone().requires_grad_()
    found = network.resume(ours, tokens, lengths if with_lengths else None)
    (found * weights).sum().backward()
    theirs = states.clone().requires_grad_()
    expected = network.rnn(network.embedding(tokens), theirs[None])[0]
    (expected * weights).sum().backward()

    tolerance = 1e-5 if dtype == torch.float32 else 1e-12
    matters = weights != 0
    torch.testing.assert_close(found[matters], expected[matters], atol=tolerance, rtol=tolerance)
    torch.testing.assert_close(ours.grad, theirs.grad, atol=tolerance, rtol=tolerance)


def test_no_further_tokens():
    network = sy.networks.GRU(TASK.vocabulary, width=4)
    assert network.resume(torch.zeros(3, 4), torch.zeros(3, 0, dtype=torch.int64)).shape == (3, 0, 4)


def test_weights_still_learn():
    network = sy.networks.GRU(TASK.vocabulary, width=4)
    network(torch.zeros(2, 3, dtype=torch.int64)).sum().backward()
    assert network.rnn.weight_hh_l0.grad is not None
