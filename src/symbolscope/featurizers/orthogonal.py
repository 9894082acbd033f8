"""Features along orthonormal directions."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from symbolscope.featurizers.featurizer import Featurizer
from symbolscope.featurizers.orthonormal import orthonormalised, random_orthonormal, swapped_along


class Orthogonal(Featurizer):
    """A rotation of which only the swapped columns exist: distributed alignment search.

    features = Q'h,        error = h - Q Q'h,        swap(t, s) = t + Q Q'(s - t),        Q'Q = I.

    Q [d, r] is the Gram-Schmidt of r d free parameters, which start orthonormal and uniformly drawn. The swap is an
    orthogonal projection, so it is exact only for a variable that is orthogonal to whatever else the state holds; for
    one that is not, see :class:`Linear`.

    Parameters
    ----------
    size
        Number r of directions, or one number per variable; the blocks are orthogonal to one another.

    Raises
    ------
    SymbolscopeError
        As for :class:`Featurizer`.

    Source: Geiger et al., *Finding Alignments Between Interpretable Causal Variables and Distributed Neural Representations*
    (2303.02536).

    Examples
    --------
    >>> featurizer = Orthogonal(size=2).initialise(5, seed=0)
    >>> featurizer.complexity
    10

    Swapping every direction is swapping the state:

    >>> target, source = torch.zeros(1, 3), torch.tensor([[1.0, 2.0, 3.0]])
    >>> torch.allclose(Orthogonal(size=3).initialise(3, seed=0).swap(target, source), source)
    True
    """

    free: nn.Parameter  # [d, r]

    @property
    def columns(self) -> Tensor:
        """Q, orthonormal [d, r]."""
        self._check_initialised()
        return orthonormalised(self.free)

    def allocate(self, width: int) -> None:
        """Make the free matrix."""
        self.free = nn.Parameter(torch.zeros(width, self.size))

    def tensor_shapes(self, width: int) -> Iterator[tuple[str, tuple[int, ...]]]:
        return iter((("free", (width, self.size)),))

    def start(self, generator: torch.Generator, states: Tensor | None) -> None:
        """Draw orthonormal columns."""
        self.free.copy_(random_orthonormal(self.width, self.size, generator))

    def forward(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """(Q'h, h - Q Q'h)."""
        self._check_states(states)
        Q = self.columns
        features = states @ Q
        return features, states - features @ Q.mT

    def inverse(self, features: Tensor, error: Tensor) -> Tensor:
        """Q features + error."""
        self._check_features(features, error)
        return features @ self.columns.mT + error

    def swap(self, target: Tensor, source: Tensor, *, block: int | None = None) -> Tensor:
        """Project: t + Q Q'(s - t), with the columns of one block or all."""
        self._check_pair(target, source)
        return swapped_along(target, source, self.columns[:, self._part(block)])
