"""The one tensor among what a network returns: a tensor, an array, an object with logits, a tuple or a mapping."""

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np
import torch

from symbolscope.errors import SymbolscopeError


def output_tensor(returned: object, rows: int) -> tuple[torch.Tensor, bool, str | None]:
    """Find the outputs in what a network returned for a batch.

    A tuple or mapping counts only if one of its entries could be an output, numbers [m] or [m, C]: a recurrent layer's states
    [layers, m, width] could not, a second head could, and then the caller has to say which is meant.

    Parameters
    ----------
    returned
        What the network returned.
    rows
        Number m of inputs in the batch.

    Returns
    -------
    The tensor, whether it was named ``logits``, and which entry of a tuple or mapping it was.

    Raises
    ------
    SymbolscopeError
        If there is no such tensor, or more than one.

    Examples
    --------
    >>> output_tensor((torch.ones(2, 3), torch.ones(1, 2, 8)), 2)[2]
    'entry 0 of a tuple of 2'
    >>> output_tensor([0.5, 0.25], 2)[0]
    tensor([0.5000, 0.2500], dtype=torch.float64)
    """
    if isinstance(returned, torch.Tensor):
        return returned, False, None
    if isinstance(returned, Mapping) and isinstance(returned.get("logits"), torch.Tensor):
        return cast("torch.Tensor", returned["logits"]), True, None
    logits = getattr(returned, "logits", None)
    if isinstance(logits, torch.Tensor):
        return logits, True, None
    if isinstance(returned, (tuple, list)) and any(isinstance(entry, torch.Tensor) for entry in returned):
        entries = cast("Sequence[object]", returned)
        return _only_output({f"entry {i} of a tuple of {len(entries)}": e for i, e in enumerate(entries)}, rows)
    if isinstance(returned, Mapping):
        return _only_output({f"entry {name!r} of a mapping": e for name, e in returned.items()}, rows)
    return _from_array(returned), False, None


def _only_output(entries: Mapping[str, object], rows: int) -> tuple[torch.Tensor, bool, str]:
    tensors = {where: entry for where, entry in entries.items() if isinstance(entry, (torch.Tensor, np.ndarray))}
    fitting = {w: e for w, e in tensors.items() if e.ndim in (1, 2) and e.shape[0] == rows}
    if not fitting:  # such as one row of logits per token
        fitting = {w: e for w, e in tensors.items() if e.ndim > 0 and e.shape[0] == rows}
    if len(fitting) == 1:
        where, entry = next(iter(fitting.items()))
        return torch.as_tensor(entry), False, where
    shown = ", ".join(f"{where} of shape {tuple(e.shape)}" for where, e in tensors.items()) or "no tensor"
    problem = "more than one could be its output" if fitting else f"none has one row per input ({rows} rows)"
    raise SymbolscopeError(
        f"the network returned {shown}; {problem}. Wrap it, so that it returns the one that is meant: "
        "lambda x: network(x)[0], or network(x)['name']"
    )


def _from_array(returned: object) -> torch.Tensor:
    try:
        array = np.asarray(returned)
        if array.dtype == np.object_:
            array = array.astype(np.float64)
    except (TypeError, ValueError):
        array = np.asarray(None)
    if array.dtype == np.bool_:
        array = array.astype(np.float64)
    if array.ndim == 0 or not np.issubdtype(array.dtype, np.number) or np.iscomplexobj(array):
        raise SymbolscopeError(
            f"the network returned {type(returned).__name__}; expected numbers [m, ...] as a tensor, an array, a list or a data "
            "frame, or an object with .logits. Wrap it: lambda x: network(x).your_output"
        )
    return torch.from_numpy(np.array(array, dtype=array.dtype if array.dtype == np.float32 else np.float64))
