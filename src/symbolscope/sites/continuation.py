"""What a frozen network answers, on fixed inputs, once other states are written at fixed steps."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor

from symbolscope.core.argument_checks import InstanceOf
from symbolscope.core.array_checks import DenseTensor
from symbolscope.core.sequence_checks import ListOf
from symbolscope.errors import SymbolscopeError
from symbolscope.sites.visit import check_states


class Continuation(ABC):
    """Outputs of a network on n fixed inputs from n fixed steps t_i on, as a function of the states written there.

    What does not depend on the written states is computed once. Made by :meth:`symbolscope.sites.Site.continuation`.

    Attributes
    ----------
    states
        The natural states at the steps, [n, d], without gradients.
    remaining
        int64 [n] on the CPU: outputs of each input from its step on, itself included.
    reentrant
        Whether several threads may ask for outputs at once.

    Examples
    --------
    >>> import torch
    >>> from symbolscope.sites import Output
    >>> network = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2))
    >>> x, steps = torch.randn(6, 5, 3), torch.tensor([0, 1, 2, 3, 4, 4])
    >>> continuation = Output("1").continuation(network, x, steps)
    >>> continuation.states.shape, continuation.remaining.tolist()
    (torch.Size([6, 4]), [5, 4, 3, 2, 1, 1])
    >>> rows = torch.tensor([3, 1])  # any of the six, in any order, also repeatedly
    >>> logits = continuation.logits(rows, continuation.states[rows])
    >>> logits.shape, torch.allclose(logits[0, :2], network(x)[3, 3:], atol=1e-6)
    (torch.Size([2, 4, 2]), True)
    """

    reentrant: bool = False

    def __init__(self, states: Tensor, remaining: Tensor) -> None:
        self.states = states
        self.remaining = remaining

    def __len__(self) -> int:
        return len(self.states)

    @abstractmethod
    def logits(self, rows: Tensor, states: Tensor) -> Tensor:
        """Outputs of the given inputs from their steps on, with ``states`` written there; differentiable in ``states``.

        Parameters
        ----------
        rows
            int64 [r], each 0..n-1.
        states
            [r, d].

        Returns
        -------
        Tensor [r, S, V], S = max(remaining[rows]): entry [i, j] is the output at position t_i + j. Entries with
        j >= remaining[rows[i]] are padding of no particular value.

        Raises
        ------
        SymbolscopeError
            If rows or states have another shape or dtype, or a row is out of range.
        """

    def logits_at(self, rows: Tensor, states: Tensor, where: Tensor) -> Tensor:
        """``logits(rows, states)[where]``, without computing more than that where possible.

        Parameters
        ----------
        rows, states
            As for :meth:`logits`.
        where
            bool [r, S'] of any width; refused if it is True where there is no output.

        Returns
        -------
        Tensor [k, V], one row per True of ``where``, in the order of ``where.nonzero()``.
        """
        where = self._checked_where(rows, where)
        return self.logits(rows, states)[:, : where.shape[1]][where]

    @staticmethod
    def concatenate(parts: "Sequence[Continuation]") -> "Continuation":
        """All inputs of ``parts`` in one continuation: row 0 of the second comes after the last of the first.

        The parts should be of one network and site; then their rows go through the network together where possible.
        """
        kind = InstanceOf(Continuation, "a continuation", "site.continuation(network, inputs, steps)")
        parts = ListOf(kind, "continuations").read("parts", parts)
        if not parts:
            raise SymbolscopeError("concatenate needs at least one continuation; got none")
        widths = sorted({part.states.shape[1] for part in parts})
        if len(widths) > 1:
            raise SymbolscopeError(f"continuations of one site have states of one width; got {widths}")
        if len(parts) == 1:
            return parts[0]
        joined = parts[0]._joined(parts)
        return Concatenated(parts) if joined is None else joined

    def _joined(self, parts: "Sequence[Continuation]") -> "Continuation | None":
        """All of ``parts``, self being the first, as one of this kind; None if they are of different ones."""
        return None

    def _checked_rows(self, rows: Tensor, states: Tensor) -> Tensor:
        """``rows`` on the CPU; refuses wrong rows and states."""
        rows = DenseTensor().read("rows", rows)
        if rows.dtype != torch.int64 or rows.ndim != 1 or len(rows) == 0:
            raise SymbolscopeError(
                f"rows must be int64 [r] with r >= 1; got {str(rows.dtype).removeprefix('torch.')} {list(rows.shape)}"
            )
        known = rows.cpu()
        if int(known.min()) < 0 or int(known.max()) >= len(self):
            raise SymbolscopeError(
                f"rows must be 0..{len(self) - 1}, one of the {len(self)} inputs; got {int(known.min())}..{int(known.max())}"
            )
        check_states(states, len(rows), self.states.shape[1], "this continuation")
        return known

    def _checked_where(self, rows: Tensor, where: Tensor) -> Tensor:
        """``where`` cut after its last True; refuses one that asks for outputs that do not exist."""
        rows, where = DenseTensor().read("rows", rows), DenseTensor().read("where", where)
        if where.dtype != torch.bool or where.ndim != 2 or len(where) != len(rows):
            raise SymbolscopeError(
                f"where must be bool [r, S] with one row per row ({len(rows)}); got {str(where.dtype).removeprefix('torch.')} "
                f"{list(where.shape)}"
            )
        remaining = self.remaining[rows.cpu()].to(where.device)
        beyond = where & (torch.arange(where.shape[1], device=where.device) >= remaining[:, None])
        if bool(beyond.any()):
            row, column = (int(index) for index in beyond.nonzero()[0])
            raise SymbolscopeError(
                f"where[{row}, {column}] is True, but input {int(rows[row])} has {int(remaining[row])} outputs from its step on"
            )
        used = where.any(dim=0).nonzero()
        return where[:, : int(used[-1]) + 1 if len(used) else 1]


def stacked(parts: Sequence[Continuation]) -> tuple[Tensor, Tensor]:
    """States and remaining outputs of all parts."""
    return torch.cat([part.states for part in parts]), torch.cat([part.remaining for part in parts])


def remaining_outputs(steps: Tensor, positions: int | None, lengths: Tensor | None) -> Tensor:
    """Outputs from each step on, [n]: to ``lengths``, or to the last position; 1 where there is no position axis (None)."""
    n = len(steps)
    if lengths is not None and (lengths.dtype != torch.int64 or lengths.shape != (n,)):
        raise SymbolscopeError(
            f"lengths must be int64 [b], one per example ({n}); got {str(lengths.dtype).removeprefix('torch.')} "
            f"{list(lengths.shape)}"
        )
    if positions is None:
        return torch.ones(n, dtype=torch.int64)
    ends = torch.full((n,), positions) if lengths is None else lengths.cpu()
    wrong = (ends <= steps) | (ends > positions)
    if bool(wrong.any()):
        row = int(wrong.nonzero()[0, 0])
        raise SymbolscopeError(
            f"every example needs step < length <= {positions}, the positions of the network's output; row {row} has step "
            f"{int(steps[row])} and length {int(ends[row])}"
        )
    return ends - steps


class Concatenated(Continuation):
    """Several continuations one after another; each answers for its own rows."""

    def __init__(self, parts: Sequence[Continuation]) -> None:
        super().__init__(*stacked(parts))
        self.parts = tuple(parts)
        ends = torch.tensor([len(part) for part in parts]).cumsum(0)
        self._owner = torch.repeat_interleave(torch.arange(len(parts)), torch.tensor([len(part) for part in parts]))
        self._begin = torch.cat([ends.new_zeros(1), ends[:-1]])

    def logits(self, rows: Tensor, states: Tensor) -> Tensor:
        """Outputs [r, S, V]; see :meth:`Continuation.logits`."""
        known = self._checked_rows(rows, states)
        width = int(self.remaining[known].max())
        pieces: list[Tensor] = []
        order: list[Tensor] = []
        for index, part in enumerate(self.parts):
            mine = (self._owner[known] == index).nonzero()[:, 0]
            if len(mine):
                piece = part.logits(known[mine] - self._begin[index], states[mine.to(states.device)])
                pieces.append(torch.nn.functional.pad(piece, (0, 0, 0, width - piece.shape[1])))
                order.append(mine)
        back = torch.cat(order).argsort()
        return torch.cat(pieces)[back.to(states.device)]
