"""Features along directions at any angle: oblique projectors."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from symbolscope.featurizers.featurizer import Featurizer
from symbolscope.featurizers.orthonormal import random_orthonormal

# A swap that lengthens differences more than this is one that rounding and small errors of the state would spoil.
_LONGEST = 100.0


class Linear(Featurizer):
    """Any linear features whatever: the swap is an oblique projection.

    features = (V'U)^-1 V'h,   error = h - U features,   inverse = U features + error,   swap(t, s) = t + P (s - t),
    P = U (V'U)^-1 V'.

    U and V [d, r] are free and start as the same orthonormal columns, uniformly drawn. The image of U is where the
    variable is written; the kernel of V' is what a swap leaves alone. P runs over all projectors of rank r, so a variable
    that is linear in the state is carried exactly, also where it is not orthogonal to the rest; V = U orthonormal is
    :class:`Orthogonal`.

    Several variables have consecutive columns of one U and V. Block i is swapped by P_i = U_i [(V'U)^-1 V']_i, and
    P_i P_j = 0: these are the projectors W_i [W^-1]_i of a matrix W in GL(d) whose other columns span the kernel of V',
    all of them, at 2 d r parameters rather than d^2.

    Parameters
    ----------
    size
        Number r of features, or one number per variable.

    Raises
    ------
    SymbolscopeError
        As for :class:`Featurizer`.

    Examples
    --------
    >>> featurizer = Linear(size=2).initialise(5, seed=0)
    >>> featurizer.complexity
    20

    A variable written along (1, 1) next to another along (0, 1): the swap carries the first and leaves the second.

    >>> featurizer = Linear(size=1).initialise(2, seed=0)
    >>> _ = featurizer.load_state_dict({"u": torch.tensor([[1.0], [1.0]]), "v": torch.tensor([[1.0], [0.0]])})
    >>> state = lambda first, second: torch.tensor([[first, first + second]])
    >>> featurizer.swap(state(1.0, 5.0), state(2.0, 7.0)), state(2.0, 5.0)
    (tensor([[2., 7.]], grad_fn=<AddBackward0>), tensor([[2., 7.]]))
    """

    u: nn.Parameter  # U [d, r]
    v: nn.Parameter  # V [d, r]

    @property
    def readers(self) -> Tensor:
        """(V'U)^-1 V' [r, d]: each row reads one feature off a state."""
        self._check_initialised()
        return torch.linalg.solve(self.v.mT @ self.u, self.v.mT)

    def allocate(self, width: int) -> None:
        """Make U and V."""
        self.u = nn.Parameter(torch.zeros(width, self.size))
        self.v = nn.Parameter(torch.zeros(width, self.size))

    def tensor_shapes(self, width: int) -> Iterator[tuple[str, tuple[int, ...]]]:
        return iter((("u", (width, self.size)), ("v", (width, self.size))))

    def start(self, generator: torch.Generator, states: Tensor | None) -> None:
        """Draw orthonormal columns, the same for U and V."""
        Q = random_orthonormal(self.width, self.size, generator)
        self.u.copy_(Q)
        self.v.copy_(Q)

    def forward(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """((V'U)^-1 V'h, h - U features)."""
        self._check_states(states)
        features = states @ self.readers.mT
        return features, states - features @ self.u.mT

    def inverse(self, features: Tensor, error: Tensor) -> Tensor:
        """U features + error."""
        self._check_features(features, error)
        return features @ self.u.mT + error

    def swap(self, target: Tensor, source: Tensor, *, block: int | None = None) -> Tensor:
        """Project obliquely: t + P (s - t), for one block or all; no d x d matrix is made."""
        self._check_pair(target, source)
        part = self._part(block)
        return target + ((source - target) @ self.readers[part].mT) @ self.u[:, part].mT

    def condition(self) -> Tensor:
        """How much each block's swap lengthens a difference, [blocks]: ||P_i||_F / sqrt(r_i).

        At least 1, and 1 only for an orthogonal projection; infinite where the image of P_i meets its kernel. It does not
        depend on the basis chosen for the block, as the condition number of a matrix W would.

        Examples
        --------
        >>> Linear(size=(2, 1)).initialise(4, seed=0).condition().detach().round(decimals=4)
        tensor([1., 1.])
        """
        readers = self.readers
        squares: list[Tensor] = []
        for block, size in enumerate(self.sizes):
            part = self._part(block)
            written = self.u[:, part].mT @ self.u[:, part]  # [r_i, r_i]
            read = readers[part] @ readers[part].mT  # [r_i, r_i]
            squares.append((written * read).sum() / size)
        return torch.stack(squares).sqrt()

    def penalty(self) -> Tensor:
        """Keep the projectors from degenerating: sum over blocks of max(0, log(condition / 100))^2.

        0, with no pull towards the orthogonal, while every swap lengthens differences less than a hundredfold.
        """
        with torch.no_grad():
            if bool((self.condition() <= _LONGEST).all()):
                return self._zero()
        return (self.condition().log() - math.log(_LONGEST)).clamp(min=0.0).square().sum()
