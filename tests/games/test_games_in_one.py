"""Many games as one source: the batches of each are its own, however the chunks come."""

import numpy as np
import pytest
import torch
from tests.games.causal_networks import causal_network, word_tokenizer

import symbolscope as sy
from symbolscope.games.asking import asking
from symbolscope.games.executors import Local
from symbolscope.games.games_in_one import WHOLE_CHUNKS, GamesInOne, one_of


def through(games, number, masks):
    """Values of one of the games, asked as one of many."""
    game = games[number]
    executor = Local()
    with (
        executor.running(GamesInOne(games.__getitem__), batch_size=WHOLE_CHUNKS) as run,
        asking(game, executor=executor, run=one_of(number, run), progress=False) as ask,
    ):
        return ask(masks)


class Counted(torch.nn.Module):
    """Notes how many rows it is given, and answers a little differently with each number, as real kernels do."""

    def __init__(self):
        super().__init__()
        self.rows = []

    def forward(self, x):
        self.rows.append(len(x))
        return x.double().sum(1, keepdim=True) + 1e-12 * len(x) * torch.tensor([[1.0, 2.0]])


@pytest.mark.parametrize("size", [3, 64, 1024])
def test_batches_are_those_of_the_game_alone(monkeypatch, size):
    monkeypatch.setattr("symbolscope.games.fixed_batch._ON_CPU", size)
    networks = [Counted(), Counted()]
    games = [sy.Game(network, np.arange(1.0, 9.0 + i), target=1, score="output") for i, network in enumerate(networks)]
    for number, (network, game) in enumerate(zip(networks, games, strict=True)):
        masks = sy.all_masks(game.n_players)
        network.rows.clear()
        found = through(games, number, masks)
        assert max(network.rows) == min(size, len(masks))
        assert np.array_equal(found, sy.evaluate(game, masks, executor="local"))


def test_rows_that_memory_forbids_are_never_asked_for(monkeypatch):
    network = Counted()
    game = sy.Game(network, np.arange(1.0, 9.0), target=1, score="output")
    monkeypatch.setattr("symbolscope.games.fixed_batch.BATCH_BYTES", 5 * game.source.bytes_per_row)
    network.rows.clear()
    through([game], 0, sy.all_masks(8))
    assert set(network.rows) == {5, 256 % 5}


def test_shared_prefixes_are_shared_by_whole_batches(monkeypatch):
    pytest.importorskip("transformers")
    text = "the film is bad. it was not bad"
    game = sy.Game.from_text(causal_network("gpt2"), word_tokenizer(), text, target=4, prefix_sharing=True)
    masks = sy.all_masks(game.n_players)
    rows = []
    outputs = game.source.prefixes.outputs
    monkeypatch.setattr(game.source.prefixes, "outputs", lambda masks: rows.append(len(masks)) or outputs(masks))
    found = through([game], 0, masks)
    assert max(rows) == min(512, len(masks)) > 64
    assert np.array_equal(found, sy.evaluate(game, masks, executor="local"))
