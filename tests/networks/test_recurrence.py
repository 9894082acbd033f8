"""The compiled recurrences against the layers of torch: values, gradients, and what they refuse."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import symbolscope as sy
from symbolscope.networks import recurrence as module

VOCABULARY = sy.tasks.MultiObject(max_count=5).vocabulary
KINDS = {"GRU": sy.networks.GRU, "LSTM": sy.networks.LSTM}


def by_torch(network, states, tokens):
    """The same states by the layer itself: one token at a time, so that c of an LSTM is seen after each."""
    out = []
    for token in tokens.t():
        x = network.embedding(token)[:, None]
        if isinstance(network, sy.networks.GRU):
            states = network.rnn(x, states[None].contiguous())[1][0]
        else:
            h, c = states.chunk(2, dim=-1)
            _, (h, c) = network.rnn(x, (h[None].contiguous(), c[None].contiguous()))
            states = torch.cat([h[0], c[0]], dim=-1)
        out.append(states)
    return torch.stack(out, dim=1)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-10)])
@given(
    b=st.integers(1, 9),
    steps=st.integers(1, 6),
    width=st.sampled_from([2, 6, 20]),
    bunch=st.sampled_from([1, 3, 1 << 14]),
    with_lengths=st.booleans(),
    frozen=st.booleans(),
    seed=st.integers(0, 1_000),
)
def test_equals_torch(kind, dtype, tolerance, b, steps, width, bunch, with_lengths, frozen, seed):
    generator = torch.Generator().manual_seed(seed)
    network = KINDS[kind](VOCABULARY, width=width, seed=seed).to(dtype)
    tokens = torch.randint(len(VOCABULARY), (b, steps), generator=generator)
    states = torch.randn(b, width, generator=generator, dtype=dtype)
    lengths = torch.randint(0, steps + 1, (b,), generator=generator) if with_lengths else torch.full((b,), steps)
    matters = torch.arange(steps) < lengths[:, None]
    weights = torch.randn(b, steps, width, generator=generator, dtype=dtype) * matters[:, :, None]

    theirs = states.clone().requires_grad_()
    expected = by_torch(network, theirs, tokens)
    (expected * weights).sum().backward()
    parameters = {name: p.grad.clone() for name, p in network.named_parameters() if p.grad is not None}

    network.zero_grad()
    network.requires_grad_(not frozen)
    ours = states.clone().requires_grad_()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_BUNCH", bunch * network.rnn.hidden_size)
        found = network.resume(ours, tokens, lengths if with_lengths else None)
        (found * weights).sum().backward()

    assert found.shape == (b, steps, width)
    torch.testing.assert_close(found[matters], expected[matters], atol=tolerance, rtol=tolerance)
    torch.testing.assert_close(ours.grad, theirs.grad, atol=tolerance, rtol=tolerance)
    if frozen:
        assert all(p.grad is None for p in network.parameters())
    else:
        for name, grad in parameters.items():
            torch.testing.assert_close(network.get_parameter(name).grad, grad, atol=b * tolerance, rtol=tolerance)


@pytest.mark.parametrize("kind", KINDS)
def test_whole_sequences_are_those_of_the_layer(kind):
    network = KINDS[kind](VOCABULARY, width=12)
    tokens = torch.from_numpy(sy.tasks.MultiObject(max_count=5).sample(5, seed=0).tokens)
    states = network.states(tokens)
    out, _ = network.rnn(network.embedding(tokens))
    torch.testing.assert_close(states[..., : out.shape[-1]], out)
    torch.testing.assert_close(network(tokens), network.readout(states))
    torch.testing.assert_close(network.resume(states[:, 2], tokens[:, 3:]), states[:, 3:])


@pytest.mark.parametrize("kind", KINDS)
def test_a_gradient_can_be_asked_for_twice(kind):
    network = KINDS[kind](VOCABULARY, width=6)
    states = torch.randn(4, 6, generator=torch.Generator().manual_seed(0), requires_grad=True)
    total = network.resume(states, torch.ones(4, 3, dtype=torch.int64), torch.tensor([3, 1, 0, 2])).square().sum()
    first = torch.autograd.grad(total, [states, network.rnn.weight_hh_l0], retain_graph=True)
    second = torch.autograd.grad(total, [states, network.rnn.weight_hh_l0])
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_weights_that_changed_since_are_noticed(kind):
    network = KINDS[kind](VOCABULARY, width=6)
    out = network.resume(network.initial_state(2), torch.ones(2, 3, dtype=torch.int64))
    with torch.no_grad():
        network.rnn.weight_hh_l0.mul_(2.0)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        out.sum().backward()


@pytest.mark.parametrize("kind", KINDS)
def test_a_watched_layer_is_used(kind):
    """Compiled steps would not call a hook on the layer or the embedding, so then the modules themselves run."""
    network = KINDS[kind](VOCABULARY, width=6)
    tokens = torch.tensor([[1, 2, 3]])
    expected = network.states(tokens)
    handle = network.embedding.register_forward_hook(lambda _module, _args, out: 0.0 * out)
    assert not torch.allclose(network.states(tokens), expected)
    handle.remove()
    torch.testing.assert_close(network.states(tokens), expected)


@pytest.mark.parametrize("kind", KINDS)
def test_no_further_tokens_and_no_rows(kind):
    network = KINDS[kind](VOCABULARY, width=4)
    assert network.resume(torch.zeros(3, 4), torch.zeros(3, 0, dtype=torch.int64)).shape == (3, 0, 4)
    assert network.resume(torch.zeros(0, 4), torch.zeros(0, 2, dtype=torch.int64)).shape == (0, 2, 4)
    nothing = network.resume(torch.zeros(2, 4), torch.ones(2, 3, dtype=torch.int64), torch.tensor([0, 0]))
    assert nothing.shape == (2, 3, 4)


@pytest.mark.parametrize("kind", KINDS)
def test_tokens_outside_the_vocabulary(kind):
    network = KINDS[kind](VOCABULARY, width=4)
    for wrong in (len(VOCABULARY), -1):
        with pytest.raises(sy.SymbolscopeError, match=r"token ids are 0\.\.8; got"):
            network(torch.tensor([[1, wrong]]))


def test_tanh_in_single_precision():
    import numba as nb

    from symbolscope.networks.squashing import sigmoid, tanh

    @nb.njit
    def both(x, a, b):
        for i in range(len(x)):
            a[i], b[i] = tanh(x[i]), sigmoid(x[i])

    x = np.concatenate([np.linspace(-20, 20, 100_001), [1e-30, -1e-30, 0.0, 1e30, -1e30]])
    for dtype, most in ((np.float32, 4e-7), (np.float64, 1e-15)):
        given_ = x.astype(dtype)
        a, b = np.empty_like(given_), np.empty_like(given_)
        both(given_, a, b)
        exact = given_.astype(np.float64)
        np.testing.assert_allclose(a, np.tanh(exact), rtol=most, atol=0)
        np.testing.assert_allclose(b, 0.5 * np.tanh(exact / 2) + 0.5, rtol=0, atol=most)
        assert np.abs(a).max() <= 1.0
        assert b.min() >= 0.0
