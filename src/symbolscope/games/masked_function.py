"""Any callable from masks to values, seen from a game."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import torch
from numpy.typing import NDArray

from symbolscope.errors import SymbolscopeError
from symbolscope.games.batch_sizes import BatchSizes
from symbolscope.shapes import Masks, Scores


class MaskedFunction:
    """Values of a black box on masks.

    Parameters
    ----------
    function
        bool [m, n] -> [m] numbers.
    n_players
        Number of players.
    """

    def __init__(self, function: Callable[[NDArray[np.bool_]], object], n_players: int) -> None:
        self.function = function
        self.relevant: NDArray[np.bool_] = np.ones(n_players, dtype=np.bool_)
        self.outputs_stay = False  # what the function returned may be a buffer it writes into again

    def evaluating(self) -> AbstractContextManager[None]:
        """Nothing to switch."""
        return nullcontext()

    def outputs(self, masks: Masks) -> torch.Tensor:
        """Return the value of each mask: bool [m, n] -> float64 [m]."""
        # A copy, which the function may write into: the masks are the library's, or the caller's.
        values = _numbers(self.function(np.array(masks, dtype=np.bool_, order="C")))
        if values.shape == (len(masks), 1):
            values = values[:, 0]
        if values.shape != (len(masks),):
            raise SymbolscopeError(
                f"the function must return one value per mask: {len(masks)} masks need values of shape "
                f"({len(masks)},); "
                f"got {values.shape}"
            )
        return torch.from_numpy(values)

    def scores(self, outputs: list[torch.Tensor]) -> Scores:
        """Put the values of one or more batches into one array."""
        return torch.cat(outputs).numpy()

    def batch_sizes(self) -> BatchSizes:
        """Batch sizes to try: a plain function may be a table look-up, so much larger ones than for a network."""
        return BatchSizes(start=64, smallest=32, largest=65536)


def _numbers(given: object) -> NDArray[np.float64]:
    """What a function returned as float64, in memory that the function does not hold."""
    if isinstance(given, torch.Tensor):
        if given.is_complex():
            raise _not_real(given.dtype)
        return given.detach().cpu().double().clone().numpy()
    try:
        found = np.asarray(given)
        if np.iscomplexobj(found):
            raise _not_real(found.dtype)
        return np.array(found, dtype=np.float64)
    except SymbolscopeError:
        raise
    except (TypeError, ValueError, OverflowError):
        raise SymbolscopeError(f"the function must return numbers [m]; got {type(given).__name__}") from None


def _not_real(dtype: object) -> SymbolscopeError:
    return SymbolscopeError(
        f"the function must return real numbers [m]; got {dtype}, whose imaginary part would be lost. Return its real part, "
        "or its absolute value"
    )
