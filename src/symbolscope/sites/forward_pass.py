"""One call of a network on rows of its inputs, and the logits in what it returns."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeAlias

import torch
from torch import Tensor, nn

from symbolscope.core.array_checks import DenseTensor
from symbolscope.errors import SymbolscopeError

# One tensor whose first axis counts examples, or a dict of such tensors by parameter name (other values go through as they are).
Inputs: TypeAlias = Tensor | Mapping[str, object]


def forward(network: nn.Module, inputs: Inputs) -> object:
    """Call ``network(inputs)``, or ``network(**inputs)`` where they are named, on copies: it may write into what it is given."""
    try:
        if isinstance(inputs, Mapping):
            return network(
                **{name: value.clone() if isinstance(value, Tensor) else value for name, value in inputs.items()}
            )
        return network(inputs.clone())
    except (SymbolscopeError, torch.OutOfMemoryError):
        raise
    except (TypeError, ValueError, IndexError, RuntimeError) as error:
        raise SymbolscopeError(f"{type(network).__name__} fails on these inputs, {_kind(inputs)}: {error}") from error


def n_rows(inputs: Inputs) -> int:
    """Number of examples; refuses tensors that do not agree on it."""
    named = inputs if isinstance(inputs, Mapping) else {"inputs": inputs}
    for name, value in named.items():
        if isinstance(value, Tensor):
            DenseTensor().read(str(name), value)
    rows = {name: len(value) for name, value in named.items() if isinstance(value, Tensor) and value.ndim}
    if not rows:
        raise SymbolscopeError(
            f"inputs must be a tensor with one example per row, or a dict of such tensors; got {_kind(inputs)}"
        )
    first = next(iter(rows))
    for name, count in rows.items():
        if count != rows[first]:
            raise SymbolscopeError(
                f"every input needs one row per example: {first!r} has {rows[first]}, {name!r} has {count}; "
                f"expand {name!r} first"
            )
    if rows[first] == 0:
        raise SymbolscopeError("inputs must have at least one example; got none")
    return rows[first]


def take_rows(inputs: Inputs, rows: Tensor) -> Inputs:
    """The examples of the given rows."""
    if not isinstance(inputs, Mapping):
        return inputs[rows.to(inputs.device)]
    return {
        name: value[rows.to(value.device)] if isinstance(value, Tensor) and value.ndim else value
        for name, value in inputs.items()
    }


def join_rows(parts: Sequence[Inputs]) -> Inputs | None:
    """The examples of all parts in one, or None if their shapes or names differ."""
    named = [part for part in parts if isinstance(part, Mapping)]
    if not named:
        return _cat(list(parts))
    if len(named) < len(parts) or any(list(part) != list(named[0]) for part in named):
        return None
    joined: dict[str, object] = {}
    for name, first in named[0].items():
        values = [part[name] for part in named]
        if isinstance(first, Tensor) and first.ndim:
            whole = _cat(values)
            if whole is None:
                return None
            joined[name] = whole
        elif all(value is first or (type(value) is type(first) and value == first) for value in values):
            joined[name] = first
        else:
            return None
    return joined


def _cat(values: list[object]) -> Tensor | None:
    tensors = [value for value in values if isinstance(value, Tensor) and value.ndim]
    if len(tensors) < len(values) or len({(t.shape[1:], t.dtype, t.device) for t in tensors}) > 1:
        return None
    return torch.cat(tensors)


def logits_of(output: object, rows: int) -> Tensor:
    """Logits [rows, ..., V] in a network's output: the tensor itself, its ``logits``, or the first entry of a tuple."""
    found = output
    if isinstance(output, Mapping) and "logits" in output:
        found = output["logits"]
    elif hasattr(output, "logits"):
        found = getattr(output, "logits")  # noqa: B009 - pyright knows no attribute of object
    elif isinstance(output, (tuple, list)) and output:
        found = output[0]
    if not isinstance(found, Tensor):
        raise SymbolscopeError(
            f"the network returned {type(output).__name__}; expected a tensor [b, L, V] or [b, V], a tuple starting with one, "
            "or an object with .logits"
        )
    if found.ndim not in (2, 3) or len(found) != rows:
        raise SymbolscopeError(
            f"the network must return logits [b, L, V] or [b, V] with one row per example; {rows} examples gave "
            f"{tuple(found.shape)}"
        )
    return found


@contextmanager
def recurrent_backward(network: nn.Module, states: Tensor) -> Generator[None]:
    """Allow a backward pass to ``states`` through recurrent layers in evaluation mode, which cuDNN's kernels refuse."""
    refused = (
        states.is_cuda
        and torch.is_grad_enabled()
        and any(isinstance(module, nn.RNNBase) and not module.training for module in network.modules())
    )
    if not refused:
        yield
        return
    with torch.backends.cudnn.flags(enabled=False):
        yield


def _kind(inputs: object) -> str:
    if isinstance(inputs, Mapping):
        return "a dict of " + (
            ", ".join(f"{name!r}: {type(value).__name__}" for name, value in inputs.items()) or "nothing"
        )
    return (
        f"{type(inputs).__name__} of shape {tuple(inputs.shape)}"
        if isinstance(inputs, Tensor)
        else type(inputs).__name__
    )
