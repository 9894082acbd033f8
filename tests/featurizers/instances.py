"""Small featurizers of every registered kind, on small states, for the laws."""

import itertools
from dataclasses import dataclass

import numpy as np
import torch
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from symbolscope.featurizers import (
    PCA,
    SAE,
    Boundless,
    Identity,
    Linear,
    Onion,
    Orthogonal,
    RandomUnits,
    ReferenceLinear,
    RevNet,
)

# Constructors by kind, with settings small enough for many examples. A new featurizer is one line here.
MAKE = {
    "Boundless": lambda size: Boundless(size, temperatures=(2.0, 0.1)),
    "Identity": Identity,
    "Linear": Linear,
    "Onion": lambda size: Onion(size, symbols=3),
    "Orthogonal": Orthogonal,
    "PCA": PCA,
    "RandomUnits": RandomUnits,
    "ReferenceLinear": ReferenceLinear,
    "RevNet": lambda size: RevNet(size, blocks=2, hidden=8),
    "SAE": lambda size: SAE(size, latents=20, active=3, steps=3),
}
KINDS = sorted(MAKE)
SEVERAL = [kind for kind in KINDS if kind not in {"Boundless", "SAE"}]
# One-to-one between states and (features, error): any features go with any error, and read back as they were.
ONE_TO_ONE = [kind for kind in KINDS if kind not in {"Onion", "SAE"}]
RANDOM = [kind for kind in KINDS if kind not in {"Identity", "PCA"}]
UNTYPED = {"Identity", "RandomUnits"}  # computes nothing, so it has no dtype of its own
TRAINED = [kind for kind in RANDOM if kind != "RandomUnits"]

TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-10}


def examples(width, dtype=torch.float32, n=24):
    return torch.randn(n, width, generator=torch.Generator().manual_seed(99), dtype=torch.float64).to(dtype)


@dataclass
class Instance:
    featurizer: object
    target: torch.Tensor
    source: torch.Tensor

    def __iter__(self):
        return iter((self.featurizer, self.target, self.source))

    def same(self, left, right, *through):
        """Equal to the dtype's tolerance, relative to the largest number around, those on the way ``through`` included."""
        size = 1.0 + max(float(x.detach().abs().max()) for x in (self.target, self.source, *through) if x.numel() > 0)
        return left.shape == right.shape and torch.allclose(left, right, rtol=0.0, atol=TOLERANCE[left.dtype] * size)


def draw_instance(data, kind, *, several=False, full=False, evaluating=None):
    """An initialised featurizer with two batches of states; ``full`` gives it as many features as there are coordinates.

    No strategy makes it: what is checked while a featurizer is made uses ``random``, which hypothesis does not want in one.
    """
    draw = data.draw
    width = draw(st.integers(1, 5)) * 2
    if kind != "RevNet":
        width -= draw(st.integers(0, 1))
    if several and width == 1:
        width = 2
    size = width if full else draw(st.integers(2 if several else 1, width))
    if several:
        cuts = draw(st.sets(st.integers(1, size - 1), min_size=1, max_size=min(3, size - 1)))
        edges = [0, *sorted(cuts), size]
        size = tuple(b - a for a, b in itertools.pairwise(edges))
    dtype = draw(st.sampled_from([torch.float32, torch.float64]))
    fitted = examples(width, dtype)
    featurizer = MAKE[kind](size).initialise(width, seed=draw(st.integers(0, 1000)), states=fitted)
    featurizer.train(draw(st.booleans()) if evaluating is None else not evaluating)
    shape = (*draw(st.lists(st.integers(1, 3), max_size=2)), width)
    numbers = hnp.arrays(np.float64, shape, elements=st.floats(-5, 5))
    target, source = (torch.from_numpy(draw(numbers)).to(dtype) for _ in range(2))
    return Instance(featurizer, target, source)
