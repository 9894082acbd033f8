"""A module of a network by its path, such as ``"encoder.layer.0"``; the empty path is the network itself."""

import difflib
from collections.abc import Iterator

from torch import nn

from symbolscope.errors import SymbolscopeError

_SHOWN = 8


def module_at(network: nn.Module, path: str) -> nn.Module:
    """The module at ``path``; refuses an unknown one and names the nearest.

    >>> module_at(nn.Sequential(nn.Linear(2, 3)), "0")
    Linear(in_features=2, out_features=3, bias=True)
    """
    try:
        return network.get_submodule(path)
    except AttributeError:
        pass
    names = [name for name, _ in network.named_modules() if name]
    near = difflib.get_close_matches(path, names, n=3, cutoff=0.4)
    if near:
        hint = "the nearest are " + ", ".join(repr(name) for name in near)
    elif names:
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        hint = "it has " + ", ".join(repr(name) for name in names[:_SHOWN]) + more
    else:
        hint = "it has no submodules; the network itself is ''"
    raise SymbolscopeError(f"{type(network).__name__} has no module {path!r}; {hint}")


def described(network: nn.Module, path: str) -> str:
    """Name of a module for messages, such as ``GRU 'rnn'``."""
    module = module_at(network, path)
    return f"{type(module).__name__} {path!r}" if path else f"the network ({type(module).__name__})"


def recurrent_layers(network: nn.Module) -> Iterator[tuple[str, nn.RNNBase]]:
    """Path and module of every nn.RNN, nn.GRU and nn.LSTM."""
    for name, module in network.named_modules():
        if isinstance(module, (nn.RNN, nn.GRU, nn.LSTM)):
            yield name, module


def recurrent_cells(network: nn.Module) -> Iterator[tuple[str, nn.RNNCellBase]]:
    """Path and module of every nn.RNNCell, nn.GRUCell and nn.LSTMCell."""
    for name, module in network.named_modules():
        if isinstance(module, (nn.RNNCell, nn.GRUCell, nn.LSTMCell)):
            yield name, module
