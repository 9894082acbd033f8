"""The entry point: runs a command and turns whatever stops it into one line and an exit code.

Nothing heavier than the standard library is imported before :func:`run`, so that Ctrl-C is met politely from the start.
"""

import sys
from collections.abc import Sequence
from contextlib import suppress

from symbolscope.cli.as_options import as_options
from symbolscope.cli.interruption import deferred_where_unsafe
from symbolscope.cli.standard_output import give_up, some_width, substitutes_allowed, unwritable
from symbolscope.core.printable_text import printable

REFUSED = 2
INTERRUPTED = 130  # 128 + SIGINT, as shells have it
PIPE_CLOSED = 1
UNWRITABLE = 74  # EX_IOERR of sysexits.h


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Bad input and wrong usage are one line on stderr and exit code 2; Ctrl-C is one line and 130; a standard output that is
    closed or cannot be written, on a full disk say, is one line and 74. An error that is ours keeps its traceback.

    Parameters
    ----------
    arguments
        Words after ``symbolscope``; None takes them from the process.

    Returns
    -------
    The exit code.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if sys.stdout is None:  # pyright: ignore[reportUnnecessaryComparison] - closed by the shell: >&-
        _say(
            "Error: standard output is closed, so a result would be lost; send it somewhere: symbolscope ... > result.txt"
        )
        return UNWRITABLE
    substitutes_allowed()
    try:
        with some_width(), deferred_where_unsafe():
            code = _exit_code(given or ["--help"])
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        give_up()  # whoever read us has enough, as in "symbolscope ... | head"
        return PIPE_CLOSED
    except OSError as error:
        if not unwritable(error):
            raise
        give_up()
        _say(f"Error: the output cannot be written: {error.strerror or error}")
        return UNWRITABLE
    if code == INTERRUPTED:
        _say("Interrupted.")
    return code


def _exit_code(arguments: list[str]) -> int:
    from symbolscope.cli.application import run_command
    from symbolscope.errors import SymbolscopeError

    try:
        code = run_command(arguments)
    except SymbolscopeError as error:
        _say(f"Error: {as_options(str(error))}")
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
    """One line on standard error; where that is closed or full, nobody can be told."""
    if sys.stderr is not None:  # pyright: ignore[reportUnnecessaryComparison]
        with suppress(OSError, ValueError):
            sys.stderr.write(printable(" ".join(message.split())) + "\n")
            sys.stderr.flush()
