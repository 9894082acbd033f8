"""Pairs together with the network's states: what an interchange intervention needs, computed once per set of pairs."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from symbolscope.alignment.pairs import Pairs
from symbolscope.errors import SymbolscopeError
from symbolscope.sites.continuation import Continuation
from symbolscope.sites.site import Site

# Rows of one forward pass outside training: large enough for full speed, small enough for a few MiB.
_ROWS_AT_ONCE = 4_096


class Interchange:
    """Natural states of both runs of every pair, and the network's answer from any state written in the target's place.

    Attributes
    ----------
    target, source
        float [n, d]: the network's states at the two steps.
    continuation
        Runs the network on from the target's step.
    labels, scored
        int64 and bool [n, S], as in :class:`Pairs`.
    """

    def __init__(
        self, continuation: Continuation, target: Tensor, source: Tensor, labels: Tensor, scored: Tensor
    ) -> None:
        self.continuation = continuation
        self.target = target
        self.source = source
        self.labels = labels
        self.scored = scored

    @classmethod
    def of(cls, network: nn.Module, site: Site, pairs: Pairs) -> "Interchange":
        """Read the states of ``pairs`` at ``site`` of a network in evaluation mode."""
        device = next((parameter.device for parameter in network.parameters()), torch.device("cpu"))
        with torch.no_grad():
            inputs, steps = torch.from_numpy(pairs.target_tokens).to(device), _tensor(pairs.target_steps)
            continuation = site.continuation(network, inputs, steps, lengths=_lengths(pairs))
            source = source_states(network, site, pairs)
        return cls(
            continuation,
            continuation.states,
            source,
            torch.from_numpy(pairs.labels).to(device),
            torch.from_numpy(pairs.scored).to(device),
        )

    @classmethod
    def concatenate(cls, parts: Sequence["Interchange"]) -> "Interchange":
        """All pairs of ``parts`` as one; rows of the second come after those of the first."""
        if len(parts) == 1:
            return parts[0]
        width = max(part.labels.shape[1] for part in parts)

        def padded(tensor: Tensor) -> Tensor:
            return nn.functional.pad(tensor, (0, width - tensor.shape[1]))

        return cls(
            Continuation.concatenate([part.continuation for part in parts]),
            torch.cat([part.target for part in parts]),
            torch.cat([part.source for part in parts]),
            torch.cat([padded(part.labels) for part in parts]),
            torch.cat([padded(part.scored) for part in parts]),
        )

    def __len__(self) -> int:
        return len(self.target)

    def losses(self, rows: Tensor, states: Tensor) -> tuple[Tensor, Tensor]:
        """Cross-entropy of each scored label after ``states`` [r, d] are written, and the row (0..r-1) it belongs to: [k], [k]."""
        scored = self.scored[rows]
        logits = self.continuation.logits_at(rows, states, scored)  # [k, V]
        labels = self.labels[rows][scored]
        return nn.functional.cross_entropy(logits, labels, reduction="none"), scored.nonzero()[:, 0]

    def right(self, rows: Tensor, states: Tensor, *, known: bool = False) -> Tensor:
        """Whether the whole scored answer is the most likely one after ``states`` [r, d] are written, bool [r].

        Where nothing is scored there is no answer, and none is right. With ``known``, answers that are no numbers are refused: NaN
        is neither right nor wrong. A search may pass through them.
        """
        out = self.scored[rows].any(dim=1).to(states.device)
        with torch.no_grad():
            for start in range(0, len(rows), _ROWS_AT_ONCE):
                part, written = rows[start : start + _ROWS_AT_ONCE], states[start : start + _ROWS_AT_ONCE]
                scored = self.scored[part]
                logits = self.continuation.logits_at(part, written, scored)
                if known and bool(logits.isnan().any()):
                    raise SymbolscopeError(
                        "after the swap the network's logits are NaN, so no answer can be read off them"
                    )
                wrong = logits.argmax(dim=-1) != self.labels[part][scored]
                out[start + scored.nonzero()[:, 0][wrong]] = False
        return out

    def all_right(self, states: Tensor) -> NDArray[np.bool_]:
        """:meth:`right` for every pair, states [n, d]; logits that are NaN are refused."""
        rows = torch.arange(len(self), device=states.device)
        return self.right(rows, states, known=True).cpu().numpy()


def _lengths(pairs: Pairs) -> Tensor | None:
    """Tokens of each run that matter: up to the one whose output predicts the last scored label."""
    if pairs.target_steps is None:
        return None
    return torch.from_numpy(pairs.target_steps + np.maximum(pairs.lengths, 1))


def source_states(network: nn.Module, site: Site, pairs: Pairs) -> Tensor:
    """States [n, d] of ``network`` at ``site`` in the source runs of ``pairs``."""
    device = next((parameter.device for parameter in network.parameters()), torch.device("cpu"))
    steps = _tensor(pairs.source_steps)
    parts = [
        site.read(
            network,
            torch.from_numpy(pairs.source_tokens[start : start + _ROWS_AT_ONCE]).to(device),
            None if steps is None else steps[start : start + _ROWS_AT_ONCE],
        )
        for start in range(0, len(pairs), _ROWS_AT_ONCE)
    ]
    return torch.cat(parts).detach()


def _tensor(steps: NDArray[np.int64] | None) -> Tensor | None:
    return None if steps is None else torch.from_numpy(steps)
