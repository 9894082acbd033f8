"""A recurrent layer on tokens, run from given states: compiled steps, gradients written out.

Everything that is asked of a small recurrent network again and again, its training and the search for variables in its state,
comes down to this. Several times faster than the general layers of torch on the CPU, because

- the input's share of the gates is one row of a table per token, so that neither an embedding nor a product with it is formed;
- each step is one matrix product and one pass over the numbers;
- rows are sorted by length and leave the batch as they end, and go through in bunches that stay near the core;
- gradients of the weights are formed only where they are wanted.
"""

from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd.function import once_differentiable

from symbolscope.errors import SymbolscopeError

# Numbers per block of one bunch of rows: at 4 bytes and some ten blocks it fits into a second-level cache of 1 MiB.
_BUNCH = 1 << 14

# Rows of one bunch in order of decreasing length, and how many of them are still going at each step.
Bunch = tuple[NDArray[np.int64], tuple[int, ...]]
Array = NDArray[Any]


def recurrence(
    step: ModuleType, states: Tensor, table: Tensor, weights: Tensor, tokens: Tensor, lengths: Tensor | None
) -> Tensor:
    """States after each token, [b, S, d], differentiable in states, table and weights.

    Parameters
    ----------
    step
        The module of the layer's steps: ``gru_step`` or ``lstm_step``.
    states
        [b, d], d = parts x k.
    table
        [V, blocks, k]: a token's share of each block, biases included.
    weights
        [products k, k]: block = h W' + share.
    tokens
        int64 [b, S].
    lengths
        int64 [b]: tokens of each row that count, after which its states are 0; None is all.
    """
    b, steps = tokens.shape
    if tokens.numel() > 0:
        low, high = tokens.aminmax()
        if int(low) < 0 or int(high) >= len(table):  # compiled code would read outside the table
            raise SymbolscopeError(f"token ids are 0..{len(table) - 1}; got {int(low)}..{int(high)}")
    known = None if lengths is None else lengths.cpu().numpy()
    bunches = tuple(_bunches(b, steps, known, max(1, _BUNCH // weights.shape[-1])))
    keep = torch.is_grad_enabled() and (states.requires_grad or table.requires_grad or weights.requires_grad)
    out = _Recurrence.apply(states, table, weights, tokens.contiguous(), step, bunches, keep)
    assert isinstance(out, Tensor)
    return out


class _Recurrence(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        states: Tensor,
        table: Tensor,
        weights: Tensor,
        tokens: Tensor,
        step: ModuleType,
        bunches: tuple[Bunch, ...],
        keep: bool,  # noqa: FBT001
    ) -> Tensor:
        (b, steps), k = tokens.shape, weights.shape[-1]
        whole = sum(sum(going) for _, going in bunches) == b * steps
        out = (states.new_empty if whole else states.new_zeros)(b, steps, states.shape[1])
        transposed = weights.t()
        out_array, table_array, token_array = out.numpy(), table.contiguous().numpy(), tokens.numpy()
        begun: list[Tensor] = []
        kept: list[list[Array]] = []
        for order, going in bunches:
            before = states[torch.from_numpy(order)].view(len(order), step.PARTS, k).transpose(0, 1).contiguous()
            begun.append(before)
            kept.append([])
            for t, rows in enumerate(going):
                if rows < before.shape[1]:
                    before = before[:, :rows].contiguous()
                products = torch.mm(before[0], transposed).numpy()
                blocks = np.empty((step.BLOCKS, rows, k), dtype=products.dtype)
                after = torch.empty_like(before)
                step.forward(
                    products, blocks, before.numpy(), after.numpy(), out_array, table_array, token_array, order, t
                )
                if keep:
                    kept[-1].append(blocks)
                before = after
        if keep:
            ctx.save_for_backward(table, weights, tokens, out)
            ctx.step, ctx.bunches, ctx.begun, ctx.kept = step, bunches, begun, kept
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        table, weights, tokens, out = ctx.saved_tensors
        step: ModuleType = ctx.step
        grad = grads[0].contiguous()
        out_array, grad_array, token_array = out.numpy(), grad.numpy(), tokens.numpy()
        of_states = grad.new_empty(len(grad), out.shape[2])
        of_weights = torch.zeros_like(weights) if ctx.needs_input_grad[2] else None
        of_table = grad.new_zeros(table.shape if ctx.needs_input_grad[1] else (0, *table.shape[1:]))
        table_array = of_table.numpy()
        for (order, going), begun, kept in zip(ctx.bunches, ctx.begun, ctx.kept, strict=True):
            carried = torch.zeros_like(begun)
            carried_array, before, work = (
                carried.numpy(),
                torch.empty_like(begun),
                np.empty(begun.shape, out_array.dtype),
            )
            slopes = np.empty(step.BLOCKS * begun[0].numel(), out_array.dtype)
            for t in range(len(going) - 1, -1, -1):
                rows = going[t]
                before_array = before.numpy() if t > 0 else begun.numpy()
                interleaved = grad.new_empty(rows, len(weights))
                step.backward(
                    kept[t], before_array, work, out_array, grad_array, carried_array, slopes, interleaved.numpy(),
                    table_array, token_array, order, t,
                )  # fmt: skip
                carried[0, :rows].addmm_(interleaved, weights)
                if of_weights is not None:
                    of_weights.addmm_(interleaved.t(), (before if t > 0 else begun)[0, :rows])
            of_states[torch.from_numpy(order)] = carried.transpose(0, 1).flatten(1)
        return of_states, of_table if len(of_table) else None, of_weights, None, None, None, None


def _bunches(b: int, steps: int, lengths: NDArray[np.int64] | None, most: int) -> list[Bunch]:
    """All rows, the longest first, in bunches of at most ``most``."""
    order = np.arange(b) if lengths is None else np.argsort(-lengths, kind="stable")
    found: list[Bunch] = []
    for begin in range(0, b, most):
        rows = order[begin : begin + most]
        if lengths is None:
            found.append((rows, (len(rows),) * steps))
            continue
        ends = np.minimum(lengths[rows], steps)[::-1]  # increasing
        longest = max(int(ends[-1]), 0)
        going = len(rows) - np.searchsorted(ends, np.arange(longest), side="right")
        found.append((rows, tuple(going.tolist())))
    return found
