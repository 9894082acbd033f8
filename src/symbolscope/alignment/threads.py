"""Independent pieces of work on several cores of one process."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait

import torch

# Windows wakes no thread that waits without end for Ctrl-C.
_SECONDS_BETWEEN_LOOKS = 0.2


def run_all(pieces: Sequence[Callable[[threading.Event], None]], *, n_threads: int) -> None:
    """Call every piece on ``n_threads`` threads; torch has one thread in each meanwhile.

    Small networks gain nothing from torch's own threads: each operation is shorter than the wait for the slowest of them, and on a
    busy machine many times so. Pieces that run side by side wait for nobody.

    Parameters
    ----------
    pieces
        Each gets an event and should return soon after it is set: another piece has failed, or Ctrl-C was pressed.
    n_threads
        1 calls them one after another, here, with torch's threads as they are.

    Raises
    ------
    Exception
        What the first piece to fail raised, once all have returned.
    """
    stop = threading.Event()
    if n_threads == 1:
        for piece in pieces:
            piece(stop)
        return
    of_torch = torch.get_num_threads()
    torch.set_num_threads(1)  # before any thread is started, which takes over the number
    executor = ThreadPoolExecutor(n_threads)
    try:
        pending: set[Future[None]] = {executor.submit(piece, stop) for piece in pieces}
        while pending:
            done, pending = wait(pending, timeout=_SECONDS_BETWEEN_LOOKS, return_when=FIRST_EXCEPTION)
            for one in done:
                one.result()
    finally:
        stop.set()
        executor.shutdown(wait=True, cancel_futures=True)
        torch.set_num_threads(of_torch)
