"""At which step of its own each example is read or written."""

from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from symbolscope.core.argument_checks import WholeNumber
from symbolscope.core.array_checks import DenseTensor
from symbolscope.errors import SymbolscopeError

# One step for all examples, one per example (int64 [b]), or None where there is no position axis.
Steps: TypeAlias = int | Tensor | NDArray[np.int64] | None

_SHOWN = 5


def checked_steps(steps: Steps, n: int) -> Tensor | None:
    """``steps`` as int64 [n] on the CPU, or None; refuses other shapes and dtypes, and negative steps."""
    if steps is None:
        return None
    if isinstance(steps, int | np.integer) and not isinstance(steps, bool):
        given = torch.full((n,), WholeNumber().read("steps", steps), dtype=torch.int64)
    elif isinstance(steps, np.ndarray):
        if steps.dtype != np.int64:
            raise SymbolscopeError(f"steps must have dtype int64; got {steps.dtype}. Type steps.astype(numpy.int64)")
        given = torch.from_numpy(np.ascontiguousarray(steps))
    elif isinstance(steps, Tensor):
        given = DenseTensor().read("steps", steps).detach().cpu()
    else:
        raise SymbolscopeError(
            f"steps must be an int, int64 [b] or None; got {type(steps).__name__}. Type torch.tensor([...])"
        )
    if given.dtype != torch.int64:
        raise SymbolscopeError(f"steps must have dtype int64; got {given.dtype}. Type steps.to(torch.int64)")
    if given.shape != (n,):
        raise SymbolscopeError(
            f"steps must be one int, or int64 [b] with one step per example ({n}); got shape {tuple(given.shape)}"
        )
    if bool((given < 0).any()):
        raise SymbolscopeError(f"steps count from 0, the first position; {_rows(given, given < 0)}")
    return given


def check_range(steps: Tensor, positions: int | Tensor, where: str) -> None:
    """Refuse steps [n] that are not below ``positions`` (one number, or [n]); ``where`` says of what."""
    limits = torch.as_tensor(positions).expand(len(steps))
    late = steps >= limits
    if bool(late.any()):
        known = f"{positions}" if isinstance(positions, int) else "fewer"
        at_most = f"0..{positions - 1}" if isinstance(positions, int) else "within each example's length"
        lengths = "" if isinstance(positions, int) else f"; lengths {limits[late][:_SHOWN].tolist()}"
        raise SymbolscopeError(f"steps must be {at_most}: {where} has {known} positions; {_rows(steps, late)}{lengths}")


def at_steps(tensor: Tensor, steps: Tensor) -> Tensor:
    """``tensor[i, steps[i]]`` of tensor [n, L, ...] for steps [n]: a copy, [n, ...]."""
    return tensor[torch.arange(len(steps), device=tensor.device), steps.to(tensor.device)]


def _rows(steps: Tensor, wrong: Tensor) -> str:
    rows = wrong.nonzero()[:, 0]
    more = f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
    return f"rows {rows[:_SHOWN].tolist()}{more} have steps {steps[rows[:_SHOWN]].tolist()}"
