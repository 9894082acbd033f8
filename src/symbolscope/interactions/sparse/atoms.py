"""Atoms: the functions of a mask that a sparse model adds up, as (kind, players)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from symbolscope.errors import SymbolscopeError
from symbolscope.shapes import Effects, Masks

# ("and" | "or" | "parity", ascending players); a tuple so that it can be hashed, compared and sorted.
Atom = tuple[str, tuple[int, ...]]

Table = NDArray[np.float32]  # [m, k], the value of each atom on each mask

_PIECES = {"and": np.bitwise_and, "or": np.bitwise_or, "parity": np.bitwise_xor}


@dataclass(frozen=True, eq=False)
class Dictionary:
    """Atoms to build a model of, and how large the effect of each is expected to be.

    Parameters
    ----------
    atoms
        k distinct atoms.
    scales
        float64 [k], positive: prior standard deviation of each effect in units of the score; only ratios matter.
    """

    atoms: tuple[Atom, ...]
    scales: Effects

    def __post_init__(self) -> None:
        """Check that the two belong together."""
        if self.scales.shape != (len(self.atoms),):
            raise SymbolscopeError(
                f"a Dictionary needs one scale per atom; got {len(self.atoms)} atoms and scales {list(self.scales.shape)}"
            )


def merged(dictionaries: Iterable[Dictionary]) -> Dictionary:
    """The union; an atom of several dictionaries gets the root of its summed squared scales.

    Examples
    --------
    >>> one = Dictionary((("and", (0,)),), np.array([3.0]))
    >>> merged([one, Dictionary((("or", (0, 1)), ("and", (0,))), np.array([1.0, 4.0]))]).scales
    array([5., 1.])
    """
    variances: dict[Atom, float] = {}
    for dictionary in dictionaries:
        for atom, scale in zip(dictionary.atoms, dictionary.scales.tolist(), strict=True):
            variances[atom] = variances.get(atom, 0.0) + scale**2
    return Dictionary(tuple(variances), np.sqrt(np.array(list(variances.values()), dtype=np.float64)))


def columns(atoms: Sequence[Atom], masks: Masks) -> Table:
    """Value of each atom on each mask, float32 [m, k]: 1 or 0, for a parity -1 or +1.

    AND(T) = 1 if all players are in T;  OR(T) = 1 if any is;  parity(T) = (-1)^(number of its players in T).

    Examples
    --------
    >>> masks = np.array([[True, True], [True, False]])
    >>> columns([("and", (0, 1)), ("or", (0, 1)), ("parity", (0, 1))], masks)
    array([[ 1.,  1.,  1.],
           [ 0.,  1., -1.]], dtype=float32)
    """
    packed = np.packbits(masks.T, axis=1)  # [n, m / 8], for logic on eight masks at a time
    groups: dict[tuple[str, int], list[int]] = {}
    for row, (kind, players) in enumerate(atoms):
        groups.setdefault((kind, len(players)), []).append(row)
    out = np.empty((len(atoms), len(masks)), dtype=np.float32)  # [k, m]
    for (kind, _), rows in groups.items():
        members = np.array([atoms[row][1] for row in rows])  # [atoms of the group, order]
        bits = packed[members[:, 0]]
        for column in members.T[1:]:
            bits = _PIECES[kind](bits, packed[column])
        values = np.unpackbits(bits, axis=1, count=len(masks))
        out[rows] = 1.0 - 2.0 * values if kind == "parity" else values
    return out.T


def as_and_or(atoms: Iterable[Atom], effects: Effects) -> tuple[tuple[Atom, ...], NDArray[np.float64], float]:
    """The same function with parities written out as ANDs: atoms, effects, and what is added to the constant.

    parity of S = sum over L contained in S of (-2)^|L| AND(L);   an OR of one player is an AND of one player.
    Atoms that become equal are merged; the order is that of first appearance.

    Examples
    --------
    >>> as_and_or([("parity", (0, 1))], np.array([0.5]))
    ((('and', (0,)), ('and', (1,)), ('and', (0, 1))), array([-1., -1.,  2.]), 0.5)
    """
    total: dict[Atom, float] = {}
    for (kind, players), effect in zip(atoms, effects.tolist(), strict=True):
        if kind != "parity":
            atom = ("and" if len(players) == 1 else kind, players)
            total[atom] = total.get(atom, 0.0) + effect
            continue
        pieces: list[tuple[tuple[int, ...], float]] = [((), effect)]
        for player in players:
            pieces += [((*piece, player), -2.0 * part) for piece, part in pieces]
        for piece, part in pieces:
            total["and", piece] = total.get(("and", piece), 0.0) + part
    constant = total.pop(("and", ()), 0.0)
    return tuple(total), np.array(list(total.values()), dtype=np.float64), constant
