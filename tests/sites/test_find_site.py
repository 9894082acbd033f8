"""The default site, and the lists to choose from where there is none."""

import pytest
import torch
from tests.sites.small_networks import TOKENS, VOCABULARY, Loop, Recurrent, Transformer, perceptron
from torch import nn

from symbolscope import networks
from symbolscope.errors import SymbolscopeError
from symbolscope.sites import CellState, NetworkState, Output, RecurrentState, find_site
from symbolscope.tasks import MultiObject


@pytest.mark.parametrize(
    ("network", "site"),
    [
        (networks.GRU(VOCABULARY, width=4), NetworkState()),
        (networks.LSTM(VOCABULARY, width=4), NetworkState()),
        (networks.Toy1d(MultiObject(max_count=3)), NetworkState()),
        (networks.Transformer(VOCABULARY, width=4), Output("blocks.0")),
        (Recurrent(nn.LSTM(4, 5, 2)), RecurrentState("rnn")),
        (nn.Sequential(nn.Embedding(3, 4), nn.Sequential(nn.RNN(4, 4))), RecurrentState("1.0")),
        (nn.GRU(4, 4), RecurrentState("")),
        (Loop(nn.LSTMCell(4, 5)), CellState("cell")),
    ],
    ids=str,
)
def test_the_only_state(network, site):
    assert find_site(network) == site


def test_what_is_found_can_be_used():
    network, text = Recurrent(nn.GRU(4, 5)), torch.zeros(2, 7, dtype=torch.int64) % TOKENS
    assert find_site(network).read(network, text, 3).shape == (2, 5)


def test_several_states_are_listed():
    network = nn.ModuleDict({"encoder": nn.GRU(4, 4), "decoder": nn.LSTM(4, 4), "cell": nn.GRUCell(4, 4)})
    message = r"has 3 recurrent states; choose one: RecurrentState\('encoder'\), RecurrentState\('decoder'\), CellState\('cell'\)"
    with pytest.raises(SymbolscopeError, match=message):
        find_site(network)


def test_bidirectional_layers_do_not_count():
    with pytest.raises(SymbolscopeError, match=r"no recurrent state to be found; choose a site, such as Output\('0'\)"):
        find_site(nn.Sequential(nn.GRU(4, 4, bidirectional=True)))


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (Transformer(), r"choose a site, such as Output\('blocks.0'\), Output\('blocks.1'\)"),
        (perceptron(), r"such as Output\('0'\), Output\('1'\), Output\('2'\), Output\('3'\), Output\('4'\)$"),
        (nn.Bilinear(2, 2, 2), r"Bilinear has no recurrent state to be found; Output\(''\) is what it returns"),
        (nn.ModuleDict({"first": nn.Linear(2, 2)}), r"such as Output\('first'\)"),
        (nn.Sequential(*(nn.ReLU() for _ in range(11))), r"Output\('7'\) and 3 more"),
    ],
    ids=["blocks", "layers", "single", "named", "many"],
)
def test_no_state_lists_outputs(network, message):
    with pytest.raises(SymbolscopeError, match=message):
        find_site(network)
