"""What a learned baseline makes small: the L1 norm of one game's AND effects, or the second-order differences of many games."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray

from symbolscope.core.random_streams import stream
from symbolscope.errors import SymbolscopeError
from symbolscope.games.game import Game
from symbolscope.games.masked_network import MaskedNetwork
from symbolscope.games.masks import all_masks
from symbolscope.games.torch_network import TorchNetwork
from symbolscope.interactions.learned_baseline import Cost
from symbolscope.interactions.transforms import mobius

_ROWS = 256  # masked inputs differentiated at once
_DRAWS = 10  # quadruples of masks per game and step
_DRAWS_JUDGED = 50  # those that every iterate is judged by, drawn once


@runtime_checkable
class BaselineCost(Protocol):
    """A cost with a gradient by the baseline."""

    name: Cost

    def differences(self, baseline: torch.Tensor) -> NDArray[np.float64]:
        """v(all players) - v(none) of every game: what there is to explain."""
        ...

    def value_and_gradient(self, baseline: torch.Tensor, *, wanted: bool) -> tuple[float, torch.Tensor | None]:
        """The cost at a baseline, and its gradient if ``wanted``."""
        ...


class AndEffects:
    """Sum over S of |I(S)| of one game, or that sum divided by |v(N) - v(empty)|.

    I = M v with the Moebius matrix M, so the cost is <sign(I), M v> = <M' sign(I), v>, and one more sweep of all outputs gives the
    gradient. (M'c)(T) = sum over S containing T of (-1)^(|S| - |T|) c(S): the Moebius transform with every set read as its
    complement, which reverses the vectors.
    """

    def __init__(self, game: Game, source: MaskedNetwork, *, relative: bool) -> None:
        self._source = source
        self._masks = all_masks(game.n_players)
        self._relative = relative
        self.name: Cost = "L1 of the AND effects / |v(N) - v(empty)|" if relative else "L1 of the AND effects"

    def differences(self, baseline: torch.Tensor) -> NDArray[np.float64]:
        """v(all players) - v(none), [1]."""
        return _full_minus_empty([self._source], baseline)

    def value_and_gradient(self, baseline: torch.Tensor, *, wanted: bool) -> tuple[float, torch.Tensor | None]:
        """The cost at a baseline, and its gradient if ``wanted``."""
        with self._source.evaluating():
            values = np.concatenate(
                [self._source.scores_with(rows, baseline).cpu().numpy() for rows in self._batches(self._masks)]
            )
        if not np.isfinite(values).all():
            raise SymbolscopeError("the network's output is not finite at the learned baseline; give a smaller radius")
        effects = mobius(values)
        cost = float(np.abs(effects[1:]).sum())
        signs = np.sign(effects)
        signs[0] = 0.0
        if self._relative:
            # d(L / |D|) = (dL - (L / D) dD) / |D|, and D is the sum of the effects.
            difference = float(effects[1:].sum())
            if difference == 0:
                raise SymbolscopeError(
                    "v(N) = v(empty): there is no difference to explain, so relative=True has no meaning"
                )
            signs[1:] = (signs[1:] - cost / difference) / abs(difference)
            cost /= abs(difference)
        if not wanted:
            return cost, None
        weights = np.ascontiguousarray(mobius(signs[::-1])[::-1])
        return cost, gradient_of(self._source, self._masks, weights, baseline)

    @staticmethod
    def _batches(masks: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
        return [masks[start : start + _ROWS] for start in range(0, len(masks), _ROWS)]


class SecondOrderDifferences:
    """Mean of |v(A, B, C) - v(A, C) - v(B, C) + v(C)| over games and disjoint sets A, B, C of their players."""

    name: Cost = "mean |second-order difference|"

    def __init__(self, games: Sequence[Game], sources: Sequence[MaskedNetwork], *, seed: int) -> None:
        if any(game.n_players < 2 for game in games):
            raise SymbolscopeError("second-order differences need games of at least 2 players")
        self._sizes = [game.n_players for game in games]
        self._sources = sources
        self._rng = stream(seed, "second-order differences of a learned baseline")
        self._judged = [_quadruples(self._rng, n, _DRAWS_JUDGED) for n in self._sizes]

    def differences(self, baseline: torch.Tensor) -> NDArray[np.float64]:
        """v(all players) - v(none) of every game."""
        return _full_minus_empty(self._sources, baseline)

    def value_and_gradient(self, baseline: torch.Tensor, *, wanted: bool) -> tuple[float, torch.Tensor | None]:
        """The cost at a baseline by the draws that every iterate is judged by; its gradient, by fresh ones, if ``wanted``."""
        total = 0.0
        for source, masks in zip(self._sources, self._judged, strict=True):
            total += float(np.abs(_differences(source, masks, baseline)).mean())
        cost = total / len(self._sources)
        if not wanted:
            return cost, None
        gradient = torch.zeros_like(baseline)
        for source, n in zip(self._sources, self._sizes, strict=True):
            masks = _quadruples(self._rng, n, _DRAWS)
            signs = np.sign(_differences(source, masks, baseline))
            weights = (signs[:, None] * np.array([1.0, -1.0, -1.0, 1.0]) / len(signs)).ravel()
            gradient += gradient_of(source, masks, weights, baseline) / len(self._sources)
        return cost, gradient


def gradient_of(
    source: MaskedNetwork, masks: NDArray[np.bool_], weights: NDArray[np.float64], baseline: torch.Tensor
) -> torch.Tensor:
    """Gradient of sum_T weights(T) v(x_T(baseline)) by the baseline, through the network in batches."""
    assert isinstance(source.network, TorchNetwork)
    total = torch.zeros_like(baseline)
    with source.network.differentiating():
        for start in range(0, len(masks), _ROWS):
            variable = baseline.detach().clone().requires_grad_()
            scores = source.scores_with(masks[start : start + _ROWS], variable)
            if not scores.requires_grad:
                raise SymbolscopeError(
                    "the score has no gradient by the input: is the network wrapped in torch.no_grad(), or the score function "
                    "computed outside torch?"
                )
            weight = torch.from_numpy(weights[start : start + _ROWS]).to(scores.device)
            (slope,) = torch.autograd.grad((weight * scores).sum(), variable)
            total += slope
    return total


def _full_minus_empty(sources: Sequence[MaskedNetwork], baseline: torch.Tensor) -> NDArray[np.float64]:
    found: list[float] = []
    for source in sources:
        n = len(source.relevant)
        with source.evaluating():
            full, empty = source.scores_with(np.array([[True] * n, [False] * n]), baseline).cpu().tolist()
        found.append(full - empty)
    return np.array(found)


def _differences(source: MaskedNetwork, masks: NDArray[np.bool_], baseline: torch.Tensor) -> NDArray[np.float64]:
    with source.evaluating():
        scores = source.scores_with(masks, baseline).cpu().numpy().reshape(-1, 4)
    return scores @ np.array([1.0, -1.0, -1.0, 1.0])


def _quadruples(rng: np.random.Generator, n_players: int, count: int) -> NDArray[np.bool_]:
    """Masks [4 count, n]: A, B and C; A and C; B and C; C, for ``count`` draws of disjoint A, B, C."""
    masks = np.zeros((count, 4, n_players), dtype=np.bool_)
    for quadruple in masks:
        order = rng.permutation(n_players)
        a = int(rng.integers(1, min(3, n_players - 1) + 1))
        b = int(rng.integers(1, min(3, n_players - a) + 1))
        left = n_players - a - b
        c = left if left == 0 or rng.random() < 1 / 3 else int(rng.integers(0, left))
        quadruple[:, order[a + b : a + b + c]] = True
        quadruple[:2, order[:a]] = True
        quadruple[[0, 2], order[a : a + b][:, None]] = True
    return masks.reshape(-1, n_players)
