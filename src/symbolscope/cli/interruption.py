"""Ctrl-C that waits for code to be compiled, and for torch to be imported.

numba compiles through callbacks from LLVM. An exception raised in one of them is lost, and the memory around it may be left in
disorder. The import of torch runs Python from within C++ here and there, where an exception ends the process. So an interruption
that finds either at work comes back a moment later, until it is done.
"""

import _thread
import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

_COMPILER = frozenset({"numba", "llvmlite"})
_IMPORTED = frozenset({"torch", "numpy", "scipy"})
_LATER = 0.05  # seconds


@contextmanager
def deferred_where_unsafe() -> Generator[None]:
    """SIGINT raises KeyboardInterrupt as ever, but not there; a handler other than Python's own is left alone."""
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
    if not _unsafe(frame):
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


def _unsafe(frame: FrameType | None) -> bool:
    """Whether this frame, or one that called it, belongs to the compiler or imports a package with much compiled code."""
    while frame is not None:
        package = str(frame.f_globals.get("__name__")).partition(".")[0]
        if package in _COMPILER or (package in _IMPORTED and frame.f_code.co_name == "<module>"):
            return True
        frame = frame.f_back
    return False
