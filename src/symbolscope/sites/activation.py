"""The first tensor among what a module takes or returns, its state at one position, and the same with that state replaced."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from symbolscope.errors import SymbolscopeError
from symbolscope.sites.steps import at_steps, check_range
from symbolscope.sites.visit import Visit, check_states


@dataclass(frozen=True)
class Activation:
    """A tensor [b, L, d] with a state per position, or [b, d] with one state in all.

    Attributes
    ----------
    tensor
        As the network has it: [b, L, d], [L, b, d] if ``sequence_first``, or [b, d].
    name
        What it is, for messages.
    """

    tensor: Tensor
    sequence_first: bool
    name: str

    def visited(self, visit: Visit) -> Tensor | None:
        """Read into ``visit.found`` and return None; or return the tensor with ``visit.states`` written."""
        value = self._rows_first(visit)
        if visit.steps is None:
            if value.ndim != 2:
                raise SymbolscopeError(
                    f"{self.name} is {list(value.shape)}, with a state per position; give steps, an int or int64 [b]"
                )
            if visit.states is None:
                visit.found = value.clone()  # the network may go on to change its own in place
                return None
            check_states(visit.states, visit.n, value.shape[1], self.name)
            return visit.states.to(device=value.device, dtype=value.dtype, copy=True)
        if value.ndim != 3:
            raise SymbolscopeError(f"{self.name} is {list(value.shape)} and has no position axis; give steps=None")
        check_range(visit.steps, value.shape[1], self.name)
        if visit.states is None:
            visit.found = at_steps(value, visit.steps)
            return None
        check_states(visit.states, visit.n, value.shape[2], self.name)
        states = visit.states.to(device=value.device, dtype=value.dtype)
        rows = torch.arange(visit.n, device=value.device)
        written = value.index_put((rows, visit.steps.to(value.device)), states)
        return written.transpose(0, 1) if self.sequence_first else written

    def _rows_first(self, visit: Visit) -> Tensor:
        value = self.tensor
        if not value.is_floating_point():
            dtype = str(value.dtype).removeprefix("torch.")
            raise SymbolscopeError(
                f"{self.name} holds {dtype}, not states; choose the Output of the module that embeds it"
            )
        if value.ndim not in (2, 3):
            raise SymbolscopeError(
                f"{self.name} is {list(value.shape)}; expected [b, L, d] with steps, or [b, d]; choose a module "
                "after the flattening"
            )
        if self.sequence_first and value.ndim == 3:
            value = value.transpose(0, 1)
        if len(value) != visit.n:
            raise SymbolscopeError(
                f"{self.name} is {list(self.tensor.shape)} where the inputs have {visit.n} rows; expected one row per example, "
                "[b, L, d] or [b, d]: choose another module, or wrap it so that examples come first"
            )
        return value


def is_sequence_first(network: nn.Module, path: str) -> bool:
    """Whether the module, or one that contains it, takes [L, b, d], as torch's recurrent and transformer layers do by default."""
    names = path.split(".") if path else []
    for depth in range(len(names), -1, -1):
        module = network.get_submodule(".".join(names[:depth]))
        # TransformerEncoderLayer and TransformerDecoderLayer leave the flag to their attention.
        for holder in (module, getattr(module, "self_attn", None)):
            flag = getattr(holder, "batch_first", None)
            if isinstance(flag, bool):
                return not flag
    return False


def replace_first(values: tuple[object, ...], edit: Callable[[Tensor], Tensor | None]) -> tuple[object, ...] | None:
    """``values`` with the first tensor edited; None if the edit returns None. Raises StopIteration if there is no tensor."""
    index = next(index for index, value in enumerate(values) if isinstance(value, Tensor))
    value = values[index]
    assert isinstance(value, Tensor)
    edited = edit(value)
    return None if edited is None else (*values[:index], edited, *values[index + 1 :])
