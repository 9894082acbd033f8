"""Consecutive layers of an nn.RNN, nn.GRU or nn.LSTM, run on their own with the module's weights."""

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence


@dataclass(frozen=True)
class Layers:
    """Layers ``first`` to ``last`` - 1 of a one-directional recurrent module, as one map of inputs and initial states.

    Their state is flat, [h of each layer; c of each layer] in [b, d], or per part, h [layers, b, h] and for an LSTM c.
    """

    module: nn.RNNBase
    first: int
    last: int

    @property
    def is_lstm(self) -> bool:
        """Whether the state has a part c."""
        return isinstance(self.module, nn.LSTM)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Width of h and, for an LSTM, of c, of one layer."""
        hidden = self.module.hidden_size
        return (self.module.proj_size or hidden, hidden) if self.is_lstm else (hidden,)

    @property
    def width(self) -> int:
        """Width d of the flat state."""
        return (self.last - self.first) * sum(self.sizes)

    def split(self, states: Tensor) -> tuple[Tensor, ...]:
        """Flat states [b, d] as parts [layers, b, size]."""
        n = self.last - self.first
        parts = states.split([n * size for size in self.sizes], dim=1)
        return tuple(
            part.reshape(len(states), n, size).transpose(0, 1).contiguous()
            for part, size in zip(parts, self.sizes, strict=True)
        )

    def flat(self, parts: tuple[Tensor, ...]) -> Tensor:
        """Parts [layers, b, size] as flat states [b, d]."""
        return torch.cat([part.transpose(0, 1).flatten(1) for part in parts], dim=1)

    def part_of(self, initial: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """These layers' share of initial states of all layers; empty where none were given."""
        return tuple(part[self.first : self.last] for part in initial)

    def run(self, x: Tensor, lengths: Tensor, start: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Outputs [b, L, h] on x [b, L, i] and each example's states after its own length >= 1; zeros past it.

        An empty ``start`` is the kernel's own, zero.
        """
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        hidden = (start if self.is_lstm else start[0]) if start else None
        whole = self.first == 0 and self.last == self.module.num_layers
        # forward(), not the module itself: hooks that others have put on it have had their turn.
        output, final = self.module.forward(packed, hidden) if whole else self._alone(packed, hidden)
        outputs, _ = pad_packed_sequence(output, batch_first=True, total_length=x.shape[1])
        return outputs, final if isinstance(final, tuple) else (final,)

    def _alone(self, packed: PackedSequence, hidden: object) -> tuple[PackedSequence, Tensor | tuple[Tensor, ...]]:
        """Call a module of these layers only, whose weights are this module's."""
        module, (size, *_) = self.module, self.sizes
        inputs, hidden_size = module.input_size if self.first == 0 else size, module.hidden_size
        n, bias = self.last - self.first, module.bias
        if isinstance(module, nn.LSTM):
            alone = nn.LSTM(inputs, hidden_size, n, bias, proj_size=module.proj_size, device="meta")
        elif isinstance(module, nn.GRU):
            alone = nn.GRU(inputs, hidden_size, n, bias, device="meta")
        else:
            alone = nn.RNN(inputs, hidden_size, n, str(module.nonlinearity), bias, device="meta")
        weights = {
            name: cast("Tensor", getattr(module, f"{kind}_l{int(layer) + self.first}"))
            for name, _ in alone.named_parameters()
            for kind, layer in [name.rsplit("_l", 1)]
        }
        # cuDNN warns of weights that do not lie in one piece; the native kernel takes them as they are.
        with torch.backends.cudnn.flags(enabled=False):
            return torch.func.functional_call(alone, weights, (packed, hidden))
