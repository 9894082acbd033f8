"""Continuations: lengths, wanted outputs, concatenation."""

import pytest
import torch
from tests.sites.small_networks import LENGTH, TOKENS, Loop, Transformer, perceptron
from torch import nn

from symbolscope.errors import SymbolscopeError
from symbolscope.sites import CellState, Continuation, Output


def tokens(n, seed, length=LENGTH):
    return torch.randint(TOKENS, (n, length), generator=torch.Generator().manual_seed(seed))


def states(n, seed, width=5):
    return torch.randn(n, width, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Transformer()


STEPS = torch.tensor([0, 2, 4, 1])
ROWS = torch.tensor([3, 1, 1])


def test_lengths_trim_the_outputs(network):
    text, lengths = tokens(4, 0), torch.tensor([7, 3, 6, 4])
    whole = Output("blocks.0").continuation(network, text, STEPS)
    trimmed = Output("blocks.0").continuation(network, text, STEPS, lengths=lengths)
    assert whole.remaining.tolist() == [7, 5, 3, 6]
    assert trimmed.remaining.tolist() == [7, 1, 2, 3]
    long, short = (c.logits(ROWS, states(3, 1)) for c in (whole, trimmed))
    assert short.shape == (3, 3, TOKENS)
    assert torch.equal(short[0], long[0, :3])
    assert torch.equal(short[1:, 0], long[1:, 0])


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        (torch.tensor([7, 2, 6, 4]), r"step < length <= 7.*row 1 has step 2 and length 2"),
        (torch.tensor([8, 3, 6, 4]), r"row 0 has step 0 and length 8"),
        (torch.tensor([7, 3, 6]), r"lengths must be int64 \[b\], one per example \(4\); got int64 \[3\]"),
        (torch.tensor([7.0, 3, 6, 4]), r"got float32 \[4\]"),
    ],
)
def test_wrong_lengths(network, lengths, message):
    with pytest.raises(SymbolscopeError, match=message):
        Output("blocks.0").continuation(network, tokens(4, 0), STEPS, lengths=lengths)


def test_wanted_outputs_only(network):
    continuation = Output("blocks.0").continuation(network, tokens(4, 2), STEPS)
    where = torch.zeros(3, 10, dtype=torch.bool)  # wider than there are outputs
    where[0, 1] = where[0, 5] = where[2, 4] = True
    written = states(3, 3)
    wanted = continuation.logits_at(ROWS, written, where)
    assert torch.equal(wanted, continuation.logits(ROWS, written)[torch.tensor([0, 0, 2]), torch.tensor([1, 5, 4])])
    assert continuation.logits_at(ROWS, written, torch.zeros(3, 4, dtype=torch.bool)).shape == (0, TOKENS)
    where[1, 5] = True
    with pytest.raises(SymbolscopeError, match=r"where\[1, 5\] is True, but input 1 has 5 outputs from its step on"):
        continuation.logits_at(ROWS, written, where)
    for wrong in (where[:2], where.long(), where[0]):
        with pytest.raises(SymbolscopeError, match=r"where must be bool \[r, S\] with one row per row \(3\)"):
            continuation.logits_at(ROWS, written, wrong)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (torch.tensor([0, 4]), r"rows must be 0..3, one of the 4 inputs; got 0..4"),
        (torch.tensor([-1, 0]), r"got -1..0"),
        (torch.tensor([0.0, 1.0]), r"rows must be int64 \[r\] with r >= 1; got float32 \[2\]"),
        (torch.tensor([[0, 1]]), r"got int64 \[1, 2\]"),
        (torch.tensor([], dtype=torch.int64), r"got int64 \[0\]"),
    ],
)
def test_wrong_rows(network, rows, message):
    continuation = Output("blocks.0").continuation(network, tokens(4, 0), STEPS)
    with pytest.raises(SymbolscopeError, match=message):
        continuation.logits(rows, states(2, 0))


