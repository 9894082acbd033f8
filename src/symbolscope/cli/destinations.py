"""Files that a command will write, checked before the work that would be lost."""

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from symbolscope.core.whole_file import check_writable
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
        If it is a folder or no regular file, its folder does not exist or is read-only, its name is too long, or it is one of
        the inputs.

    Examples
    --------
    >>> check_destination(Path("no/such/folder/page.html"), "--output")
    Traceback (most recent call last):
    symbolscope.errors.SymbolscopeError: --output no/such/folder/page.html: the folder no/such/folder does not exist...
    """
    if path is None:
        return
    try:
        check_writable(path)
    except SymbolscopeError as error:
        raise SymbolscopeError(f"{option} {str(error).removeprefix('cannot write ')}") from None
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
    if os.path.realpath(one) == os.path.realpath(other):
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
    try:
        kind = stat.S_IFMT(path.stat().st_mode)
    except (OSError, ValueError):  # not there, a name too long, a link that leads back to itself, a NUL in the name
        raise SymbolscopeError(f"{option} {path}: there is no such file") from None
    if kind == stat.S_IFDIR:
        raise SymbolscopeError(f"{option} {path} is a folder; give a file")
    if kind != stat.S_IFREG:
        raise SymbolscopeError(f"{option} {path} is a device, a FIFO or a socket; give a file")
    if not os.access(path, os.R_OK):
        raise SymbolscopeError(f"{option} {path} cannot be read; check its permissions")
    return path
