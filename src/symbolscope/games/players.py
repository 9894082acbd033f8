"""Players: which positions of a sample are hidden together."""

import math
from collections.abc import Mapping, Sequence, Sized
from dataclasses import dataclass
from typing import SupportsIndex

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.argument_checks import WholeNumber, described
from symbolscope.core.array_checks import plain_array
from symbolscope.core.checked_call import takes
from symbolscope.core.sequence_checks import Anything, ListOf, Names
from symbolscope.errors import SymbolscopeError
from symbolscope.games.given import GivenArray, GivenGroups
from symbolscope.games.image_axes import image_size, spread_over_channels

_MOST_POSITIONS = 1 << 30


@dataclass(frozen=True, eq=False)
class Players:
    """The players of a game: a name for each, and for each position of the sample the player it belongs to.

    Hiding player i replaces every position with label i by the baseline; positions with label -1 are background and
    always stay. Positions of one player are hidden together, and no position belongs to two players.

    Parameters
    ----------
    names
        One name per player.
    labels
        int64 array of the sample's shape (or one that broadcasts to it): 0 .. n-1, or -1 for background.

    Raises
    ------
    SymbolscopeError
        If there is no player, a player has no position, or a label names no player.

    Examples
    --------
    >>> Players(("age", "sex"), np.array([0, 1, 1]))
    Players('age', 'sex'; sample shape (3,), 0 background positions)
    >>> Players.columns(["age", "sex_f", "sex_m"], groups={"sex": ["sex_f", "sex_m"]}).labels
    array([0, 1, 1])
    >>> Players.grid((4, 6), rows=2, cols=3).labels
    array([[0, 0, 1, 1, 2, 2],
           [0, 0, 1, 1, 2, 2],
           [3, 3, 4, 4, 5, 5],
           [3, 3, 4, 4, 5, 5]])
    """

    names: tuple[str, ...]
    labels: NDArray[np.int64]

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", Names(distinct=False).read("names", self.names))
        if not isinstance(self.labels, np.ndarray):  # pyright: ignore[reportUnnecessaryIsInstance]
            object.__setattr__(self, "labels", plain_array("player labels", self.labels))
        if not self.names:
            raise SymbolscopeError("players must name at least one player; got none, so there would be nothing to hide")
        if not np.issubdtype(self.labels.dtype, np.integer):
            raise SymbolscopeError(f"player labels must be integers (-1 = background); got {self.labels.dtype}")
        n = len(self.names)
        if self.labels.size and not (self.labels.min() >= -1 and self.labels.max() < n):
            raise SymbolscopeError(
                f"player labels must lie in -1 .. {n - 1} (there are {n} names; -1 = background); "
                f"got {self.labels.min()} .. {self.labels.max()}"
            )
        sizes = np.bincount(self.labels[self.labels >= 0].ravel(), minlength=n)
        if not sizes.all():
            empty = int(np.flatnonzero(sizes == 0)[0])
            raise SymbolscopeError(
                f"player {empty} ({self.names[empty]!r}) has no position in the sample; leave it out"
            )

    def __len__(self) -> int:
        return len(self.names)

    def __repr__(self) -> str:
        shown = ", ".join(repr(name) for name in self.names[:6]) + (", ..." if len(self) > 6 else "")
        background = int((self.labels < 0).sum())
        return f"Players({shown}; sample shape {self.labels.shape}, {background} background positions)"

    @takes({"names": Names(distinct=False, numbers=True)})
    def renamed(self, names: Sequence[str]) -> "Players":
        """Give the same players other names.

        Parameters
        ----------
        names
            One name per player.

        Raises
        ------
        SymbolscopeError
            If the number of names differs from the number of players.

        Examples
        --------
        >>> Players.columns(2).renamed(["age", "height"]).names
        ('age', 'height')
        """
        if len(names) != len(self):
            raise SymbolscopeError(f"player_names must have {len(self)} names, one per player; got {len(names)}")
        return Players(tuple(str(name) for name in names), self.labels)

    @classmethod
    def columns(
        cls,
        names: int | Sequence[str],
        groups: Mapping[str, Sequence[str | int]] | None = None,
    ) -> "Players":
        """Build one player per column of a table; columns of a group (one-hot columns, say) are hidden together.

        Parameters
        ----------
        names
            The column names, or how many columns there are (they are then called x0, x1, ...).
        groups
            Name of a player -> its columns, by name or index. Columns in no group are players of their own.

        Raises
        ------
        SymbolscopeError
            If a column is unknown or in two groups.

        Examples
        --------
        >>> Players.columns(3).names
        ('x0', 'x1', 'x2')
        >>> Players.columns(["hour", "sun", "rain"], groups={"weather": ["sun", "rain"]}).names
        ('hour', 'weather')
        """
        if isinstance(names, SupportsIndex) and not hasattr(names, "__len__"):
            column_names = [f"x{i}" for i in range(WholeNumber(least=0, most=1_000_000).read("names", names))]
        else:
            column_names = list(Names(distinct=False, numbers=True).read("names", names))
        if not isinstance(groups, Mapping | None):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise SymbolscopeError(f"groups must be a dict from a name to its columns; got {described(groups)}")
        owner: dict[int, str] = {}
        for group, members in (groups or {}).items():
            for member in ListOf(Anything(), "columns").read(f"group {group!r}", members):
                column = column_names.index(member) if isinstance(member, str) and member in column_names else member
                if not isinstance(column, int | np.integer) or not 0 <= column < len(column_names):
                    shown = ", ".join(column_names[:12])
                    raise SymbolscopeError(f"group {group!r} names the column {member!r}, which is not one of: {shown}")
                column = int(column)
                if column in owner:
                    raise SymbolscopeError(
                        f"column {column_names[column]!r} is in two groups, {owner[column]!r} and {group!r}; "
                        "each column belongs to one player"
                    )
                owner[column] = group
        players: dict[tuple[str, str], int] = {}  # a group and a column of the same name stay two players
        labels = np.empty(len(column_names), dtype=np.int64)
        for column, name in enumerate(column_names):
            key = ("group", owner[column]) if column in owner else (f"column {column}", name)
            labels[column] = players.setdefault(key, len(players))
        return cls(tuple(name for _, name in players), labels)

    @classmethod
    def grid(cls, shape: tuple[int, ...], rows: int, cols: int) -> "Players":
        """Cut an image into rows x cols patches of nearly equal size, one player each, numbered row by row.

        Parameters
        ----------
        shape
            Shape of the image: (H, W), (C, H, W) or (H, W, C). With three axes the channels are the first axis if it
            has 1, 3 or 4 entries, else the last axis if that has, else the first.
        rows, cols
            Number of patches down and across.

        Raises
        ------
        SymbolscopeError
            If the shape is no image's, or there are more patches than pixels along an axis.

        Examples
        --------
        >>> Players.grid((1, 28, 28), rows=3, cols=4).names[:5]
        ('r0c0', 'r0c1', 'r0c2', 'r0c3', 'r1c0')
        """
        shape = ListOf(WholeNumber(least=0), "sizes").read("shape", shape)
        rows, cols = WholeNumber().read("rows", rows), WholeNumber().read("cols", cols)
        height, width = image_size(shape)
        if not (1 <= rows <= height and 1 <= cols <= width):
            raise SymbolscopeError(
                f"a grid of {rows} x {cols} patches does not fit an image of {height} x {width} pixels; "
                f"rows must be 1 .. {height} and cols 1 .. {width}"
            )
        row_of = np.arange(height) * rows // height  # patch sizes differ by at most one pixel
        col_of = np.arange(width) * cols // width
        pixels = (row_of[:, None] * cols + col_of[None, :]).astype(np.int64)  # [H, W]
        names = tuple(f"r{r}c{c}" for r in range(rows) for c in range(cols))
        return cls(names, spread_over_channels(pixels, shape))

    @classmethod
    def segments(cls, labels: GivenArray) -> "Players":
        """Build one player per labelled segment, as a segmentation gives them; label -1 is background.

        Parameters
        ----------
        labels
            Integer array of the sample's shape, or one that broadcasts to it ((H, W) for an image (C, H, W)).

        Examples
        --------
        >>> Players.segments([[7, 7, -1], [2, 2, 2]]).names
        ('segment 2', 'segment 7')
        """
        given = plain_array("segment labels", labels)
        if not np.issubdtype(given.dtype, np.integer):
            raise SymbolscopeError(f"segment labels must be an integer array (-1 = background); got {given.dtype}")
        present = np.unique(given[given >= 0])
        consecutive = np.where(given < 0, -1, np.searchsorted(present, given)).astype(np.int64)
        return cls(tuple(f"segment {label}" for label in present), consecutive)

    @classmethod
    def groups(cls, shape: tuple[int, ...], groups: GivenGroups, names: Sequence[str] | None = None) -> "Players":
        """Build one player per group of positions of any tensor; positions in no group are background.

        Parameters
        ----------
        shape
            The sample's shape.
        groups
            For each player its positions: one index, a list of indices along the first axis, a list of index tuples
            into the first axes, or a boolean array of the first axes. What follows the given axes belongs to the player
            whole (all coordinates of a point, say).
        names
            One name per player; by default "group 0", "group 1", ...

        Raises
        ------
        SymbolscopeError
            If a position is outside the sample or in two groups, or a group is empty.

        Examples
        --------
        >>> Players.groups((4,), [[0, 1], 3]).labels
        array([ 0,  0, -1,  1])
        >>> cloud = Players.groups((5, 3), [[0, 1], [2, 4]], names=["wheel", "seat"])
        >>> cloud.labels[:, 0]
        array([ 0,  0,  1, -1,  1])
        """
        shape = ListOf(WholeNumber(least=0), "sizes").read("shape", shape)
        if math.prod(shape) > _MOST_POSITIONS:
            raise SymbolscopeError(f"a sample has at most {_MOST_POSITIONS:,} positions; got shape {shape}")
        groups = ListOf(Anything(), "groups of positions").read("groups", groups)  # pyright: ignore[reportAssignmentType]
        labels = np.full(shape, -1, dtype=np.int64)
        for player, group in enumerate(groups):
            positions = plain_array(f"group {player}", group) if not _is_empty(group) else np.zeros(0, dtype=np.int64)
            where = _positions(shape, positions, player)
            if (taken := labels[where].ravel().max(initial=-1)) >= 0:
                raise SymbolscopeError(
                    f"groups {int(taken)} and {player} share a position of the sample; each position belongs "
                    "to one player"
                )
            labels[where] = player
        given_names = (
            [f"group {i}" for i in range(len(groups))]
            if names is None
            else list(Names(distinct=False).read("names", names))
        )
        if len(given_names) != len(groups):
            raise SymbolscopeError(f"names must have {len(groups)} names, one per group; got {len(given_names)}")
        return cls(tuple(given_names), labels)


