"""Lines of a command that are not a table: what was written, what comes next."""

import typer

from symbolscope.core.printable_text import printable


def say(text: str, *, err: bool = False) -> None:
    r"""Print a line; control characters of a path or name in it appear as their numbers.

    Parameters
    ----------
    text
        One or more lines.
    err
        On standard error, where it is not part of the result.

    Examples
    --------
    >>> say("Wrote \x1b[2Jpage.html.")
    Wrote \x1b[2Jpage.html.
    """
    typer.echo(printable(text, keep="\n"), err=err)
