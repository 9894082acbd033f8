"""Rows of unequal length in one batch that shrinks as they end."""

import torch
from torch import Tensor


def shrinking_batch(tokens: Tensor, lengths: Tensor | None) -> tuple[Tensor | None, Tensor | None, tuple[int, ...]]:
    """How to sort rows so that the longest come first, how to undo it, and how many are still going at each step.

    The orders are None where nothing need be sorted.
    """
    n, steps = tokens.shape
    if lengths is None:
        return None, None, (n,) * steps
    sorted_lengths, order = lengths.to("cpu").clamp(0, steps).sort(descending=True, stable=True)
    at_step = torch.searchsorted(-sorted_lengths, -torch.arange(1, steps + 1), right=True)  # rows with length > step
    going = tuple(rows for rows in at_step.tolist() if rows > 0)
    order = order.to(tokens.device)
    back = torch.empty_like(order)
    back[order] = torch.arange(n, device=order.device)
    return order, back, going
