"""The network inside what was put around it: torch.compile, DataParallel, functools.partial, a bound method."""

import functools
import inspect
from types import MethodType

from torch import nn

_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def unwrapped(network: object) -> object:
    """Return what a wrapper that computes the same function was put around; another network as it is.

    Parameters
    ----------
    network
        Any callable: also what ``torch.compile``, ``DataParallel`` or ``functools.partial`` made of it, or ``network.forward``.

    Examples
    --------
    >>> import torch
    >>> network = torch.nn.Linear(3, 2)
    >>> unwrapped(functools.partial(torch.nn.DataParallel(network).forward)) is network
    True
    """
    inner = _inside(network)
    while inner is not None:
        network, inner = inner, _inside(inner)
    return network


def uncompiled(network: object) -> object:
    """Return the module that ``torch.compile`` was given; another network as it is."""
    inner = _compiled_from(network) if isinstance(network, nn.Module) else None
    return network if inner is None else uncompiled(inner)


def module_of(network: object) -> nn.Module | None:
    """Return the module whose mode and parameters a callable uses: itself, or what it was put around; None if there is none."""
    if isinstance(network, nn.Module):
        return network
    inner = unwrapped(network)
    if isinstance(inner, MethodType):
        inner = inner.__self__
    return inner if isinstance(inner, nn.Module) else None


def forward_parameters(network: object) -> frozenset[str]:
    """Names of the arguments that a network takes, found inside its wrappers.

    What a ``functools.partial`` has filled in is left out. A forward with ``**kwargs`` is taken to hand them on to the one module
    that it holds.

    Parameters
    ----------
    network
        Any callable.

    Examples
    --------
    >>> import torch
    >>> class Classifier(torch.nn.Module):
    ...     def forward(self, input_ids, attention_mask=None):
    ...         return input_ids
    >>> sorted(forward_parameters(torch.nn.DataParallel(Classifier())))
    ['attention_mask', 'input_ids']
    >>> sorted(forward_parameters(functools.partial(Classifier(), attention_mask=None)))
    ['input_ids']
    """
    filled: set[str] = set()
    inner: object | None = network
    while inner is not None:
        if isinstance(inner, functools.partial):
            filled |= inner.keywords.keys()
        network, inner = inner, _inside(inner)
    try:
        signature = inspect.signature(network.forward if isinstance(network, nn.Module) else network)  # pyright: ignore
    except (TypeError, ValueError):  # compiled code does not tell
        return frozenset()
    parameters = signature.parameters.values()
    names = {parameter.name for parameter in parameters if parameter.kind in _NAMED}
    if isinstance(network, nn.Module) and any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        held = list(network.children())
        if len(held) == 1:
            names |= forward_parameters(held[0])
    return frozenset(names - filled)


def _inside(network: object) -> object | None:
    """What a wrapper was put around, one step; None if it is none."""
    if isinstance(network, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
        return network.module
    if isinstance(network, nn.Module):
        return _compiled_from(network)
    if isinstance(network, functools.partial):
        return network.func
    if isinstance(network, MethodType) and network.__name__ == "forward" and isinstance(network.__self__, nn.Module):
        return network.__self__
    return getattr(network, "_torchdynamo_orig_callable", None)  # of torch.compile, of a function


def _compiled_from(network: nn.Module) -> nn.Module | None:
    return dict(network.named_children()).get("_orig_mod")
