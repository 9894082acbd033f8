"""Hand-built networks whose state holds a program's variables by construction."""

import math

import numpy as np
import torch
from torch import Tensor

from symbolscope.core.argument_checks import WholeNumber
from symbolscope.core.checked_call import takes
from symbolscope.errors import SymbolscopeError
from symbolscope.networks.recurrent_network import RecurrentNetwork
from symbolscope.tasks.number_task import NumberTask

_LARGEST_SCALE = 1e30  # counts times this stay within float32


class Oracle(RecurrentNetwork):
    """A recurrent network that is affine in its state, with one map per token and a linear readout.

        h_t = h_{t-1} M[x_t] + e[x_t],   logits_t = h_t W + w

    Nothing is trained. Every token maps the state to itself until a subclass says otherwise.

    Parameters
    ----------
    task
        A number task whose answer is the number itself, in a token that is none of its demonstration tokens.
    width
        Size d of the state.
    least
        The least width that the code needs.
    scale
        What one count is in the state.

    Raises
    ------
    SymbolscopeError
        If the state is too small, the scale leaves nothing to tell counts apart by, the task answers with the token that it shows,
        or with another number of them.
    """

    reentrant = True

    maps: Tensor  # [V, d, d]
    shifts: Tensor  # [V, d]
    weights: Tensor  # [d, V]
    bias: Tensor  # [V]
    first: Tensor  # [d]

    def __init__(self, task: NumberTask, width: int, *, least: int, scale: float = 1.0) -> None:
        super().__init__(task.vocabulary, width)
        if width < least:
            raise SymbolscopeError(f"{type(self).__name__} needs a width of at least {least}; got {width}")
        if scale == 0 or not math.isfinite(scale):
            raise SymbolscopeError(f"scale must be a finite number other than 0; got {scale}")
        if abs(scale) > _LARGEST_SCALE:
            raise SymbolscopeError(f"scale must be at most {_LARGEST_SCALE:g}, to stay within float32; got {scale}")
        if task.response in task.demos:
            raise SymbolscopeError(
                f"{type(self).__name__} tells phases by their tokens, and {type(task).__name__} responds with the token it is "
                "shown; use MultiObject or SingleObject"
            )
        quantities = np.array(task.quantities)
        if (task.answer(quantities) != quantities).any():
            raise SymbolscopeError(
                f"{type(self).__name__} answers with as many tokens as it is shown, and {type(task).__name__} asks for another "
                "number; use MultiObject or SingleObject"
            )
        n_tokens = len(task.vocabulary)
        self.register_buffer("maps", torch.eye(width).repeat(n_tokens, 1, 1))
        self.register_buffer("shifts", torch.zeros(n_tokens, width))
        self.register_buffer("weights", torch.zeros(width, n_tokens))
        self.register_buffer("bias", torch.full((n_tokens,), -1e4))  # a token that nothing calls for
        self.register_buffer("first", torch.zeros(width))

    @property
    def state_size(self) -> int:
        return self.width

    @takes({"n": WholeNumber(least=0, most=10_000_000)})
    def initial_state(self, n: int) -> Tensor:
        return self.first.repeat(n, 1)

    def resume(self, states: Tensor, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        out: list[Tensor] = []
        for token in tokens.t():
            states = torch.bmm(states[:, None], self.maps[token])[:, 0] + self.shifts[token]
            out.append(states)
        return torch.stack(out, dim=1) if out else states.new_zeros(len(tokens), 0, self.width)

    def readout(self, states: Tensor) -> Tensor:
        return states @ self.weights + self.bias
