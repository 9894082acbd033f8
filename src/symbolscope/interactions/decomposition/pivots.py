"""Compiled loops of the simplex method: ratio tests over all masks or sets, and updates of the packed inverse (``simplex.py``).

The inverse of a k x k basis is the first k^2 numbers of one float32 buffer, row after row, so that it can grow and shrink in
place and be inverted afresh in place. ``weyl(i)``, the fractional part of i times the golden ratio, is noise without storage: it
makes ties between prices, or between masks, so rare that the method cannot cycle.
"""

# pyright: reportUnknownParameterType=false, reportMissingParameterType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# Compiled functions carry their types in numba's signatures; ``no_type_check`` keeps the tests' shape checks out of them.
from typing import no_type_check

import numba as nb
import numpy as np
from numba.extending import register_jitable

_GOLDEN = 0.6180339887498949
# Rates of change below this are rounding: true ones are ratios of subdeterminants of a 0/1 matrix.
_TINY = 1e-8


@no_type_check
@register_jitable
def weyl(i):
    """Fractional part of (i + 1) times the golden ratio, of a number or an array."""
    return (i + 1) * _GOLDEN % 1.0


@no_type_check
@nb.njit("UniTuple(float64, 3)(float64[::1], float64[::1], int8[::1], float64, float64)", cache=True, nogil=True)
def first_mask(error, rate, at_edge, tolerance, noise):
    """How far error - distance * rate stays within the box on the masks not at its edge: distance, mask, edge (+1 or -1)."""
    nearest, mask, edge = np.inf, -1, 0.0
    for i in range(error.size):
        slope = rate[i]
        if at_edge[i] == 0 and abs(slope) > _TINY:
            box = tolerance - noise * (1.0 + weyl(i))
            distance = (box - error[i]) / -slope if slope < 0 else (box + error[i]) / slope
            if distance < nearest:
                nearest, mask, edge = distance, i, 1.0 if slope < 0 else -1.0
    return max(nearest, 0.0), float(mask), edge


@no_type_check
@nb.njit(
    "UniTuple(float64, 3)(float64[::1], float64[::1], float64[::1], float32[::1], int8[::1], float64, float64, int64, float64)",
    cache=True,
    nogil=True,
)
def first_set(dual, rate, price, excess, barred, share, falling, offset, noise):
    """How far dual - distance * rate stays within the prices of the sets not barred: distance, set, sign.

    The prices are price + share * excess, and fall by falling * excess per unit of distance.
    """
    nearest, found, sign = np.inf, -1, 0.0
    for i in range(dual.size):
        if barred[i] == 0:
            limit = price[i] * (1.0 + noise * weyl(i + offset)) + share * excess[i]
            fall = falling * excess[i]
            if fall - rate[i] > _TINY:
                distance = (limit - dual[i]) / (fall - rate[i])
                if distance < nearest:
                    nearest, found, sign = distance, i, 1.0
            if fall + rate[i] > _TINY:
                distance = (limit + dual[i]) / (fall + rate[i])
                if distance < nearest:
                    nearest, found, sign = distance, i, -1.0
    return max(nearest, 0.0), float(found), sign


@no_type_check
@nb.njit("void(float32[::1], int64[::1], int64[::1], int64)", cache=True, nogil=True)
def fill(packed, masks, sets, size):
    """The 0/1 basis itself, [k, k] packed: 1 where an AND set is contained in the mask, or an absent set apart from it."""
    k = masks.size
    for r in range(k):
        for c in range(k):
            if sets[c] < size:
                packed[r * k + c] = (~masks[r] & sets[c]) == 0
            else:
                packed[r * k + c] = (masks[r] & (sets[c] - size)) == 0


@no_type_check
@nb.njit("void(float32[::1], int64, float64[::1], float64[::1], float64)", cache=True, nogil=True)
def grow(packed, k, column, row, schur):
    """Inverse of [[K, a], [b, d]] from that of K: column = inverse a, row = b inverse, schur = d - b inverse a."""
    last = k * (k + 1)
    packed[last + k] = 1.0 / schur
    for c in range(k - 1, -1, -1):
        packed[last + c] = -row[c] / schur
    for r in range(k - 1, -1, -1):
        factor = column[r] / schur
        packed[r * (k + 1) + k] = -factor
        for c in range(k - 1, -1, -1):
            packed[r * (k + 1) + c] = packed[r * k + c] + factor * row[c]


@no_type_check
@nb.njit("void(float32[::1], int64, int64, int64, float32[::1], float32[::1])", cache=True, nogil=True)
def shrink(packed, k, i, r, column, row):
    """Inverse of K without its column i and row r; ``column`` [:, r] and ``row`` [i, :] of the inverse are given."""
    here, pivot = 0, row[r]
    for a in range(k):
        if a != i:
            factor = column[a] / pivot
            for b in range(k):
                if b != r:
                    packed[here] = packed[a * k + b] - factor * row[b]
                    here += 1


@no_type_check
@nb.njit("void(float32[::1], int64, float32[::1], float32[::1])", cache=True, nogil=True)
def subtract_outer(packed, k, column, row):
    """K inverse minus column times row."""
    for a in range(k):
        factor = column[a]
        for b in range(k):
            packed[a * k + b] -= factor * row[b]


@no_type_check
@nb.njit("void(float64[::1], int64, int64, float64)", cache=True, nogil=True)
def add_set(out, chosen, size, amount):
    """Add ``amount`` to the masks [2^n] on which a set counts."""
    for m in range(out.size):
        if chosen < size:
            if (~m & chosen) == 0:
                out[m] += amount
        elif (m & (chosen - size)) == 0:
            out[m] += amount


@no_type_check
@nb.njit("void(float64[:, ::1], int64, float64)", cache=True, nogil=True)
def add_mask(out, mask, amount):
    """Add ``amount`` to the sets [2, 2^n] that count on a mask."""
    for j in range(out.shape[1]):
        if (~mask & j) == 0:
            out[0, j] += amount
        if (mask & j) == 0:
            out[1, j] += amount


@no_type_check
@nb.njit("void(float64[::1])", cache=True, nogil=True)
def reverse(x):
    """Reverse x in place."""
    for i in range(x.size // 2):
        x[i], x[x.size - 1 - i] = x[x.size - 1 - i], x[i]
