"""One stage of a tree of prefixes: the nodes between two cuts, packed into blocks that attend along the tree."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from symbolscope.games.prefix_tree import PrefixTree


@dataclass(frozen=True, eq=False)
class PackedBlocks:
    """Some blocks of one stage, side by side: what the network is given.

    A block is a sequence of q slots, one per node, filled up in front; each node attends to its own ancestors alone.

    Parameters
    ----------
    parents
        int64 [B]: the node before the first cut that each block continues.
    block, slot, position, row
        int64 [t]: for each node its block, its slot there, the position of its token, and a sorted row that it begins.
    n_slots
        q.
    n_leaves
        Slots at the end of each block that hold the nodes of the stage's last position.
    allowed
        bool [B, q, a + q]: which earlier tokens (first the a before the cut, then the slots) each slot attends to.
    """

    parents: NDArray[np.int64]
    block: NDArray[np.int64]
    slot: NDArray[np.int64]
    position: NDArray[np.int64]
    row: NDArray[np.int64]
    n_slots: int
    n_leaves: int
    allowed: NDArray[np.bool_]


class PrefixStage:
    """The nodes of a tree at positions a .. b-1, grouped by the node at a-1 that they continue.

    Parameters
    ----------
    tree
        The tree.
    start, stop
        a and b.

    Examples
    --------
    >>> masks = np.array([[False, False], [False, True], [True, False], [True, True]])
    >>> tree = PrefixTree.of(masks, np.array([0, 1]), np.array([True, True]))
    >>> stage = PrefixStage(tree, 1, 2)
    >>> stage.sizes
    array([2, 2])
    >>> [packed] = stage.groups(np.array([0, 1]), tokens=100)
    >>> packed.allowed[0].astype(int)
    array([[1, 1, 0],
           [1, 0, 1]])
    """

    def __init__(self, tree: PrefixTree, start: int, stop: int) -> None:
        self.tree, self.start, self.stop = tree, start, stop
        rows = [np.flatnonzero(tree.fork <= position) for position in range(start, stop)]
        row = np.concatenate(rows)  # one per node: the first row that begins with it
        position = np.repeat(np.arange(start, stop), [len(some) for some in rows])
        self._parent_of_row = tree.node[start - 1] if start else np.zeros(len(tree.fork), dtype=np.int64)
        parent = self._parent_of_row[row]
        self.sizes = np.bincount(parent, minlength=int(self._parent_of_row[-1]) + 1)
        self._first = np.cumsum(self.sizes) - self.sizes
        by_parent = np.argsort(parent, kind="stable")  # within a parent by position, then by row
        self._row, self._position = row[by_parent], position[by_parent]
        rank = np.empty(len(row), dtype=np.int64)
        rank[by_parent] = np.arange(len(row)) - np.repeat(self._first, self.sizes)
        from_start = np.cumsum([0] + [len(some) for some in rows])
        # For each sorted row and position of the stage, the place of its node among its block's.
        self._rank = np.stack([rank[from_start[j] + tree.node[start + j]] for j in range(stop - start)])  # [b-a, m]

    def groups(self, parents: NDArray[np.int64], *, tokens: int) -> Iterator[PackedBlocks]:
        """Pack the blocks of these parents into groups of at most so many slots (or one block), small blocks first."""
        parents = parents[np.argsort(self.sizes[parents], kind="stable")]
        begin = 0
        while begin < len(parents):
            slots = self.sizes[parents[begin:]] * np.arange(1, len(parents) - begin + 1)
            count = max(1, int(np.searchsorted(slots, tokens, side="right")))
            yield self._pack(parents[begin : begin + count])
            begin += count

    def _pack(self, parents: NDArray[np.int64]) -> PackedBlocks:
        sizes = self.sizes[parents]
        n_slots, a = int(sizes.max()), self.start
        block = np.repeat(np.arange(len(parents)), sizes)
        place = np.arange(len(block)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        nodes = self._first[parents][block] + place
        row, position = self._row[nodes], self._position[nodes]
        padding = (n_slots - sizes)[block]
        allowed = np.zeros((len(parents), n_slots, a + n_slots), dtype=np.bool_)
        allowed[:, :, :a] = True
        allowed[:, np.arange(n_slots), a + np.arange(n_slots)] = True  # a padding slot must attend to something
        for depth in range(1, self.stop - a):
            some = np.flatnonzero(position >= a + depth)  # those with an ancestor at position a + depth - 1
            ancestor = self._rank[depth - 1, row[some]] + padding[some]
            allowed[block[some], (place + padding)[some], a + ancestor] = True
        leaves = np.bincount(block[position == self.stop - 1], minlength=len(parents))
        return PackedBlocks(parents, block, place + padding, position, row, n_slots, int(leaves.max()), allowed)

    def paths(self, packed: PackedBlocks) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Where the keys and values of each prefix that ends at the stage's last position lie.

        Returns
        -------
        (nodes [k], block [k], slots [k, b]): the prefixes' numbers, their block in ``packed``, and for each the places
        of its b tokens among the a + q that the block attended to.
        """
        ends = packed.position == self.stop - 1
        row, block = packed.row[ends], packed.block[ends]
        padding = packed.n_slots - self.sizes[packed.parents][block]
        before = np.broadcast_to(np.arange(self.start), (len(row), self.start))
        within = self.start + self._rank[:, row].T + padding[:, None]  # [k, b-a]
        return self.tree.node[self.stop - 1, row], block, np.concatenate([before, within], axis=1)
