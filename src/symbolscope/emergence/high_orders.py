"""Condition 1 looked at a second way: differences of higher order than M, in random contexts."""

from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

# Work allowed, in numbers subtracted; beyond it sets of players are sampled.
_MOST_NUMBERS = 1 << 25


def differences(values: NDArray[np.float64], players: NDArray[np.int64]) -> NDArray[np.float64]:
    """Delta_S v(L) = sum over T contained in S of (-1)^(|S| - |T|) v(L with T), for every L disjoint from S.

    It is also the sum of I(S with K) over all K contained in L, so it vanishes for all S of M + 1 players and all L where no
    interaction has more than M players.

    Parameters
    ----------
    values
        [2^n].
    players
        [s], the players of S.

    Returns
    -------
    float64 [2^(n - s)].

    Examples
    --------
    >>> differences(np.array([0.0, 1.0, 1.0, 5.0]), np.array([0]))
    array([1., 4.])
    """
    for player in np.sort(players)[::-1].tolist():  # from the highest, so that lower bits keep their place
        pairs = values.reshape(-1, 2, 1 << player)
        values = (pairs[:, 1] - pairs[:, 0]).reshape(-1)
    return values


def mean_absolute_difference(
    values: NDArray[np.float64], order: int, generator: np.random.Generator
) -> tuple[NDArray[np.float64], bool]:
    """Mean over all contexts L of |Delta_S v(L)| for sets S of ``order`` players, float64 [sets], and whether these are all sets.

    Examples
    --------
    >>> values = np.array([0.0, 1.0, 1.0, 5.0])
    >>> mean_absolute_difference(values, 2, np.random.default_rng(0))
    (array([3.]), True)
    """
    n = len(values).bit_length() - 1
    most = max(8, _MOST_NUMBERS // len(values))
    complete = comb(n, order) <= most
    every = combinations(range(n), order)
    sets = np.array(list(every), dtype=np.int64) if complete else random_sets_of(n, order, most, generator)
    return np.array([np.abs(differences(values, one)).mean() for one in sets]), complete


def random_sets_of(n: int, order: int, count: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """Sets of ``order`` of n players, each uniformly at random, int64 [count, order]."""
    return np.argsort(generator.random((count, n)), axis=1)[:, :order].astype(np.int64)
