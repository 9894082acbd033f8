"""Every null once, and the small readings that the laws run it on."""

from functools import cache

import numpy as np
import torch
from torch import nn

import symbolscope as sy
from symbolscope.evidence import nulls

TASK = sy.tasks.MultiObject(max_count=4)
CONJUNCTIONS = sy.tasks.TwoConjunctions()
BRIEF = {"steps": 4, "n_pairs": 40, "n_validation": 20, "check_every": 2, "force": True, "progress": False}


def nudge(network, seed):
    """Stands in for training: some change of the weights that the seed fixes."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))


# A new null is one line here; what it cannot be run on goes below.
NULLS = {
    "permuted-outputs": nulls.PermutedOutputs,
    "random-core": lambda: nulls.RandomCore(steps=2),
    "random-features": nulls.RandomFeatures,
    "random-init": nulls.RandomInit,
    "random-subset": nulls.RandomSubset,
    "shuffled-labels": lambda: nulls.ShuffledLabels(steps=2),
    "wrong-program": nulls.WrongProgram,
}
# With a function of the user's that trains, where only they know the data.
WITH_TRAINING = {
    "random-core": lambda: nulls.RandomCore(nudge),
    "shuffled-labels": lambda: nulls.ShuffledLabels(nudge),
}
UNSUITED = {
    ("random-features", "explained"): "interactions have no features that could be left untrained",
    ("random-features", "decomposed"): "interactions have no features that could be left untrained",
    ("wrong-program", "explained"): "interactions have no program; see the rival bases",
    ("wrong-program", "decomposed"): "interactions have no program; see the rival bases",
    ("random-init", "decomposed"): "the reading is of no network, whose weights cannot be drawn anew",
    ("random-core", "decomposed"): "there is no network whose core could be drawn anew",
    ("shuffled-labels", "decomposed"): "there is no network to be trained again",
    ("random-core", "toy"): "the network has no parameters to train",
    ("shuffled-labels", "toy"): "the network has no parameters to train",
}
NO_DATA = {
    ("random-core", "explained"): "the readout's training data are not known; pass RandomCore(train=...)",
    ("shuffled-labels", "explained"): "the training data are not known; pass ShuffledLabels(train=...)",
}


def _explained():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layers = nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 2)
    network = nn.Sequential(*layers).double()
    with torch.no_grad():
        layers[1].running_mean.fill_(0.3)
        layers[0].weight.mul_(3.0)
    layers[0].bias.requires_grad_(False)
    network.eval()
    layers[4].weight.grad = torch.ones_like(layers[4].weight)
    sample = torch.tensor([1.0, -2.0, 0.5, 1.5], dtype=torch.float64)
    game = sy.Game(network, sample, target=1, score="logit", player_names=["a", "b", "c", "d"])
    return sy.explain(game, progress=False)


def _decomposed():
    return sy.decompose(np.random.default_rng(0).normal(size=16))


def _gru():
    network = sy.networks.GRU(TASK.vocabulary, width=8)
    first = next(network.parameters())
    first.requires_grad_(False)
    first.grad = torch.ones_like(first)
    network.train()
    next(module for module in network.modules() if isinstance(module, nn.GRU)).eval()
    return sy.align(network, sy.programs.UpDown(TASK), TASK, featurizer=sy.featurizers.Linear(size=2), **BRIEF)


def _toy():
    return sy.align(
        sy.networks.Toy1d(TASK), sy.programs.UpDown(TASK), TASK, featurizer=sy.featurizers.Orthogonal(size=1), **BRIEF
    )


def _mlp():
    return sy.align(
        sy.networks.MLP(4, 2, widths=(6,)), sy.programs.AndOrAnd(), CONJUNCTIONS, variable="left",
        featurizer=sy.featurizers.Orthogonal(size=2), site=sy.sites.Output("layers"), **BRIEF,
    )  # fmt: skip


_MAKE = {"explained": _explained, "decomposed": _decomposed, "gru": _gru, "toy": _toy, "mlp": _mlp}
READINGS = list(_MAKE)


@cache
def reading(name):
    """One of the readings, made once."""
    return _MAKE[name]()


def null_for(name, of):
    """The null as it can be run on a reading."""
    return (WITH_TRAINING if (name, of) in NO_DATA else NULLS)[name]()


SUITED = [(name, of) for name in NULLS for of in READINGS if (name, of) not in UNSUITED]


def is_alignment(one):
    return isinstance(one, sy.Alignment)


def weights(module):
    return {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
