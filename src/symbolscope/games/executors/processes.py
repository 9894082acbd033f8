"""Chunks computed by several processes of this machine."""

import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import wait

from symbolscope.core.argument_checks import SECONDS, WholeNumber
from symbolscope.errors import SymbolscopeError
from symbolscope.games.batches import MaskScores
from symbolscope.games.executors.available_cores import available_cores
from symbolscope.games.executors.chunk import Chunk, Failure, numbered_chunks
from symbolscope.games.executors.executor import ChunkRunner, Executor
from symbolscope.games.executors.parcel import packed_source
from symbolscope.games.executors.worker_process import WorkerProcess
from symbolscope.games.given import GivenCount
from symbolscope.shapes import Masks, Scores

_EACH = 2  # one running, one waiting, so that no worker waits for the driver
_LOOK_SECONDS = 1.0
_START_SECONDS = 300.0  # importing torch, on a slow disk
_LAST_WORDS_SECONDS = 1.0


@dataclass(frozen=True, init=False)
class Processes(Executor):
    """Compute chunks in processes of this machine, each with a copy of the game and one thread.

    Workers are plain interpreters: nothing of the calling script is imported again, so it needs no
    ``if __name__ == "__main__":``, and ``python -c`` and notebooks work. A worker that ends is replaced and costs only
    the chunk it was running, which is tried again. A network on a GPU works; every worker then holds a copy of it there.
    Linux and macOS only.

    Parameters
    ----------
    workers
        Number of processes; None is one per core that this process may use.
    retries
        How often a chunk is tried again after it ended its worker or ran too long.
    timeout
        Seconds one chunk may run.

    Raises
    ------
    SymbolscopeError
        If a parameter is out of range; from ``running``, before anything is started, if the game cannot be sent.

    Examples
    --------
    >>> Processes(workers=2)
    Processes(workers=2, retries=5, timeout=600.0)
    """

    workers: int
    retries: int
    timeout: float

    def __init__(
        self, *, workers: GivenCount | None = None, retries: GivenCount = 5, timeout: float | int = 600.0
    ) -> None:
        chosen = available_cores() if workers is None else WholeNumber(least=1).read("workers", workers)
        object.__setattr__(self, "workers", chosen)
        object.__setattr__(self, "retries", WholeNumber(least=0).read("retries", retries))
        object.__setattr__(self, "timeout", SECONDS.read("timeout", timeout))

    @contextmanager
    def running(self, source: MaskScores, *, batch_size: int) -> Generator[ChunkRunner, None, None]:
        """Start workers as chunks come, and end them all; see :class:`Executor`."""
        size = WholeNumber(least=1).read("batch_size", batch_size)
        pool = _Pool(self, packed_source(source, executor="executors.Processes"), size)
        try:
            yield pool
        finally:
            pool.stop()


class _Pool:
    """The workers of one run."""

    def __init__(self, executor: Processes, parcel: bytes, batch_size: int) -> None:
        self._executor = executor
        self._parcel = parcel
        self._batch_size = batch_size
        self._workers: list[WorkerProcess] = []
        self._again: deque[Chunk] = deque()
        self._failed_starts = 0
        self._busy = False

    def __call__(self, chunks: Iterable[tuple[int, Masks]]) -> Generator[tuple[int, Scores], None, None]:
        if self._busy:
            raise SymbolscopeError("these workers still score other chunks; exhaust or close that iterator first")
        self._busy = True
        given = numbered_chunks(chunks)
        try:
            while self._hand_out(given):
                for worker in self._readable():
                    answer = self._answer(worker)
                    if answer is not None:
                        yield answer
        finally:
            # Left early: what is still being computed nobody wants.
            for worker in [worker for worker in self._workers if worker.chunks]:
                self._remove(worker)
            self._again.clear()
            self._busy = False

    def stop(self) -> None:
        """End all workers: first all are killed, for a second Ctrl-C may interrupt the waiting."""
        for worker in self._workers:
            worker.kill()
        while self._workers:
            self._remove(self._workers[-1])

    def _hand_out(self, given: Iterator[Chunk]) -> bool:
        """Give chunks while there is room, and say whether any is out."""
        for worker in [worker for worker in self._workers if not worker.chunks and worker.ended()]:
            self._remove(worker)
        while len(self._workers) < self._executor.workers or any(
            len(worker.chunks) < _EACH for worker in self._workers
        ):
            chunk = self._again.popleft() if self._again else next(given, None)
            if chunk is None:
                break
            self._least_busy().give(chunk, batch_size=self._batch_size)
        return any(worker.chunks for worker in self._workers)

    def _least_busy(self) -> WorkerProcess:
        """The worker with the fewest chunks; a new one where all are at work and there may be more."""
        if len(self._workers) < self._executor.workers and all(worker.chunks for worker in self._workers):
            worker = WorkerProcess()
            self._workers.append(worker)  # before it runs, so that an interruption leaves none behind
            worker.start(self._parcel)
            return worker
        return min(self._workers, key=lambda worker: len(worker.chunks))

    def _readable(self) -> list[WorkerProcess]:
        """Wait a moment for answers; replace workers that ended without one, or are too late."""
        busy = [worker for worker in self._workers if worker.chunks]
        pause = min(self._deadline(worker) for worker in busy) - time.monotonic()
        answered = wait([worker.connection for worker in busy], min(max(pause, 0.0), _LOOK_SECONDS))
        for worker in busy:
            if worker.connection in answered or worker.connection.poll():
                continue
            # A worker's own child processes may hold its end of the connection open after it has ended.
            if worker.ended():
                self._lost(worker, worker.stop())
            elif time.monotonic() >= self._deadline(worker):
                worker.stop()
                limit = self._executor.timeout if worker.ready else _START_SECONDS
                self._lost(worker, f"took more than the {limit:g} s it may take")
        return [worker for worker in busy if worker.connection in answered]

    def _deadline(self, worker: WorkerProcess) -> float:
        return worker.since + (self._executor.timeout if worker.ready else _START_SECONDS)

    def _answer(self, worker: WorkerProcess) -> tuple[int, Scores] | None:
        """Read what a worker has to say."""
        try:
            message = worker.connection.recv()
        except (EOFError, OSError):
            self._lost(worker, worker.stop(patience=_LAST_WORDS_SECONDS))
            return None
        worker.since = time.monotonic()
        if isinstance(message, Failure):
            chunk = worker.chunks[0]
            raise message.error(f"in a worker on {chunk.described}" if worker.ready else "in a worker at its start")
        if isinstance(message, str):
            worker.ready = True
            self._failed_starts = 0
            return None
        return worker.chunks.popleft().number, message

    def _lost(self, worker: WorkerProcess, how: str) -> None:
        """Put the chunks of a lost worker back, and count against the one it was running, if it was."""
        self._remove(worker)
        retries = self._executor.retries
        if worker.ready:
            worker.chunks[0].lost(f"lost its worker ({how})", retries=retries)
        else:
            self._failed_starts += 1
            if self._failed_starts > retries:
                raise SymbolscopeError(
                    f"worker processes end before they are ready ({how}), tried {self._failed_starts} times: what they "
                    "print above may say why. Is there memory for another copy of the game, and does "
                    "`python -c \"import symbolscope\"` work? Else give fewer workers, or executor='local'"
                )
        self._again.extendleft(reversed(worker.chunks))

    def _remove(self, worker: WorkerProcess) -> None:
        worker.stop()
        self._workers.remove(worker)
