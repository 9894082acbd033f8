"""Results of many samples that survive the process."""

import operator
import sqlite3
import threading
import zlib
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, SupportsIndex

import numpy as np

from symbolscope.errors import SymbolscopeError
from symbolscope.games.given import GivenContent, GivenContents, GivenCount
from symbolscope.games.store.stored_values import Rows

INDICES = 1 << 32  # of one run
NO_BYTES = -1  # in the place of a checksum


class StoredResults:
    """One record per sample of a run: its result as bytes, or why it failed; made by :meth:`RunFile.results`.

    The last record of a sample stays: a sample that failed can be put later, and one that is computed again is replaced.

    Parameters
    ----------
    rows
        The run file.
    number
        The run's number there.
    run_key
        What is computed.

    Raises
    ------
    SymbolscopeError
        If a record is damaged.

    Examples
    --------
    >>> import tempfile
    >>> from symbolscope.games.store import RunFile
    >>> with tempfile.TemporaryDirectory() as folder, RunFile.open(f"{folder}/run.sqlite") as run_file:
    ...     results = run_file.results("explain, seed 0")
    ...     results.put_many({0: b"first", 2: b"third"})
    ...     results.fail(1, "the sample holds nan")
    ...     print(results.get(2), results.get(1), results.done(), results.failures())
    b'third' None {0, 2} {1: 'the sample holds nan'}
    """

    def __init__(self, rows: Rows, number: int, run_key: str) -> None:
        self.run_key = run_key
        self._rows = rows
        self._first_id = number * INDICES
        self._failed: dict[int, bool] = {}
        self._threads = threading.RLock()  # what is in memory changes together with what is on the disk
        with rows.transaction() as connection:
            for index, failed, body, checksum in _records(connection, self._first_id):
                self._check(index, failed, body, checksum)
                self._failed[index] = bool(failed)

    def __len__(self) -> int:
        return len(self._failed)

    def put(self, index: GivenCount, payload: GivenContent) -> None:
        """Store the result of a sample; it survives a crash once this returns.

        Parameters
        ----------
        index
            Which sample, 0 .. 2^32 - 1.
        payload
            The result.

        Raises
        ------
        SymbolscopeError
            If the index is no whole number or out of range, the result is no bytes, or the disk is full.
        """
        self._write([(index, False, payload)])

    def put_many(self, payloads: GivenContents) -> None:
        """As :meth:`put` for many samples at once, all or none: far quicker than one by one.

        Parameters
        ----------
        payloads
            Index -> result.
        """
        self._write([(index, False, payload) for index, payload in payloads.items()])

    def fail(self, index: GivenCount, message: str) -> None:
        """Note that a sample failed, and why.

        Parameters
        ----------
        index
            Which sample.
        message
            The reason.
        """
        self._write([(index, True, message.encode("utf-8", "surrogatepass"))])

    def get(self, index: GivenCount) -> bytes | None:
        """Result of a sample; None if it is not there or failed.

        Raises
        ------
        SymbolscopeError
            If the record is damaged, or the index no whole number.
        """
        number = _index(index)
        with self._threads:
            return None if self._failed.get(number, True) else self._body(number)

    def done(self) -> set[int]:
        """Indices of the samples whose result is there."""
        with self._threads:
            return {index for index, failed in self._failed.items() if not failed}

    def failures(self) -> dict[int, str]:
        """Index -> reason of the samples that failed, by index."""
        with self._threads:
            indices = sorted(index for index, failed in self._failed.items() if failed)
            return {index: self._body(index).decode("utf-8", "surrogatepass") for index in indices}

    @staticmethod
    def discard_damaged(connection: sqlite3.Connection, number: int, run_key: str) -> list[str]:
        """Remove the damaged records of a run and say which they were."""
        first_id = number * INDICES
        damaged = [
            index
            for index, failed, body, checksum in _records(connection, first_id)
            if checksum != _checksum(run_key, index, failed, body)
        ]
        connection.executemany("DELETE FROM results WHERE id = ?", [(first_id + index,) for index in damaged])
        return [f"the record of sample {index} of the run {run_key!r}" for index in damaged]

    def _body(self, index: int) -> bytes:
        with self._rows.transaction() as connection:
            found = connection.execute(
                "SELECT failed, body, checksum FROM results WHERE id = ?", (self._first_id + index,)
            ).fetchone()
        failed, body, checksum = found if found is not None else (0, b"", NO_BYTES)
        self._check(index, failed, body, checksum)
        return body

    def _check(self, index: int, failed: object, body: object, checksum: int) -> None:
        if checksum != _checksum(self.run_key, index, failed, body):
            raise self._rows.damaged(
                f"the record of sample {index} of the run {self.run_key!r} does not match its checksum"
            )

    def _write(self, records: list[tuple[GivenCount, bool, GivenContent]]) -> None:
        numbers = [_index(index) for index, _, _ in records]
        rows: list[tuple[int, int, bytes, int]] = []
        for number, (_, failed, body) in zip(numbers, records, strict=True):
            if not 0 <= number < INDICES:
                raise SymbolscopeError(f"a sample's index must lie in 0 .. 2^32 - 1; got {number}")
            checksum = _checksum(self.run_key, number, int(failed), body)
            if checksum == NO_BYTES:
                raise SymbolscopeError(f"the result of sample {number} must be bytes; got {type(body).__name__}")
            rows.append((self._first_id + number, int(failed), body, checksum))
        with self._threads:
            with self._rows.transaction() as connection:
                connection.executemany("INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?)", rows)
            self._failed.update({number: failed for number, (_, failed, _) in zip(numbers, records, strict=True)})


def _index(given: object) -> int:
    """Which sample: a whole number of python's or numpy's."""
    if isinstance(given, SupportsIndex) and not isinstance(given, (bool, np.bool_)):
        with suppress(TypeError):
            return operator.index(given)
    raise SymbolscopeError(f"a sample's index must be a whole number; got {given!r}, a {type(given).__name__}")


def _records(connection: sqlite3.Connection, first_id: int) -> Iterable[tuple[int, int, Any, int]]:
    """Rows of a run: index, whether it failed, body, checksum."""
    return connection.execute(
        "SELECT id - ?, failed, body, checksum FROM results WHERE id >= ? AND id < ? ORDER BY id",
        (first_id, first_id, first_id + INDICES),
    )


def _checksum(run_key: str, index: int, failed: object, body: object) -> int:
    """crc32 of what a record holds and of which sample and run it is."""
    if not isinstance(body, bytes):  # a damaged row may hold anything
        return NO_BYTES
    return zlib.crc32(body, zlib.crc32(repr((run_key, index, failed)).encode()))
