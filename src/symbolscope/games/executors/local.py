"""Chunks computed in this process."""

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass

from symbolscope.core.argument_checks import WholeNumber
from symbolscope.games.batches import MaskScores
from symbolscope.games.executors.chunk import numbered_chunks, unpacked
from symbolscope.games.executors.executor import ChunkRunner, Executor
from symbolscope.games.executors.score_chunk import score_chunk
from symbolscope.games.given import GivenCount
from symbolscope.shapes import Masks, Scores


@dataclass(frozen=True, init=False)
class Local(Executor):
    """Compute chunks here, one after the other.

    What the game raises comes as it is, with a note that names the chunk.

    Parameters
    ----------
    threads
        Threads per chunk; None is torch's own number, and the last bits may then differ from other executors'.

    Raises
    ------
    SymbolscopeError
        If the number of threads is not at least 1.

    Examples
    --------
    >>> Local().workers
    1
    """

    workers = 1
    threads: int | None

    def __init__(self, *, threads: GivenCount | None = 1) -> None:
        object.__setattr__(self, "threads", None if threads is None else WholeNumber(least=1).read("threads", threads))

    @contextmanager
    def running(self, source: MaskScores, *, batch_size: int) -> Generator[ChunkRunner, None, None]:
        """Score chunks in the order given; see :class:`Executor`."""
        size = WholeNumber(least=1).read("batch_size", batch_size)

        def score(chunks: Iterable[tuple[int, Masks]]) -> Generator[tuple[int, Scores], None, None]:
            for chunk in numbered_chunks(chunks):
                try:
                    values = score_chunk(
                        source, unpacked(chunk.packed, chunk.n_players), batch_size=size, threads=self.threads
                    )
                except Exception as error:
                    error.add_note(f"in {chunk.described}")
                    raise
                yield chunk.number, values

        yield score
