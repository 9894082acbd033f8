"""A table as plain text."""

from collections.abc import Sequence


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """The title, then columns aligned to the right; a short row ends in empty cells."""
    filled = [[*row, *[""] * (len(columns) - len(row))] for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(columns, *filled, strict=True)]
    print(f"\n{title}")
    for row in (columns, *filled):
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
