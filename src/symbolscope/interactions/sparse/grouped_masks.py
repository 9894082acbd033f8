"""Masks in which the players of a group go together: each uniform by itself, all of them in few dimensions."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from symbolscope.shapes import Masks

# bool [m, groups]
GroupBits = NDArray[np.bool_]

# Groups: enough for few parities to meet in one set of groups, few enough for all sets of four groups to be looked at.
_LEAST_GROUPS, _PLAYERS_PER_GROUP, _MOST_GROUPS = 40, 16, 100


@dataclass(frozen=True, eq=False)
class GroupedMasks:
    """A random affine subspace of masks: mask = shift xor (its group's bit for every player).

    Every mask of it is uniform over all masks, for the shift is. Two masks are not independent: where one player of a group
    changes, all do. So on these masks a game of n players is a game of a few groups, and the parity of the players S is, up to its
    sign, the parity of the groups that hold an odd number of S.

    Parameters
    ----------
    group
        int64 [n]: the group of each player; all groups are used.
    shift
        bool [n].

    Examples
    --------
    >>> grouped = GroupedMasks(np.array([0, 0, 1]), np.array([True, False, False]))
    >>> masks = grouped.masks(np.array([[False, False], [True, False], [True, True]]))
    >>> masks.astype(int)
    array([[1, 0, 0],
           [0, 1, 0],
           [0, 1, 1]])
    >>> grouped.holds(np.vstack([masks, [[True, True, True]]]))
    array([ True,  True,  True, False])
    >>> grouped.of_groups(masks).astype(int)
    array([[0, 0],
           [1, 0],
           [1, 1]])
    """

    group: NDArray[np.int64]
    shift: NDArray[np.bool_]

    @classmethod
    def drawn(cls, n_players: int, generator: np.random.Generator) -> "GroupedMasks":
        """Random groups of equal size, to one player, and a uniform shift."""
        n_groups = min(n_players, max(_LEAST_GROUPS, min(_MOST_GROUPS, round(n_players / _PLAYERS_PER_GROUP))))
        group = generator.permutation(np.arange(n_players) % n_groups).astype(np.int64)
        return cls(group, generator.random(n_players) < 0.5)

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return int(self.group.max()) + 1

    def members(self, group: int) -> NDArray[np.int64]:
        """The players of a group, ascending."""
        return np.flatnonzero(self.group == group)

    def masks(self, groups: GroupBits) -> Masks:
        """Masks [m, n] of groups' bits [m, g]."""
        return self.shift ^ groups[:, self.group]

    def holds(self, masks: Masks) -> NDArray[np.bool_]:
        """Which masks [m, n] lie in the subspace, bool [m]."""
        return (self.masks(self.of_groups(masks)) == masks).all(axis=1)

    def of_groups(self, masks: Masks) -> GroupBits:
        """The groups' bits [m, g] of masks [m, n] of the subspace."""
        first = np.unique(self.group, return_index=True)[1]
        return masks[:, first] ^ self.shift[first]
