"""Files that a command will write, checked before the work that would be lost."""

import os
from collections.abc import Iterable
from pathlib import Path

from symbolscope.errors import SymbolscopeError


def check_destination(path: Path | None, option: str, *, inputs: Iterable[Path | None] = ()) -> None:
    """Refuse a path that cannot be written, or that would overwrite what is read or also written.

    Parameters
    ----------
    path
        Where to write; None writes nothing.
    option
        The option it was given by, for messages.
    inputs
        Files that are read, or written too; None for those not given.

    Raises
    ------
    SymbolscopeError
        If it is a folder, its folder does not exist or is read-only, or it is one of the inputs.

    Examples
    --------
    >>> check_destination(Path("no/such/folder/page.html"), "--output")
    Traceback (most recent call last):
    symbolscope.errors.SymbolscopeError: --output no/such/folder/page.html: the folder no/such/folder does not exist...
    """
    if path is None:
        return
    if path.is_dir():
        raise SymbolscopeError(f"{option} {path} is a folder; add the name of a file")
    if not path.parent.is_dir():
        raise SymbolscopeError(f"{option} {path}: the folder {path.parent} does not exist; create it first")
    if not os.access(path.parent, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise SymbolscopeError(f"{option} {path} cannot be written; choose another folder")
    for source in inputs:
        if source is not None and _same_file(source, path):
            raise SymbolscopeError(
                f"{option} {path} would overwrite {source}, which is read or written too; choose another name"
            )


def store_files(path: Path | None) -> tuple[Path, ...]:
    """The files that a run file consists of while it is open; none if none is given.

    Examples
    --------
    >>> [str(file) for file in store_files(Path("run.sqlite"))]
    ['run.sqlite', 'run.sqlite-wal', 'run.sqlite-shm', 'run.sqlite-owner']
    """
    return () if path is None else tuple(path.with_name(path.name + end) for end in ("", "-wal", "-shm", "-owner"))


def _same_file(one: Path, other: Path) -> bool:
    if one.resolve() == other.resolve():
        return True
    return one.exists() and other.exists() and one.samefile(other)  # by another name of it


def existing_file(path: Path, option: str) -> Path:
    """Refuse a path that is not a readable file.

    Examples
    --------
    >>> existing_file(Path("no-such-table.csv"), "--data")
    Traceback (most recent call last):
    symbolscope.errors.SymbolscopeError: --data no-such-table.csv: there is no such file
    """
    if path.is_dir():
        raise SymbolscopeError(f"{option} {path} is a folder; give a file")
    if not path.is_file():
        raise SymbolscopeError(f"{option} {path}: there is no such file")
    if not os.access(path, os.R_OK):
        raise SymbolscopeError(f"{option} {path} cannot be read; check its permissions")
    return path
