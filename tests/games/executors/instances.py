"""Games, chunks and executors for the tests. What workers run is defined inside functions, so that it travels by value."""

import numpy as np
import torch
from torch import nn

import symbolscope as sy

N = 8
BATCH = 16
MASKS = sy.all_masks(N)[:250]  # the last batch is short


def perceptron_game():
    generator = torch.Generator().manual_seed(0)
    network = nn.Sequential(nn.Linear(N, 33), nn.ReLU(), nn.Linear(33, 3))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    return sy.Game(network, torch.randn(N, generator=generator), target=1)


def sequence_game():
    class Reader(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(20, 12)
            self.recurrent = nn.GRU(12, 12, batch_first=True)
            self.head = nn.Linear(12, 2)

        def forward(self, tokens):
            return self.head(self.recurrent(self.embedding(tokens))[0][:, -1])

    network = Reader()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    return sy.Game(network, torch.arange(3, 3 + N), baseline=0, target=0)


def function_game(function=None):
    weights = np.random.default_rng(2).normal(size=N)
    return sy.Game.from_function(function or (lambda masks: np.sin(masks @ weights)), N)


GAMES = {"perceptron": perceptron_game, "sequence": sequence_game, "function": function_game}


def chunks(length=2 * BATCH, order=None):
    """Numbered chunks of MASKS, in an order."""
    count = -(-len(MASKS) // length)
    for number in order or range(count):
        yield number, MASKS[number * length : (number + 1) * length]


def whole(answers, length=2 * BATCH):
    """The values of MASKS, put together; every chunk must have come exactly once."""
    values = np.full(len(MASKS), np.nan)
    seen = []
    for number, part in answers:
        values[number * length : (number + 1) * length] = part
        seen.append(number)
    assert sorted(seen) == list(range(-(-len(MASKS) // length)))
    return values
