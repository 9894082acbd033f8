"""Shapley interaction indices of many games at once, as one matrix over their AND interactions."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from symbolscope.games.masks import all_masks
from symbolscope.interactions.indices import ShapleyIndex, shapley_interactions


@cache
def index_matrix(n_players: int, order: int, index: ShapleyIndex) -> NDArray[np.float64]:
    """The matrix that turns the AND interactions of a game into an index of all its sets of players.

    Every index is linear in the interactions: index = matrix @ mobius(values). Column S is the index of the game that is 1 where
    all of S is present and 0 elsewhere; it depends on S only through its size, so one game per size is worked out.

    Parameters
    ----------
    n_players, order, index
        Players, largest set that has an index, and which index.

    Returns
    -------
    float64 [2^n, 2^n], rows and columns in the order of :func:`symbolscope.all_masks`; 0 for the empty set.

    Examples
    --------
    >>> index_matrix(2, 1, "SII")      # Shapley values: half of the pair's interaction for each
    array([[0. , 0. , 0. , 0. ],
           [0. , 1. , 0. , 0.5],
           [0. , 0. , 1. , 0.5],
           [0. , 0. , 0. , 0. ]])
    """
    size = 1 << n_players
    code = np.arange(size)
    orders = all_masks(n_players).sum(axis=1)
    matrix = np.zeros((size, size))
    for s in range(1, n_players + 1):
        members = (np.arange(n_players) < s)[None]  # one interaction of the first s players
        shares = np.zeros(n_players + 1)
        found = shapley_interactions(members, np.zeros(1, dtype=np.bool_), np.ones(1), min(order, n_players), index)
        for players, share in found.items():
            shares[len(players)] = share
        for column in code[orders == s]:
            inside = (code & column) == code
            matrix[inside, column] = shares[orders[inside]]
    matrix.setflags(write=False)
    return matrix


def rival_indices(n_players: int) -> tuple[tuple[str, int, ShapleyIndex], ...]:
    """The three indices that the source compares with: name, largest set and kind. SII is taken of sets of every size."""
    return ("SII", n_players, "SII"), ("STII k=2", 2, "STII"), ("STII k=3", 3, "STII")
