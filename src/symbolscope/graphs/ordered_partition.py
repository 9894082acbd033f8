"""A set split into classes that have an order, refined by colour refinement: only the smaller parts of a class are looked at again.

One side of a bipartite graph (the players, or the interactions). When classes of the other side split, members of one class here
fall apart by how many neighbours they have in each part. The counts in the largest part follow from those in the others, so a
vertex is looked at again only when its class has at least halved: n log n steps in all (Hopcroft 1971; Paige and Tarjan 1987).
"""

import heapq
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

# One class has split: identifiers of all its parts, and that of the largest, which nobody needs to look at.
Split = tuple[list[int], int]

_UNCHANGED = (1, 0, 0)


class OrderedPartition:
    """Vertices 0 ... n-1 in classes; a class is before another if it was once a part that sorts before the other's.

    Parameters
    ----------
    keys
        Of each vertex: equal ones share a class at first, and the classes are in the order of their keys.

    Examples
    --------
    >>> partition = OrderedPartition(["b", "a", "b"])
    >>> partition.order(), partition.first_alike(0)
    ([1, 0, 2], 0)
    >>> partition.single_out(0)
    ([2, 1], 1)
    >>> partition.order(), partition.first_alike(0)
    ([1, 0, 2], None)
    """

    def __init__(self, keys: Sequence[Hashable]) -> None:
        ordered: dict[Any, set[int]] = {}
        for vertex, key in enumerate(keys):
            ordered.setdefault(key, set()).add(vertex)
        self._class_of = [0] * len(keys)
        self._members: list[set[int]] = []
        self._lowest: list[list[int]] = []  # heaps; members that have left are dropped when they come up
        self._start: list[int] = []  # how many vertices are in classes before it
        self._at: dict[int, int] = {}
        start = 0
        for key in sorted(ordered):
            self._add(ordered[key], start)
            start += len(ordered[key])

    def all_classes(self) -> list[Split]:
        """As if everything had been one class and split just now."""
        names = list(range(len(self._members)))
        return [(names, max(names, key=lambda name: len(self._members[name])))] if names else []

    def members(self, name: int) -> Iterable[int]:
        """Vertices of a class."""
        return self._members[name]

    def start(self, name: int) -> int:
        """How many vertices are in classes before it."""
        return self._start[name]

    def first_alike(self, place: int) -> int | None:
        """The lowest vertex of the first class of several at or after a place in the order; None if all are told apart."""
        while place < len(self._class_of):
            name = self._at[place]
            if len(self._members[name]) > 1:
                heap = self._lowest[name]
                while self._class_of[heap[0]] != name:
                    heapq.heappop(heap)
                return heap[0]
            place += 1
        return None

    def place(self, vertex: int) -> int:
        """Where the class of a vertex begins."""
        return self._start[self._class_of[vertex]]

    def single_out(self, vertex: int) -> Split:
        """Make a vertex a class of its own, before the rest of its class."""
        name = self._class_of[vertex]
        self._members[name].discard(vertex)
        place = self._start[name]
        own = self._add({vertex}, place)
        self._move(name, place + 1)
        return [own, name], name

    def split_by(self, counts: Mapping[int, Mapping[int, int]], starts: Mapping[int, int]) -> list[Split]:
        """Split classes by what has changed around their members.

        A member comes the earlier the more neighbours it has in the first class of the other side in which it differs from others.

        Parameters
        ----------
        counts
            Of vertices around which something has changed: class of the other side -> how many more neighbours it has there than a
            vertex whose neighbours are all in the largest parts.
        starts
            Where these classes begin.
        """
        touched: dict[int, dict[tuple[tuple[int, int, int], ...], set[int]]] = {}
        for vertex, changes in counts.items():
            key = _sort_key(changes, starts)
            if key == (_UNCHANGED,):
                continue
            touched.setdefault(self._class_of[vertex], {}).setdefault(key, set()).add(vertex)
        splits = [self._fall_apart(name, parts) for name, parts in touched.items()]
        return [split for split in splits if split is not None]

    def order(self) -> list[int]:
        """Vertices in the order of their classes, the lowest of a class first."""
        names = sorted(range(len(self._members)), key=lambda name: self._start[name])
        return [vertex for name in names for vertex in sorted(self._members[name])]

    def _fall_apart(self, name: int, parts: dict[tuple[tuple[int, int, int], ...], set[int]]) -> Split | None:
        untouched = self._members[name]
        for part in parts.values():
            untouched -= part
        if untouched:
            parts[_UNCHANGED,] = untouched
        # The largest part keeps the name, so that only the others are written anew.
        largest = max(parts, key=lambda key: len(parts[key]))
        self._members[name] = parts[largest]
        if len(parts) == 1:
            return None
        place, names = self._start[name], list[int]()
        for key in sorted(parts):
            if key == largest:
                self._move(name, place)
                names.append(name)
            else:
                names.append(self._add(parts[key], place))
            place += len(parts[key])
        return names, name

    def _add(self, members: set[int], place: int) -> int:
        name = len(self._members)
        self._members.append(members)
        heap = list(members)
        heapq.heapify(heap)
        self._lowest.append(heap)
        self._start.append(0)
        for vertex in members:
            self._class_of[vertex] = name
        self._move(name, place)
        return name

    def _move(self, name: int, place: int) -> None:
        self._start[name] = place
        self._at[place] = name


def _sort_key(changes: Mapping[int, int], starts: Mapping[int, int]) -> tuple[tuple[int, int, int], ...]:
    """Sorts as whole vectors of counts would, larger ones first, from their differences to the vector that has not changed.

    A surplus sorts before the end of the vector, a deficit after it; of two surpluses the one in the earlier class is first, of two
    deficits the one in the later class.
    """
    ordered = sorted((starts[name], change) for name, change in changes.items() if change)
    entries = [(0, start, -change) if change > 0 else (2, -start, -change) for start, change in ordered]
    return (*entries, _UNCHANGED)
