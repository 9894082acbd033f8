"""Files that are there whole or not at all: every output of the library is written here.

An output goes to a regular file, never over a device, a FIFO, a socket or a folder, and through symbolic links to the file that
they name. It is written to a draft beside that file, synced to the disk and renamed, so a reader, a crash or a loss of power finds
the old file or the new one, never a part.
"""

import contextlib
import hashlib
import os
import re
import secrets
import socket
import stat
from collections.abc import Generator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path

from symbolscope.errors import SymbolscopeError

_LONGEST_NAME = 200  # bytes of the file's own name that its draft repeats; file systems take 255
_KINDS = (
    (stat.S_ISDIR, "a folder; add the name of a file"),
    (stat.S_ISCHR, "a device, not a file; give the path of a file"),
    (stat.S_ISBLK, "a device, not a file; give the path of a file"),
    (stat.S_ISFIFO, "a FIFO, not a file; give the path of a file"),
    (stat.S_ISSOCK, "a socket, not a file; give the path of a file"),
)


def write_whole(path: str | PathLike[str], content: bytes) -> None:
    """Write ``content`` to ``path``, whole or not at all.

    Parameters
    ----------
    path
        A regular file or one to be; through symbolic links.
    content
        All of it.

    Raises
    ------
    SymbolscopeError
        If what is there is no regular file, or the disk is full, the folder missing or read-only, the name too long.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_whole(Path(folder) / "a.txt", b"whole")
    ...     (Path(folder) / "a.txt").read_bytes(), os.listdir(folder)
    (b'whole', ['a.txt'])
    """
    with whole_file(path) as draft, draft.open("wb") as file:
        file.write(content)


