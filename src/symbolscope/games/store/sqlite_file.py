"""An SQLite file of ours: made whole, recognised, checked and opened for writing."""

import os
import sqlite3
from pathlib import Path

from symbolscope.errors import SymbolscopeError
from symbolscope.games.store.checked_tables import SCHEMA, check_tables

APPLICATION_ID = 0x53594D42  # "SYMB"
FORMAT = 1
MAGIC = b"SQLite format 3\x00"
HEADER_BYTES = 100
WAITING_SECONDS = 5.0
# Of a damaged schema SQLite says what is wrong in the damaged words, which Python cannot decode.
SQLITE_ERRORS = (sqlite3.Error, UnicodeDecodeError)


def make_file(path: Path) -> None:
    """Make an empty run file, there whole or not at all: so an empty file is one that was truncated."""
    stray = path.with_name(path.name + "-wal")
    if stray.exists():
        raise SymbolscopeError(
            f"{path} does not exist but {stray.name} does, the last changes of a file that was moved away: move them back "
            f"together, or delete {stray.name}"
        )
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        draft.unlink(missing_ok=True)  # of a process of the same number that was killed here
        connection = sqlite3.connect(draft, isolation_level=None)
        try:
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {FORMAT}")
            connection.executescript(f"BEGIN; {SCHEMA} COMMIT;")
        finally:
            connection.close()
        os.replace(draft, path)
        if os.name == "posix":
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
    except sqlite3.Error as error:
        raise refused(path, error) from error
    finally:
        draft.unlink(missing_ok=True)


def check_header(path: Path) -> None:
    """Refuse what is no run file of this version, and one shorter than its own header says."""
    try:
        with path.open("rb") as file:
            header = file.read(HEADER_BYTES)
            size = file.seek(0, os.SEEK_END)
    except OSError as error:
        raise SymbolscopeError(f"{path} cannot be read: {error.strerror}; give another path") from None
    if size == 0:
        raise SymbolscopeError(f"{path} is empty: it was truncated; restore a copy, or delete it to start over")
    if header[:16] != MAGIC[: len(header)]:
        raise SymbolscopeError(f"{path} is not a run file, nor any SQLite file; give another path")
    if len(header) < HEADER_BYTES:
        raise _truncated(path, size, None)
    application, version = int.from_bytes(header[68:72], "big"), int.from_bytes(header[60:64], "big")
    if application != APPLICATION_ID:
        raise SymbolscopeError(
            f"{path} is an SQLite file of another program (application_id {application}); give another path"
        )
    if version != FORMAT:
        raise SymbolscopeError(
            f"{path} has format {version} and this symbolscope reads format {FORMAT}; "
            + (
                "upgrade symbolscope, or give another path"
                if version > FORMAT
                else "the header is damaged: restore a copy"
            )
        )
    beside = path.with_name(path.name + "-wal")
    if beside.exists() and beside.stat().st_size:
        return  # after a crash the file may be behind its own changes, which SQLite completes first
    page = int.from_bytes(header[16:18], "big")
    expected = int.from_bytes(header[28:32], "big") * (65536 if page == 1 else page)
    if size < expected:
        raise _truncated(path, size, expected)


def connected(path: Path) -> sqlite3.Connection:
    """Open for writing, complete what a crash left behind, and check every page."""
    try:
        connection = sqlite3.connect(path, timeout=WAITING_SECONDS, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise refused(path, error) from error
    try:
        connection.text_factory = readable_text
        connection.execute("PRAGMA synchronous = FULL")
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            raise SymbolscopeError(
                f"{path} cannot keep a write-ahead log (journal mode {mode!r}): give a path on a local disk that you may write"
            )
        found = [str(row[0]) for row in connection.execute("PRAGMA quick_check(3)").fetchall()]
        if found != ["ok"]:
            raise damaged_file(path, "; ".join(found))
        check_tables(connection, lambda what: damaged_file(path, what))
        ((blocked, *_),) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        (pages,), (page,) = (connection.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "page_size"))
        # Where someone reads at the moment, part of the file may still be in its log.
        if not blocked and (size := path.stat().st_size) < pages * page:
            raise _truncated(path, size, pages * page)
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(f"PRAGMA user_version = {FORMAT}")  # a file that may not be written shows here
        connection.execute("ROLLBACK")
    except SQLITE_ERRORS as error:
        connection.close()
        raise refused(path, error) from error
    except BaseException:
        connection.close()
        raise
    return connection


def damaged_file(path: Path, what: str) -> SymbolscopeError:
    """Say that a file is damaged where nothing of it can be given up to save the rest."""
    return SymbolscopeError(
        f"{path} is damaged: {what}; restore a copy, or delete it to start over (sqlite3's .recover may save parts)"
    )


def readable_text(stored: bytes) -> str:
    """Read damaged text too, so that its checksum can tell."""
    return stored.decode("utf-8", "surrogateescape")


def _truncated(path: Path, size: int, expected: int | None) -> SymbolscopeError:
    missing = "" if expected is None else f" of {expected}"
    return SymbolscopeError(
        f"{path} is truncated: {size} bytes{missing} are there; restore a copy, or delete it to start over"
    )


def refused(path: Path, error: sqlite3.Error | UnicodeDecodeError) -> SymbolscopeError:
    """Say what SQLite's error means for the caller."""
    message = str(error)
    if isinstance(error, UnicodeDecodeError):
        message = "SQLite itself speaks of it in no text that can be read"
    if isinstance(error, UnicodeDecodeError) or "malformed" in message or "not a database" in message:
        return damaged_file(path, message)
    if "locked" in message:
        return SymbolscopeError(f"{path} is locked by another program that reads or writes it; close that one first")
    if "readonly" in message or "unable to open" in message:
        return SymbolscopeError(f"{path} cannot be written ({message}); give a path that you may write")
    if "full" in message:
        return SymbolscopeError(
            f"{path} has no room left ({message}); what was stored before is safe: free space and run again"
        )
    return SymbolscopeError(f"{path} cannot be used: {message}; what was stored before is safe")
