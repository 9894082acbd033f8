"""Features of a reversible network: a map rich enough to align almost anything, and to be distrusted for it."""

import math
from collections.abc import Iterator
from typing import cast

import torch
from torch import Tensor, nn

from symbolscope.core.argument_checks import WholeNumber
from symbolscope.core.checked_call import takes
from symbolscope.errors import SymbolscopeError
from symbolscope.featurizers.featurizer import Featurizer, Size


class RevNet(Featurizer):
    """Additive coupling blocks: non-linear, and inverted exactly.

    y1 = x1 + F(x2),   y2 = x2 + G(y1)          per block; (x1, x2) are the halves of the state
    x2 = y2 - G(y1),   x1 = y1 - F(x2)          its inverse

    F and G are networks d/2 -> hidden -> d/2 with one ReLU layer. features = y[:r] after the last block, error = y[r:].
    Without a limit on the map any program can be aligned with almost any network, so an accuracy reached with this
    featurizer means nothing without that of the same search on a null network.

    Parameters
    ----------
    size
        Number r of features, or one number per variable.
    blocks
        Number of coupling blocks.
    hidden
        Width of the hidden layers of F and G.

    Raises
    ------
    SymbolscopeError
        If the width is odd, or blocks or hidden is below 1; otherwise as for :class:`Featurizer`.

    Source: Sutter et al., *The Non-Linear Representation Dilemma* (2507.08802); weights start as torch's Linear layers do.

    Examples
    --------
    >>> featurizer = RevNet(size=2, blocks=1, hidden=16).initialise(4, seed=0)
    >>> featurizer.complexity           # F and G: 2 x 16 + 16 and 16 x 2 + 2 each
    164
    >>> states = torch.ones(3, 4)
    >>> torch.allclose(featurizer.inverse(*featurizer(states)), states, atol=1e-6)
    True
    """

    couplings: nn.ModuleList

    @takes({"blocks": WholeNumber(most=1_000), "hidden": WholeNumber(most=1_000_000)})
    def __init__(self, size: Size, *, blocks: int = 3, hidden: int = 64) -> None:
        super().__init__(size)
        if blocks < 1 or hidden < 1:
            raise SymbolscopeError(f"blocks and hidden must be at least 1; got blocks={blocks}, hidden={hidden}")
        self.blocks = blocks
        self.hidden = hidden

    def allocate(self, width: int) -> None:
        """Make the blocks; an odd width is refused."""
        if width % 2:
            raise SymbolscopeError(
                f"{type(self).__name__} couples the two halves of a state, so the width must be even; got {width}"
            )
        self.couplings = nn.ModuleList(Coupling(width // 2, self.hidden) for _ in range(self.blocks))

    def tensor_shapes(self, width: int) -> Iterator[tuple[str, tuple[int, ...]]]:
        half = width // 2
        for block in range(self.blocks):
            for part in ("F", "G"):
                for layer, shape in (("0", (self.hidden, half)), ("2", (half, self.hidden))):
                    yield f"couplings.{block}.{part}.{layer}.weight", shape
                    yield f"couplings.{block}.{part}.{layer}.bias", shape[:1]

    def start(self, generator: torch.Generator, states: Tensor | None) -> None:
        """Draw weights and biases uniformly within 1 / sqrt(inputs)."""
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                bound = 1.0 / math.sqrt(layer.in_features)
                for parameter in (layer.weight, layer.bias):
                    drawn = torch.rand(
                        parameter.shape, generator=generator, dtype=torch.float64, device=generator.device
                    )
                    parameter.copy_((2.0 * drawn - 1.0) * bound)

    def forward(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """Split y, the halves after the last block."""
        self._check_states(states)
        halves = states.chunk(2, dim=-1)
        for coupling in self.couplings:
            halves = cast("Coupling", coupling)(*halves)
        y = torch.cat(halves, dim=-1)
        return y[..., : self.size], y[..., self.size :]

    def inverse(self, features: Tensor, error: Tensor) -> Tensor:
        """Undo the blocks, the last one first."""
        self._check_features(features, error)
        halves = torch.cat([features, error], dim=-1).chunk(2, dim=-1)
        for coupling in reversed(list(self.couplings)):
            halves = cast("Coupling", coupling).inverse(*halves)
        return torch.cat(halves, dim=-1)


class Coupling(nn.Module):
    """One block of a :class:`RevNet`, on the halves of states [..., d/2]."""

    def __init__(self, half: int, hidden: int) -> None:
        super().__init__()
        self.F = _two_layers(half, hidden)
        self.G = _two_layers(half, hidden)

    def forward(self, x1: Tensor, x2: Tensor) -> tuple[Tensor, Tensor]:
        """y1 = x1 + F(x2), y2 = x2 + G(y1)."""
        y1 = x1 + self.F(x2)
        return y1, x2 + self.G(y1)

    def inverse(self, y1: Tensor, y2: Tensor) -> tuple[Tensor, Tensor]:
        """x2 = y2 - G(y1), x1 = y1 - F(x2)."""
        x2 = y2 - self.G(y1)
        return y1 - self.F(x2), x2


def _two_layers(half: int, hidden: int) -> nn.Sequential:
    # Left unfilled: torch would draw from the global random state.
    first = nn.utils.skip_init(nn.Linear, half, hidden)
    second = nn.utils.skip_init(nn.Linear, hidden, half)
    return nn.Sequential(first, nn.ReLU(), second)
