"""A worker process as its driver sees it."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from contextlib import suppress
from multiprocessing import Pipe

from symbolscope.errors import SymbolscopeError
from symbolscope.games.executors.chunk import Chunk

# Threads of numpy's and torch's libraries: one per worker, and read when they are loaded.
_ONE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_CODE = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from symbolscope.games.executors.worker_loop import serve; serve(int(sys.argv[2]))"
)
_ENDING_SECONDS = 2.0
_STDERR = 2


class WorkerProcess:
    """An interpreter of its own that scores the chunks it is given, oldest first.

    It hears no Ctrl-C. It ends when it is stopped, and when the driver's end of the connection closes, which is also what
    happens if the driver is killed.
    """

    def __init__(self) -> None:
        if os.name != "posix":
            raise SymbolscopeError(
                f"executors.Processes needs Linux or macOS; this is {sys.platform}. Give executor='local' or 'ray'"
            )
        if not sys.executable:
            raise SymbolscopeError(
                "executors.Processes cannot find a Python interpreter: sys.executable is empty here. Set it to the path "
                "of python, or give executor='local'"
            )
        self.connection, self._theirs = Pipe()
        self.chunks: deque[Chunk] = deque()  # the first one is running
        self.ready = False
        self.since = time.monotonic()  # when it was started, got ready, or began its first chunk
        self._process: subprocess.Popen[bytes] | None = None
        self._outbox: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._sender: threading.Thread | None = None

    def start(self, parcel: bytes) -> None:
        """Start it, and begin to send it the packed source."""
        path = json.dumps([entry for entry in sys.path if type(entry) is str])
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and code
                [sys.executable, "-c", _CODE, path, str(self._theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=_STDERR,  # what a network prints is not what the caller's program says
                pass_fds=[self._theirs.fileno()],
                env=os.environ | dict.fromkeys(_ONE_THREAD, "1"),
                start_new_session=True,  # a terminal's Ctrl-C does not reach it, and it can be ended with its children
            )
        finally:
            self._theirs.close()
        # Sending waits for the reader at the other end, and that one may hang.
        self._sender = threading.Thread(target=self._send_all, args=(parcel,), daemon=True)
        self._sender.start()

    def give(self, chunk: Chunk, *, batch_size: int) -> None:
        """Add a chunk to those it will score."""
        if self.ready and not self.chunks:
            self.since = time.monotonic()
        self.chunks.append(chunk)
        self._outbox.put((chunk.packed, chunk.n_players, batch_size))

    def ended(self) -> bool:
        """Whether it has ended; if so it stays a zombie, so that its number is not yet another process's."""
        if self._process is None or self._process.returncode is not None:
            return True
        return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def kill(self) -> None:
        """End it with all its children."""
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):  # macOS says so of a group of zombies
                os.killpg(self._process.pid, signal.SIGKILL)

    def stop(self, *, patience: float = 0.0) -> str:
        """End it and put away what belongs to it; say how it ended.

        Parameters
        ----------
        patience
            Seconds it may take to end by itself.
        """
        limit = time.monotonic() + patience
        while time.monotonic() < limit and not self.ended():
            time.sleep(0.01)
        self.kill()
        code = 0 if self._process is None else self._process.wait()
        self._outbox.put(None)
        if self._sender is not None:
            self._sender.join(_ENDING_SECONDS)
        self._theirs.close()
        self.connection.close()
        return f"ended by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    def _send_all(self, parcel: bytes) -> None:
        with suppress(OSError):  # the worker is gone: whoever reads from it notices
            self.connection.send_bytes(parcel)
            del parcel
            while (message := self._outbox.get()) is not None:
                self.connection.send(message)
