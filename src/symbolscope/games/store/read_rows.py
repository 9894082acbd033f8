"""The rows of a run file for reading only: no lock, so that others may write meanwhile."""

import sqlite3
import threading
from collections.abc import Generator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from urllib.parse import quote

from symbolscope.errors import SymbolscopeError
from symbolscope.games.store.checked_tables import check_tables
from symbolscope.games.store.owner_lock import is_open_here
from symbolscope.games.store.sqlite_file import SQLITE_ERRORS, check_header, damaged_file, readable_text, refused
from symbolscope.games.store.stored_results import StoredResults


class ReadRows:
    """What a run file holds at the moment it is asked; the file is not changed, and nobody is kept from writing.

    Parameters
    ----------
    path
        The run file.

    Raises
    ------
    SymbolscopeError
        If there is none, or it is damaged, newer or none of ours.

    Examples
    --------
    >>> import tempfile
    >>> from symbolscope.games.store import RunFile
    >>> folder = tempfile.TemporaryDirectory()
    >>> with RunFile.open(f"{folder.name}/run.sqlite") as run_file:
    ...     run_file.results("a run").put(3, b"third")
    ...     ReadRows(f"{folder.name}/run.sqlite").results("a run").get(3)
    b'third'
    >>> folder.cleanup()
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = Path(path)
        self._threads = threading.RLock()
        if not self.path.is_file():
            raise SymbolscopeError(f"there is no file {self.path}")
        if not is_open_here(self.path):  # it was checked when it was opened
            check_header(self.path)
        self._connection = self._connected("mode=ro")
        try:
            self._connection.execute("SELECT count(*) FROM runs").fetchone()
        except SQLITE_ERRORS:
            # On a disk that may not be written SQLite cannot share memory with a writer; there is none then.
            self._connection.close()
            self._connection = self._connected("immutable=1")
        with self.transaction() as connection:
            check_tables(connection, lambda what: damaged_file(self.path, what))

    def __del__(self) -> None:
        if hasattr(self, "_connection"):
            self._connection.close()

    def results(self, run_key: str) -> StoredResults:
        """Results of one run, by its key.

        Raises
        ------
        SymbolscopeError
            If the run is not there, or a record is damaged.
        """
        with self.transaction() as connection:
            found = connection.execute("SELECT id FROM runs WHERE run_key = ?", (run_key,)).fetchone()
        if found is None:
            raise SymbolscopeError(f"{self.path} holds no results of the run {run_key[:12]}...")
        return StoredResults(self, int(found[0]), run_key)

    @contextmanager
    def transaction(self) -> Generator[sqlite3.Connection, None, None]:
        """One moment of the file; errors of SQLite become ours."""
        with self._threads:
            try:
                self._connection.execute("BEGIN")
                try:
                    yield self._connection
                finally:
                    self._connection.execute("ROLLBACK")
            except SQLITE_ERRORS as error:
                raise refused(self.path, error) from error

    def damaged(self, what: str, *, discardable: bool = True) -> SymbolscopeError:
        """Say which row is damaged and what can be done."""
        remedy = "RunFile.open(path).discard_damaged() gives it up" if discardable else "restore a copy of the file"
        return SymbolscopeError(f"{self.path} is damaged: {what}; {remedy}")

    def _connected(self, how: str) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(
                f"file:{quote(str(self.path.absolute()))}?{how}",
                uri=True,
                isolation_level=None,
                check_same_thread=False,
            )
        except sqlite3.Error as error:
            raise SymbolscopeError(f"{self.path} cannot be read: {error}") from error
        connection.text_factory = readable_text
        return connection
