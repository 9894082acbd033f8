"""A row's answer must not depend on the rows beside it: networks that mix them are refused, others are left alone."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from torch import nn

import symbolscope as sy

SAMPLE = torch.tensor([1.0, -2.0, 0.5, 3.0])


def seeded(network):
    torch.manual_seed(2)
    return network().eval()


class Function(nn.Module):
    def __init__(self, function, width=4):
        super().__init__()
        self.head, self.function = nn.Linear(width, 3), function

    def forward(self, rows):
        return self.function(self.head(rows))


class OverTheBatch(nn.Module):
    """[m, 4] taken for a sequence of m steps, as torch reads two axes without a batch."""

    def __init__(self, layer):
        super().__init__()
        self.layer, self.head = layer, nn.Linear(4, 3)

    def forward(self, rows):
        answer = self.layer(rows)
        return self.head(answer[0] if isinstance(answer, tuple) else answer)


MIXING = {
    "running sum": lambda: Function(lambda z: z.cumsum(0)),
    "running sum from the end": lambda: Function(lambda z: z.flip(0).cumsum(0).flip(0)),
    "running maximum": lambda: Function(lambda z: z.cummax(0).values),
    "softmax over the batch": lambda: Function(lambda z: z.softmax(0)),
    "centred by the batch": lambda: Function(lambda z: z - z.mean(0)),
    "scaled by the batch": lambda: Function(lambda z: z / z.abs().max()),
    "the row before": lambda: Function(lambda z: z + 0.1 * z.roll(1, 0)),
    "only the last row": lambda: Function(lambda z: torch.cat([z[:-1], z[-1:] + z[:1]])),
    "GRU over the batch": lambda: OverTheBatch(nn.GRU(4, 4)),
    "two-way RNN over the batch": lambda: OverTheBatch(nn.RNN(4, 2, bidirectional=True)),
    "attention over the batch": lambda: OverTheBatch(nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0)),
    "batch statistics": lambda: nn.Sequential(
        nn.Linear(4, 8), nn.BatchNorm1d(8, track_running_stats=False), nn.Linear(8, 3)
    ),
}


@pytest.mark.parametrize("name", MIXING)
def test_networks_that_mix_rows_are_refused(name):
    network = seeded(MIXING[name])
    with pytest.raises(sy.SymbolscopeError, match="alone and in a batch"):
        sy.Game(network, SAMPLE, target=0, score="output")


def test_the_remedy_is_named():
    for layer, remedy in (
        (nn.LSTM(4, 4), "batch_first=True"),
        (nn.TransformerEncoderLayer(4, 2, 8), "batch_first=True"),
    ):
        with pytest.raises(sy.SymbolscopeError, match=remedy):
            sy.Game(OverTheBatch(layer).eval(), SAMPLE, target=0, score="output")


def test_estimators_and_functions_that_mix_rows_are_refused():
    rows = np.random.default_rng(0).normal(size=(50, 4))
    centred = make_pipeline(FunctionTransformer(lambda x: x - x.mean(0)), LogisticRegression()).fit(
        rows, rows[:, 0] > 0
    )
    for network in (centred, lambda x: np.cumsum(np.asarray(x)[:, 0])):
        with pytest.raises(sy.SymbolscopeError, match="alone and in a batch"):
            sy.Game(network, rows[3], score="auto" if network is centred else "output")


APART = {
    "GRU": lambda: nn.Sequential(nn.Unflatten(1, (4, 1)), nn.GRU(1, 3, batch_first=True), _Last()),
    "batch normalisation": lambda: nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 3)),
    "attention": lambda: nn.Sequential(
        nn.Unflatten(1, (4, 1)), nn.TransformerEncoderLayer(1, 1, 4, batch_first=True), nn.Flatten(), nn.Linear(4, 3)
    ),
    "large offset": lambda: Function(lambda z: z + 1e4),
    "half precision": lambda: nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3)).bfloat16(),
}


class _Last(nn.Module):
    def forward(self, answer):
        return answer[0][:, -1]


@pytest.mark.parametrize("name", APART)
def test_networks_of_separate_rows_give_what_each_row_gives_alone(name):
    network = seeded(APART[name])
    game = sy.Game(network, SAMPLE, target=1, score="output")
    masks = sy.all_masks(4)
    with torch.no_grad():
        dtype = next(network.parameters()).dtype
        alone = [network((SAMPLE * torch.tensor(mask))[None].to(dtype))[0, 1].double().item() for mask in masks]
    order = np.random.default_rng(1).permutation(16)
    tolerance = 3e-2 if dtype is torch.bfloat16 else 1e-5
    np.testing.assert_allclose(game(masks), alone, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(game(masks[order]), np.array(alone)[order], rtol=tolerance, atol=tolerance)


@pytest.mark.filterwarnings("ignore:torch.ao.quantization is deprecated", "ignore:torch.quantize_per_tensor")
def test_networks_quantised_by_the_range_of_a_batch_are_asked_row_by_row():
    plain = seeded(lambda: nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)))
    network = torch.ao.quantization.quantize_dynamic(plain, {nn.Linear}, dtype=torch.qint8)
    sample = SAMPLE * torch.tensor([1.0, 1.0, 40.0, 1.0])  # one mask sets the range of all others
    masks = sy.all_masks(4)
    with torch.no_grad():
        alone = [network((sample * torch.tensor(mask))[None])[0, 1].item() for mask in masks]
    np.testing.assert_allclose(sy.Game(network, sample, target=1, score="output")(masks), alone, atol=1e-6)


def test_a_network_that_remembers_is_refused():
    class Remembers(nn.Module):
        def __init__(self):
            super().__init__()
            self.head, self.calls = nn.Linear(4, 3), 0

        def forward(self, rows):
            self.calls += 1
            return self.head(rows) + 0.1 * self.calls

    with pytest.raises(sy.SymbolscopeError, match="change between two equal calls"):
        sy.Game(seeded(Remembers), SAMPLE, target=0)
