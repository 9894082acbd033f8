"""A batch axis of length 1 in front of the sample: recognised by what the network takes."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import torch
from numpy.typing import NDArray


def has_batch_axis(
    sample: NDArray[Any],
    outputs: Callable[[torch.Tensor], torch.Tensor],
    evaluating: Callable[[], AbstractContextManager[None]],
    *,
    dtype: torch.dtype,
    device: torch.device,
    needs_players: bool,
) -> bool:
    """Tell whether the first axis of a sample is a batch axis: of length 1, and the network takes samples without it alone.

    Parameters
    ----------
    sample
        The sample.
    outputs, evaluating
        How the network is asked, and put into evaluation for that.
    dtype, device
        What it takes.
    needs_players
        Whether the axes decide what a player is: then a row [1, n] is n players only without the axis.

    Examples
    --------
    >>> import numpy as np
    >>> from contextlib import nullcontext
    >>> network = torch.nn.Conv2d(3, 2, 3)
    >>> def ask(sample):
    ...     return has_batch_axis(
    ...         sample, network, nullcontext, dtype=torch.float32, device=torch.device("cpu"), needs_players=False
    ...     )
    >>> ask(np.zeros((1, 3, 8, 8), dtype=np.float32)), ask(np.zeros((3, 8, 8), dtype=np.float32))
    (True, False)
    """
    if sample.ndim < 2 or sample.shape[0] != 1:
        return False
    given = torch.from_numpy(sample.copy()).to(device=device, dtype=dtype)

    def axes_of_output(one: torch.Tensor) -> int | None:
        """Axes of the outputs for two such inputs; None if the network does not take them."""
        try:
            with evaluating():
                answer = outputs(one.expand(2, *one.shape).contiguous())
        except Exception:  # whatever a network raises on a shape that it does not take
            return None
        return answer.ndim if answer.shape[0] == 2 else None

    if needs_players and sample.ndim == 2:
        return axes_of_output(given[0]) is not None
    with_axis = axes_of_output(given)
    if with_axis is not None and with_axis <= 2:
        return False
    without = axes_of_output(given[0])
    return without is not None and (with_axis is None or without <= 2)
