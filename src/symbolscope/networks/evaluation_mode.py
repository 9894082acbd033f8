"""A network in evaluation or training mode for a while."""

from collections.abc import Generator
from contextlib import contextmanager

from torch import nn


@contextmanager
def evaluation_mode(network: nn.Module) -> Generator[None]:
    """Evaluation mode inside, each module's own mode as before outside."""
    training = [module for module in network.modules() if module.training]
    network.eval()
    try:
        yield
    finally:
        for module in training:
            module.training = True


@contextmanager
def training_mode(network: nn.Module) -> Generator[None]:
    """Training mode inside; evaluation mode afterwards, or after an error each module's own mode as before.

    Cut off by Ctrl-C it is a trained network all the same, only less so: evaluation mode.
    """
    before = {module: module.training for module in network.modules()}
    network.train()
    try:
        yield
    except Exception:
        for module, mode in before.items():
            module.training = mode
        raise
    except BaseException:
        network.eval()
        raise
    network.eval()
