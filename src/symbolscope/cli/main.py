"""The entry point: runs a command and turns whatever stops it into one line and an exit code.

Nothing heavier than the standard library is imported before :func:`run`, so that Ctrl-C is met politely from the start.
"""

import io
import os
import sys
from collections.abc import Sequence

from symbolscope.cli.interruption import deferred_where_unsafe

REFUSED = 2
INTERRUPTED = 130  # 128 + SIGINT, as shells have it
PIPE_CLOSED = 1


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Bad input and wrong usage are one line on stderr and exit code 2; Ctrl-C is one line and 130. An error that is
    ours keeps its traceback.

    Parameters
    ----------
    arguments
        Words after ``symbolscope``; None takes them from the process.

    Returns
    -------
    The exit code.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that knows no bars gets question marks, not a traceback
    try:
        with deferred_where_unsafe():
            code = _exit_code(given or ["--help"])
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        # Whoever read us has enough, as in "symbolscope ... | head". Nothing may be flushed to it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    if code == INTERRUPTED:
        _say("Interrupted.")
    return code


def _exit_code(arguments: list[str]) -> int:
    from symbolscope.cli.application import run_command
    from symbolscope.errors import SymbolscopeError

    try:
        code = run_command(arguments)
    except SymbolscopeError as error:
        _say(f"Error: {error}")
        return REFUSED
    except SystemExit as stop:  # a closed pipe, met by rich or typer
        return stop.code if isinstance(stop.code, int) else PIPE_CLOSED
    except Exception as error:
        # typer's errors have one of two base classes, by its version; both carry a message and an exit code.
        message, code = getattr(error, "format_message", None), getattr(error, "exit_code", None)
        if message is not None and code is not None:
            _say(f"Error: {message()} See: symbolscope --help")
            return REFUSED
        if type(error).__name__ == "Abort":
            return INTERRUPTED
        raise
    return code if isinstance(code, int) else 0


def _say(message: str) -> None:
    sys.stderr.write(" ".join(message.split()) + "\n")
    sys.stderr.flush()
