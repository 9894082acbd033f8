"""The state of a recurrent network of this package: resumed, not run again."""

import pytest
import torch
from tests.sites.small_networks import LENGTH, TOKENS, VOCABULARY, Recurrent
from torch import nn

from symbolscope.errors import SymbolscopeError
from symbolscope.networks import GRU, LSTM
from symbolscope.sites import Continuation, NetworkState, RecurrentState, Site

TEXT = torch.randint(TOKENS, (6, LENGTH), generator=torch.Generator().manual_seed(0))
STEPS = torch.tensor([0, 6, 3, 5, 1, 2])
LENGTHS = torch.tensor([7, 7, 5, 6, 3, 4])
ROWS = torch.tensor([4, 0, 1, 2, 2])


@pytest.fixture(params=[(GRU, False), (GRU, True), (LSTM, False), (LSTM, True)], ids=str)
def network(request):
    kind, trainable = request.param
    return kind(VOCABULARY, width=6, seed=2).requires_grad_(trainable)


def states(n, seed=1):
    return torch.randn(n, 6, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("lengths", [None, LENGTHS])
def test_agrees_with_running_everything_again(network, lengths):
    resumed = NetworkState().continuation(network, TEXT, STEPS, lengths=lengths)
    slow = Site.continuation(NetworkState(), network, TEXT, STEPS, lengths=lengths)
    assert type(resumed) is not type(slow)
    assert torch.equal(resumed.remaining, slow.remaining)
    torch.testing.assert_close(resumed.states, slow.states, rtol=0, atol=1e-6)
    written = states(5).requires_grad_()
    answers, expected = resumed.logits(ROWS, written), slow.logits(ROWS, written)
    assert answers.shape == expected.shape
    counted = torch.arange(answers.shape[1]) < resumed.remaining[ROWS][:, None]
    torch.testing.assert_close(answers[counted], expected[counted], rtol=0, atol=1e-6)
    gradients = [torch.autograd.grad(logits[counted].square().sum(), written)[0] for logits in (answers, expected)]
    torch.testing.assert_close(*gradients, rtol=1e-4, atol=1e-6)


def test_wanted_outputs_only(network):
    resumed = NetworkState().continuation(network, TEXT, STEPS)
    answers = resumed.logits(ROWS, states(5))
    assert answers.shape[1] == LENGTH
    where = torch.zeros(5, 9, dtype=torch.bool)
    for row, column in ((0, 5), (1, 0), (1, 2), (3, 1), (4, 3)):  # nothing of row 2
        where[row, column] = True
    torch.testing.assert_close(resumed.logits_at(ROWS, states(5), where), answers[where[:, :LENGTH]], rtol=0, atol=1e-6)
    assert resumed.logits_at(ROWS, states(5), torch.zeros(5, 2, dtype=torch.bool)).shape == (0, TOKENS)
    where[2, 1] = True
    with pytest.raises(SymbolscopeError, match=r"where\[2, 1\] is True, but input 1 has 1 outputs from its step on"):
        resumed.logits_at(ROWS, states(5), where)


def test_last_step_of_all(network):
    resumed = NetworkState().continuation(network, TEXT, LENGTH - 1)
    answers = resumed.logits(ROWS, states(5))
    torch.testing.assert_close(answers, network.readout(states(5))[:, None], rtol=0, atol=1e-6)


def test_concatenation_is_one_pass(network):
    long = NetworkState().continuation(network, TEXT, STEPS)
    short = NetworkState().continuation(network, TEXT[:3, :4], torch.tensor([3, 2, 1]))
    together = Continuation.concatenate([short, long])
    assert type(together) is type(long)
    assert len(together) == 9
    rows, written = torch.tensor([3, 1, 8]), states(3)
    answers = together.logits(rows, written)
    for i, (part, row) in enumerate([(long, 0), (short, 1), (long, 5)]):
        alone = part.logits(torch.tensor([row]), written[i : i + 1])[0]
        torch.testing.assert_close(answers[i, : len(alone)], alone, rtol=0, atol=1e-6)
    other = NetworkState().continuation(GRU(VOCABULARY, width=6, seed=9), TEXT, STEPS)
    mixed = Continuation.concatenate([long, other])
    assert type(mixed) is not type(long)
    torch.testing.assert_close(
        mixed.logits(torch.tensor([10]), written[:1]), other.logits(torch.tensor([4]), written[:1]), rtol=0, atol=1e-6
    )


def test_wider_states_are_taken_in_the_networks_own_type(network):
    resumed = NetworkState().continuation(network, TEXT, STEPS)
    written = states(5).double().requires_grad_()
    answers = resumed.logits(ROWS, written)
    assert answers.dtype == torch.float32
    assert torch.autograd.grad(answers.sum(), written)[0].dtype == torch.float64


def test_the_layer_inside_is_the_same_state(network):
    inner, own = RecurrentState("rnn"), NetworkState()
    assert torch.equal(inner.read(network, TEXT, STEPS), own.read(network, TEXT, STEPS))
    assert type(inner.continuation(network, TEXT, STEPS)) is type(own.continuation(network, TEXT, STEPS))


def test_refusals(network):
    site = NetworkState()
    assert site.width(network) == RecurrentState("rnn").width(network) == 6
    with pytest.raises(SymbolscopeError, match="Recurrent is no RecurrentNetwork"):
        site.read(Recurrent(nn.GRU(4, 5)), TEXT, 0)
    for wrong, given in [(TEXT.float(), r"float32 \[6, 7\]"), (TEXT[0], r"int64 \[7\]"), ({"tokens": TEXT}, "a dict")]:
        with pytest.raises(SymbolscopeError, match=rf"inputs must be tokens, int64 \[b, L\]; got {given}"):
            site.read(network, wrong, 0)
    with pytest.raises(SymbolscopeError, match="a state after every token; give steps"):
        site.read(network, TEXT)
    with pytest.raises(SymbolscopeError, match=r"steps must be 0..6: .* rows \[1\] have steps \[7\]"):
        site.continuation(network, TEXT, torch.tensor([0, 7, 0, 0, 0, 0]))
    with pytest.raises(SymbolscopeError, match=r"= \[6, 6\].*got float32 \[6, 5\]"):
        site.run(network, TEXT, 0, torch.zeros(6, 5))
    with pytest.raises(SymbolscopeError, match="row 2 has step 3 and length 3"):
        site.continuation(network, TEXT, STEPS, lengths=torch.tensor([7, 7, 3, 6, 3, 4]))
