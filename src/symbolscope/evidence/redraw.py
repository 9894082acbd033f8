"""A network of the same architecture that has learned nothing."""

import copy

import torch
from torch import nn

from symbolscope.core.argument_checks import Network, Seed
from symbolscope.core.checked_call import takes
from symbolscope.core.gradient_mode import gradients
from symbolscope.core.random_streams import stream_seed
from symbolscope.errors import SymbolscopeError

# Weights are quantised to these; wider integers are indices and counts, which are left alone.
_PACKED = (torch.int8, torch.uint8)


@takes({"network": Network(), "seed": Seed()})
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
        If it cannot be copied, has neither parameters nor buffers, or holds weights that cannot be drawn and would stay as they
        were trained: those of quantised modules.

    Examples
    --------
    >>> trained = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    >>> _ = trained(torch.randn(8, 3, generator=torch.Generator().manual_seed(0)))
    >>> fresh = redrawn(trained, seed=0)
    >>> bool((fresh[0].weight != trained[0].weight).all()), fresh[1].running_mean
    (True, tensor([0., 0., 0., 0.]))
    """
    with gradients():
        return _redrawn(network, seed)


def _redrawn(network: nn.Module, seed: int) -> nn.Module:
    try:
        fresh = copy.deepcopy(network)
    except Exception as error:  # a class of the user's may copy itself, and fail in its own way
        raise SymbolscopeError(
            f"{type(network).__name__} cannot be copied, so none like it can be drawn: {error or type(error).__name__}"
        ) from error
    _check_drawable(fresh)
    parameters = dict(fresh.named_parameters())
    buffers = {name: tensor for name, tensor in fresh.named_buffers() if tensor.is_floating_point()}
    if not parameters and not buffers:
        raise SymbolscopeError(
            f"{type(network).__name__} has neither parameters nor buffers, so there is nothing to draw anew"
        )
    before = {name: parameter._version for name, parameter in parameters.items()}
    devices = sorted({tensor.get_device() for tensor in parameters.values() if tensor.is_cuda})
    with torch.random.fork_rng(devices=devices), torch.no_grad():
        torch.manual_seed(stream_seed(seed, "weights of a network that has learned nothing"))
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


def _check_drawable(network: nn.Module) -> None:
    """Refuse weights that would stay as they were trained: the network would not be an untrained one."""
    for name, parameter in network.named_parameters():
        if parameter.dtype in _PACKED and parameter.numel() > 0:
            dtype = str(parameter.dtype).removeprefix("torch.")
            raise SymbolscopeError(
                f"the parameter {name!r} of {type(network).__name__} is of {dtype}, as quantised weights are, so it cannot be "
                "drawn anew"
            )
    for name, module in network.named_modules():
        tensors = (*module.named_parameters(remove_duplicate=False), *module.named_buffers(remove_duplicate=False))
        held = {key for key, _ in tensors}
        # What a module saves beyond its own and its children's tensors are weights that it keeps elsewhere, packed.
        packed = [key for key in module.state_dict() if key not in held and not key.endswith("_extra_state")]
        if packed and not any(True for _ in module.children()):
            raise SymbolscopeError(
                f"{type(module).__name__}{f' {name!r}' if name else ''} has neither parameters nor buffers for its weights, as "
                "is so of quantised modules, so there is nothing to draw anew"
            )


def _draw_alike(tensor: torch.Tensor) -> None:
    if not (tensor.is_floating_point() or tensor.is_complex()) or tensor.numel() == 0:
        return
    spread = tensor.std(correction=0) if tensor.numel() > 1 else tensor.abs().sum()
    tensor.copy_(tensor.mean() + spread * torch.randn_like(tensor))
