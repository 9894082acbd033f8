"""The right to write a file: one process at a time, given back by the kernel however that process ends."""

import os
import socket
import sys
from pathlib import Path

from symbolscope.errors import SymbolscopeError

# POSIX locks do not hold within a process, so what this one has open is kept here.
_OPEN_HERE: set[Path] = set()


class OwnerLock:
    """A lock on ``<path>-owner``, which names the process that holds it.

    It lies beside the file, not on it: a process that opens and closes a file for any reason (to copy it, say) would lose its
    locks on it. Forked children do not inherit it.

    Parameters
    ----------
    path
        The file to be owned; it need not exist. Symbolic links are followed: whatever name leads to a file, its lock is one.

    Raises
    ------
    SymbolscopeError
        If a process has the file open, which is named; or the folder is missing or cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = (
            path.resolve()
        )  # by whichever symbolic link it was given: the lock is on the file, not on a name of it
        self._beside = self.path.with_name(self.path.name + "-owner")
        self._process = os.getpid()
        if self.path in _OPEN_HERE:
            raise SymbolscopeError(
                f"{path} is already open in this process (pid {self._process}): pass that RunFile on, or close it first"
            )
        try:
            self._file = self._take()
        except FileNotFoundError:
            raise SymbolscopeError(
                f"{path} cannot be opened: the folder {path.parent} does not exist; make it first, or give another path"
            ) from None
        except OSError as error:
            raise SymbolscopeError(
                f"{path} cannot be opened for writing: {error.strerror}; give a path in a folder that you may write"
            ) from None
        if self._file is None:
            raise SymbolscopeError(
                f"{path} is open in {self._holder()}, and only one process writes at a time: wait for it, end it, or "
                "give this run a file of its own"
            )
        os.ftruncate(self._file, 0)
        os.write(self._file, f"process {self._process} on {socket.gethostname()}\n".encode())
        _OPEN_HERE.add(self.path)

    @property
    def held(self) -> bool:
        """Whether this process may write: a forked child of the one that took the lock may not."""
        return self._file is not None and os.getpid() == self._process

    def release(self) -> None:
        """Give the lock back; a second time does nothing."""
        file = self._file
        if file is None or not self.held:
            return
        self._file = None
        _OPEN_HERE.discard(self.path)
        self._beside.unlink(missing_ok=True)  # while still held: see _take
        os.close(file)

    def _take(self) -> int | None:
        """Open and lock the file beside, or None if another process has it."""
        while True:
            file = os.open(self._beside, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o644)
            try:
                if not _lock(file):
                    os.close(file)
                    return None
                # The holder before may have removed the file between the two calls: then this is a lock on nothing.
                if _is_at(file, self._beside):
                    return file
            except BaseException:
                os.close(file)
                raise
            os.close(file)

    def _holder(self) -> str:
        try:
            return self._beside.read_text(encoding="utf-8").strip() or "another process"
        except OSError:
            return "another process"


def is_open_here(path: Path) -> bool:
    """Whether this process has the file open: it must then not open and close it by other means, which drops SQLite's locks."""
    return path.resolve() in _OPEN_HERE


def check_one_name(path: Path) -> None:
    """Refuse a file with several names (hard links): SQLite's log and the lock lie beside one, and another passes both."""
    if path.stat().st_nlink > 1:
        raise SymbolscopeError(
            f"{path} has several names (hard links), and two processes could write it at once by different ones; "
            "keep one name, or use a symbolic link"
        )


def _is_at(file: int, path: Path) -> bool:
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    here = os.fstat(file)
    return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)


def _lock(file: int) -> bool:
    """Lock the first byte without waiting; False if another process has it."""
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True
