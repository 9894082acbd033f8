"""The tables of a run file as they must be: their definitions, and every row that names a game or a run."""

import sqlite3
import zlib
from collections.abc import Callable
from functools import cache

from symbolscope.errors import SymbolscopeError

# Ids hold what a row belongs to: rows of one game or run lie together, and are found without an index that could be damaged.
SCHEMA = """
CREATE TABLE games (id INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL, n_players INTEGER NOT NULL, about TEXT NOT NULL,
                    checksum INTEGER NOT NULL);
CREATE TABLE chunks (id INTEGER PRIMARY KEY, masks INTEGER NOT NULL, body BLOB NOT NULL, checksum INTEGER NOT NULL);
CREATE TABLE runs (id INTEGER PRIMARY KEY, run_key TEXT NOT NULL, checksum INTEGER NOT NULL);
CREATE TABLE results (id INTEGER PRIMARY KEY, failed INTEGER NOT NULL, body BLOB NOT NULL, checksum INTEGER NOT NULL);
"""
OWNER_BITS = 32  # of the id of a chunk or result, below the number of its game or run

Damaged = Callable[[str], SymbolscopeError]


def check_tables(connection: sqlite3.Connection, damaged: Damaged) -> None:
    """Refuse a file in which a table is not defined as :data:`SCHEMA` has it, or a game or a run is not as it was written.

    Games and runs are looked up by what names them, and a name with one flipped bit is not found: all that was paid for would be
    asked again without a word. So every one of these rows is read here (there are few), and there must be none between, and none
    missing that rows of values or results belong to.

    Parameters
    ----------
    connection
        The file.
    damaged
        Makes the error from what is wrong.

    Raises
    ------
    SymbolscopeError
        If anything differs.
    """
    if _definitions(connection) != _expected():
        raise damaged("its tables are not defined as they were made")
    games = connection.execute("SELECT id, fingerprint, n_players, about, checksum FROM games ORDER BY id").fetchall()
    for place, (number, fingerprint, n_players, about, checksum) in enumerate(games, start=1):
        if number != place or checksum != game_checksum(fingerprint, n_players, about):
            raise damaged(f"the row of game {place} ({about!r}) does not match its checksum")
    runs = connection.execute("SELECT id, run_key, checksum FROM runs ORDER BY id").fetchall()
    for place, (number, run_key, checksum) in enumerate(runs, start=1):
        if number != place or checksum != run_checksum(run_key):
            raise damaged(f"the row of run {place} ({run_key!r}) does not match its checksum")
    for table, owners, what in (("chunks", len(games), "game"), ("results", len(runs), "run")):
        first, last = connection.execute(f"SELECT min(id), max(id) FROM {table}").fetchone()  # noqa: S608 - our own names
        if first is not None and not 1 << OWNER_BITS <= first <= last < (owners + 1) << OWNER_BITS:
            raise damaged(f"rows of {table} belong to a {what} that is not there")


def game_checksum(fingerprint: object, n_players: object, about: object) -> int:
    """Checksum of a game's row, crc32."""
    return zlib.crc32(repr((fingerprint, n_players, about)).encode())


def run_checksum(run_key: object) -> int:
    """Checksum of a run's row, crc32."""
    return zlib.crc32(repr(run_key).encode())


def _definitions(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    return connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name").fetchall()


@cache
def _expected() -> list[tuple[object, ...]]:
    """What SQLite itself writes down of the schema."""
    made = sqlite3.connect(":memory:")
    try:
        made.executescript(SCHEMA)
        return _definitions(made)
    finally:
        made.close()
