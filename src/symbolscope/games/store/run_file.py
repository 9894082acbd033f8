"""A run's durable values and results: one SQLite file, one writer, every row with its checksum."""

import os
import sqlite3
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from symbolscope.core.argument_checks import FilePath, described
from symbolscope.errors import SymbolscopeError
from symbolscope.games.given import GivenPath
from symbolscope.games.store.checked_tables import game_checksum, run_checksum
from symbolscope.games.store.owner_lock import OwnerLock, check_one_name
from symbolscope.games.store.sqlite_file import SQLITE_ERRORS, check_header, connected, make_file, refused
from symbolscope.games.store.stored_results import StoredResults
from symbolscope.games.store.stored_values import StoredValues


class RunFile:
    """A file that keeps values and results as they come, so that an interrupted run continues where it stopped.

    What was added is on the disk when the call returns (SQLite in WAL mode with ``synchronous=FULL``). One process writes at a
    time, the one that opened the file; its threads may share it, its workers may not. While it is open, the files
    ``<path>-wal``, ``<path>-shm`` and ``<path>-owner`` lie beside it; after a crash they stay and belong to it.

    Opening reads every page once (``PRAGMA quick_check``), compares the tables with what they were made as, and checks the row of
    every game and run; reading a game or run checks each of its rows (crc32). What cannot be seen: rows that a damaged ``-wal``
    file no longer gives back after a crash. Do not put the file on a network file system.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name) / "run.sqlite"
    >>> with RunFile.open(path) as run_file:
    ...     run_file.values("a1b2", 3, about="Linear, 3 players").add(np.eye(3, dtype=bool), np.array([0.5, 1.0, 2.0]))
    >>> with RunFile.open(path) as run_file:
    ...     values, is_known = run_file.values("a1b2", 3, about="Linear, 3 players").known(np.ones((1, 3), dtype=bool))
    ...     print(values, is_known, len(run_file.values("a1b2", 3, about="")))
    [nan] [False] 3
    >>> folder.cleanup()
    """

    def __init__(self, path: Path, lock: OwnerLock, connection: sqlite3.Connection) -> None:
        self.path = path
        self._lock = lock
        self._threads = threading.RLock()
        self._connection: sqlite3.Connection | None = connection
        self._values: dict[str, StoredValues] = {}
        self._results: dict[str, StoredResults] = {}

    @classmethod
    def open(cls, path: GivenPath) -> "RunFile":
        """Open a run file, or make one.

        Parameters
        ----------
        path
            The file; its folder must exist.

        Raises
        ------
        SymbolscopeError
            If it is no path, if another process (its pid is given) or this one has it open, the folder is missing or cannot be
            written, or the file is damaged, of a newer version or none of ours.

        Examples
        --------
        >>> try:
        ...     RunFile.open("/no/such/folder/run.sqlite")
        ... except SymbolscopeError as error:
        ...     print(error)
        /no/such/folder/run.sqlite cannot be opened: the folder /no/such/folder does not exist; make it first, ...
        """
        given = _path(path)
        if os.path.isdir(given):  # not Path.is_dir, which raises where a folder may not be read
            raise SymbolscopeError(
                f"{given} is a folder; give the path of a file in it, such as {given / 'run.sqlite'}"
            )
        lock = OwnerLock(given)
        there = lock.path  # the file itself where a symbolic link was given: SQLite's own files lie beside that
        try:
            if not os.path.exists(there):
                make_file(there)
            check_one_name(there)
            check_header(there)
            connection = connected(there)
        except BaseException:
            lock.release()
            raise
        return cls(given, lock, connection)

    def close(self) -> None:
        """Close the file and let others open it; a second time does nothing."""
        if self._connection is None or not self._lock.held:
            return
        with self._threads:
            connection, self._connection = self._connection, None
            try:
                connection.close()
            finally:
                self._lock.release()

    def __enter__(self) -> "RunFile":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_connection"):
            self.close()

    def __repr__(self) -> str:
        return f"RunFile({str(self.path)!r}{', closed' if self._connection is None else ''})"

    def values(self, fingerprint: str, n_players: int, about: str) -> StoredValues:
        """Values of one game, by its fingerprint.

        Parameters
        ----------
        fingerprint
            What :func:`game_fingerprint` gives.
        n_players
            Number of players.
        about
            What the game is, for people; that of the first time stays.

        Raises
        ------
        SymbolscopeError
            If a stored chunk is damaged, or the game was stored with another number of players.
        """
        with self._threads:
            if fingerprint not in self._values:
                with self.transaction() as connection:
                    number = self._game(connection, fingerprint, n_players, about)
                self._values[fingerprint] = StoredValues(self, number, fingerprint, n_players)
            found = self._values[fingerprint]
        if found.n_players != n_players:
            raise SymbolscopeError(
                f"{self.path} holds the game {fingerprint[:12]} with {found.n_players} players; got n_players={n_players}"
            )
        return found

    def results(self, run_key: str) -> StoredResults:
        """Results of one run over many samples, by a key that names what is computed.

        Parameters
        ----------
        run_key
            Equal for runs whose results may stand for one another.

        Raises
        ------
        SymbolscopeError
            If a stored record is damaged.
        """
        with self._threads:
            if run_key not in self._results:
                with self.transaction() as connection:
                    number = self._run(connection, run_key)
                self._results[run_key] = StoredResults(self, number, run_key)
            return self._results[run_key]

    def discard_damaged(self) -> list[str]:
        """Give up the rows whose checksum does not match, so that the rest can be used; say which.

        Their masks and samples are then unknown, and are computed again. A file whose pages are damaged cannot be opened, and
        this does not help it.

        Returns
        -------
        One line per row given up; empty if all are whole.
        """
        given_up: list[str] = []
        with self.transaction() as connection:
            for number, fingerprint, n_players, about, checksum in connection.execute("SELECT * FROM games").fetchall():
                if checksum != game_checksum(fingerprint, n_players, about):
                    raise self.damaged(
                        f"the row of game {number} ({about!r}) does not match its checksum", discardable=False
                    )
                given_up += StoredValues.discard_damaged(connection, number, fingerprint, n_players)
            for number, run_key, checksum in connection.execute("SELECT * FROM runs").fetchall():
                if checksum != run_checksum(run_key):
                    raise self.damaged(
                        f"the row of run {number} ({run_key!r}) does not match its checksum", discardable=False
                    )
                given_up += StoredResults.discard_damaged(connection, number, run_key)
        self._values.clear()
        self._results.clear()
        return given_up

    @contextmanager
    def transaction(self) -> Generator[sqlite3.Connection, None, None]:
        """All or nothing, durable when left; errors of SQLite become ours."""
        with self._threads:
            connection = self._connection
            if connection is None:
                raise SymbolscopeError(f"{self.path} is closed; open it again with RunFile.open({str(self.path)!r})")
            if not self._lock.held:
                raise SymbolscopeError(
                    f"{self.path} was opened by another process, of which this one (pid {os.getpid()}) is a fork; "
                    "write in the process that opened it"
                )
            try:
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield connection
                except BaseException:
                    with suppress(sqlite3.Error):  # it may have rolled back already, on a full disk for one
                        connection.execute("ROLLBACK")
                    raise
                connection.execute("COMMIT")
            except SQLITE_ERRORS as error:
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise refused(self.path, error) from error

    def damaged(self, what: str, *, discardable: bool = True) -> SymbolscopeError:
        """Say which row is damaged and what can be done."""
        remedy = (
            "to go on without it, type RunFile.discard_damaged(), which says what it gives up and leaves it to be computed again"
            if discardable
            else "restore a copy of the file, or delete it to start over"
        )
        return SymbolscopeError(f"{self.path} is damaged: {what}; {remedy}")

    def _game(self, connection: sqlite3.Connection, fingerprint: str, n_players: int, about: str) -> int:
        found = connection.execute("SELECT * FROM games WHERE fingerprint = ?", (fingerprint,)).fetchall()
        for number, _, stored_players, stored_about, checksum in found:
            if checksum != game_checksum(fingerprint, stored_players, stored_about):
                raise self.damaged(
                    f"the row of game {number} ({stored_about!r}) does not match its checksum", discardable=False
                )
            if stored_players != n_players:
                raise SymbolscopeError(
                    f"{self.path} holds the game {fingerprint[:12]} with {stored_players} players; got n_players={n_players}"
                )
            return number
        row = (fingerprint, n_players, about, game_checksum(fingerprint, n_players, about))
        cursor = connection.execute(
            "INSERT INTO games (fingerprint, n_players, about, checksum) VALUES (?, ?, ?, ?)", row
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def _run(self, connection: sqlite3.Connection, run_key: str) -> int:
        checksum = run_checksum(run_key)
        for number, stored in connection.execute(
            "SELECT id, checksum FROM runs WHERE run_key = ?", (run_key,)
        ).fetchall():
            if stored != checksum:
                raise self.damaged(
                    f"the row of run {number} ({run_key!r}) does not match its checksum", discardable=False
                )
            return number
        cursor = connection.execute("INSERT INTO runs (run_key, checksum) VALUES (?, ?)", (run_key, checksum))
        assert cursor.lastrowid is not None
        return cursor.lastrowid


def _path(given: object) -> Path:
    text: object = os.fspath(given) if isinstance(given, (str, os.PathLike)) else None
    if not isinstance(text, str):  # also bytes
        raise SymbolscopeError(f"a run file is given by its path, such as 'run.sqlite'; got {described(given)}")
    if "\0" in text:
        raise SymbolscopeError(f"{text!r} is no path: it holds a null character")
    return FilePath().read("path", text or ".")
