"""Features along the directions in which the states vary most."""

from collections.abc import Iterator

import torch
from torch import Tensor

from symbolscope.errors import SymbolscopeError
from symbolscope.featurizers.featurizer import Featurizer
from symbolscope.featurizers.orthonormal import swapped_along


class PCA(Featurizer):
    """Principal components of states: fitted at initialisation, nothing is trained.

    features = C'(h - mu),        error = h - mu - C features,        C [d, r] the leading eigenvectors of the covariance.

    A baseline: what a swap of the most variable directions carries without any search.

    Parameters
    ----------
    size
        Number r of components, or one number per variable; the first block has the most variable ones.

    Raises
    ------
    SymbolscopeError
        If it is initialised without states, or with no more states than components; otherwise as for
        :class:`Featurizer`.

    Examples
    --------
    >>> states = torch.tensor([[0.0, 1.0], [2.0, 1.0], [7.0, 1.0]])
    >>> featurizer = PCA(size=1).initialise(2, seed=0, states=states)
    >>> featurizer(states)[0]
    tensor([[-3.],
            [-1.],
            [ 4.]])
    >>> featurizer.complexity
    0
    """

    mean: Tensor  # [d]
    components: Tensor  # [d, r]

    def allocate(self, width: int) -> None:
        """Make the mean and the components."""
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("components", torch.zeros(width, self.size))

    def tensor_shapes(self, width: int) -> Iterator[tuple[str, tuple[int, ...]]]:
        return iter((("mean", (width,)), ("components", (width, self.size))))

    def start(self, generator: torch.Generator, states: Tensor | None) -> None:
        """Fit the mean and the components to the states."""
        if states is None or len(states) <= self.size:
            given = "none" if states is None else str(len(states))
            raise SymbolscopeError(
                f"{self!r} is fitted to states: give more than {self.size} of them; got {given}. "
                "Type featurizer.initialise(width, seed=0, states=states)"
            )
        states = states.double()
        mean = states.mean(dim=0)
        centred = states - mean
        _, vectors = torch.linalg.eigh(centred.mT @ centred)  # ascending
        leading = vectors.flip(-1)[:, : self.size]
        # An eigenvector has no sign of its own: its largest entry is made positive.
        largest = leading.gather(0, leading.abs().argmax(dim=0, keepdim=True))
        self.mean.copy_(mean)
        self.components.copy_(leading * largest.sgn())

    def forward(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """(C'(h - mu), h - mu - C features)."""
        self._check_states(states)
        centred = states - self.mean
        features = centred @ self.components
        return features, centred - features @ self.components.mT

    def inverse(self, features: Tensor, error: Tensor) -> Tensor:
        """Mu + C features + error."""
        self._check_features(features, error)
        return self.mean + features @ self.components.mT + error

    def swap(self, target: Tensor, source: Tensor, *, block: int | None = None) -> Tensor:
        """Project: t + C C'(s - t), with the components of one block or all."""
        self._check_pair(target, source)
        return swapped_along(target, source, self.components[:, self._part(block)])
