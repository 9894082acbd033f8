"""Results of a run without a file: in memory, under the names of the file's."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable


@runtime_checkable
class Results(Protocol):
    """Where the results of a run are kept; :class:`symbolscope.games.store.StoredResults` is one."""

    def put_many(self, payloads: Mapping[int, bytes]) -> None:
        """Keep results by sample."""
        ...

    def fail(self, index: int, message: str) -> None:
        """Note that a sample failed, and why."""
        ...

    def get(self, index: int) -> bytes | None:
        """Result of a sample; None if there is none."""
        ...

    def done(self) -> set[int]:
        """Samples whose result is there."""
        ...

    def failures(self) -> dict[int, str]:
        """Samples that failed, and why."""
        ...


class KeptResults:
    """Results in memory.

    Examples
    --------
    >>> results = KeptResults()
    >>> results.put_many({3: b"third"})
    >>> results.fail(4, "the sample holds nan")
    >>> results.get(3), results.get(4), results.done(), results.failures()
    (b'third', None, {3}, {4: 'the sample holds nan'})
    """

    def __init__(self) -> None:
        self._payloads: dict[int, bytes] = {}
        self._failed: dict[int, str] = {}

    def put_many(self, payloads: Mapping[int, bytes]) -> None:
        """Keep results by sample."""
        self._payloads.update(payloads)
        for index in payloads:
            self._failed.pop(index, None)

    def fail(self, index: int, message: str) -> None:
        """Note that a sample failed, and why."""
        self._failed[index] = message
        self._payloads.pop(index, None)

    def get(self, index: int) -> bytes | None:
        """Result of a sample; None if there is none."""
        return self._payloads.get(index)

    def done(self) -> set[int]:
        """Samples whose result is there."""
        return set(self._payloads)

    def failures(self) -> dict[int, str]:
        """Samples that failed, and why."""
        return dict(self._failed)
