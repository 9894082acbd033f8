"""Symbols written on top of one another, each position at a scale of its own."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

from symbolscope.core.argument_checks import WholeNumber
from symbolscope.core.checked_call import takes
from symbolscope.errors import SymbolscopeError
from symbolscope.featurizers.featurizer import Featurizer, Size

# gamma at the start.
_DECAY = 0.9
# Temperature of the softmax whose gradient the argmin takes, in mean squared lengths of the codes.
_SOFTNESS = 0.25


class Onion(Featurizer):
    """Codes peeled off a state, outermost position first; the features are the symbols.

    h = sum over p < r of c_{k(p)} * s(p) + error,        s(p) = g * gamma^p + lambda p + b        (all products by entry)

    with the symbols found greedily: k(p) is the code nearest to what the positions before p have left,

        k(p) = argmin_k ||h_p - c_k * s(p)||,        h_0 = h,        h_{p+1} = h_p - c_{k(p)} * s(p).

    features[p] = k(p), a whole number below ``symbols``. One such code cannot be read by any projection: the positions share
    all directions and differ in scale. A swap writes the source's symbols: t + sum over p of (c_{k_s(p)} - c_{k_t(p)}) * s(p).
    Gradients pass the argmin straight through, as those of a softmax of the squared distances.

    The inverse is exact. That a swapped state reads back as the source's symbols (so that swapping twice is swapping once, and
    swapping the blocks in turn is swapping all) holds where the error is small beside the distances between codes, as in the
    states that the featurizer is for; no greedy reading can promise more.

    Parameters
    ----------
    size
        Number r of positions, or one number per variable: its block is a run of consecutive positions.
    symbols
        Number of codes.

    Attributes
    ----------
    codes
        c, [symbols, d]. They start as states, each drawn with a chance proportional to its squared distance from those drawn
        before (k-means++); without states they are drawn from a standard normal distribution.
    g, gamma, slope, b
        [d]; slope is lambda.

    Raises
    ------
    SymbolscopeError
        If there are fewer than 2 symbols; otherwise as for :class:`Featurizer`.

    Source: Csordás, Potts, Manning, Geiger, *Recurrent Neural Networks Learn to Store and Generate Sequences using Non-Linear
    Representations* (2408.10920). There the task gives the symbols, and codes are passed through tanh. gamma = 0.9, g = 1 and
    b = 0 at the start as there, but lambda = 0 rather than 1, so that the positions peeled first are the larger ones.

    Examples
    --------
    Two positions, the second at a tenth of the scale of the first:

    >>> featurizer = Onion(size=2, symbols=3).initialise(3, seed=0)
    >>> weights = featurizer.state_dict() | {"codes": torch.eye(3), "gamma": torch.full((3,), 0.1)}
    >>> _ = featurizer.load_state_dict(weights)
    >>> first_then_last, last_twice = torch.tensor([1.0, 0.0, 0.1]), torch.tensor([0.0, 0.0, 1.1])
    >>> featurizer(first_then_last)[0].detach(), featurizer(last_twice)[0].detach()
    (tensor([0., 2.]), tensor([2., 2.]))
    >>> featurizer.swap(first_then_last, last_twice).detach()
    tensor([0.0000, 0.0000, 1.1000])
    """

    codes: nn.Parameter  # [K, d]
    g: nn.Parameter  # [d]
    gamma: nn.Parameter  # [d]
    slope: nn.Parameter  # [d]
    b: nn.Parameter  # [d]

    @takes({"symbols": WholeNumber(most=1_000_000)})
    def __init__(self, size: Size, *, symbols: int = 8) -> None:
        super().__init__(size)
        if symbols < 2:
            raise SymbolscopeError(f"symbols must be at least 2, as one alone says nothing; got {symbols}")
        self.symbols = symbols

    def allocate(self, width: int) -> None:
        """Make the codes and what scales them."""
        self.codes = nn.Parameter(torch.zeros(self.symbols, width))
        self.g = nn.Parameter(torch.ones(width))
        self.gamma = nn.Parameter(torch.full((width,), _DECAY))
        self.slope = nn.Parameter(torch.zeros(width))
        self.b = nn.Parameter(torch.zeros(width))

    def tensor_shapes(self, width: int) -> Iterator[tuple[str, tuple[int, ...]]]:
        vectors = ("g", "gamma", "slope", "b")
        return iter((("codes", (self.symbols, width)), *((name, (width,)) for name in vectors)))

    def start(self, generator: torch.Generator, states: Tensor | None) -> None:
        """Draw the codes."""
        if states is None:
            drawn = torch.randn(self.codes.shape, generator=generator, dtype=torch.float64, device=generator.device)
            self.codes.copy_(drawn)
            return
        states = states.to(generator.device, torch.float64)
        distances = states.new_ones(len(states))
        for symbol in range(self.symbols):
            # Once every state is a code, any may be drawn again.
            weights = distances if bool(distances.any()) else torch.ones_like(distances)
            code = states[torch.multinomial(weights, 1, generator=generator)[0]]
            self.codes[symbol] = code.to(self.codes)
            squares = (states - code).square().sum(dim=-1)
            distances = squares if symbol == 0 else torch.minimum(distances, squares)

    def scales(self) -> Tensor:
        """s(p) of every position, [r, d]."""
        self._check_initialised()
        powers = [torch.ones_like(self.gamma)]
        for _ in range(1, self.size):
            powers.append(powers[-1] * self.gamma)
        positions = torch.arange(self.size, dtype=self.g.dtype, device=self.g.device)[:, None]
        return self.g * torch.stack(powers) + positions * self.slope + self.b

    def forward(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """Peel: the symbols, and what their codes leave."""
        self._check_states(states)
        scales = self.scales()
        chosen = self._peel(states, scales)  # [..., r, K]
        names = torch.arange(self.symbols, dtype=states.dtype, device=states.device)
        return chosen @ names, states - self._written(chosen, scales)

    def inverse(self, features: Tensor, error: Tensor) -> Tensor:
        """Write the symbols' codes onto the error."""
        self._check_features(features, error)
        symbols = features.detach().round().long()
        if bool(((symbols < 0) | (symbols >= self.symbols)).any()):
            raise SymbolscopeError(f"the features of {self!r} are symbols, 0 .. {self.symbols - 1}; some are not")
        chosen = functional.one_hot(symbols, self.symbols).to(error.dtype)
        return self._written(chosen, self.scales()) + error

    def swap(self, target: Tensor, source: Tensor, *, block: int | None = None) -> Tensor:
        """Write other symbols: t + sum over the positions p, of one block or all, of (c_{k_s(p)} - c_{k_t(p)}) * s(p)."""
        self._check_pair(target, source)
        part, scales = self._part(block), self.scales()
        change = self._peel(source, scales) - self._peel(target, scales)  # [..., r, K]
        return target + self._written(change[..., part, :], scales[part])

    def _peel(self, states: Tensor, scales: Tensor) -> Tensor:
        """Chosen code of each position as one 1 among zeros, [..., r, K]; its gradient is that of a softmax."""
        rest = states
        chosen: list[Tensor] = []
        for scale in scales:
            placed = self.codes * scale  # [K, d]
            lengths = placed.square().sum(dim=-1)  # [K]
            nearness = rest @ placed.mT - 0.5 * lengths  # -1/2 ||rest - placed||^2, up to what all codes share
            soft = torch.softmax(nearness / (_SOFTNESS * lengths.mean().detach()), dim=-1)
            hard = functional.one_hot(nearness.argmax(dim=-1), self.symbols).to(soft.dtype)
            chosen.append(hard + (soft - soft.detach()))
            rest = rest - chosen[-1] @ placed
        return torch.stack(chosen, dim=-2)

    def _written(self, chosen: Tensor, scales: Tensor) -> Tensor:
        """Sum over the positions of the chosen code times its scale, [..., d]."""
        return ((chosen @ self.codes) * scales).sum(dim=-2)
