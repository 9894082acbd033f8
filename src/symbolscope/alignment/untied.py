"""Readouts that share weights with what comes before a state, such as an output layer tied to its embedding: given their own."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

Gradients = Callable[[Sequence[Tensor]], list[bool]]


def untie(network: nn.Module, state_needs: Gradients, output_needs: Gradients) -> None:
    """Give every use of a shared weight its own copy, in place, where one is before a state and another reads it.

    Parameters
    ----------
    network
        A copy that nobody else holds. It computes what it did before.
    state_needs, output_needs
        Whether the state, and the output, depends on each of the given tensors.
    """
    _separate_places(network)
    named = [
        (module, name, parameter)
        for module in network.modules()
        for name, parameter in module.named_parameters(recurse=False)
        if module is not network
    ]
    upstream = state_needs([parameter for _, _, parameter in named])
    held = [entry for entry, needed in zip(named, upstream, strict=True) if needed]
    if not held:
        return
    # A weight that is also used outside its module's own call, as in h @ embedding.weight.T: the call gets a copy that stays.
    handles = [_frozen_in_its_call(module, name, parameter) for module, name, parameter in held]
    parameters = [parameter for _, _, parameter in held]
    still, read = state_needs(parameters), output_needs(parameters)
    for attached, before, after in zip(handles, still, read, strict=True):
        if before or not after:
            for handle in attached:
                handle.remove()


def _separate_places(network: nn.Module) -> None:
    """One parameter registered in several modules becomes as many equal ones."""
    seen: set[int] = set()
    for module in network.modules():
        for name, parameter in list(module.named_parameters(recurse=False)):
            if id(parameter) in seen:
                own = nn.Parameter(parameter.detach().clone(), requires_grad=parameter.requires_grad)
                setattr(module, name, own)
            seen.add(id(parameter))


def _frozen_in_its_call(module: nn.Module, name: str, parameter: nn.Parameter) -> list[Any]:
    copy = nn.Parameter(parameter.detach().clone(), requires_grad=False)

    def begin(_module: nn.Module, _arguments: object) -> None:
        setattr(module, name, copy)

    def end(_module: nn.Module, _arguments: object, _output: object) -> None:
        setattr(module, name, parameter)

    return [module.register_forward_pre_hook(begin), module.register_forward_hook(end, always_call=True)]


def depends(output: Tensor, tensors: Sequence[Tensor]) -> list[bool]:
    """Whether ``output`` has a gradient by each of the tensors."""
    wanted = [tensor for tensor in tensors if tensor.requires_grad]
    if not output.requires_grad or not wanted:
        return [False] * len(tensors)
    # Not backward: gradients that the parameters already have would be lost, or taken for the state's.
    found = torch.autograd.grad(output.sum(), wanted, allow_unused=True)
    by_id = {id(tensor): gradient is not None for tensor, gradient in zip(wanted, found, strict=True)}  # pyright: ignore[reportUnnecessaryComparison]
    return [by_id.get(id(tensor), False) for tensor in tensors]
