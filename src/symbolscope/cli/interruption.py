"""Ctrl-C that waits for code to be compiled.

numba compiles through callbacks from LLVM. An exception raised in one of them is lost, and the memory around it may be left in
disorder. So an interruption that finds the compiler at work comes back a moment later, until it is done.
"""

import _thread
import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

_COMPILER = frozenset({"numba", "llvmlite"})
_LATER = 0.05  # seconds


@contextmanager
def deferred_while_compiling() -> Generator[None]:
    """SIGINT raises KeyboardInterrupt as ever, but not within the compiler; leaves another handler than Python's own alone."""
    ours = (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )
    if not ours:
        yield
        return
    signal.signal(signal.SIGINT, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    if not _compiling(frame):
        signal.default_int_handler(number, frame)  # raises
    again = threading.Timer(_LATER, _interrupt_again)
    again.daemon = True
    again.start()


def _interrupt_again() -> None:
    main = threading.main_thread().ident
    if hasattr(signal, "pthread_kill") and main is not None:
        signal.pthread_kill(main, signal.SIGINT)  # also wakes a thread that waits
    else:
        _thread.interrupt_main()


def _compiling(frame: FrameType | None) -> bool:
    """Whether the compiler is at work in this frame or in one that called it."""
    while frame is not None:
        if str(frame.f_globals.get("__name__")).partition(".")[0] in _COMPILER:
            return True
        frame = frame.f_back
    return False
