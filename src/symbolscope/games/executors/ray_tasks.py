"""Chunks computed by the machines of a Ray cluster."""

import faulthandler
import hashlib
from collections import deque
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.argument_checks import SECONDS, Number, WholeNumber
from symbolscope.errors import SymbolscopeError
from symbolscope.games.batches import MaskScores
from symbolscope.games.executors.available_cores import available_cores
from symbolscope.games.executors.chunk import Chunk, Failure, numbered_chunks, unpacked
from symbolscope.games.executors.executor import ChunkRunner, Executor
from symbolscope.games.executors.parcel import packed_source, unpacked_source
from symbolscope.games.executors.ray_session import ray_session
from symbolscope.games.executors.score_chunk import score_chunk
from symbolscope.games.given import GivenCount
from symbolscope.shapes import Masks, Scores

_EACH = 2
_STDERR = 2  # the file, which Ray sends to its logs, and not what it puts in the place of sys.stderr
_GRACE_SECONDS = 300.0  # a worker's start, or a node's; above it nothing comes back any more
_SMALLEST_STORE = 80 << 20  # Ray refuses less than 75 MiB

_unpacked_here: dict[str, MaskScores] = {}  # in a worker: the game it last scored, by digest


@dataclass(frozen=True, init=False)
class Ray(Executor):
    """Compute chunks as tasks of a Ray cluster, each process of which keeps a copy of the game.

    A task that is lost with its process, its machine, or its memory costs only its chunk, which is tried again anywhere.
    A mask that always ends its process therefore ends the run with an error after ``retries`` more of them. Ray's results
    are not durable: if the calling process is killed, so is the run, and of a cluster that it had started
    idle processes may stay.

    Every machine needs the same versions of Python, Ray, torch and symbolscope, and all modules the game refers to; what is
    defined in the script or notebook itself travels with the game. Equal bits need equal processors too.

    Ray opens ports on every network interface of its machines. Tokens are always asked for, but nothing is encrypted: use
    a firewall or a private network.

    Parameters
    ----------
    address
        A running cluster: "auto" for one that this machine belongs to, or host:port. It is left running. None starts one
        on this machine, with a token of its own, and stops it afterwards. A connection that the process already has is
        used, whatever the address, and kept.
    workers
        Chunks at the same time; as many again are waiting in the cluster. None is one per core that this process may use;
        with an address it must be given.
    retries
        How often a chunk is tried again after its task was lost.
    timeout
        Seconds one chunk may run, loading the game in a new process included.
    gpus_per_task
        GPUs, or the part of one, that Ray sets aside for each chunk; for a network on a GPU.
    token_path
        File with the cluster's token; None lets Ray look for it (RAY_AUTH_TOKEN, RAY_AUTH_TOKEN_PATH, ~/.ray/auth_token).
    store_bytes
        Shared memory of a cluster that is started here.

    Raises
    ------
    SymbolscopeError
        If a parameter is out of range; from ``running``, if the game cannot be sent, Ray is missing, or the cluster does
        not answer or does not know the token.

    Examples
    --------
    >>> Ray(workers=2).timeout
    600.0
    >>> Ray(address="10.0.0.1:6379", workers=64, token_path="/etc/ray/token").workers
    64
    """

    address: str | None
    workers: int
    retries: int
    timeout: float
    gpus_per_task: float
    token_path: str | None
    store_bytes: int

    def __init__(
        self,
        *,
        address: str | None = None,
        workers: GivenCount | None = None,
        retries: GivenCount = 5,
        timeout: float | int = 600.0,
        gpus_per_task: float | int = 0.0,
        token_path: str | None = None,
        store_bytes: GivenCount = 128 << 20,
    ) -> None:
        if address is not None and workers is None:
            raise SymbolscopeError(
                f"Ray(address={address!r}) needs workers: give the number of its cores (`ray status` shows it), such as "
                f"Ray(address={address!r}, workers=16)"
            )
        chosen = available_cores() if workers is None else WholeNumber(least=1).read("workers", workers)
        object.__setattr__(self, "address", address)
        object.__setattr__(self, "workers", chosen)
        object.__setattr__(self, "retries", WholeNumber(least=0).read("retries", retries))
        object.__setattr__(self, "timeout", SECONDS.read("timeout", timeout))
        object.__setattr__(
            self,
            "gpus_per_task",
            Number(least=0, expected="a number that is not negative").read("gpus_per_task", gpus_per_task),
        )
        object.__setattr__(self, "token_path", token_path)
        object.__setattr__(
            self, "store_bytes", WholeNumber(least=_SMALLEST_STORE, most=1 << 62).read("store_bytes", store_bytes)
        )

    @contextmanager
    def running(self, source: MaskScores, *, batch_size: int) -> Generator[ChunkRunner, None, None]:
        """Connect or start a cluster, and leave or stop it; see :class:`Executor`."""
        size = WholeNumber(least=1).read("batch_size", batch_size)
        parcel = packed_source(source, executor="executors.Ray")
        with ray_session(
            address=self.address, cores=self.workers, store_bytes=self.store_bytes, token_path=self.token_path
        ) as ray:
            yield _Tasks(self, ray, parcel, size)


