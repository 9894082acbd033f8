"""Gradients where a computation needs them, whatever the caller has switched off."""

from collections.abc import Generator
from contextlib import contextmanager

import torch
from torch import nn

from symbolscope.errors import SymbolscopeError


@contextmanager
def gradients() -> Generator[None]:
    """Record gradients inside, also where the caller is in ``torch.no_grad()`` or ``torch.inference_mode()``.

    Examples
    --------
    >>> weight = torch.ones(2, requires_grad=True)
    >>> with torch.no_grad(), gradients():
    ...     (3 * weight).sum().backward()
    >>> weight.grad
    tensor([3., 3.])
    """
    with torch.inference_mode(mode=False), torch.enable_grad():
        yield


def check_trainable(network: nn.Module) -> None:
    """Refuse a network whose parameters were made in inference mode: torch never records gradients for such tensors."""
    for name, parameter in network.named_parameters():
        if parameter.is_inference():
            raise SymbolscopeError(
                f"the parameter {name} of {type(network).__name__} was made inside torch.inference_mode(), so it cannot be trained "
                "or studied; build or load the network outside of it"
            )
