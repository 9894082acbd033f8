"""How far a learned baseline may go from where it starts."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from symbolscope.core.argument_checks import Number
from symbolscope.core.array_checks import plain_numbers
from symbolscope.core.sequence_checks import ListOf
from symbolscope.errors import SymbolscopeError
from symbolscope.games.game import Game
from symbolscope.games.given import GivenArray
from symbolscope.games.masked_network import MaskedNetwork
from symbolscope.games.torch_network import TorchNetwork
from symbolscope.games.view import TextView


@dataclass(frozen=True, eq=False)
class BaselineBound:
    """A box: initial - reach <= baseline <= initial + reach, cut to ``limits``; arrays of one shape."""

    initial: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def masked_network(game: Game) -> MaskedNetwork:
    """The part of a game that gradients pass through.

    Raises
    ------
    SymbolscopeError
        If the network is no torch network, or its inputs are token ids.
    """
    source = game.source
    if not isinstance(source, MaskedNetwork) or not isinstance(source.network, TorchNetwork):
        raise SymbolscopeError(
            f"a baseline is learned by gradients through a torch network, and {game!r} has none; "
            "give a baseline by hand, such as sy.baselines.mean_baseline(samples)"
        )
    if source.inputs.baseline.dtype == torch.bool:
        raise SymbolscopeError(
            f"{game!r} is of a network that takes strings: a hidden word is removed, so there is no baseline to learn"
        )
    if not source.inputs.baseline.is_floating_point():
        raise SymbolscopeError(
            f"the inputs of {game!r} are integers, which have no gradient; make the game of embeddings with "
            'sy.Game.from_text(..., level="embedding")'
        )
    return source


def baseline_bound(
    game: Game, *, shared_vector: bool, radius: float, spread: GivenArray | None, limits: tuple[float, float] | None
) -> BaselineBound:
    """The box of one game's baseline, or of a vector shared by all positions of texts."""
    if not (np.isfinite(radius) and radius > 0):
        raise SymbolscopeError(f"radius must be a positive number, in units of the spread; got {radius}")
    initial = masked_network(game).inputs.baseline.detach().cpu().double().numpy()
    if shared_vector:
        initial = initial.mean(axis=0)
    scale = _spread(game, spread)
    try:
        reach = radius * np.broadcast_to(scale, initial.shape)
    except ValueError:
        raise SymbolscopeError(
            f"spread must have the baseline's shape {initial.shape} or broadcast to it; got {scale.shape}"
        ) from None
    low, high = initial - reach, initial + reach
    if limits is not None:
        both = ListOf(Number(finite=False), "two numbers, the least and the most").read("limits", limits)
        if len(both) != 2:
            raise SymbolscopeError(f"limits must be (least, most), two numbers; got {len(both)}")
        least, most = both
        if not least < most or (initial < least).any() or (initial > most).any():
            raise SymbolscopeError(
                f"limits must be (least, most) around the initial baseline, which is between {initial.min():.4g} and "
                f"{initial.max():.4g}; got {limits}"
            )
        low, high = np.maximum(low, least), np.minimum(high, most)
    return BaselineBound(initial, low, high)


def _spread(game: Game, spread: GivenArray | None) -> NDArray[np.float64]:
    if spread is not None:
        scale = plain_numbers("spread", spread)
        if not np.isfinite(scale).all() or (scale < 0).any() or not (scale > 0).any():
            raise SymbolscopeError("spread must hold finite numbers >= 0, some of them positive: standard deviations")
        return scale
    get_table = getattr(game.network, "get_input_embeddings", None)
    if isinstance(game.view, TextView) and callable(get_table):
        table = getattr(get_table(), "weight", None)
        if isinstance(table, torch.Tensor):
            return table.detach().double().std(dim=0).cpu().numpy()
    raise SymbolscopeError(
        "how far the baseline may go is measured in standard deviations of the inputs: give spread=training_samples.std(axis=0), "
        "or a number such as spread=0.3 for images"
    )
