"""Some coordinates of the state, drawn at random: what any units of a network carry."""

from collections.abc import Iterator

import torch
from torch import Tensor

from symbolscope.errors import SymbolscopeError
from symbolscope.featurizers.featurizer import Featurizer


class RandomUnits(Featurizer):
    """As many of the state's own coordinates, drawn without looking.

    features = h[units],   error = h[the others].

    Nothing is trained. A control for features that were searched for: a variable that random units of the same number carry is
    spread over the state.

    Parameters
    ----------
    size
        Number of coordinates, or one number per variable.

    Raises
    ------
    SymbolscopeError
        As for :class:`Featurizer`.

    Source: Filan et al., *Clusterability in neural networks* (2103.03386), which compares clusters of units with random ones.

    Examples
    --------
    >>> units = RandomUnits(size=2).initialise(4, seed=0)
    >>> units.swap(torch.zeros(1, 4), torch.ones(1, 4)).sum()
    tensor(2.)
    >>> units.complexity
    0
    """

    order: Tensor  # int64 [d]
    back: Tensor  # int64 [d]

    def allocate(self, width: int) -> None:
        """Make room for the order of the coordinates."""
        self.register_buffer("order", torch.arange(width))
        self.register_buffer("back", torch.arange(width))

    def tensor_shapes(self, width: int) -> Iterator[tuple[str, tuple[int, ...]]]:
        return iter((("order", (width,)), ("back", (width,))))

    def check_weights(self) -> None:
        counted = torch.arange(self.width, device=self.order.device)
        if not torch.equal(self.order.sort().values, counted) or not torch.equal(self.back, self.order.argsort()):
            raise SymbolscopeError(
                f"order and back of {self!r} are no order of its {self.width} units and the way back"
            )

    def start(self, generator: torch.Generator, states: Tensor | None) -> None:
        """Draw the order."""
        self.order.copy_(torch.randperm(self.width, generator=generator, device=generator.device))
        self.back.copy_(self.order.argsort())

    def forward(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """Split off the drawn coordinates."""
        self._check_states(states)
        ordered = states[..., self.order]
        return ordered[..., : self.size], ordered[..., self.size :]

    def inverse(self, features: Tensor, error: Tensor) -> Tensor:
        """Put the coordinates back where they were."""
        self._check_features(features, error)
        return torch.cat([features, error], dim=-1)[..., self.back]
