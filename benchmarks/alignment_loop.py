"""What the search is measured against in torch itself: its bare recurrent layer, and the loop that one writes by hand."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from symbolscope.alignment.interchange import Interchange
from symbolscope.networks import GRU


@dataclass(frozen=True)
class Rows:
    """The rows of one optimiser step, laid out as torch's layers take them."""

    target: Tensor  # [r, d]
    source: Tensor  # [r, d]
    further: Tensor  # int64 [r, S - 1], tokens after the swap; padded to the longest of these rows
    scored: Tensor  # bool [r, S]
    labels: Tensor  # int64 [k], where scored
    lengths: Tensor  # int64 [r], tokens of ``further`` that matter


def rows_of(interchange: Interchange, further: Tensor, rows: Tensor) -> Rows:
    """Cut to what these rows need: columns after the last scored label are left out."""
    scored = interchange.scored[rows]
    width = int(scored.any(dim=0).nonzero()[-1]) + 1
    scored = scored[:, :width]
    lengths = width - 1 - scored.flip(1).to(torch.int8).argmax(dim=1)
    tokens = further[rows, : width - 1]
    labels = interchange.labels[rows][:, :width][scored]
    return Rows(interchange.target[rows], interchange.source[rows], tokens, scored, labels, lengths)


def suffix_pass(network: GRU, rows: Rows, states: Tensor) -> Tensor:
    """The physical limit: nn.GRU over the suffix from states [r, d], readout where scored, mean loss, backward to the states."""
    states = states.detach().requires_grad_()
    after = network.rnn(network.embedding(rows.further), states[None])[0]
    loss = _loss(network, rows, torch.cat([states[:, None], after], dim=1))
    loss.backward()
    return loss


def packed_suffix_pass(network: GRU, rows: Rows, states: Tensor) -> Tensor:
    """The same with ``pack_padded_sequence``: nothing is computed on padding, the rows are sorted and gathered instead."""
    states = states.detach().requires_grad_()
    longer = rows.lengths.nonzero()[:, 0]
    packed = nn.utils.rnn.pack_padded_sequence(
        network.embedding(rows.further[longer]), rows.lengths[longer], batch_first=True, enforce_sorted=False
    )
    after, _ = nn.utils.rnn.pad_packed_sequence(
        network.rnn(packed, states[longer][None])[0], batch_first=True, total_length=rows.further.shape[1]
    )
    whole = states.new_zeros(*rows.further.shape, states.shape[1]).index_copy(0, longer, after)
    loss = _loss(network, rows, torch.cat([states[:, None], whole], dim=1))
    loss.backward()
    return loss


class Loop:
    """Alignment search as a person writes it: rotation by QR, one GRUCell call per token, Adam."""

    def __init__(self, network: GRU, columns: Tensor, rate: float) -> None:
        self.network = network
        self.cell = nn.GRUCell(network.width, network.width)
        self.cell.load_state_dict({name.removesuffix("_l0"): own for name, own in network.rnn.state_dict().items()})
        self.cell.requires_grad_(False)
        self.free = nn.Parameter(columns.detach().clone())
        self.optimiser = torch.optim.Adam([self.free], lr=rate)

    def step(self, rows: Rows) -> Tensor:
        """One optimiser step; the loss before it."""
        self.optimiser.zero_grad()
        Q = torch.linalg.qr(self.free)[0]
        state = rows.target + (rows.source - rows.target) @ Q @ Q.T
        states = [state]
        for token in self.network.embedding(rows.further).unbind(1):
            state = self.cell(token, state)
            states.append(state)
        loss = _loss(self.network, rows, torch.stack(states, dim=1))
        loss.backward()
        self.optimiser.step()
        return loss.detach()


def _loss(network: GRU, rows: Rows, states: Tensor) -> Tensor:
    return nn.functional.cross_entropy(network.readout(states[rows.scored]), rows.labels)


def basis(columns: Tensor) -> np.ndarray:
    """An orthonormal basis of the whole space that starts with ``columns`` [d, r], float32 [d, d]."""
    drawn = torch.randn(len(columns), len(columns), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    known = columns.detach().double()
    Q, R = torch.linalg.qr(torch.cat([known, drawn[:, known.shape[1] :]], dim=1))
    return (Q * R.diagonal().sgn()).float().numpy()
