"""The fast paths of frozen recurrent networks against autograd through the ordinary ones, values and gradients."""

import pytest
import torch

import symbolscope as sy

TASK = sy.tasks.MultiObject(max_count=5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("with_lengths", [False, True])
@pytest.mark.parametrize("kind", [sy.networks.GRU, sy.networks.LSTM])
def test_equals_autograd(dtype, with_lengths, kind):
    generator = torch.Generator().manual_seed(0)
    network = kind(TASK.vocabulary, width=12, seed=1).to(dtype).eval().requires_grad_(False)
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
    network.requires_grad_(True)
    expected = network.resume(theirs, tokens)
    (expected * weights).sum().backward()

    tolerance = 1e-5 if dtype == torch.float32 else 1e-12
    matters = weights != 0
    torch.testing.assert_close(found[matters], expected[matters], atol=tolerance, rtol=tolerance)
    torch.testing.assert_close(ours.grad, theirs.grad, atol=tolerance, rtol=tolerance)


def test_the_ordinary_lstm_is_torchs():
    network = sy.networks.LSTM(TASK.vocabulary, width=12)
    tokens = torch.from_numpy(TASK.sample(5, seed=0).tokens)
    states = network.states(tokens)
    expected, (_, c) = network.rnn(network.embedding(tokens))
    torch.testing.assert_close(states[..., :6], expected)
    torch.testing.assert_close(states[:, -1, 6:], c[0])
    torch.testing.assert_close(network(tokens), network.readout(states))


def test_no_further_tokens():
    network = sy.networks.GRU(TASK.vocabulary, width=4)
    assert network.resume(torch.zeros(3, 4), torch.zeros(3, 0, dtype=torch.int64)).shape == (3, 0, 4)


def test_weights_still_learn():
    network = sy.networks.GRU(TASK.vocabulary, width=4)
    network(torch.zeros(2, 3, dtype=torch.int64)).sum().backward()
    assert network.rnn.weight_hh_l0.grad is not None
