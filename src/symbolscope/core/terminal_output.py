"""Where results are printed: a console that is wide enough, and texts that cannot steer it."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from symbolscope.core.printable_text import printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

LEAST_WIDTH = 40  # columns: narrower, tables lose what is in them
USUAL_WIDTH = 80


def terminal_console(*, stderr: bool = False) -> "Console":
    """A console on standard output or error; where the terminal has no width to speak of it is taken to have the usual one.

    Examples
    --------
    >>> terminal_console().width >= LEAST_WIDTH
    True
    """
    from rich.console import Console

    console = Console(highlight=False, stderr=stderr)
    if console.width < LEAST_WIDTH:
        console.width = USUAL_WIDTH
    return console


@contextmanager
def wide_enough(console: "Console") -> Generator["Console", None, None]:
    r"""Let a console that is narrower than any table print lines of the usual width; it has its own width again afterwards.

    Examples
    --------
    >>> import io
    >>> from rich.console import Console
    >>> narrow = Console(width=1, file=io.StringIO())
    >>> with wide_enough(narrow) as console:
    ...     console.print("a result of some words")
    >>> narrow.file.getvalue(), narrow.width
    ('a result of some words\n', 1)
    """
    found = console.width
    if found < LEAST_WIDTH:
        console.width = USUAL_WIDTH
    try:
        yield console
    finally:
        if found < LEAST_WIDTH:
            console.width = found


def shown(text: str, console: "Console", *, style: str = "") -> "Text":
    r"""A text as it is printed: no markup (a player named "[red]" is that name), nothing hidden, nothing the stream cannot write.

    Examples
    --------
    >>> from rich.console import Console
    >>> print(shown("\x1b[2J[red]", Console()).plain)
    \x1b[2J[red]
    """
    from rich.text import Text

    return Text(printable(text, keep="\n", encoding=console.encoding), style=style)
