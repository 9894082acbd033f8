"""Features apart from those already found: what else in the state carries the variable."""

import copy
from typing import Any

import torch
from torch import Tensor

from symbolscope.featurizers.featurizer import Featurizer


class Beyond(Featurizer):
    """A featurizer that may neither read nor write the features of another, which is fixed.

        swap(target, source) = first.swap(inner.swap(target, first.swap(source, target)), target)

    The source is first given the target's features, so that nothing can be read from them, and afterwards they are put back, so
    that nothing is written to them. If a search with this reaches the same accuracy, the variable is there twice, and where it
    is carried is not identified.

    Parameters
    ----------
    first
        A trained featurizer; copied, and never changed.
    inner
        Template of the featurizer that is searched for.

    Raises
    ------
    SymbolscopeError
        As for :class:`Featurizer`.

    Source: Meloux et al., *Everything, Everywhere, All at Once: Is Mechanistic Interpretability Identifiable?* (2502.20914).

    Examples
    --------
    >>> from symbolscope.featurizers.identity import Identity
    >>> first = Identity(size=1).initialise(3, seed=0)
    >>> beyond = Beyond(first, Identity(size=2)).initialise(3, seed=0)
    >>> beyond.swap(torch.zeros(1, 3), torch.ones(1, 3))           # the first coordinate is taken
    tensor([[0., 1., 0.]])
    """

    def __init__(self, first: Featurizer, inner: Featurizer) -> None:
        super().__init__(inner.sizes)
        self.first = copy.deepcopy(first).requires_grad_(False)
        self.inner = inner

    def allocate(self, width: int) -> None:
        """Make the weights of the inner one."""
        self.inner = self.inner.blank(width)

    def start(self, generator: torch.Generator, states: Tensor | None) -> None:
        """Start the inner one."""
        self.inner.start(generator, states)

    def forward(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """Features and error of the inner one."""
        return self.inner(states)

    def inverse(self, features: Tensor, error: Tensor) -> Tensor:
        """Join them as the inner one does."""
        return self.inner.inverse(features, error)

    def swap(self, target: Tensor, source: Tensor, *, block: int | None = None) -> Tensor:
        """Swap what is not the first one's."""
        moved = self.inner.swap(target, self.first.swap(source, target), block=block)
        return self.first.swap(moved, target)

    def penalty(self) -> Tensor:
        """Of the inner one."""
        return self.inner.penalty()

    def anneal(self, progress: float) -> None:
        """The inner one's schedule."""
        self.inner.anneal(progress)

    def configuration(self) -> dict[str, Any]:
        """Both featurizers, as objects: it cannot be written to a file."""
        return {"first": self.first, "inner": self.inner}
