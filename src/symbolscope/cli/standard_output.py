"""Standard output that is closed, full or narrow: found out, and said in one line."""

import io
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress

_PRINTERS = frozenset({"rich", "typer", "click"})
_ENTRY = "symbolscope.cli.main"  # flushes when all is printed
LEAST_COLUMNS = 20  # narrower, help and tables lose what is in them
USUAL_COLUMNS = 80


def unwritable(error: OSError) -> bool:
    """Whether an error comes from writing what is printed: it names no file, and was raised where printing is done."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    printing = "" if trace is None else str(trace.tb_frame.f_globals.get("__name__"))
    return error.filename is None and (printing.partition(".")[0] in _PRINTERS or printing == _ENTRY)


def give_up() -> None:
    """Let nothing more be written there, also not when the interpreter ends."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def substitutes_allowed() -> None:
    """Where a stream's encoding lacks a character (a terminal that knows no bars), print a substitute, not a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


@contextmanager
def some_width() -> Generator[None, None, None]:
    """Print for the usual number of columns where the terminal, or ``COLUMNS``, has next to none."""
    stated = os.environ.get("COLUMNS")
    try:
        columns = int(stated) if stated is not None else os.get_terminal_size(sys.__stdout__.fileno()).columns  # type: ignore[union-attr]
    except (OSError, ValueError, AttributeError):
        columns = USUAL_COLUMNS
    if columns >= LEAST_COLUMNS or (stated is None and columns == 0):  # of an unknown terminal
        yield
        return
    os.environ["COLUMNS"] = str(USUAL_COLUMNS)
    try:
        yield
    finally:
        if stated is None:
            del os.environ["COLUMNS"]
        else:
            os.environ["COLUMNS"] = stated
