"""Which operation makes a network's outputs: a softmax, a sigmoid, one without bounds, or something else."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.weak import WeakTensorKeyDictionary

Operation = Literal["softmax", "log-softmax", "sigmoid", "unbounded"]

_MAKES: Mapping[str, Operation] = {
    "softmax": "softmax",
    "_softmax": "softmax",
    "_safe_softmax": "softmax",
    "log_softmax": "log-softmax",
    "_log_softmax": "log-softmax",
    "sigmoid": "sigmoid",
    "sigmoid_": "sigmoid",
    # Linear maps, normalisations and rectifiers: what they give is bound to no interval.
    **dict.fromkeys(
        ("addmm", "mm", "bmm", "baddbmm", "linear", "addmv", "mv", "convolution", "embedding"), "unbounded"
    ),
    **dict.fromkeys(("native_layer_norm", "native_batch_norm", "_native_batch_norm_legit_no_training"), "unbounded"),
    **dict.fromkeys(("native_group_norm", "layer_norm", "batch_norm", "cudnn_batch_norm"), "unbounded"),
    **dict.fromkeys(("relu", "relu_", "gelu", "silu", "elu", "leaky_relu", "softplus"), "unbounded"),
}
# What moves, cuts or copies numbers without changing what they mean.
_PASSES = frozenset(
    "view _unsafe_view reshape squeeze unsqueeze select slice transpose t permute contiguous clone _to_copy detach alias expand "  # noqa: SIM905
    "flatten index index_select narrow as_strided split split_with_sizes chunk unbind view_as lift_fresh copy_ to".split()
)
# Of a sigmoid's outputs p these make probabilities again: 1 - p, and [1 - p, p] side by side.
_KEEPS_PROBABILITY = frozenset({"rsub", "cat", "stack", "clamp", "clamp_"})


def last_operation(call: Callable[[torch.Tensor], torch.Tensor], batch: torch.Tensor) -> Operation | None:
    """Call a network once and tell which operation made its outputs; None if it is none of those below.

    "softmax" and "log-softmax" are over the columns of outputs [m, C]; "sigmoid" includes one column of a softmax; "unbounded" is a
    matrix product, convolution, normalisation or rectifier, whose results are bound to no interval. Reshaping, selecting and
    copying after it do not count.

    Parameters
    ----------
    call
        The network: batch [m, ...] -> outputs [m, ...].
    batch
        Inputs [m, ...].

    Examples
    --------
    >>> rows = torch.ones(2, 3)
    >>> last_operation(torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Softmax(dim=1)), rows)
    'softmax'
    >>> last_operation(lambda x: torch.sigmoid(x.sum(1)), rows)
    'sigmoid'
    >>> last_operation(torch.nn.Linear(3, 2), rows)
    'unbounded'
    >>> last_operation(lambda x: x.cos(), rows) is None
    True
    """
    made = _MadeBy()
    try:
        with made:
            outputs = call(batch)
    except Exception:  # some networks cannot be watched: compiled, captured or written against other dispatchers
        return None
    operation, width = made.of(outputs)
    if operation in ("softmax", "log-softmax") and (outputs.ndim != 2 or outputs.shape[1] != width):
        return "sigmoid" if operation == "softmax" else None  # a column of a softmax is a probability
    return operation


class _MadeBy(TorchDispatchMode):
    """Notes for each tensor which operation made its numbers, and how many entries a softmax was taken over."""

    def __init__(self) -> None:
        super().__init__()
        self._made: Any = WeakTensorKeyDictionary()

    def of(self, tensor: torch.Tensor) -> tuple[Operation | None, int]:
        return self._made.get(tensor, (None, 0))

    def __torch_dispatch__(
        self, func: Any, types: object, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> object:
        result = func(*args, **(kwargs or {}))
        name = func.overloadpacket.__name__
        note = self._note(name, args)
        if note[0] is not None:
            for tensor in result if isinstance(result, (tuple, list)) else (result,):
                if isinstance(tensor, torch.Tensor):
                    self._made[tensor] = note
        elif isinstance(result, torch.Tensor) and result in self._made:  # written in place by another operation
            del self._made[result]
        return result

    def _note(self, name: str, args: Sequence[Any]) -> tuple[Operation | None, int]:
        first = args[0] if args else None
        if (operation := _MAKES.get(name)) is not None:
            if operation in ("softmax", "log-softmax") and isinstance(first, torch.Tensor):
                axis = args[1] if len(args) > 1 and isinstance(args[1], int) else -1
                if axis % max(first.ndim, 1) != max(first.ndim, 1) - 1:
                    return None, 0
                return operation, first.shape[-1] if first.ndim else 0
            return operation, 0
        if name in _PASSES:
            source = args[1] if name == "copy_" and len(args) > 1 else first
            return self.of(source) if isinstance(source, torch.Tensor) else (None, 0)
        if name in _KEEPS_PROBABILITY:
            sources = first if isinstance(first, (tuple, list)) else (first,)
            notes = [self.of(source) if isinstance(source, torch.Tensor) else (None, 0) for source in sources]
            if notes and all(operation in ("sigmoid", "softmax") for operation, _ in notes):
                return notes[0] if name.startswith("clamp") else ("sigmoid", 0)
        return None, 0
