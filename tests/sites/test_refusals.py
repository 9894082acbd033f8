"""What cannot be read or written is refused, and the message says what to type instead."""

import numpy as np
import pytest
import torch
from tests.sites.small_networks import LENGTH, TOKENS, Loop, Recurrent, Transformer, perceptron
from torch import nn

from symbolscope.errors import SymbolscopeError
from symbolscope.sites import CellState, Input, Output, RecurrentState

TEXT = torch.arange(2 * LENGTH).reshape(2, LENGTH) % TOKENS


@pytest.fixture
def network():
    return Recurrent(nn.GRU(4, 5, batch_first=True)).eval()


@pytest.mark.parametrize("site", [RecurrentState("rnm"), Output("rnm"), Input("rnm"), CellState("rnm")])
def test_unknown_path_names_the_nearest(network, site):
    with pytest.raises(SymbolscopeError, match=r"Recurrent has no module 'rnm'; the nearest are 'rnn'"):
        site.read(network, TEXT, 0)
    with pytest.raises(SymbolscopeError, match=r"no module 'rnm'"):
        site.run(network, TEXT, 0, torch.zeros(2, 5))
    with pytest.raises(SymbolscopeError, match=r"no module 'rnm'"):
        site.continuation(network, TEXT, 0)


def test_unknown_path_with_nothing_near_lists_modules(network):
    with pytest.raises(SymbolscopeError, match=r"no module 'zzz'; it has 'embedding', 'rnn', 'head'"):
        RecurrentState("zzz").read(network, TEXT, 0)
    with pytest.raises(SymbolscopeError, match=r"no submodules; the network itself is ''"):
        Output("zzz").read(nn.Linear(2, 2), torch.zeros(3, 2))


def test_modules_without_recurrent_state(network):
    with pytest.raises(
        SymbolscopeError, match=r"Linear 'head' has no recurrent state; .*this network has RecurrentState\('rnn'\)"
    ):
        RecurrentState("head").read(network, TEXT, 0)
    with pytest.raises(SymbolscopeError, match=r"this network has CellState\('cell'\)"):
        RecurrentState("cell").read(Loop(nn.GRUCell(4, 5)), TEXT, 0)
    with pytest.raises(SymbolscopeError, match=r"GRU 'rnn' is no recurrent cell; .* has RecurrentState\('rnn'\)"):
        CellState("rnn").read(network, TEXT, 0)
    with pytest.raises(SymbolscopeError, match="has none: use Output or Input"):
        RecurrentState("head").read(Transformer(), TEXT, 0)
    with pytest.raises(SymbolscopeError, match="has none: use Output or Input"):
        CellState("head").read(Transformer(), TEXT, 0)


def test_bidirectional(network):
    network.rnn = nn.GRU(4, 5, bidirectional=True)
    with pytest.raises(SymbolscopeError, match="bidirectional: its later outputs do not follow"):
        RecurrentState().read(network, TEXT, 0)


def test_dropout_between_layers():
    network = Recurrent(nn.GRU(4, 5, 2, dropout=0.5))
    with pytest.raises(SymbolscopeError, match=r"training mode; type network.eval\(\) first"):
        RecurrentState().read(network, TEXT, 0)
    assert RecurrentState().read(network.eval(), TEXT, 0).shape == (2, 10)


@pytest.mark.parametrize("layer", [-1, 1])
def test_layers_that_do_not_exist(network, layer):
    with pytest.raises(SymbolscopeError, match=rf"GRU 'rnn' has layers 0..0; got layer={layer}"):
        RecurrentState(layer=layer).read(network, TEXT, 0)


@pytest.mark.parametrize(
    ("network", "site"),
    [
        (Recurrent(nn.GRU(4, 5)), RecurrentState()),
        (Loop(nn.LSTMCell(4, 5)), CellState()),
        (Transformer(), Output("blocks.0")),
        (Transformer(), Input("blocks.0")),
    ],
    ids=repr,
)
def test_steps(network, site):
    for wrong, message in [
        (torch.tensor([0.0, 1.0]), r"steps must have dtype int64; got torch.float32. Type steps.to\(torch.int64\)"),
        (torch.tensor([0, 1], dtype=torch.int32), "dtype int64; got torch.int32"),
        (torch.tensor([0]), r"one step per example \(2\); got shape \(1,\)"),
        (torch.tensor([[0, 1]]), r"got shape \(1, 2\)"),
        (np.array([0, 1, 2]), r"got shape \(3,\)"),
        (torch.tensor([0, -1]), r"count from 0, the first position; rows \[1\] have steps \[-1\]"),
        (-1, r"count from 0, the first position; rows \[0, 1\] have steps \[-1, -1\]"),
        (torch.tensor([6, 7]), r"steps must be 0..6: .* 7 positions; rows \[1\] have steps \[7\]"),
        (LENGTH, r"steps must be 0..6: .* rows \[0, 1\] have steps \[7, 7\]"),
        (None, "give steps, an int or int64"),
    ]:
        with pytest.raises(SymbolscopeError, match=message):
            site.read(network, TEXT, wrong)
        with pytest.raises(SymbolscopeError, match=message):
            site.continuation(network, TEXT, wrong)