@pytest.mark.parametrize("lengths", [(LENGTH, LENGTH, LENGTH), (LENGTH, LENGTH - 2, LENGTH)])
def test_concatenation_answers_like_its_parts(network, lengths):
    site = Output("blocks.0")
    parts = [
        site.continuation(network, tokens(n, n, length), torch.arange(n))
        for n, length in zip((3, 2, 4), lengths, strict=True)
    ]
    together = Continuation.concatenate(parts)
    assert len(together) == 9
    assert torch.equal(together.states, torch.cat([part.states for part in parts]))
    rows = torch.tensor([8, 0, 4, 4, 2, 3])
    written = states(6, 5).requires_grad_()
    answers = together.logits(rows, written)
    for i, (part, row) in enumerate([(2, 3), (0, 0), (1, 1), (1, 1), (0, 2), (1, 0)]):
        alone = parts[part].logits(torch.tensor([row]), written[i : i + 1])[0]
        torch.testing.assert_close(answers[i, : len(alone)], alone, rtol=0, atol=1e-6)
    assert (torch.autograd.grad(answers.sum(), written)[0] != 0).any(dim=1).all()
    where = torch.arange(answers.shape[1]) < together.remaining[rows][:, None]
    torch.testing.assert_close(together.logits_at(rows, written, where), answers[where], rtol=0, atol=1e-6)


def test_concatenation_of_named_inputs():
    class Named(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = Transformer()

        def forward(self, text, shift, scale=1.0):
            return self.body(text) * scale + shift

    network, site = Named(), Output("body.blocks.0")

    def part(n, scale):
        return site.continuation(network, {"text": tokens(n, n), "shift": torch.ones(n, 1, 1), "scale": scale}, 2)

    same = Continuation.concatenate([part(3, 2.0), part(2, 2.0)])
    other = Continuation.concatenate([part(3, 2.0), part(2, 3.0)])
    rows, written = torch.tensor([4, 1]), states(2, 6)
    assert type(same) is not type(other)  # the second cannot go through the network in one pass
    torch.testing.assert_close(same.logits(rows, written)[1], other.logits(rows, written)[1], rtol=0, atol=1e-6)
    assert not torch.allclose(same.logits(rows, written)[0], other.logits(rows, written)[0])


def test_concatenation_of_one_or_none_or_others(network):
    one = Output("blocks.0").continuation(network, tokens(4, 0), STEPS)
    assert Continuation.concatenate([one]) is one
    with pytest.raises(SymbolscopeError, match="at least one continuation"):
        Continuation.concatenate([])
    wide = Output("1").continuation(perceptron(), torch.zeros(2, 4), None)
    with pytest.raises(SymbolscopeError, match=r"states of one width; got \[5, 8\]"):
        Continuation.concatenate([one, wide])


def test_one_output_per_example():
    class Classifier(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = Loop(nn.GRUCell(4, 5))

        def forward(self, text):
            return self.body(text)[:, -1]

    with torch.random.fork_rng():
        torch.manual_seed(1)
        network = Classifier()
    text = tokens(4, 7)
    continuation = CellState("body.cell").continuation(network, text, STEPS, lengths=torch.full((4,), LENGTH))
    assert continuation.remaining.tolist() == [1, 1, 1, 1]
    logits = continuation.logits(ROWS, states(3, 8))
    expected = CellState("body.cell").run(network, text[ROWS], STEPS[ROWS], states(3, 8))
    assert torch.equal(logits, expected[:, None])


def test_steps_past_the_networks_last_output():
    class Shorter(Transformer):
        def forward(self, text):
            return super().forward(text)[:, :4]

    with pytest.raises(
        SymbolscopeError, match=r"step < length <= 4, the positions of the network's output; row 1 has step 4"
    ):
        Output("blocks.0").continuation(Shorter(), tokens(2, 0), torch.tensor([3, 4]))


def test_many_rows_are_read_in_pieces(network):
    text = tokens(300, 9)
    steps = torch.arange(300) % LENGTH
    continuation = Output("blocks.0").continuation(network, text, steps)
    with torch.no_grad():
        whole = Output("blocks.0").read(network, text, steps)
    torch.testing.assert_close(continuation.states, whole, rtol=0, atol=1e-6)
    assert not continuation.states.requires_grad
