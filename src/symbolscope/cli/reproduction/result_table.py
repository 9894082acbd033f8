"""A table as the studies print them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def print_table(
    console: "Console", title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, stated: str
) -> None:
    """Print rows under their title, and below what differs from the source and how to read the numbers.

    Parameters
    ----------
    console
        Where to.
    title
        What the table shows.
    columns
        Heads; the first column is words, the others numbers.
    rows
        Cells.
    stated
        Sentences about settings.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1))
    for place, column in enumerate(columns):
        table.add_column(column, justify="right" if place else "left", no_wrap=not place)
    for row in rows:
        table.add_row(*row)
    console.print(table)
    console.print(f"{stated}\n", markup=False)
