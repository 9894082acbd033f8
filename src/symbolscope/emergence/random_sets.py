"""Random sets of players in the place of given ones: what overlap chance alone gives."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

# Beyond this many possible sets a random one is never one of the known; numpy draws from 64-bit integers.
_MOST_SETS = 1 << 62


def random_sets(
    classes: NDArray[np.int64],
    sizes: Mapping[int, int],
    *,
    draws: int,
    generator: np.random.Generator,
) -> NDArray[np.int64]:
    """Replace each known interaction by a random one of its class, different ones by different ones.

    Parameters
    ----------
    classes
        [m], the class (order and kind, say) of each known interaction.
    sizes
        How many interactions each class has, known or not.
    draws
        How many times.
    generator
        Randomness.

    Returns
    -------
    int64 [draws, m]: the position of the known interaction that takes the place, m where it is none of the known.

    Examples
    --------
    >>> generator = np.random.default_rng(0)
    >>> random_sets(np.array([0, 0, 1]), {0: 2, 1: 1}, draws=1, generator=generator)[0, 2]
    np.int64(2)
    """
    m = len(classes)
    replaced = np.full((draws, m), m, dtype=np.int64)
    for one in np.unique(classes):
        members = np.flatnonzero(classes == one)
        possible = min(sizes[int(one)], _MOST_SETS)
        for draw in range(draws):
            chosen = generator.choice(possible, size=len(members), replace=False)
            known = chosen < len(members)  # numbers below are those of the known, in their order
            replaced[draw, members[known]] = members[chosen[known]]
    return replaced
