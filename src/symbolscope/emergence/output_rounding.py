"""How far rounding alone can move an output."""

import numpy as np
import torch
from numpy.typing import NDArray

from symbolscope.games.game import Game
from symbolscope.games.masked_network import MaskedNetwork
from symbolscope.games.torch_network import TorchNetwork

# Of the largest output: what sums of float64 outputs may differ by.
_DOUBLE = 1e-12
# A network's output passes through many roundings of its own precision.
_STEPS = 32


def output_rounding(values: NDArray[np.float64], game: Game | None) -> float:
    """Share of the largest output that rounding can make: of float64, or of the precision that the network computes in.

    Of a game it is that of the network's parameters. Of values alone it is float32's if every one of them is a float32 number and
    some are no short decimal fractions, which values that were computed in float64 hardly ever are.

    Examples
    --------
    >>> output_rounding(np.array([0.0, 1.0, 0.5]), None)
    1e-12
    >>> output_rounding(np.array([0.0, 0.1, 0.3], dtype=np.float32).astype(np.float64), None) > 1e-6
    True
    """
    precision = _precision_of(game)
    if precision is None:
        with np.errstate(over="ignore"):
            single = values.astype(np.float32).astype(np.float64)
            exact_in_few_bits = values.astype(np.float16).astype(np.float64)
        with_noise = bool((single == values).all() and (exact_in_few_bits != values).any())
        precision = float(np.finfo(np.float32).eps) if with_noise else 0.0
    return max(_DOUBLE, _STEPS * precision)


def _precision_of(game: Game | None) -> float | None:
    """Machine precision of a game's network below float64's; None where there is no torch network."""
    source = None if game is None else game.source
    if not isinstance(source, MaskedNetwork) or not isinstance(source.network, TorchNetwork):
        return None
    dtype = source.network.dtype or source.inputs.baseline.dtype
    return float(torch.finfo(dtype).eps) if dtype.is_floating_point and dtype != torch.float64 else 0.0
