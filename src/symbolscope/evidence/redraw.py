"""A network of the same architecture that has learned nothing."""

import copy

import torch
from torch import nn

from symbolscope.errors import SymbolscopeError


def redrawn(network: nn.Module, *, seed: int) -> nn.Module:
    """A copy whose parameters are all drawn anew and whose buffers are reset.

    Modules that know how to begin (``reset_parameters``, as torch's own do) begin again; parameters of others are drawn from a
    normal distribution with their own mean and standard deviation. A network without parameters keeps its weights in buffers, and
    these are drawn so. The global random state is left as it was.

    Parameters
    ----------
    network
        Any module; not changed.
    seed
        Of the draw.

    Raises
    ------
    SymbolscopeError
        If it cannot be copied, or has neither parameters nor buffers.

    Examples
    --------
    >>> trained = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    >>> _ = trained(torch.randn(8, 3, generator=torch.Generator().manual_seed(0)))
    >>> fresh = redrawn(trained, seed=0)
    >>> bool((fresh[0].weight != trained[0].weight).all()), fresh[1].running_mean
    (True, tensor([0., 0., 0., 0.]))
    """
    try:
        fresh = copy.deepcopy(network)
    except (TypeError, RuntimeError) as error:
        raise SymbolscopeError(
            f"{type(network).__name__} cannot be copied, so none like it can be drawn: {error}"
        ) from error
    parameters = dict(fresh.named_parameters())
    buffers = {name: tensor for name, tensor in fresh.named_buffers() if tensor.is_floating_point()}
    if not parameters and not buffers:
        raise SymbolscopeError(
            f"{type(network).__name__} has neither parameters nor buffers, so there is nothing to draw anew"
        )
    before = {name: parameter._version for name, parameter in parameters.items()}
    devices = sorted({tensor.get_device() for tensor in parameters.values() if tensor.is_cuda})
    with torch.random.fork_rng(devices=devices), torch.no_grad():
        torch.manual_seed(seed)
        for module in fresh.modules():
            reset = getattr(module, "reset_parameters", None)
            if callable(reset):
                reset()
        for name, parameter in parameters.items():
            if parameter._version == before[name]:  # nobody has written to it
                _draw_alike(parameter)
        if not parameters:
            for tensor in buffers.values():
                _draw_alike(tensor)
    return fresh


def _draw_alike(tensor: torch.Tensor) -> None:
    if not tensor.is_floating_point() or tensor.numel() == 0:
        return
    spread = tensor.std(correction=0) if tensor.numel() > 1 else tensor.abs().sum()
    tensor.copy_(tensor.mean() + spread * torch.randn_like(tensor))