def test_steps_past_the_end_of_a_packed_sequence():
    network = Recurrent(nn.GRU(4, 5), packed=True)
    text = torch.zeros(3, LENGTH, dtype=torch.int64)  # lengths 7, 6, 5
    with pytest.raises(
        SymbolscopeError, match=r"within each example's length: .*rows \[2\] have steps \[5\]; lengths \[5\]"
    ):
        RecurrentState().read(network, text, 5)


def test_many_wrong_rows_are_not_all_listed(network):
    with pytest.raises(SymbolscopeError, match=r"rows \[0, 1, 2, 3, 4\] and 3 more have steps \[9, 9, 9, 9, 9\]"):
        RecurrentState().read(network, TEXT.repeat(4, 1), 9)


def test_steps_where_there_is_no_position():
    network, x = perceptron(), torch.zeros(2, 4)
    with pytest.raises(
        SymbolscopeError, match=r"the output of ReLU '1' is \[2, 8\] and has no position axis; give steps=None"
    ):
        Output("1").read(network, x, 0)
    with pytest.raises(SymbolscopeError, match=r"the input of Linear '2' is \[2, 8\] and has no position axis"):
        Input("2").read(network, x, torch.tensor([0, 0]))


@pytest.mark.parametrize(
    ("network", "site", "width"),
    [
        (Recurrent(nn.LSTM(4, 5)), RecurrentState(), 10),
        (Recurrent(nn.LSTM(4, 5, 2)), RecurrentState(layer=1), 10),
        (Loop(nn.GRUCell(4, 5)), CellState(), 5),
        (Transformer(), Output("blocks.0"), 5),
        (Transformer(), Input("blocks.0"), 5),
    ],
    ids=repr,
)
def test_states(network, site, width):
    for wrong, given in [
        (torch.zeros(2, width + 1), rf"float32 \[2, {width + 1}\]"),
        (torch.zeros(1, width), rf"float32 \[1, {width}\]"),
        (torch.zeros(width), rf"float32 \[{width}\]"),
        (torch.zeros(2, width, dtype=torch.int64), rf"int64 \[2, {width}\]"),
    ]:
        with pytest.raises(
            SymbolscopeError, match=rf"states must be floating-point \[b, d\] = \[2, {width}\].*got {given}"
        ):
            site.run(network, TEXT, 0, wrong)
    continuation = site.continuation(network, TEXT, 0)
    with pytest.raises(SymbolscopeError, match=rf"= \[1, {width}\].*got float32 \[1, {width + 2}\]"):
        continuation.logits(torch.tensor([1]), torch.zeros(1, width + 2))


def test_states_of_a_hidden_layer():
    with pytest.raises(SymbolscopeError, match=r"= \[2, 8\].* for the output of ReLU '1'; got float32 \[2, 7\]"):
        Output("1").run(perceptron(), torch.zeros(2, 4), None, torch.zeros(2, 7))


class Odd(nn.Module):
    """Modules that are called twice, not at all, or in unusual ways."""

    def __init__(self):
        super().__init__()
        self.shared = nn.Linear(4, 4)
        self.rnn = nn.GRU(4, 4, batch_first=True)
        self.cell = nn.GRUCell(4, 4)
        self.idle = nn.GRU(4, 4)
        self.idle_cell = nn.GRUCell(4, 4)
        self.table = nn.Embedding(3, 4)
        self.named = Named()
        self.flat = nn.Flatten(0, 1)
        self.image = nn.Unflatten(2, (2, 2))

    def forward(self, x):
        self.table(torch.zeros(len(x), 7, dtype=torch.int64))
        self.flat(x)
        self.image(x)
        self.cell(x[0, 0])
        self.named(scale=2.0, h=x)
        h = self.shared(self.shared(x))
        return self.rnn(self.rnn(h)[0])[0]


class Named(nn.Module):
    def forward(self, h=None, scale=1.0):
        return {"out": h}


X = torch.randn(2, 7, 4, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    "site", [RecurrentState("idle"), CellState("idle_cell"), Output("idle_cell"), Input("idle_cell")]
)
def test_never_called(site):
    with pytest.raises(SymbolscopeError, match="is never called in the forward pass on these inputs"):
        site.read(Odd(), X, 0)


def test_cell_called_too_seldom():
    with pytest.raises(SymbolscopeError, match=r"GRUCell 'cell', called 7 times,.*rows \[1\] have steps \[8\]"):
        CellState().run(Loop(nn.GRUCell(4, 5)), TEXT, torch.tensor([6, 8]), torch.zeros(2, 5))


def test_cell_called_on_something_else_than_the_batch():
    with pytest.raises(SymbolscopeError, match=r"GRUCell 'cell' must return one row per example, \[2, d\]; got \[4\]"):
        CellState("cell").read(Odd(), X, 0)


