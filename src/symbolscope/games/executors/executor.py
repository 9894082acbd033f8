"""Where the chunks of a long evaluation are computed."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol, runtime_checkable

from symbolscope.games.batches import MaskScores
from symbolscope.shapes import Masks, Scores


@runtime_checkable
class ChunkRunner(Protocol):
    """What scores chunks while an executor runs."""

    def __call__(self, chunks: Iterable[tuple[int, Masks]]) -> Iterator[tuple[int, Scores]]:
        """Score numbered chunks of masks, bool [m, n] each, as they finish, in any order.

        Chunks are drawn only as there is room: at most two per worker are drawn and not yet yielded.
        """
        ...


class Executor(ABC):
    """A place to compute the values of chunks of masks: this process, other processes, other machines.

    Building one is cheap and starts nothing. For every executor

    - each chunk drawn is yielded exactly once, or an error is raised;
    - the values are those of :func:`score_chunk`, bit for bit, whatever the executor, the number of workers, the order
      of the chunks, and the workers lost on the way;
    - once the context is left, be it by Ctrl-C, nothing that it started is still running.

    Attributes
    ----------
    workers
        Chunks computed at the same time.

    Examples
    --------
    >>> import numpy as np
    >>> import symbolscope as sy
    >>> from symbolscope.games.executors import Local
    >>> game = sy.Game.from_function(lambda masks: masks.sum(axis=1), 2)
    >>> chunks = enumerate(np.split(sy.all_masks(2), 2))
    >>> with Local().running(game.source, batch_size=2) as score:
    ...     for number, values in score(chunks):
    ...         number, values
    (0, array([0., 1.]))
    (1, array([1., 2.]))
    """

    workers: int

    @abstractmethod
    def running(self, source: MaskScores, *, batch_size: int) -> AbstractContextManager[ChunkRunner]:
        """Be ready to score chunks, and stop everything afterwards.

        Parameters
        ----------
        source
            What is evaluated, such as ``game.source``.
        batch_size
            Masks per batch. Chunks should hold a multiple of it, the last one excepted.

        Raises
        ------
        SymbolscopeError
            If the source cannot be sent to where it would run; from the runner, if it raises there, or if a chunk
            kept ending or outlasting its workers.
        """
