"""A growing map from masks to values, looked up by the million."""

import numpy as np
from numpy.typing import NDArray

from symbolscope.shapes import Masks, Scores


class KnownMasks:
    """Masks and their values in sorted runs, each at least twice as long as the next.

    Adding m masks to N costs O((N + m) log N) for all additions together, looking up m masks O(m log^2 N); 16 bytes a mask for
    up to 64 players, ceil(n / 8) + 8 for more.

    Parameters
    ----------
    n_players
        Number of players n.

    Examples
    --------
    >>> known = KnownMasks(2)
    >>> masks = np.array([[True, False], [True, True]])
    >>> known.add(known.keys(masks), np.array([1.0, 2.0]))
    >>> known.find(known.keys(masks[::-1]))
    (array([2., 1.]), array([ True,  True]))
    """

    def __init__(self, n_players: int) -> None:
        self._bytes = (n_players + 7) // 8
        self._runs: list[tuple[NDArray[np.generic], Scores]] = []

    def __len__(self) -> int:
        return sum(len(keys) for keys, _ in self._runs)

    @staticmethod
    def packed(masks: Masks) -> NDArray[np.uint8]:
        """Masks as bytes [m, ceil(n / 8)], player 0 the lowest bit of the first."""
        return np.packbits(masks, axis=1, bitorder="little")

    def keys(self, masks: Masks) -> NDArray[np.generic]:
        """One sortable number or byte string per mask [m]."""
        return self.keys_of_packed(self.packed(masks))

    def keys_of_packed(self, packed: NDArray[np.uint8]) -> NDArray[np.generic]:
        """As :meth:`keys`, of packed masks [m, ceil(n / 8)]."""
        if self._bytes > 8:
            return np.ascontiguousarray(packed).view(np.dtype((np.bytes_, self._bytes))).ravel()
        padded = np.zeros((len(packed), 8), dtype=np.uint8)
        padded[:, : self._bytes] = packed
        return padded.view("<u8").ravel()

    def find(self, keys: NDArray[np.generic]) -> tuple[Scores, NDArray[np.bool_]]:
        """Values [m], nan where unknown, and which are known [m]."""
        values = np.full(len(keys), np.nan)
        is_known = np.zeros(len(keys), dtype=np.bool_)
        for run, run_values in self._runs:
            at = np.searchsorted(run, keys)
            at[at == len(run)] = 0  # larger than all: compared with any, it differs
            hit = run[at] == keys
            np.copyto(values, run_values[at], where=hit)
            is_known |= hit
        return values, is_known

    def add(self, keys: NDArray[np.generic], values: Scores) -> None:
        """Add masks that differ from one another and from those that are there."""
        if not len(keys):
            return
        while self._runs and len(self._runs[-1][0]) < 2 * len(keys):
            other, other_values = self._runs.pop()
            keys, values = np.concatenate([other, keys]), np.concatenate([other_values, values])
        order = np.argsort(keys, kind="stable")  # quick on runs that are sorted already
        self._runs.append((keys[order], values[order]))


def first_of_each(keys: NDArray[np.generic]) -> NDArray[np.int64]:
    """Positions of the first of equal keys, ascending."""
    _, first = np.unique(keys, return_index=True)
    return np.sort(first).astype(np.int64)
