"""A rotation of which training also learns how many directions are swapped."""

import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from symbolscope.core.argument_checks import Number
from symbolscope.core.checked_call import takes
from symbolscope.core.sequence_checks import ListOf
from symbolscope.errors import SymbolscopeError
from symbolscope.featurizers.featurizer import Featurizer, Size
from symbolscope.featurizers.orthonormal import orthonormalised, random_orthonormal, swapped_along

# The published recipe trains the boundary at ten times the rotation's rate; so does Adam at one rate, through this factor.
_GAIN = 10.0


class Boundless(Featurizer):
    """Rotation Q [d, d] of which the first B directions are swapped, B being learned.

    In training mode with a soft boundary, at temperature T:

        m_j = sigmoid((B - j - 1/2) / T) for j = 0 .. d - 1,      B = d sigmoid(10 beta)
        features = m * Q'h [..., d],   error = (1 - m) * Q'h,   swap(t, s) = t + Q (m * Q'(s - t)).

    In evaluation mode (``featurizer.eval()``) the first ``size`` = round(B), at least 1, directions are swapped and no others,
    as by :class:`Orthogonal`. Training lowers T from the first to the second temperature with its progress, in units of
    directions, and :meth:`penalty` keeps B small.

    Parameters
    ----------
    size
        B at the start; None is half the width, and ``sizes`` is then (0,) until the width is known.
    temperatures
        T at the start and at the end of training.
    weight
        Of the penalty: weight * B / d.

    Attributes
    ----------
    temperature
        T now, a buffer.

    Raises
    ------
    SymbolscopeError
        If a temperature is not positive, the weight is negative, or several sizes are given (one variable only);
        otherwise as for :class:`Featurizer`.

    Source: Wu et al., *Interpretability at Scale: Identifying Causal Mechanisms in Alpaca* (2305.08809). There T falls from 50 to
    0.1 with d = 4096; the start here is for states of some tens of coordinates.

    Examples
    --------
    >>> featurizer = Boundless(size=3).initialise(8, seed=0)
    >>> states = torch.ones(2, 8)
    >>> featurizer(states)[0].shape, featurizer.eval()(states)[0].shape
    (torch.Size([2, 8]), torch.Size([2, 3]))
    >>> featurizer.penalty().detach()      # 3 of 8 directions
    tensor(0.3750)
    >>> featurizer.anneal(1.0)
    >>> featurizer.temperature
    tensor(0.1000)
    """

    free: nn.Parameter  # [d, d]
    beta: nn.Parameter  # []
    temperature: Tensor  # []

    @takes({"temperatures": ListOf(Number(finite=False), "two temperatures"), "weight": Number(finite=False)})
    def __init__(
        self, size: Size | None = None, *, temperatures: Sequence[float] = (2.0, 0.1), weight: float = 1.0
    ) -> None:
        super().__init__(1 if size is None else size)
        self._check_one_block()
        self._half = size is None
        if self._half:
            self._sizes = (0,)
        if len(temperatures) != 2 or not all(0.0 < t < math.inf for t in temperatures):
            raise SymbolscopeError(f"temperatures must be two positive numbers, start and end; got {temperatures!r}")
        if not 0.0 <= weight < math.inf:
            raise SymbolscopeError(f"weight must be a number of at least 0; got {weight}")
        self.temperatures = tuple(temperatures)
        self.weight = weight

    def _given_size(self) -> int | tuple[int, ...] | None:
        return None if self._half else super()._given_size()

    @property
    def sizes(self) -> tuple[int, ...]:
        """The learned number of directions, rounded; in a template the number at the start."""
        if not self.width:
            return self._sizes
        return (min(max(round(self.width * float(self.share().detach())), 1), self.width),)

    def share(self) -> Tensor:
        """B / d, scalar."""
        self._check_initialised()
        return torch.sigmoid(_GAIN * self.beta)

    def allocate(self, width: int) -> None:
        """Make the free matrix, the boundary and the temperature."""
        self.free = nn.Parameter(torch.zeros(width, width))
        self.beta = nn.Parameter(torch.zeros(()))
        self.register_buffer("temperature", torch.tensor(float(self.temperatures[0])))

    def tensor_shapes(self, width: int) -> Iterator[tuple[str, tuple[int, ...]]]:
        return iter((("free", (width, width)), ("beta", ()), ("temperature", ())))

    def start(self, generator: torch.Generator, states: Tensor | None) -> None:
        """Draw a rotation; put the boundary where the size says."""
        self.free.copy_(random_orthonormal(self.width, self.width, generator))
        if not self._half:
            # The sigmoid reaches neither end; an eighth of a direction from it rounds to it.
            share = min(self._sizes[0], self.width - 0.125) / self.width
            self.beta.fill_(math.log(share / (1.0 - share)) / _GAIN)

    def forward(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """(m * Q'h, (1 - m) * Q'h); in evaluation mode Q'h split after its first ``size`` coordinates."""
        self._check_states(states)
        rotated = states @ orthonormalised(self.free)
        if not self.training:
            return rotated[..., : self.size], rotated[..., self.size :]
        mask = self.mask()
        return mask * rotated, (1.0 - mask) * rotated

    def inverse(self, features: Tensor, error: Tensor) -> Tensor:
        """Q (features + error); in evaluation mode Q applied to the two parts put together again."""
        if not self.training:
            self._check_features(features, error)
        else:
            self._check_pair(features, error)  # both are of the state's size, as training softens the boundary
        rotated = features + error if self.training else torch.cat([features, error], dim=-1)
        return rotated @ orthonormalised(self.free).mT

    def swap(self, target: Tensor, source: Tensor, *, block: int | None = None) -> Tensor:
        """T + Q (m * Q'(s - t)); in evaluation mode with the first ``size`` columns alone."""
        self._check_pair(target, source)
        self._part(block)
        Q = orthonormalised(self.free)
        if not self.training:
            return swapped_along(target, source, Q[:, : self.size])
        return target + (((source - target) @ Q) * self.mask()) @ Q.mT

    def mask(self) -> Tensor:
        """Share of each direction that is swapped in training, m [d]."""
        self._check_initialised()
        middles = torch.arange(self.width, dtype=self.beta.dtype, device=self.beta.device) + 0.5
        return torch.sigmoid((self.width * self.share() - middles) / self.temperature)

    def penalty(self) -> Tensor:
        """Weight times the share of the state that is swapped, B / d."""
        return self.weight * self.share()

    @takes({"progress": Number(finite=False)})
    def anneal(self, progress: float) -> None:
        """Set the temperature, linearly from the first to the second."""
        self._check_initialised()
        if not 0.0 <= progress <= 1.0:
            raise SymbolscopeError(f"progress must be a number from 0 to 1; got {progress}")
        first, last = self.temperatures
        self.temperature.fill_(first + (last - first) * progress)
