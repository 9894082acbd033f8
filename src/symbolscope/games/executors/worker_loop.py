"""What a worker process does: unpack a game, then score chunks until there is nobody left to score them for.

It is started by WorkerProcess as a plain interpreter. Nothing of the script that started it is imported again, so that
script needs no ``if __name__ == "__main__":``.
"""

import os
import queue
import signal
import threading
from multiprocessing.connection import Connection

import numpy as np
from numpy.typing import NDArray

from symbolscope.games.executors.chunk import Failure, unpacked
from symbolscope.games.executors.parcel import unpacked_source
from symbolscope.games.executors.score_chunk import score_chunk

READY = "ready"


def serve(handle: int) -> None:
    """Serve the process at the other end of a connection until it closes it, or ends.

    Parameters
    ----------
    handle
        File descriptor of the connection. The source comes first, then chunks (packed masks, n, batch size); the answer
        is READY, and per chunk, in the order they came, its values or a Failure.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that gives the work
    connection = Connection(handle)
    try:
        parcel = connection.recv_bytes()
    except (EOFError, OSError):
        return
    try:
        source = unpacked_source(parcel)
    except Exception as error:
        _send(connection, Failure.of(error))
        return
    del parcel
    _send(connection, READY)
    waiting: queue.SimpleQueue[tuple[NDArray[np.uint8], int, int]] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(connection, waiting), daemon=True).start()
    while True:
        packed, n_players, batch_size = waiting.get()
        try:
            answer = score_chunk(source, unpacked(packed, n_players), batch_size=batch_size)
        except BaseException as error:  # also SystemExit: only an end without an exception counts as a crash
            answer = Failure.of(error)
        _send(connection, answer)


def _send(connection: "Connection[object, object]", answer: object) -> None:
    """Answer the driver; if it is gone there is nobody to tell, and nothing to say on its user's terminal."""
    try:
        connection.send(answer)
    except OSError:
        _end()


def _end() -> None:
    """End this process and its children at once."""
    os.killpg(os.getpid(), signal.SIGKILL)  # it is the first of its session


def _receive(connection: "Connection[object, object]", waiting: "queue.SimpleQueue[object]") -> None:
    """Take in chunks while another one is computed; end this process and its children at once when the driver is gone."""
    while True:
        try:
            waiting.put(connection.recv())
        except (EOFError, OSError):
            _end()
