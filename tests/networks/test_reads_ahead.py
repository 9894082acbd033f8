"""Networks whose output at a position depends on later tokens, or on other rows, are refused before any work."""

import pytest
import torch
from torch import nn

import symbolscope as sy
from symbolscope.networks.reads_ahead import check_reads_no_later

TASK = sy.tasks.MultiObject(max_count=3)
V, D = len(TASK.vocabulary), 8


class Reader(nn.Module):
    """An embedding, something along the positions, and a head."""

    def __init__(self, along, width=D):
        super().__init__()
        torch.manual_seed(0)
        self.embedding, self.along, self.head = nn.Embedding(V, D), along(), nn.Linear(width, V)

    def forward(self, tokens):
        return self.head(self.along(self.embedding(tokens)))


class First(nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return self.layer(x)[0]


class Convolution(nn.Module):
    def __init__(self, left, right):
        super().__init__()
        self.layer, self.padding = nn.Conv1d(D, D, 3), (left, right)

    def forward(self, x):
        return self.layer(nn.functional.pad(x.mT, self.padding)).mT


class Attention(nn.Module):
    def __init__(self, causal):
        super().__init__()
        self.layer, self.causal = nn.TransformerEncoderLayer(D, 2, 16, dropout=0.0, batch_first=True), causal

    def forward(self, x):
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1]) if self.causal else None
        return self.layer(x, src_mask=mask, is_causal=self.causal)


class Centred(nn.Module):
    def forward(self, x):
        return x - x.mean(dim=1, keepdim=True)


class Reversed(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.GRU(D, D, batch_first=True)

    def forward(self, x):
        return self.layer(x.flip(1))[0].flip(1)


AHEAD = {
    "bidirectional LSTM": lambda: Reader(
        lambda: First(nn.LSTM(D, D, batch_first=True, bidirectional=True)), width=2 * D
    ),
    "bidirectional GRU": lambda: Reader(lambda: First(nn.GRU(D, 4, batch_first=True, bidirectional=True))),
    "attention without a mask": lambda: Reader(lambda: Attention(causal=False)),
    "convolution that looks one ahead": lambda: Reader(lambda: Convolution(1, 1)),
    "mean over all positions": lambda: Reader(Centred),
    "recurrence from the end": lambda: Reader(Reversed),
}
CAUSAL = {
    "LSTM": lambda: Reader(lambda: First(nn.LSTM(D, D, batch_first=True))),
    "attention with a mask": lambda: Reader(lambda: Attention(causal=True)),
    "convolution of the past": lambda: Reader(lambda: Convolution(2, 0)),
    "positions alone": lambda: Reader(nn.Tanh),
    "own GRU": lambda: sy.networks.GRU(TASK.vocabulary, width=4),
    "own transformer": lambda: sy.networks.Transformer(TASK.vocabulary, width=8),
    "counter": lambda: sy.networks.Toy1d(TASK),
}


@pytest.mark.parametrize("make", AHEAD.values(), ids=AHEAD)
def test_reading_ahead_is_refused_before_any_work(make):
    network = make()
    network.train()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    with pytest.raises(sy.SymbolscopeError, match="reads ahead"):
        sy.train(network, TASK, steps=1, progress=False)
    program = sy.programs.UpDown(TASK)
    with pytest.raises(sy.SymbolscopeError, match="causal"):
        sy.counterfactual_pairs(network, program, TASK, n=5)
    settings = {"featurizer": sy.featurizers.Linear(size=2), "site": sy.sites.Output("along"), "progress": False}
    with pytest.raises(sy.SymbolscopeError, match="reads ahead"):
        sy.align(network, program, TASK, force=True, steps=1, **settings)
    with pytest.raises(sy.SymbolscopeError, match="reads ahead"):
        sy.markov_test(network, TASK, site=sy.sites.Output("along"), n=5)
    assert all(module.training for module in network.modules())
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())


@pytest.mark.parametrize("make", CAUSAL.values(), ids=CAUSAL)
def test_causal_networks_are_not(make):
    check_reads_no_later(make(), TASK)


def test_a_recurrence_over_the_rows_is_refused():
    network = Reader(lambda: First(nn.GRU(D, D)))
    with pytest.raises(sy.SymbolscopeError, match="batch_first=True"):
        check_reads_no_later(network, TASK)
