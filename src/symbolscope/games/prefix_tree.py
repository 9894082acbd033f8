"""The distinct beginnings of a set of masked texts, as a tree."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from symbolscope.shapes import Masks


@dataclass(frozen=True, eq=False)
class PrefixTree:
    """Which masked texts begin alike, and for how long.

    Two masked texts share their prefix up to position p if they hide the same tokens of it. A node is a distinct
    prefix, and is told by the position p at which it ends and by its number among the prefixes that end there.

    Parameters
    ----------
    order
        int64 [m]: the given rows, sorted so that rows that begin alike are neighbours.
    present
        bool [m, L]: for each sorted row and each token, whether the sample's token is there.
    node
        int64 [L, m]: number of the prefix of each sorted row that ends at each position.
    fork
        int64 [m]: the first position at which a sorted row differs from the one before it; 0 for the first row, and L
        for a row that does not differ.

    Examples
    --------
    >>> masks = np.array([[True, True], [False, True], [True, False]])
    >>> tree = PrefixTree.of(masks, np.array([0, -1, 1]), np.array([True, False, True]))
    >>> tree.order, tree.n_nodes
    (array([1, 2, 0]), array([2, 2, 3]))
    """

    order: NDArray[np.int64]
    present: NDArray[np.bool_]
    node: NDArray[np.int64]
    fork: NDArray[np.int64]

    @classmethod
    def of(cls, masks: Masks, labels: NDArray[np.int64], differs: NDArray[np.bool_]) -> "PrefixTree":
        """Build the tree of masks bool [m, n], given for each token its player [L] and whether hiding changes it."""
        order = prefix_order(masks, labels, differs)
        told = np.flatnonzero(differs & (labels >= 0))
        present = np.ones((len(masks), len(labels)), dtype=np.bool_)
        present[:, told] = masks[order][:, labels[told]]  # [m, L]
        changes = present[1:] != present[:-1]
        length = len(labels)
        fork = np.zeros(len(masks), dtype=np.int64)
        fork[1:] = np.where(changes.any(axis=1), changes.argmax(axis=1), length)
        node = np.cumsum(fork[None, :] <= np.arange(length)[:, None], axis=1) - 1  # [L, m]
        return cls(order, present, node, fork)

    @property
    def n_nodes(self) -> NDArray[np.int64]:
        """Number of distinct prefixes that end at each position, int64 [L]."""
        return self.node[:, -1] + 1


def prefix_order(masks: Masks, labels: NDArray[np.int64], differs: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Order masks so that those whose texts begin alike follow each other.

    Parameters
    ----------
    masks
        bool [m, n].
    labels
        int64 [L]: the player of each token, -1 for none.
    differs
        bool [L]: whether hiding a token changes it.

    Returns
    -------
    int64 [m]: positions in ``masks``, sorted as numbers whose leading digit is the first token's presence.

    Examples
    --------
    >>> masks = np.array([[False, False], [True, False], [False, True], [True, True]])
    >>> prefix_order(masks, np.array([0, 1]), np.array([True, True]))
    array([0, 2, 1, 3])
    """
    told = labels[differs & (labels >= 0)]
    players, first = np.unique(told, return_index=True)
    if not len(players):
        return np.arange(len(masks), dtype=np.int64)
    by_token = players[np.argsort(first)]  # the first token of a player decides: later ones follow it
    digits = np.packbits(masks[:, by_token], axis=1)  # [m, bytes]
    return np.lexsort(digits.T[::-1]).astype(np.int64)
