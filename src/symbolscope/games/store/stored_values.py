"""Values of one game that survive the process."""

import sqlite3
import threading
import zlib
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from symbolscope.errors import SymbolscopeError
from symbolscope.games.batches import check_masks
from symbolscope.games.given import GivenArray
from symbolscope.games.store.known_masks import KnownMasks, first_of_each
from symbolscope.shapes import Scores

MOST_MASKS = 65536  # of one row
NUMBERS = 1 << 32  # rows of one game


@runtime_checkable
class Rows(Protocol):
    """Where rows are kept; RunFile is one."""

    path: Path

    def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        """All or nothing."""
        ...

    def damaged(self, what: str, *, discardable: bool = True) -> SymbolscopeError:
        """Say what is damaged."""
        ...


class StoredValues:
    """Values of one game by mask, on the disk and looked up in memory; made by :meth:`RunFile.values`.

    Of a mask that is added again the first value stays, whether or not the second equals it: within one store a mask has one
    value, for good. (Values of one game computed again differ at most by float rounding, where other masks share the batch.)

    Parameters
    ----------
    rows
        The run file.
    number
        The game's number there.
    fingerprint, n_players
        The game.

    Raises
    ------
    SymbolscopeError
        If a chunk is damaged or missing.

    Examples
    --------
    >>> import tempfile
    >>> from symbolscope.games.store import RunFile
    >>> with tempfile.TemporaryDirectory() as folder, RunFile.open(f"{folder}/run.sqlite") as run_file:
    ...     stored = run_file.values("a1b2", 2, about="two players")
    ...     stored.add(np.array([[True, False], [True, True]]), np.array([0.25, -1.0]))
    ...     print(len(stored), *stored.known(np.array([[True, True], [False, False]])))
    2 [-1. nan] [ True False]
    """

    def __init__(self, rows: Rows, number: int, fingerprint: str, n_players: int) -> None:
        self.fingerprint = fingerprint
        self.n_players = n_players
        self._rows = rows
        self._first_id = number * NUMBERS
        self._known = KnownMasks(n_players)
        self._n_chunks = 0
        self._threads = threading.RLock()  # what is in memory changes together with what is on the disk
        self._read()

    def __len__(self) -> int:
        return len(self._known)

    def known(self, masks: GivenArray) -> tuple[Scores, NDArray[np.bool_]]:
        """Look masks up.

        Parameters
        ----------
        masks
            bool [m, n].

        Returns
        -------
        (values, is_known): float64 [m], nan where unknown, and bool [m].

        Raises
        ------
        SymbolscopeError
            If the masks have the wrong shape or type.
        """
        keys = self._known.keys(check_masks(masks, self.n_players))
        with self._threads:
            return self._known.find(keys)

    def add(self, masks: GivenArray, values: GivenArray) -> None:
        """Store values; they survive a crash once this returns.

        Parameters
        ----------
        masks
            bool [m, n]. Those already known are left as they are.
        values
            float64 [m], kept bit for bit.

        Raises
        ------
        SymbolscopeError
            If shapes or types do not fit, or the disk is full: then none of them is stored.
        """
        chosen = check_masks(masks, self.n_players)
        numbers = np.asarray(values)
        if numbers.dtype != np.float64 or numbers.shape != (len(chosen),):
            raise SymbolscopeError(
                f"values must be float64 [{len(chosen)}], one per mask; got {numbers.dtype} {list(numbers.shape)}"
            )
        packed = self._known.packed(chosen)
        keys = self._known.keys_of_packed(packed)
        with self._threads:
            self._add(packed, keys, numbers)

    @staticmethod
    def discard_damaged(connection: sqlite3.Connection, number: int, fingerprint: str, n_players: int) -> list[str]:
        """Remove the damaged chunks of a game, close the gaps that they and missing ones leave, and say which they were."""
        first_id = number * NUMBERS
        whole: set[int] = set()
        damaged: set[int] = set()
        for chunk, masks, body, checksum in _chunks(connection, first_id):
            fits = checksum == _checksum(fingerprint, n_players, chunk, masks, body)
            (whole if fits else damaged).add(chunk)
        gaps = set(range(max(whole, default=-1))) - whole
        connection.executemany("DELETE FROM chunks WHERE id = ?", [(first_id + chunk,) for chunk in damaged])
        # An empty chunk keeps the place: a number that is missing means that a row was lost.
        empty = [(first_id + chunk, 0, b"", _checksum(fingerprint, n_players, chunk, 0, b"")) for chunk in gaps]
        connection.executemany("INSERT INTO chunks VALUES (?, ?, ?, ?)", empty)
        return [f"chunk {chunk} of the game {fingerprint[:12]}" for chunk in sorted(damaged | gaps)]

    def _add(self, packed: NDArray[np.uint8], keys: NDArray[np.generic], values: Scores) -> None:
        with self._rows.transaction() as connection:
            new = np.flatnonzero(~self._known.find(keys)[1])
            new = new[first_of_each(keys[new])]
            if not len(new):
                return
            packed, values, keys = packed[new], values[new], keys[new]
            number = self._n_chunks
            for start in range(0, len(new), MOST_MASKS):
                part = slice(start, start + MOST_MASKS)
                body = packed[part].tobytes() + values[part].astype("<f8").tobytes()
                row = (
                    self._first_id + number,
                    len(packed[part]),
                    body,
                    _checksum(self.fingerprint, self.n_players, number, len(packed[part]), body),
                )
                connection.execute("INSERT INTO chunks VALUES (?, ?, ?, ?)", row)
                number += 1
        self._n_chunks = number
        self._known.add(keys, values)

    def _read(self) -> None:
        width = (self.n_players + 7) // 8
        packed: list[NDArray[np.uint8]] = []
        values: list[Scores] = []
        with self._rows.transaction() as connection:
            for chunk, masks, body, checksum in _chunks(connection, self._first_id):
                game = f"the game {self.fingerprint[:12]}"
                if chunk != self._n_chunks:
                    raise self._rows.damaged(f"chunk {self._n_chunks} of {game} is missing")
                if checksum != _checksum(self.fingerprint, self.n_players, chunk, masks, body):
                    raise self._rows.damaged(f"chunk {chunk} of {game} ({masks} masks) does not match its checksum")
                self._n_chunks += 1
                flat = np.frombuffer(body, dtype=np.uint8)
                packed.append(flat[: masks * width].reshape(masks, width))
                values.append(np.frombuffer(body, dtype="<f8", offset=masks * width).astype(np.float64))
        if packed:
            # Equal masks are never written twice, so all keys differ.
            self._known.add(self._known.keys_of_packed(np.concatenate(packed)), np.concatenate(values))


def _chunks(connection: sqlite3.Connection, first_id: int) -> list[tuple[int, int, Any, int]]:
    """Rows of a game: number within it, masks, body, checksum."""
    found = connection.execute(
        "SELECT id - ?, masks, body, checksum FROM chunks WHERE id >= ? AND id < ? ORDER BY id",
        (first_id, first_id, first_id + NUMBERS),
    )
    return found.fetchall()


def _checksum(fingerprint: str, n_players: int, chunk: int, masks: int, body: object) -> int:
    """crc32 of what a chunk holds and of which it is, so that one cannot take the place of another."""
    if not isinstance(body, bytes):  # a damaged row may hold anything
        return -1
    return zlib.crc32(body, zlib.crc32(repr((fingerprint, n_players, chunk, masks)).encode()))