def _is_empty(group: object) -> bool:
    return isinstance(group, Sized) and getattr(group, "ndim", 1) > 0 and len(group) == 0


def _positions(shape: tuple[int, ...], group: NDArray[np.generic], player: int) -> tuple[NDArray[np.intp], ...]:
    """Index arrays into the first axes of ``shape``, checked."""
    if group.dtype == np.bool_:
        if group.ndim == 0 or group.shape != shape[: group.ndim]:
            raise SymbolscopeError(
                f"group {player} is a boolean array of shape {group.shape}; expected the first axes of {shape}"
            )
        where = tuple(np.nonzero(group))
    elif group.size and not np.issubdtype(group.dtype, np.integer):
        raise SymbolscopeError(f"group {player} must hold integer indices or booleans; got {group.dtype}")
    elif group.ndim <= 1:
        where = (np.atleast_1d(group).astype(np.intp),)
    elif group.ndim == 2 and group.shape[1] <= len(shape):
        where = tuple(group.T.astype(np.intp))
    else:
        raise SymbolscopeError(
            f"group {player} must be a list of indices, or of index tuples with at most {len(shape)} entries; "
            f"got an array of shape {group.shape}"
        )
    if not where or where[0].size == 0:
        raise SymbolscopeError(f"group {player} is empty; leave it out")
    if len(where) > len(shape):
        raise SymbolscopeError(f"group {player} has indices along {len(where)} axes; the sample has shape {shape}")
    for axis, index in enumerate(where):
        if index.min() < 0 or index.max() >= shape[axis]:
            raise SymbolscopeError(
                f"group {player} has index {int(index.min() if index.min() < 0 else index.max())} along axis {axis}; "
                f"the sample of shape {shape} has indices 0 .. {shape[axis] - 1} there"
            )
    return where
