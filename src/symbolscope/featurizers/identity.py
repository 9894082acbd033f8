"""The state's own coordinates."""

from collections.abc import Iterator

import torch
from torch import Tensor

from symbolscope.featurizers.featurizer import Featurizer, Size


class Identity(Featurizer):
    """The first coordinates of the state are the features; without a size, the whole state.

    features = h[:r],        error = h[r:].

    Nothing is trained. Swapping the whole state says what an interchange can do at most; swapping coordinates says what
    single units carry.

    Parameters
    ----------
    size
        Number of coordinates, or one number per variable. None is the whole state; ``sizes`` is then (0,) until the
        width is known.

    Raises
    ------
    SymbolscopeError
        As for :class:`Featurizer`.

    Examples
    --------
    >>> whole = Identity().initialise(3, seed=0)
    >>> whole.size, whole.complexity
    (3, 0)
    >>> whole.swap(torch.zeros(1, 3), torch.ones(1, 3))
    tensor([[1., 1., 1.]])
    >>> Identity(size=2).initialise(3, seed=0).swap(torch.zeros(1, 3), torch.ones(1, 3))
    tensor([[1., 1., 0.]])
    """

    def __init__(self, size: Size | None = None) -> None:
        super().__init__(1 if size is None else size)
        self._whole = size is None
        if self._whole:
            self._sizes = (0,)

    def _given_size(self) -> int | tuple[int, ...] | None:
        return None if self._whole else super()._given_size()

    def allocate(self, width: int) -> None:
        """Nothing to make; the whole state has a size now."""
        if self._whole:
            self._sizes = (width,)

    def tensor_shapes(self, width: int) -> Iterator[tuple[str, tuple[int, ...]]]:
        return iter(())

    def forward(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """Split off the first coordinates."""
        self._check_states(states)
        return states[..., : self.size], states[..., self.size :]

    def inverse(self, features: Tensor, error: Tensor) -> Tensor:
        """Put the coordinates together again."""
        self._check_features(features, error)
        return torch.cat([features, error], dim=-1)
