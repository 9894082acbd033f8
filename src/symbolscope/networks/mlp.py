"""A multilayer perceptron on vectors."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from symbolscope.core.argument_checks import Seed, WholeNumber
from symbolscope.core.checked_call import takes
from symbolscope.core.sequence_checks import ListOf
from symbolscope.errors import SymbolscopeError


class MLP(nn.Module):
    """Linear layers with ReLU between an input and its logits.

    Submodules: ``layers`` (one Linear and ReLU each, so that ``layers.0`` gives the first hidden state), ``head``.

    Parameters
    ----------
    n_inputs
        Numbers per input.
    n_outputs
        Numbers per output.
    widths
        Units of each hidden layer.
    seed
        Of the first weights.

    Raises
    ------
    SymbolscopeError
        If a size is below 1.

    Examples
    --------
    >>> network = MLP(8, 2, widths=(64, 64))
    >>> network(torch.zeros(3, 8)).shape
    torch.Size([3, 2])
    """

    layers: nn.Sequential
    head: nn.Linear

    @takes(
        {
            "n_inputs": WholeNumber(),
            "n_outputs": WholeNumber(),
            "widths": ListOf(WholeNumber(), "widths"),
            "seed": Seed(),
        }
    )
    def __init__(self, n_inputs: int, n_outputs: int, *, widths: Sequence[int] = (64, 64), seed: int = 0) -> None:
        super().__init__()
        sizes = [n_inputs, *widths]
        if min([*sizes, n_outputs]) < 1:
            raise SymbolscopeError(f"every size must be at least 1; got {n_inputs} -> {list(widths)} -> {n_outputs}")
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.layers = nn.Sequential(
                *(nn.Sequential(nn.Linear(one, two), nn.ReLU()) for one, two in pairwise(sizes))
            )
            self.head = nn.Linear(sizes[-1], n_outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits [b, n_outputs] of inputs [b, n_inputs]."""
        return self.head(self.layers(inputs))
