"""One call of an nn.RNN, nn.GRU or nn.LSTM, read or written at one step per example with its own fused kernels."""

from typing import cast

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from symbolscope.errors import SymbolscopeError
from symbolscope.sites.layers import Layers
from symbolscope.sites.steps import at_steps, check_range
from symbolscope.sites.visit import Arguments, Named, Visit


class RecurrentRun:
    """One call of the module: its input [b, L, i], initial state, natural output [b, L, h], and each example's length."""

    def __init__(self, layers: Layers, args: Arguments, kwargs: Named, output: object, visit: Visit, name: str) -> None:
        module = layers.module
        self.layers = layers
        given = args[0] if args else kwargs["input"]
        hidden = args[1] if len(args) > 1 else kwargs.get("hx")
        natural, final = cast("tuple[Tensor | PackedSequence, Tensor | tuple[Tensor, ...]]", output)
        self.final = final if isinstance(final, tuple) else (final,)
        self.packed = natural if isinstance(natural, PackedSequence) else None
        if isinstance(given, PackedSequence) and isinstance(natural, PackedSequence):
            self.x, self.lengths = pad_packed_sequence(given, batch_first=True)
            self.natural, _ = pad_packed_sequence(natural, batch_first=True)
        else:
            assert isinstance(given, Tensor)
            assert isinstance(natural, Tensor)
            if given.ndim != 3:
                raise SymbolscopeError(
                    f"{name} is given unbatched input {list(given.shape)}; expected one example per row: call the network on "
                    "a batch"
                )
            self.x = given if module.batch_first else given.transpose(0, 1)
            self.natural = natural if module.batch_first else natural.transpose(0, 1)
            self.lengths = torch.full((len(self.x),), self.x.shape[1])
        if len(self.x) != visit.n:
            raise SymbolscopeError(
                f"the inputs have {visit.n} rows but {name} sees {len(self.x)} examples (batch_first={module.batch_first}); the "
                "network must take one example per row"
            )
        assert visit.steps is not None
        self.steps = visit.steps
        uniform = int(self.lengths.min()) == int(self.lengths.max())
        check_range(self.steps, int(self.lengths[0]) if uniform else self.lengths, name)
        parts = () if hidden is None else (hidden if isinstance(hidden, tuple) else (hidden,))
        self.initial = tuple(part for part in parts if isinstance(part, Tensor))

    def states_at(self, steps: Tensor) -> Tensor:
        """Natural states [b, d] of the layers after each example's own step."""
        layers, module = self.layers, self.layers.module
        if layers.is_lstm or layers.first + 1 < layers.last or layers.last < module.num_layers:
            # Only the top layer's h is among the outputs: run every example up to its own step, and take the final states.
            below = Layers(module, 0, layers.last)
            _, reached = below.run(self.x, steps + 1, below.part_of(self.initial))
            return layers.flat(tuple(part[layers.first :] for part in reached))
        return at_steps(self.natural, steps)

    def written(self, states: Tensor) -> object:
        """What the module returns when ``states`` stand at each example's own step."""
        layers, module = self.layers, self.layers.module
        x, natural = self.x, self.natural
        if layers.first > 0:
            below = Layers(module, 0, layers.first)
            x, _ = below.run(x, self.lengths, below.part_of(self.initial))
        if layers.last < module.num_layers:
            natural, _ = layers.run(x, self.lengths, layers.part_of(self.initial))
        outputs, ends = self._spliced(x, natural, layers.split(states))
        pieces = [tuple(part[: layers.first] for part in self.final), ends]
        if layers.last < module.num_layers:
            above = Layers(module, layers.last, module.num_layers)
            outputs, ends = above.run(outputs, self.lengths, above.part_of(self.initial))
            pieces.append(ends)
        joined = tuple(torch.cat([piece[index] for piece in pieces]) for index in range(len(self.final)))
        return self._as_returned(outputs), joined if layers.is_lstm else joined[0]

    def _spliced(self, x: Tensor, natural: Tensor, start: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Natural outputs before the step, the written one at it, and the kernel's from there on; with the final states."""
        rest = self.lengths - 1 - self.steps  # [b] steps after the written one
        outputs = start[0][-1][:, None]  # [b, 1, h] the top layer's
        ends = start
        if int(rest.max()) > 0:
            at = self.steps[:, None] + 1 + torch.arange(int(rest.max()))  # [b, S]
            later = x[torch.arange(len(x), device=x.device)[:, None], at.clamp(max=x.shape[1] - 1).to(x.device)]
            # The kernel takes no empty sequences; where nothing is left, one step is run and thrown away.
            suffix, reached = self.layers.run(later, rest.clamp(min=1), start)
            outputs = torch.cat([outputs, suffix], dim=1)  # [b, 1 + S, h]
            ended = (rest == 0).to(x.device)[None, :, None]
            ends = tuple(torch.where(ended, s, e) for s, e in zip(start, reached, strict=True))
        offset = (torch.arange(natural.shape[1]) - self.steps[:, None]).to(x.device)  # [b, L] since the written one
        index = offset.clamp(0, outputs.shape[1] - 1)[:, :, None].expand_as(natural)
        return torch.where((offset >= 0)[:, :, None], outputs.gather(1, index), natural), ends

    def _as_returned(self, outputs: Tensor) -> object:
        """Outputs [b, L, h] in the layout in which the module returned them."""
        if self.packed is None:
            return outputs if self.layers.module.batch_first else outputs.transpose(0, 1)
        order = self.packed.sorted_indices
        lengths = self.lengths
        if order is not None:
            outputs, lengths = outputs[order], lengths[order.cpu()]
        again = pack_padded_sequence(outputs, lengths, batch_first=True)
        return PackedSequence(
            again.data, self.packed.batch_sizes, self.packed.sorted_indices, self.packed.unsorted_indices
        )