class _Tasks:
    """The tasks of one run."""

    def __init__(self, executor: Ray, ray: Any, parcel: bytes, batch_size: int) -> None:
        self._executor = executor
        self._ray = ray
        self._batch_size = batch_size
        self._digest = hashlib.sha256(parcel).hexdigest()
        # This process owns the parcel, and its machine holds a copy for as long as it lives: losing another one, which
        # may hold a copy too, loses nothing. As an array it is read where it lies.
        self._parcel = ray.put(np.frombuffer(parcel, dtype=np.uint8))
        self._task = ray.remote(num_cpus=1, num_gpus=executor.gpus_per_task or None, max_retries=0)(_score)

    def __call__(self, chunks: Iterable[tuple[int, Masks]]) -> Generator[tuple[int, Scores], None, None]:
        given = numbered_chunks(chunks)
        again: deque[Chunk] = deque()
        pending: dict[Any, Chunk] = {}
        limit = self._executor.timeout + _GRACE_SECONDS
        try:
            while True:
                while len(pending) < _EACH * self._executor.workers:
                    chunk = again.popleft() if again else next(given, None)
                    if chunk is None:
                        break
                    pending[self._submitted(chunk)] = chunk
                if not pending:
                    return
                done, _ = self._ray.wait(list(pending), num_returns=1, timeout=limit)
                if not done:
                    chunk = next(iter(pending.values()))
                    raise SymbolscopeError(
                        f"no chunk came back from Ray for {limit:g} s, with {len(pending)} submitted, the oldest "
                        f"{chunk.described}. Has the cluster a free core, and {self._executor.gpus_per_task:g} of a GPU, "
                        "for a task? `ray status` shows it"
                    )
                chunk = pending.pop(done[0])
                values = self._answer(done[0], chunk, limit)
                if values is None:
                    again.append(chunk)
                else:
                    yield chunk.number, values
        finally:
            for reference in pending:  # left early: nobody wants these any more
                self._ray.cancel(reference, force=True)

    def _submitted(self, chunk: Chunk) -> Any:
        # Within a list the parcel is not fetched before the task asks for it, which it does once per process.
        return self._task.remote(
            self._digest, [self._parcel], chunk.packed, chunk.n_players, self._batch_size, self._executor.timeout
        )

    def _answer(self, reference: Any, chunk: Chunk, limit: float) -> Scores | None:
        """The values of a chunk, or None if its task was lost and may be tried again."""
        errors = self._ray.exceptions
        lost = (errors.WorkerCrashedError, errors.NodeDiedError, errors.ObjectLostError, errors.OutOfMemoryError)
        try:
            answer = self._ray.get(reference, timeout=limit)
        except (*lost, errors.GetTimeoutError) as error:
            chunk.lost(f"lost its Ray task ({type(error).__name__})", retries=self._executor.retries)
            return None
        except errors.RayError as error:
            raise SymbolscopeError(
                f"Ray raised {type(error).__name__} on {chunk.described}: {error}. Do all machines have the same versions "
                "of Python, Ray, torch and symbolscope?"
            ) from error
        if isinstance(answer, Failure):
            raise answer.error(f"in a Ray worker on {chunk.described}")
        return np.array(answer)  # [m], a copy: an answer read where it lies would hold on to Ray's memory


def _score(
    digest: str, parcel: list[Any], packed: NDArray[np.uint8], n_players: int, batch_size: int, timeout: float
) -> Scores | Failure:
    """The task: in a worker, score one chunk."""
    import ray

    # A thread of C, which ends the process also if the network hangs in compiled code.
    faulthandler.dump_traceback_later(timeout, exit=True, file=_STDERR)
    try:
        if digest not in _unpacked_here:
            _unpacked_here.clear()
            given: Any = ray.get(parcel[0], timeout=timeout)
            try:
                _unpacked_here[digest] = unpacked_source(memoryview(given))
            except Exception as error:
                return Failure.of(error)
        try:
            return score_chunk(_unpacked_here[digest], unpacked(packed, n_players), batch_size=batch_size)
        except (Exception, SystemExit) as error:
            return Failure.of(error)
    finally:
        faulthandler.cancel_dump_traceback_later()
