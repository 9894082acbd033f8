"""Which sets of further variables are swapped beside one, to find out what a place in a network holds."""

from collections.abc import Sequence
from itertools import combinations

# All sets of so few; of more only the smallest and the largest, since every set costs a pass through the network.
_ALL_SETS_OF = 3


def some_of(others: Sequence[str]) -> list[tuple[str, ...]]:
    """Sets of ``others`` that are neither empty nor all of them.

    A place in a network holds some of a program's variables: a recurrent state all of them, one branch or one position perhaps
    one. If its whole state is swapped, those that it holds move together.

    Examples
    --------
    >>> some_of(["phase"]), some_of(["a", "b"])
    ([], [('a',), ('b',)])
    >>> some_of("abcd")
    [('a',), ('b',), ('c',), ('d',), ('b', 'c', 'd'), ('a', 'c', 'd'), ('a', 'b', 'd'), ('a', 'b', 'c')]
    """
    n = len(others)
    if n <= _ALL_SETS_OF:
        return [chosen for size in range(1, n) for chosen in combinations(others, size)]
    alone = [(name,) for name in others]
    return alone + [tuple(other for other in others if other != name) for name in others]
