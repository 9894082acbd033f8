"""The linear maps of the split, each one butterfly: zeta, its transpose, and the map from AND to OR effects.

Bit i of an index is player i; ``reversed`` swaps present and hidden players, since the complement of index j is 2^n-1-j.

    zeta(a)(T)            = sum of a(S) over S contained in T           what AND interactions a add to the output on mask T
    zeta_transpose(y)(S)  = sum of y(T) over T containing S
    absent(b)(T)          = sum of b(S) over S disjoint from T = zeta(b)(N minus T)

An OR interaction of effect e on S adds e - e [S disjoint from T], so ``absent`` with b = -e is an OR up to a constant, and a
constant is free (the empty set costs nothing). The split below works with ``absent`` and turns b into OR effects at the end.
"""

import numpy as np
from numpy.typing import NDArray

from symbolscope.interactions.butterflies import kron, shear
from symbolscope.shapes import Effects, Vector

# Per player, AND effects of the OR part -> minus its OR effects; its Kronecker power is its own inverse.
AND_TO_OR = (1.0, 1.0, 0.0, -1.0)
AND_TO_OR_TRANSPOSE = (1.0, 0.0, 1.0, -1.0)


def zeta(effects: Vector) -> Vector:
    """Sum over subsets, [2^n] -> [2^n]."""
    out = effects.copy()
    shear(out, 1.0)
    return out


def moebius(values: Vector) -> Vector:
    """Inverse of :func:`zeta`."""
    out = values.copy()
    shear(out, -1.0)
    return out


def zeta_transpose(dual: Vector) -> Vector:
    """Sum over supersets: reversal, zeta, reversal."""
    out = np.ascontiguousarray(dual[::-1])
    shear(out, 1.0)
    return out[::-1]


def absent(effects: Vector) -> Vector:
    """Sum over sets disjoint from the mask; this map is its own transpose."""
    return zeta(effects)[::-1]


def convert(effects: Vector) -> Vector:
    """AND effects of a game -> minus its OR effects (the empty set aside), and back: an involution."""
    out = effects.copy()
    kron(out, AND_TO_OR)
    return out


def convert_transpose(dual: Vector) -> Vector:
    """Transpose of :func:`convert`."""
    out = dual.copy()
    kron(out, AND_TO_OR_TRANSPOSE)
    return out


def effect_table(sets: NDArray[np.int64], effects: Effects, size: int) -> Vector:
    """Effects of the given sets laid out over all ``size`` = 2^n sets; those of a repeated set add up."""
    return np.bincount(sets, weights=effects, minlength=size).astype(np.float64)
