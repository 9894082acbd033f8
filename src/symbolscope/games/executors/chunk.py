"""One chunk of masks on its way to a worker, and what comes back if its game raises there."""

import traceback
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from symbolscope.errors import SymbolscopeError
from symbolscope.shapes import Masks

_SHOWN_PLAYERS = 64


@dataclass(eq=False)
class Chunk:
    """A numbered chunk of masks, one bit per player, and how often it ended its worker.

    Parameters
    ----------
    number
        As given by the caller.
    first_row
        Number of masks that were given before it.
    packed
        uint8 [m, ceil(n / 8)].
    n_players
        Number of players n.
    """

    number: int
    first_row: int
    packed: NDArray[np.uint8] = field(repr=False)
    n_players: int
    losses: int = 0

    @property
    def described(self) -> str:
        """The chunk in a message: number, masks by row, first mask as bits, player 0 first."""
        if not len(self.packed):
            return f"chunk {self.number} (no masks)"
        bits = unpacked(self.packed[:1], self.n_players)[0]
        shown = "".join("1" if present else "0" for present in bits[:_SHOWN_PLAYERS])
        more = "..." if self.n_players > _SHOWN_PLAYERS else ""
        return f"chunk {self.number} (masks {self.first_row}..{self.first_row + len(self.packed) - 1}, first {shown}{more})"

    def lost(self, how: str, *, retries: int) -> None:
        """Count a worker that ended, or was ended, while it ran this chunk.

        Parameters
        ----------
        how
            What happened, as the end of a sentence that begins with the chunk.
        retries
            How often it may be tried again.

        Raises
        ------
        SymbolscopeError
            If that was once too often.
        """
        self.losses += 1
        if self.losses > retries:
            times = "once" if self.losses == 1 else f"{self.losses} times"
            raise SymbolscopeError(
                f"{self.described} {how}, tried {times}: either one of its masks ends every process that evaluates it, "
                "or memory or time is short. Give a smaller batch_size or fewer workers, or more retries or a longer "
                "timeout; to see a crash, evaluate these masks alone with executor='local'"
            )


def numbered_chunks(chunks: Iterable[tuple[int, Masks]]) -> Generator[Chunk, None, None]:
    """Pack numbered chunks one by one, counting rows in the order they are given."""
    row = 0
    for number, masks in chunks:
        yield Chunk(int(number), row, np.packbits(masks, axis=1), masks.shape[1])
        row += len(masks)


def unpacked(packed: NDArray[np.uint8], n_players: int) -> Masks:
    """Read packed masks, uint8 [m, ceil(n / 8)] -> bool [m, n].

    Examples
    --------
    >>> unpacked(np.packbits([[True, False, True]], axis=1), 3)
    array([[ True, False,  True]])
    """
    return np.unpackbits(packed, axis=1, count=n_players).astype(np.bool_)


@dataclass(frozen=True)
class Failure:
    """An exception of a worker, as text: its own class need not exist, nor be picklable, where it is read.

    Parameters
    ----------
    kind
        Name of its class.
    message
        Its message.
    ours
        Whether it was a :class:`SymbolscopeError`, whose message stands for itself.
    trace
        Its traceback.
    """

    kind: str
    message: str
    ours: bool
    trace: str

    @classmethod
    def of(cls, error: BaseException) -> "Failure":
        """Note an exception."""
        trace = "".join(traceback.format_exception(error))
        return cls(type(error).__name__, str(error), isinstance(error, SymbolscopeError), trace)

    def error(self, where: str) -> SymbolscopeError:
        """The exception to raise in this process; its note holds the worker's traceback.

        Examples
        --------
        >>> Failure("ValueError", "no", False, "").error("in a worker")
        SymbolscopeError('the game raised ValueError in a worker: no')
        """
        text = self.message if self.ours else f"the game raised {self.kind} {where}: {self.message}"
        error = SymbolscopeError(text)
        error.add_note(f"Traceback {where}:\n{self.trace}")
        return error