@pytest.mark.parametrize("kind", [RecurrentState, Output, Input])
def test_called_several_times(kind):
    network = Odd()
    path = "rnn" if kind is RecurrentState else "shared"
    with pytest.raises(SymbolscopeError, match=f"'{path}' is called more than once .* call=0 is the first"):
        kind(path).read(network, X, 0)
    first, second = (kind(path, call=call).read(network, X, 3) for call in (0, 1))
    assert not torch.equal(first, second)
    if kind is Input:
        assert torch.equal(first, X[:, 3])
    with pytest.raises(SymbolscopeError, match=f"'{path}' is called 2 times in one forward pass; got call=2"):
        kind(path, call=2).read(network, X, 0)


def test_only_the_call_that_is_meant_is_written():
    network = Odd().eval()
    for call in (0, 1):
        site = Output("shared", call=call)
        written = site.run(network, X, 3, torch.zeros(2, 4))
        x = network.shared(X).clone()
        if call == 0:
            x[:, 3] = 0
        x = network.shared(x).clone()
        if call == 1:
            x[:, 3] = 0
        torch.testing.assert_close(written, network.rnn(network.rnn(x)[0])[0], rtol=0, atol=1e-6)


def test_output_of_a_recurrent_layer_is_not_its_state(network):
    with pytest.raises(SymbolscopeError, match=r"leave all later steps as they were. Use RecurrentState\('rnn'\)"):
        Output("rnn").read(network, TEXT, 0)


def test_outputs_and_inputs_without_states():
    network = Odd()
    with pytest.raises(SymbolscopeError, match=r"Named 'named' returns dict; expected a tensor, or a tuple"):
        Output("named").read(network, X, 0)
    with pytest.raises(SymbolscopeError, match=r"the input of Embedding 'table' holds int64, not states"):
        Input("table").read(network, X, 0)
    with pytest.raises(
        SymbolscopeError, match=r"is \[14, 4\] where the inputs have 2 rows; expected one row per example"
    ):
        Output("flat").read(network, X, None)
    with pytest.raises(SymbolscopeError, match=r"is \[2, 7, 2, 2\]; expected \[b, L, d\] with steps, or \[b, d\]"):
        Output("image").read(network, X, 0)


def test_input_by_name():
    assert torch.equal(Input("named").read(Odd(), X, 2), X[:, 2])

    class Caller(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = Inner()

        def forward(self, x):
            return self.inner(scale=3.0, h=x)

    class Inner(nn.Module):
        def forward(self, h, scale):
            return scale * h

    assert torch.equal(Input("inner").run(Caller(), X, 2, torch.zeros(2, 4))[:, 2], torch.zeros(2, 4))

    class Silent(Caller):
        def forward(self, x):
            self.inner.forward = lambda h=None, scale=1.0: x
            return self.inner(scale=2.0)

    with pytest.raises(SymbolscopeError, match=r"is given no tensor to read or write: .* or 'h'; got scale="):
        Input("inner").read(Silent(), X, 2)


def test_inputs():
    with pytest.raises(SymbolscopeError, match=r"'x' has 2, 'mask' has 1; expand 'mask' first"):
        Output("").read(nn.Linear(4, 4), {"x": X, "mask": torch.ones(1, 7)}, 0)
    with pytest.raises(
        SymbolscopeError, match=r"one example per row, or a dict of such tensors; got a dict of 'flag': bool"
    ):
        Output("").read(nn.Linear(4, 4), {"flag": True}, 0)
    with pytest.raises(SymbolscopeError, match="at least one example"):
        Output("").read(nn.Linear(4, 4), X[:0], 0)


def test_sequence_first_networks():
    with pytest.raises(
        SymbolscopeError, match=r"inputs have 3 rows but the network \(GRU\) sees 5 examples \(batch_first=False\)"
    ):
        RecurrentState("").read(nn.GRU(4, 6), torch.zeros(3, 5, 4), 0)
    with pytest.raises(SymbolscopeError, match=r"given unbatched input \[7, 4\]"):
        RecurrentState("").read(nn.GRU(4, 6), torch.zeros(7, 4), 0)
    layer = nn.TransformerEncoderLayer(4, 1, 8)
    with pytest.raises(SymbolscopeError, match=r"is \[3, 5, 4\] where the inputs have 3 rows"):
        Output("").read(layer, torch.zeros(3, 5, 4), 0)


def test_network_outputs_that_are_no_logits():
    class Strange(nn.Module):
        def __init__(self, answer):
            super().__init__()
            self.layer = nn.Linear(4, 4)
            self.answer = answer

        def forward(self, x):
            self.layer(x)
            return self.answer

    with pytest.raises(SymbolscopeError, match=r"the network returned str; expected a tensor \[b, L, V\] or \[b, V\]"):
        Output("layer").continuation(Strange("yes"), X, 0)
    with pytest.raises(SymbolscopeError, match=r"2 examples gave \(3, 7, 4\)"):
        Output("layer").continuation(Strange(torch.zeros(3, 7, 4)), X, 0)
