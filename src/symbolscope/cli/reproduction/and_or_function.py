"""Functions of real variables made of & and |, and networks that have learned them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from symbolscope.cli.reproduction.kept_weights import kept_weights
from symbolscope.cli.reproduction.settings import Settings
from symbolscope.cli.reproduction.tabular_networks import fit, untrained_network
from symbolscope.networks.mlp import MLP
from symbolscope.networks.res_mlp import ResMLP

N_VARIABLES = 8
_SURE = 0.5  # a conjunct counts as true if all its variables are above


@dataclass(frozen=True)
class AndOrFunction:
    """An OR of ANDs of the literals x_i > 0.

    Attributes
    ----------
    conjuncts
        The variables of each AND.

    Examples
    --------
    >>> function = AndOrFunction(((0, 1), (2, 3)))
    >>> x = torch.tensor([[1.0, 1.0, -1.0, 1.0, 0, 0, 0, 0], [1.0, -1.0, 1.0, -1.0, 0, 0, 0, 0]])
    >>> function(x), function.truth(x[0])
    (tensor([1., 0.]), [(0, 1)])
    >>> str(function)
    'x0 & x1 | x2 & x3'
    """

    conjuncts: tuple[tuple[int, ...], ...]

    def __call__(self, inputs: Tensor) -> Tensor:
        """Class 0 or 1 of inputs [m, n], float32 [m]."""
        true = torch.stack([(inputs[:, list(conjunct)] > 0).all(dim=1) for conjunct in self.conjuncts])
        return true.any(dim=0).float()

    def truth(self, sample: Tensor, *, margin: float = _SURE) -> list[tuple[int, ...]]:
        """The conjuncts that hold on a sample [n] with room to spare: all their variables above 1/2, or another margin."""
        return [conjunct for conjunct in self.conjuncts if bool((sample[list(conjunct)] > margin).all())]

    def __str__(self) -> str:
        return " | ".join(" & ".join(f"x{i}" for i in conjunct) for conjunct in self.conjuncts)


# Five with conjuncts that share no variable, five with conjuncts that do; written before any was tried.
AND_OR_FUNCTIONS = (
    AndOrFunction(((0, 1, 2), (3, 4, 5))),
    AndOrFunction(((0, 1, 2, 3), (4, 5, 6, 7))),
    AndOrFunction(((0, 1), (2, 3), (4, 5, 6))),
    AndOrFunction(((0, 1, 2), (3, 4), (5, 6, 7))),
    AndOrFunction(((0, 2, 4, 6), (1, 3, 5, 7))),
    AndOrFunction(((0, 1, 2), (2, 3, 4))),
    AndOrFunction(((0, 1, 2), (0, 3, 4), (5, 6, 7))),
    AndOrFunction(((0, 1, 2, 3), (3, 4, 5), (6, 7))),
    AndOrFunction(((0, 1), (1, 2), (3, 4, 5))),
    AndOrFunction(((0, 1, 2), (1, 2, 3), (5, 6))),
)

# Drawn at random, and kept because the function itself scores at least 0.97 by the source's rule of truth; no network had a say
# (drawn_functions.py: seed 0, ten of the first 97). Added after the networks had fallen short of the source on those above.
DRAWN_FUNCTIONS = (
    AndOrFunction(((0, 1, 5, 7), (2, 7))),
    AndOrFunction(((0, 3), (2, 3, 4, 5))),
    AndOrFunction(((0, 2, 3, 6), (3, 7))),
    AndOrFunction(((0, 2, 3, 7), (1, 6))),
    AndOrFunction(((2, 3, 4, 7), (5, 6))),
    AndOrFunction(((0, 1, 3, 5), (0, 1, 5, 7), (2, 7))),
    AndOrFunction(((0, 4, 6, 7), (3, 6))),
    AndOrFunction(((0, 2, 3, 5), (4, 5))),
    AndOrFunction(((0, 2, 4, 7), (2, 6))),
    AndOrFunction(((1, 3, 6, 7), (1, 5))),
)
ALL_FUNCTIONS = AND_OR_FUNCTIONS + DRAWN_FUNCTIONS


def and_or_samples(n: int, *, seed: int) -> Tensor:
    """Independent standard Gaussian inputs, float32 [n, 8]."""
    drawn = np.random.default_rng(seed).standard_normal((n, N_VARIABLES))
    return torch.from_numpy(drawn).float()


def and_or_network(
    number: int, architecture: str, *, settings: Settings, weights: Path, seed: int = 0
) -> tuple[MLP | ResMLP, Tensor, dict[str, float]]:
    """A network that has learned one of all the functions, its training inputs, and its accuracy on fresh ones.

    100,000 training samples, 3,000 steps of 512 at a rate of 0.01 in the beginning (batch and rate of the source's published code);
    otherwise as :func:`fit`.
    """
    function = ALL_FUNCTIONS[number]
    inputs = and_or_samples(settings.amount(100_000, 4_000), seed=100 * seed + number)

    def train(network: MLP | ResMLP) -> dict[str, float]:
        fit(
            network, inputs, function(inputs), classes=True, steps=settings.amount(3_000, 40), batch=512, rate=0.01, seed=seed,
        )  # fmt: skip
        fresh = and_or_samples(10_000, seed=1_000_000 + seed)
        truth = function(fresh)
        with torch.no_grad():
            right = float(((network(fresh)[:, 0] > 0) == (truth > 0.5)).float().mean())
        share = float(truth.mean())
        return {"accuracy": right, "majority": max(share, 1.0 - share)}

    network = untrained_network(architecture, N_VARIABLES, width=settings.amount(100, 16), seed=seed)
    trained, said = kept_weights(weights, f"and-or-{number}-{architecture}-{seed}", network, train)
    return trained, inputs, said
