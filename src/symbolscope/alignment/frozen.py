"""A network as it is studied: in evaluation mode, parameters fixed, and handed back as it was."""

from collections.abc import Generator
from contextlib import contextmanager

import torch
from torch import nn


@contextmanager
def frozen(network: nn.Module) -> Generator[nn.Module]:
    """Evaluation mode and no gradients to parameters inside, everything as before outside.

    cuDNN's recurrent kernels refuse a backward pass in evaluation mode, so they are off inside.
    """
    training = {module: module.training for module in network.modules()}
    trainable = [parameter for parameter in network.parameters() if parameter.requires_grad]
    network.eval()
    for parameter in trainable:
        parameter.requires_grad_(False)
    try:
        with torch.backends.cudnn.flags(enabled=False) if _on_cuda(network) else _nothing():
            yield network
    finally:
        for module, mode in training.items():
            module.training = mode
        for parameter in trainable:
            parameter.requires_grad_(True)


def _on_cuda(network: nn.Module) -> bool:
    return any(parameter.is_cuda for parameter in network.parameters())


@contextmanager
def _nothing() -> Generator[None]:
    yield
