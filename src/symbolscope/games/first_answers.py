"""A network's first answers: they must repeat, and each row's must be its own, whatever stands beside it in the batch."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from symbolscope.errors import SymbolscopeError
from symbolscope.shapes import Masks


@dataclass(frozen=True)
class FirstAnswers:
    """What a network returned for the first masks.

    Attributes
    ----------
    outputs
        [m, ...] of :func:`first_masks`, the full input first, the empty one last.
    stays
        Whether outputs keep their numbers when the network is called again.
    seconds_of_one
        Time it took to answer one row.
    one_row_fails
        Whether a batch of a single row is refused, as by a squeeze() that drops the batch axis.
    one_by_one
        Whether the network has to be asked one row at a time to answer each by itself.
    """

    outputs: torch.Tensor
    stays: bool
    seconds_of_one: float
    one_row_fails: bool
    one_by_one: bool


def first_masks(n: int) -> NDArray[np.bool_]:
    """Up to four different masks of n players: all present, two halves, none.

    Examples
    --------
    >>> first_masks(3).astype(int).tolist()
    [[1, 1, 1], [1, 0, 1], [1, 1, 0], [0, 0, 0]]
    >>> first_masks(1).astype(int).tolist()
    [[1], [0]]
    """
    players = np.arange(n)
    masks = np.stack([players >= 0, players % 2 == 0, players < max(n - n // 2, 1), players < 0])
    return masks[[0, 3]] if n < 3 else masks


def first_answers(
    ask: Callable[[Masks], torch.Tensor],
    masks: Masks,
    *,
    name: str,
    module: nn.Module | None,
    fixed_batch: int | None,
    on_cpu: bool,
) -> FirstAnswers:
    """Ask about a few masks in two orders, then about the first, a middle and the last one alone.

    A network whose answer to a row depends on the rows beside it (a recurrence over the batch axis, a cumulative sum, statistics
    of the batch) gives values that depend on which masks were asked together: it is refused.

    Parameters
    ----------
    ask
        Masks -> outputs; the network must be in evaluation mode.
    masks
        bool [m, n], see :func:`first_masks`.
    name, module
        Of the network, for the message; None if it is no torch module.
    fixed_batch
        Rows of every batch, where the network takes no other number.
    on_cpu
        Whether the network runs there; elsewhere rounding depends more on the number of rows.

    Raises
    ------
    SymbolscopeError
        If equal calls give different answers, or a row's answer depends on other rows.
    """
    given = ask(masks)
    pointer = given.data_ptr()
    outputs = given.clone()  # a network may write into the same memory at each call
    turned = ask(masks[::-1].copy())
    stays = on_cpu and turned.data_ptr() != pointer
    turned = turned.flip(0)
    half = outputs.dtype in (torch.float16, torch.bfloat16)
    tolerance = 2e-2 if half else 1e-4 if on_cpu else 2e-3
    separate = nearly_equal(turned, outputs, tolerance=tolerance)
    if not separate:
        turned = turned.clone()
        if not nearly_equal(ask(masks), outputs):
            raise SymbolscopeError(
                f"the outputs of {name} change between two equal calls, even in evaluation mode, so its values mean nothing; "
                "switch off what is random in it (dropout or sampling in a wrapped or exported network: call eval() on it first), "
                "and what it remembers from call to call"
            )
    if fixed_batch == 1:
        return FirstAnswers(outputs, stays, 1.0, one_row_fails=False, one_by_one=False)
    seconds, one_row_fails = 1.0, False
    for row in sorted({0, len(masks) // 2, len(masks) - 1}):
        begun = time.perf_counter()
        try:
            alone = ask(masks[row : row + 1])
        except Exception:  # a squeeze() that drops the batch axis, or a program exported for two rows and more
            one_row_fails = True
            alone = ask(np.repeat(masks[row : row + 1], 2, axis=0))[:1]
        seconds = min(seconds, time.perf_counter() - begun)
        separate = separate and nearly_equal(alone, outputs[row : row + 1], tolerance=tolerance, scale=_scale(outputs))
    if separate:
        return FirstAnswers(outputs, stays, seconds, one_row_fails, one_by_one=False)
    if _scales_by_batch(module) and fixed_batch is None:
        return FirstAnswers(outputs, stays, seconds, one_row_fails, one_by_one=True)
    raise SymbolscopeError(
        f"{name} answers differently for an input alone and in a batch, so its values would depend on which masks are asked "
        f"together; {_remedy(module)}"
    )


def _scales_by_batch(module: nn.Module | None) -> bool:
    """Whether activations are quantised by the range of the whole batch; asked one at a time, such rows are separate."""
    return module is not None and any("quantized.dynamic" in type(part).__module__ for part in module.modules())


def _remedy(module: nn.Module | None) -> str:
    for path, part in module.named_modules() if module is not None else ():
        kind = type(part).__name__
        where = f"{kind} {path!r}" if path else kind
        if isinstance(part, nn.RNNBase) and not part.batch_first:
            return f"{where} runs over the first axis, which is the batch: build it with batch_first=True"
        if isinstance(part, (nn.MultiheadAttention, nn.TransformerEncoderLayer)) and not getattr(
            part, "batch_first", getattr(getattr(part, "self_attn", None), "batch_first", True)
        ):
            return f"{where} attends over the first axis, which is the batch: build it with batch_first=True"
        if isinstance(part, nn.modules.batchnorm._BatchNorm) and part.running_mean is None:  # pyright: ignore
            return f"{where} is a BatchNorm without running statistics: give it track_running_stats=True, and call network.eval()"
    return (
        "is there a BatchNorm without running statistics, a recurrence or a sum over the batch (nn.LSTM needs "
        "batch_first=True), or an axis of the sample taken for the batch? Call network.eval(), or wrap the network so that it "
        "treats each row by itself"
    )


def _scale(outputs: torch.Tensor) -> float:
    finite = outputs.double()[torch.isfinite(outputs)]
    return float(finite.abs().max()) if len(finite) else 1.0


def nearly_equal(a: torch.Tensor, b: torch.Tensor, *, tolerance: float = 1e-4, scale: float | None = None) -> bool:
    """Equal up to rounding, relative to the largest output; NaN equals NaN.

    Examples
    --------
    >>> nearly_equal(torch.tensor([1000.0]), torch.tensor([1000.01])), nearly_equal(torch.tensor([1.0]), torch.tensor([1.01]))
    (True, False)
    """
    if a.shape != b.shape:
        return False
    return torch.allclose(
        a.double(), b.double(), rtol=0.0, atol=tolerance * (_scale(a) if scale is None else scale), equal_nan=True
    )
