"""The continuation of any network: run it again on the rows wanted, with hooks that write the states."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from symbolscope.sites.continuation import Continuation, remaining_outputs, stacked
from symbolscope.sites.forward_pass import Inputs, join_rows, logits_of, n_rows, take_rows
from symbolscope.sites.site import Site
from symbolscope.sites.steps import Steps, checked_steps

# Rows of one pass for the natural states: the logits of a large vocabulary still fit in memory.
_ROWS_AT_ONCE = 128


class HookedContinuation(Continuation):
    """Outputs of the whole network on the rows wanted, from their steps on.

    Where the network gives one output per example, [b, V], that is the only one from any step on: S = 1.
    """

    def __init__(
        self, site: Site, network: nn.Module, inputs: Inputs, steps: Tensor | None, states: Tensor, remaining: Tensor
    ) -> None:
        super().__init__(states, remaining)
        self.site = site
        self.network = network
        self.inputs = inputs
        self.steps = steps

    @classmethod
    def of(
        cls, site: Site, network: nn.Module, inputs: Inputs, steps: Steps, *, lengths: Tensor | None = None
    ) -> "HookedContinuation":
        """Read the natural states; parameters as for :meth:`symbolscope.sites.Site.continuation`."""
        n = n_rows(inputs)
        checked = checked_steps(steps, n)
        states: list[Tensor] = []
        positions: int | None = None
        with torch.no_grad():
            for rows in torch.arange(n).split(_ROWS_AT_ONCE):
                part = None if checked is None else checked[rows]
                found, output = site.observe(network, take_rows(inputs, rows), part)
                logits = logits_of(output, len(rows))
                positions = logits.shape[1] if logits.ndim == 3 else None
                states.append(found)
        first = torch.zeros(n, dtype=torch.int64) if checked is None else checked
        return cls(site, network, inputs, checked, torch.cat(states), remaining_outputs(first, positions, lengths))

    def logits(self, rows: Tensor, states: Tensor) -> Tensor:
        """Outputs [r, S, V]; see :meth:`Continuation.logits`."""
        known = self._checked_rows(rows, states)
        steps = None if self.steps is None else self.steps[known]
        logits = logits_of(self.site.run(self.network, take_rows(self.inputs, known), steps, states), len(known))
        if logits.ndim == 2:
            return logits[:, None]
        width = int(self.remaining[known].max())
        if steps is None:
            return logits[:, :width]
        at = (steps[:, None] + torch.arange(width)).clamp(max=logits.shape[1] - 1).to(logits.device)  # [r, S]
        return logits[torch.arange(len(known), device=logits.device)[:, None], at]

    def _joined(self, parts: Sequence[Continuation]) -> Continuation | None:
        """One continuation of all inputs, if they fit together."""
        same = [
            part
            for part in parts
            if isinstance(part, HookedContinuation) and part.network is self.network and part.site == self.site
        ]
        inputs = join_rows([part.inputs for part in same])
        if len(same) < len(parts) or inputs is None:
            return None
        steps = [part.steps for part in same if part.steps is not None]
        if steps and len(steps) < len(same):
            return None
        return HookedContinuation(self.site, self.network, inputs, torch.cat(steps) if steps else None, *stacked(same))
