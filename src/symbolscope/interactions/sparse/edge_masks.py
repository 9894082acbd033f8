"""Masks at the edge of an interaction: on it in one half of them, one player short of it in the other.

An AND of ten players is on in one uniform mask of 1,024, so fresh masks of that law hardly ever test it. Here every term is tested,
the rare ones as often as the others: R^2 over these masks is a figure of its own, beside that of the law which was sampled.
"""

import numpy as np
from numpy.typing import NDArray

from symbolscope.shapes import Masks

# Tries per wanted mask before the edges are taken to be exhausted; few players have few masks.
_TRIES = 20


def draw_edge_masks(
    members: NDArray[np.bool_],
    is_or: NDArray[np.bool_],
    n_masks: int,
    *,
    generator: np.random.Generator,
    known: set[bytes],
) -> Masks:
    """New masks at the edges of terms, bool [m, n], at most ``n_masks``; they are added to ``known``.

    Each mask: a term uniformly drawn; all its players present (of an OR: all hidden); in every second mask one of them, uniformly
    drawn, the other way round; every other player present with probability 1/2.

    Parameters
    ----------
    members, is_or
        bool [k, n] and [k]: the terms.
    n_masks
        Most masks.
    generator
        What is drawn from.
    known
        Packed masks that may not be drawn.

    Examples
    --------
    >>> members = np.zeros((1, 40), dtype=bool)
    >>> members[0, :10] = True
    >>> masks = draw_edge_masks(members, np.array([False]), 200, generator=np.random.default_rng(0), known=set())
    >>> np.unique(masks[:, :10].sum(axis=1), return_counts=True)
    (array([ 9, 10]), array([100, 100]))
    """
    n_terms, n_players = members.shape
    rows: list[NDArray[np.bool_]] = []
    if n_terms == 0:
        return np.empty((0, n_players), dtype=np.bool_)
    for attempt in range(_TRIES * n_masks):
        if len(rows) == n_masks:
            break
        term = int(generator.integers(n_terms))
        mask = generator.random(n_players) < 0.5
        mask[members[term]] = not is_or[term]
        if attempt % 2:
            flipped = generator.choice(np.flatnonzero(members[term]))
            mask[flipped] = not mask[flipped]
        key = np.packbits(mask).tobytes()
        if key not in known:
            known.add(key)
            rows.append(mask)
    return np.array(rows, dtype=np.bool_).reshape(-1, n_players)
