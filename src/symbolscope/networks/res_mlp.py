"""A multilayer perceptron with shortcuts."""

import torch
from torch import Tensor, nn

from symbolscope.core.argument_checks import Seed, WholeNumber
from symbolscope.core.checked_call import takes
from symbolscope.errors import SymbolscopeError


class ResidualLayer(nn.Module):
    """h' = ReLU(W h + b + h)."""

    linear: nn.Linear
    activation: nn.ReLU

    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear, self.activation = nn.Linear(width, width), nn.ReLU()

    def forward(self, states: Tensor) -> Tensor:
        """States [b, width] after the layer."""
        return self.activation(self.linear(states) + states)


class ResMLP(nn.Module):
    """Layers h' = ReLU(W h + b + h) of one width between an input and its logits.

    The first layer, which changes the width, has no shortcut: ReLU(W x + b). Submodules: ``layers`` (so that ``layers.0`` gives
    the first hidden state), ``head``.

    Parameters
    ----------
    n_inputs
        Numbers per input.
    n_outputs
        Numbers per output.
    width
        Units of each hidden layer.
    depth
        Number of hidden layers, of which depth - 1 have a shortcut.
    seed
        Of the first weights.

    Raises
    ------
    SymbolscopeError
        If a size is below 1.

    Source: Ren et al., *Defining and Quantifying the Emergence of Sparse Concepts in DNNs* (2111.06206), section 4, "ResMLP".

    Examples
    --------
    >>> network = ResMLP(8, 2, width=16, depth=4)
    >>> network(torch.zeros(3, 8)).shape, len(network.layers)
    (torch.Size([3, 2]), 4)

    With all weights zero a state passes unchanged:

    >>> with torch.no_grad():
    ...     _ = [parameter.zero_() for layer in network.layers[1:] for parameter in layer.parameters()]
    >>> bool((network.layers[0](torch.ones(1, 8)) == network.layers(torch.ones(1, 8))).all())
    True
    """

    layers: nn.Sequential
    head: nn.Linear

    @takes(
        {
            "n_inputs": WholeNumber(),
            "n_outputs": WholeNumber(),
            "width": WholeNumber(),
            "depth": WholeNumber(),
            "seed": Seed(),
        }
    )
    def __init__(self, n_inputs: int, n_outputs: int, *, width: int = 100, depth: int = 4, seed: int = 0) -> None:
        super().__init__()
        if min(n_inputs, n_outputs, width, depth) < 1:
            raise SymbolscopeError(
                "every size must be at least 1; got "
                f"{n_inputs} inputs, {n_outputs} outputs, width {width} and depth {depth}"
            )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            first = nn.Sequential(nn.Linear(n_inputs, width), nn.ReLU())
            self.layers = nn.Sequential(first, *(ResidualLayer(width) for _ in range(depth - 1)))
            self.head = nn.Linear(width, n_outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits [b, n_outputs] of inputs [b, n_inputs]."""
        return self.head(self.layers(inputs))
