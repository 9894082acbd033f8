"""Shapley values and Shapley interaction indices in closed form from AND and OR interactions.

Every index here is linear and symmetric, so an interaction of s players gives each of its t-subsets T the same share w(s, t)
times its effect, and other sets nothing. For an AND of effect 1:

    SII    w = 1 / (s - t + 1)                                                                    (Grabisch, Roubens 1999)
    k-SII  w = sum over j <= k - t of B_j C(s - t, j) / (s - t - j + 1), B_j Bernoulli, B_1 = -1/2  (Bord, von Luxburg 2023)
    STII   w = 1 / C(s, k) for t = k; for t < k, 1 if s = t and 0 otherwise               (Sundararajan, Dhamdhere, Agarwal 2020)
    FSII   w = [s = t] + (-1)^(k - t) t / (k + t) C(k, t) C(s - 1, k) / C(s + k - 1, k + t) [s > k]     (Tsai, Yeh, Ravikumar 2023)

An OR over S equals the AND effects (-1)^(l + 1) on all its subsets of l >= 1 players, so its share is the alternating sum
w_or(s, t) = sum over l = t..s of C(s - t, l - t) (-1)^(l + 1) w(l, t), tabulated exactly in integers and fractions.
"""

from fractions import Fraction
from functools import cache
from itertools import combinations
from math import comb
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from symbolscope.errors import SymbolscopeError
from symbolscope.shapes import Effects, Members, PerPlayer

ShapleyIndex = Literal["SII", "STII", "FSII", "k-SII"]


def shapley_values(members: Members, effects: Effects) -> PerPlayer:
    """Shapley value of each player: every interaction, AND or OR alike, shares its effect equally among its players."""
    order = members.sum(axis=1)
    share = np.divide(effects, order, out=np.zeros_like(effects), where=order > 0)
    return members.T.astype(np.float64) @ share


def shapley_interactions(
    members: Members, is_or: NDArray[np.bool_], effects: Effects, order: int, index: ShapleyIndex
) -> dict[tuple[int, ...], float]:
    """Index of every set of 1 to ``order`` players that some interaction contains; all other sets have index 0."""
    if index not in get_args(ShapleyIndex):
        raise SymbolscopeError(f"index must be one of {', '.join(get_args(ShapleyIndex))}; got {index!r}")
    n_players = members.shape[1]
    if not 1 <= order <= max(1, n_players):
        raise SymbolscopeError(f"order must be from 1 to the number of players, {n_players}; got {order}")
    sizes = members.sum(axis=1)
    totals: dict[tuple[int, ...], float] = {}
    for size in np.unique(sizes[sizes > 0]).tolist():
        rows = np.flatnonzero(sizes == size)
        players = np.nonzero(members[rows])[1].reshape(len(rows), size)  # [rows, size], ascending
        for t in range(1, min(size, order) + 1):
            shares = (
                np.where(is_or[rows], _or_share(index, order, size, t), _and_share(index, order, size, t))
                * effects[rows]
            )
            subsets = np.array(list(combinations(range(size), t)))  # [C(size, t), t]
            _add(totals, players[:, subsets], shares, n_players)
    return dict(sorted(totals.items(), key=lambda item: (len(item[0]), item[0])))


def _add(totals: dict[tuple[int, ...], float], sets: NDArray[np.int64], shares: Effects, n_players: int) -> None:
    """Add ``shares`` [rows] to each of the sets [rows, subsets, t] of its row."""
    rows, count, t = sets.shape
    flat, weights = sets.reshape(rows * count, t), np.repeat(shares, count)
    if t * np.log2(max(2, n_players)) < 62:
        code = flat @ (n_players ** np.arange(t - 1, -1, -1, dtype=np.int64))  # one number per set
        _, first, inverse = np.unique(code, return_index=True, return_inverse=True)
    else:
        _, first, inverse = np.unique(flat, axis=0, return_index=True, return_inverse=True)
    sums = np.bincount(inverse.reshape(-1), weights=weights, minlength=len(first))
    for players, total in zip(flat[first].tolist(), sums.tolist(), strict=True):
        key = tuple(players)
        totals[key] = totals.get(key, 0.0) + total


@cache
def _and_fraction(index: ShapleyIndex, k: int, s: int, t: int) -> Fraction:
    if index == "SII":
        return Fraction(1, s - t + 1)
    if index == "k-SII":
        return sum(
            (_bernoulli(j) * Fraction(comb(s - t, j), s - t - j + 1) for j in range(min(k, s) - t + 1)), Fraction(0)
        )
    if index == "STII":
        return Fraction(1, comb(s, k)) if t == k else Fraction(int(s == t))
    if s <= k:
        return Fraction(int(s == t))
    return Fraction((-1) ** (k - t) * t, k + t) * Fraction(comb(k, t) * comb(s - 1, k), comb(s + k - 1, k + t))


def _and_share(index: ShapleyIndex, k: int, s: int, t: int) -> float:
    return float(_and_fraction(index, k, s, t))


@cache
def _or_share(index: ShapleyIndex, k: int, s: int, t: int) -> float:
    terms = (comb(s - t, size - t) * (-1) ** (size + 1) * _and_fraction(index, k, size, t) for size in range(t, s + 1))
    return float(sum(terms, Fraction(0)))


@cache
def _bernoulli(j: int) -> Fraction:
    """Bernoulli numbers with B_1 = -1/2."""
    if j == 0:
        return Fraction(1)
    return -sum((comb(j + 1, i) * _bernoulli(i) for i in range(j)), Fraction(0)) / (j + 1)