@contextmanager
def whole_file(path: str | PathLike[str]) -> Generator[Path, None, None]:
    """A draft to write to, which becomes the file when the block ends, and is removed when it raises.

    Raises
    ------
    SymbolscopeError
        As :func:`write_whole`.
    """
    target = check_writable(path)
    draft = target.with_name(f"{_draft_prefix(target)}{os.getpid()}-{secrets.token_hex(4)}.draft")
    try:
        _remove_drafts_of_dead_processes(target)
        _make_draft(draft, target)
        yield draft
        _sync(draft)
        os.replace(draft, target)
        _sync_folder(target.parent)
    except OSError as error:
        raise _cannot_write(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def check_writable(path: str | PathLike[str]) -> Path:
    """Refuse a path that cannot become a regular file; to be called before the work whose result goes there.

    Returns
    -------
    The file itself: absolute, with symbolic links followed.

    Raises
    ------
    SymbolscopeError
        If what is there is no regular file, the folder is missing or may not be written, or the name is too long.

    Examples
    --------
    >>> check_writable(os.curdir)
    Traceback (most recent call last):
    symbolscope.errors.SymbolscopeError: cannot write '.': it is a folder; add the name of a file
    """
    given = as_path(path)
    if not given.name or str(path).endswith(os.sep):  # pyright: ignore[reportUnknownArgumentType]
        raise SymbolscopeError(f"cannot write {str(path)!r}: it is a folder; add the name of a file")
    try:
        target = Path(os.path.realpath(given))
        try:
            there = os.lstat(target)
        except FileNotFoundError:
            there = None
        if there is None and given.exists():  # an open file without a name, such as /proc/self/fd/1
            raise SymbolscopeError(f"cannot write {given}: it is no file with a name; give the path of a file")
        if there is not None and stat.S_ISLNK(there.st_mode):
            raise SymbolscopeError(f"cannot write {given}: it is a symbolic link that leads back to itself; remove it")
        for is_kind, what in _KINDS:
            if there is not None and is_kind(there.st_mode):
                raise SymbolscopeError(f"cannot write {given}: it is {what}")
        if not target.parent.is_dir():
            folder = given.parent if Path(os.path.realpath(given.parent)) == target.parent else target.parent
            raise SymbolscopeError(f"cannot write {given}: the folder {folder} does not exist; create it first")
    except OSError as error:
        raise _cannot_write(path, error) from error
    if not os.access(target.parent, os.W_OK) or (there is not None and not os.access(target, os.W_OK)):
        raise SymbolscopeError(f"cannot write {given}: it cannot be written; choose another folder")
    return target


def check_folder(folder: str | PathLike[str]) -> Path:
    """Refuse a folder that is none and cannot be made; to be called before the work whose results go there.

    Raises
    ------
    SymbolscopeError
        If something else is there, or the nearest folder above it may not be written.

    Examples
    --------
    >>> check_folder(__file__)
    Traceback (most recent call last):
    symbolscope.errors.SymbolscopeError: ...whole_file.py is no folder; give another
    """
    given = as_path(folder)
    try:
        above = given
        while not above.exists() and not above.is_symlink() and above != above.parent:
            above = above.parent
        if not above.is_dir():
            raise SymbolscopeError(f"{above} is no folder; give another")
        if not os.access(above, os.W_OK):
            raise SymbolscopeError(f"the folder {above} cannot be written; give another")
    except OSError as error:
        raise _no_folder(given, error) from None
    return given


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, where they are missing.

    Raises
    ------
    SymbolscopeError
        If it cannot be made.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as there:
    ...     make_folder(Path(there) / "a" / "b")
    ...     os.listdir(there)
    ['a']
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _no_folder(folder, error) from None


def _no_folder(folder: Path, error: OSError) -> SymbolscopeError:
    return SymbolscopeError(
        f"the folder {str(folder)[:_LONGEST_NAME]!r} cannot be made: {error.strerror or error}; give another"
    )


def as_path(path: object) -> Path:
    """A path from a str or a path object; anything else, and text that no file system takes, is refused.

    Examples
    --------
    >>> as_path(None)
    Traceback (most recent call last):
    symbolscope.errors.SymbolscopeError: a path must be a str or a pathlib.Path; got NoneType
    """
    if not isinstance(path, str | PathLike) or not isinstance(text := os.fspath(path), str):  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        raise SymbolscopeError(f"a path must be a str or a pathlib.Path; got {type(path).__name__}")
    if "\0" in text:
        raise SymbolscopeError(f"the path {text!r} holds a NUL character, which no file name can; remove it")
    return Path(text)


def _make_draft(draft: Path, target: Path) -> None:
    """Make the draft, with the owner and the rights of the file that it replaces."""
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))  # with the rights that the user's files have
    try:
        before = os.stat(target)
    except FileNotFoundError:
        return
    if os.name == "posix":
        with contextlib.suppress(PermissionError):  # only root can give a file away
            os.chown(draft, before.st_uid, before.st_gid)
    os.chmod(draft, stat.S_IMODE(before.st_mode))


def _sync(file: Path) -> None:
    handle = os.open(file, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_folder(folder: Path) -> None:
    """Write the new name to the disk; some file systems have no such call, and the file is whole without it."""
    if os.name == "posix":
        with contextlib.suppress(OSError):
            _sync(folder)


def _draft_prefix(target: Path) -> str:
    """What the drafts of this file by processes of this machine are called, without the process."""
    name = os.fsencode(target.name)[:_LONGEST_NAME].decode("utf-8", "ignore")
    told_apart = f"{target.name} {socket.gethostname()}"
    return f".{name}.{hashlib.sha256(told_apart.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}-"


def _remove_drafts_of_dead_processes(target: Path) -> None:
    """Remove what killed processes left; a draft of a process that runs, or of another machine, is left alone."""
    if os.name != "posix":
        return
    drafts = re.compile(re.escape(_draft_prefix(target)) + r"(\d{1,10})-[0-9a-f]{8}\.draft")
    with contextlib.suppress(OSError):
        for name in os.listdir(target.parent):
            if (found := drafts.fullmatch(name)) and not _runs(int(found[1])):
                with contextlib.suppress(OSError):
                    os.unlink(target.parent / name)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True  # of another user
    return True


def _cannot_write(path: object, error: OSError) -> SymbolscopeError:
    return SymbolscopeError(
        f"cannot write {str(path)[:_LONGEST_NAME]!r}: {error.strerror or error}; choose another name or folder, or make room"
    )
