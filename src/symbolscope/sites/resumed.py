"""The continuation of a recurrent network: its past is the state, so only the suffix is run."""

from collections.abc import Sequence

import torch
from torch import Tensor

from symbolscope.networks.recurrent_network import RecurrentNetwork
from symbolscope.sites.continuation import Continuation, remaining_outputs, stacked
from symbolscope.sites.forward_pass import recurrent_backward
from symbolscope.sites.steps import at_steps

# Rows of one pass for the natural states.
_ROWS_AT_ONCE = 1_024
# States read out together: the wide layers of a readout make tens of MB of more, which are mapped into memory afresh every time.
_READ_AT_ONCE = 4_096


class ResumedContinuation(Continuation):
    """Logits of a RecurrentNetwork resumed from written states: the prefix is run once, at the start.

        logits = readout([states, resume(states, tokens after the step)])

    Attributes
    ----------
    network
        The network.
    further
        int64 [n, S - 1]: tokens after each step, and padding.
    """

    def __init__(self, network: RecurrentNetwork, further: Tensor, states: Tensor, remaining: Tensor) -> None:
        super().__init__(states, remaining)
        self.reentrant = network.reentrant and states.device.type == "cpu"
        self.network = network
        self.further = further

    @classmethod
    def of(
        cls, network: RecurrentNetwork, tokens: Tensor, steps: Tensor, *, lengths: Tensor | None = None
    ) -> "ResumedContinuation":
        """Run the network on tokens [n, L] up to the steps [n]; lengths as for :meth:`symbolscope.sites.Site.continuation`."""
        remaining = remaining_outputs(steps, tokens.shape[1], lengths)
        states: list[Tensor] = []
        with torch.no_grad():
            for rows in torch.arange(len(tokens)).split(_ROWS_AT_ONCE):
                until = int(steps[rows].max()) + 1
                states.append(at_steps(network.states(tokens[rows.to(tokens.device), :until]), steps[rows]))
        return cls(network, suffix(tokens, steps)[:, : int(remaining.max()) - 1], torch.cat(states), remaining)

    def logits(self, rows: Tensor, states: Tensor) -> Tensor:
        """Outputs [r, S, V]; see :meth:`Continuation.logits`."""
        known = self._checked_rows(rows, states)
        return self.network.readout(self._states(known, states, self.remaining[known]))

    def logits_at(self, rows: Tensor, states: Tensor, where: Tensor) -> Tensor:
        """Outputs [k, V] where wanted; the network runs no further than that, and reads out no other states."""
        known = self._checked_rows(rows, states)
        where = self._checked_where(rows, where)
        last = where.shape[1] - where.flip(1).to(torch.int8).argmax(dim=1)  # [r] one more than the last True
        ends = torch.where(where.any(dim=1), last, 1).cpu()
        read = self._states(known, states, ends)[where.to(self.states.device)]
        return torch.cat([self.network.readout(part) for part in read.split(_READ_AT_ONCE)])

    def _states(self, rows: Tensor, states: Tensor, ends: Tensor) -> Tensor:
        """The written states and those that follow, [r, max(ends), d]; row i matters up to ``ends[i]``."""
        written = states.to(device=self.states.device, dtype=self.states.dtype)
        tokens = self.further[rows.to(self.further.device), : int(ends.max()) - 1]
        with recurrent_backward(self.network, written):
            after = self.network.resume(written, tokens, (ends - 1).to(tokens.device))
        return torch.cat([written[:, None], after], dim=1)

    def _joined(self, parts: Sequence[Continuation]) -> Continuation | None:
        """One continuation of all rows, if all are of this network."""
        same = [part for part in parts if isinstance(part, ResumedContinuation) and part.network is self.network]
        if len(same) < len(parts):
            return None
        width = max(part.further.shape[1] for part in same)
        further = [torch.nn.functional.pad(part.further, (0, width - part.further.shape[1])) for part in same]
        return ResumedContinuation(self.network, torch.cat(further), *stacked(same))


def suffix(tokens: Tensor, steps: Tensor) -> Tensor:
    """Tokens [b, L] after each step, from the left, [b, L - 1 - min(steps)]; past the end the last token is repeated."""
    length = tokens.shape[1]
    at = steps[:, None] + 1 + torch.arange(length - 1 - int(steps.min()))
    return tokens.gather(1, at.clamp(max=length - 1).to(tokens.device))
