"""The linear alignment function of the number-variable paper, kept for comparison."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from symbolscope.core.argument_checks import Number
from symbolscope.core.checked_call import takes
from symbolscope.errors import SymbolscopeError
from symbolscope.featurizers.featurizer import Featurizer, Size

# Standard deviation of the signs' parameters at the start.
_SIGN_SCALE = 0.01


class ReferenceLinear(Featurizer):
    """z = (h + b) X with X = (M M' + lambda I) S: the form that the number-variable code calls linear.

    features = z[:r],        error = z[r:],        S = diag(tanh(a_i) + lambda sign(tanh a_i)).

    It does NOT contain the orthogonal swaps, so its failure says nothing about linear variables. A swap is
    t + (s - t) X D X^-1 with D the projector on the first r coordinates; S commutes with D, so S cancels, as b does, and
    what is left is C D C^-1 with C = M M' + lambda I symmetric and positive. The image and kernel of C D C^-1 are
    orthogonal only if they are spanned by axes. In two dimensions, image (1, x) and kernel (y, 1) are reached only for
    0 <= x y < 1. For all projectors, see :class:`Linear`.

    Parameters
    ----------
    size
        Number r of features, or one number per variable.
    ridge
        lambda.

    Raises
    ------
    SymbolscopeError
        If ridge is not positive; otherwise as for :class:`Featurizer`.

    Source: Grant, Goodman, McClelland, *Emergent Symbol-like Number Variables in Artificial Neural Networks* (2501.06141),
    whose code draws M_ij from N(0, 1/d) and a_i from N(0, 0.01^2), and has lambda = 0.1 and b = 0 at the start.

    Examples
    --------
    >>> featurizer = ReferenceLinear(size=2).initialise(5, seed=0)
    >>> featurizer.complexity           # M, a and b
    35
    >>> states = torch.ones(1, 5)
    >>> torch.allclose(featurizer.inverse(*featurizer(states)), states, atol=1e-5)
    True
    """

    m: nn.Parameter  # M [d, d]
    signs: nn.Parameter  # [d]
    bias: nn.Parameter  # [d]

    @takes({"ridge": Number(finite=False)})
    def __init__(self, size: Size, *, ridge: float = 0.1) -> None:
        super().__init__(size)
        if not 0.0 < ridge < math.inf:
            raise SymbolscopeError(f"ridge must be a positive number, as M M' alone may have no inverse; got {ridge}")
        self.ridge = ridge

    def allocate(self, width: int) -> None:
        """Make M, a and b."""
        self.m = nn.Parameter(torch.zeros(width, width))
        self.signs = nn.Parameter(torch.zeros(width))
        self.bias = nn.Parameter(torch.zeros(width))

    def tensor_shapes(self, width: int) -> Iterator[tuple[str, tuple[int, ...]]]:
        return iter((("m", (width, width)), ("signs", (width,)), ("bias", (width,))))

    def start(self, generator: torch.Generator, states: Tensor | None) -> None:
        """Draw M and a."""
        drawn = torch.randn(
            self.width + 1, self.width, generator=generator, dtype=torch.float64, device=generator.device
        )
        self.m.copy_(drawn[1:] / math.sqrt(self.width))
        self.signs.copy_(drawn[0] * _SIGN_SCALE)
        self.bias.zero_()

    def forward(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """Split z = (h + b) X."""
        self._check_states(states)
        z = ((states + self.bias) @ self._core()) * self._scales()
        return z[..., : self.size], z[..., self.size :]

    def inverse(self, features: Tensor, error: Tensor) -> Tensor:
        """Z X^-1 - b."""
        self._check_features(features, error)
        z = torch.cat([features, error], dim=-1) / self._scales()
        # z = x C with C symmetric, so x' = C^-1 z'.
        flat = torch.cholesky_solve(z.reshape(-1, self.width).mT, torch.linalg.cholesky(self._core())).mT
        return flat.reshape(z.shape) - self.bias

    def _core(self) -> Tensor:
        """C = M M' + lambda I [d, d]."""
        return self.m @ self.m.mT + self.ridge * torch.eye(self.width, dtype=self.m.dtype, device=self.m.device)

    def _scales(self) -> Tensor:
        """Diagonal of S [d]."""
        signs = self.signs.tanh()
        return signs + self.ridge * signs.sign()
