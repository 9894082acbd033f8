"""Compiled butterflies: one 2x2 matrix applied along every player of a vector of 2^n numbers, in place.

For a matrix m = [[m00, m01], [m10, m11]] the butterfly computes x <- (m (x) m (x) ... (x) m) x, one factor per player, in
O(n 2^n) time without a second vector. Three levels keep the work near the core (figures: docs/decisions.md):

1. blocks of 2^12 numbers (32 KiB, the first-level cache): the three lowest players in registers, then two at a time;
2. blocks of 2^16 numbers (512 KiB, the second-level cache): the players above, two at a time;
3. the remaining players on strips of 128 columns, so that all of them together cost one trip to memory.

``shear`` is the butterfly of [[1, 0], [beta, 1]] alone (Moebius and zeta), which needs half the arithmetic.
Compiled functions call no other compiled ones that are not inlined: numba would compile the inner one again for each caller, and
the first use of the package would take ten seconds instead of three.
The module imports numba, so it is imported by the functions that need it, not by ``import symbolscope``.
"""

# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUnknownLambdaType=false
# Compiled functions carry their types in numba's signatures; ``no_type_check`` keeps the tests' shape checks out of them.

from typing import no_type_check

import numba as nb
import numpy as np
from numpy.typing import NDArray

# "contract" lets a * b + c be one rounding instead of two; nothing else is reordered, so results are reproducible.
_CONTRACT = {"contract"}
_BLOCK = 1 << 12
_PANEL = 1 << 16
_STRIP = 128


@no_type_check
@nb.njit(cache=True, nogil=True, inline="always", fastmath=_CONTRACT)
def _shear_eight(x, s, m):
    a0, a1, a2, a3, a4, a5, a6, a7 = x[s], x[s + 1], x[s + 2], x[s + 3], x[s + 4], x[s + 5], x[s + 6], x[s + 7]
    beta = m[2]
    a1 += beta * a0
    a3 += beta * a2
    a5 += beta * a4
    a7 += beta * a6
    a2 += beta * a0
    a3 += beta * a1
    a6 += beta * a4
    a7 += beta * a5
    x[s + 1], x[s + 2], x[s + 3] = a1, a2, a3
    x[s + 4], x[s + 5], x[s + 6], x[s + 7] = a4 + beta * a0, a5 + beta * a1, a6 + beta * a2, a7 + beta * a3


@no_type_check
@nb.njit(cache=True, nogil=True, inline="always", fastmath=_CONTRACT)
def _shear_pair(x, s, h, width, m):
    a, b = x[s : s + width], x[s + h : s + h + width]
    beta = m[2]
    for j in range(width):
        b[j] += beta * a[j]


@no_type_check
@nb.njit(cache=True, nogil=True, inline="always", fastmath=_CONTRACT)
def _shear_quad(x, s, h, width, m):
    a, b = x[s : s + width], x[s + h : s + h + width]
    c, d = x[s + 2 * h : s + 2 * h + width], x[s + 3 * h : s + 3 * h + width]
    beta = m[2]
    for j in range(width):
        low = b[j] + beta * a[j]
        high = d[j] + beta * c[j]
        c[j] += beta * a[j]
        b[j] = low
        d[j] = high + beta * low


@no_type_check
@nb.njit(cache=True, nogil=True, inline="always", fastmath=_CONTRACT)
def _matrix_eight(x, s, m):
    p, q, r, t = m
    a0, a1, a2, a3, a4, a5, a6, a7 = x[s], x[s + 1], x[s + 2], x[s + 3], x[s + 4], x[s + 5], x[s + 6], x[s + 7]
    b0, b1, b2, b3 = p * a0 + q * a1, r * a0 + t * a1, p * a2 + q * a3, r * a2 + t * a3
    b4, b5, b6, b7 = p * a4 + q * a5, r * a4 + t * a5, p * a6 + q * a7, r * a6 + t * a7
    a0, a1, a2, a3 = p * b0 + q * b2, p * b1 + q * b3, r * b0 + t * b2, r * b1 + t * b3
    a4, a5, a6, a7 = p * b4 + q * b6, p * b5 + q * b7, r * b4 + t * b6, r * b5 + t * b7
    x[s], x[s + 1], x[s + 2], x[s + 3] = p * a0 + q * a4, p * a1 + q * a5, p * a2 + q * a6, p * a3 + q * a7
    x[s + 4], x[s + 5], x[s + 6], x[s + 7] = r * a0 + t * a4, r * a1 + t * a5, r * a2 + t * a6, r * a3 + t * a7


@no_type_check
@nb.njit(cache=True, nogil=True, inline="always", fastmath=_CONTRACT)
def _matrix_pair(x, s, h, width, m):
    p, q, r, t = m
    a, b = x[s : s + width], x[s + h : s + h + width]
    for j in range(width):
        low, high = a[j], b[j]
        a[j] = p * low + q * high
        b[j] = r * low + t * high


@no_type_check
@nb.njit(cache=True, nogil=True, inline="always", fastmath=_CONTRACT)
def _matrix_quad(x, s, h, width, m):
    p, q, r, t = m
    a, b = x[s : s + width], x[s + h : s + h + width]
    c, d = x[s + 2 * h : s + 2 * h + width], x[s + 3 * h : s + 3 * h + width]
    for j in range(width):
        a1, b1 = p * a[j] + q * b[j], r * a[j] + t * b[j]
        c1, d1 = p * c[j] + q * d[j], r * c[j] + t * d[j]
        a[j], c[j] = p * a1 + q * c1, r * a1 + t * c1
        b[j], d[j] = p * b1 + q * d1, r * b1 + t * d1


@no_type_check
@nb.njit(nogil=True, inline="always")
def _contiguous(x, lo, hi, h, quad, pair, m):
    while 4 * h <= hi - lo:
        for s in range(lo, hi, 4 * h):
            quad(x, s, h, h, m)
        h *= 4
    if 2 * h <= hi - lo:
        for s in range(lo, hi, 2 * h):
            pair(x, s, h, h, m)


@no_type_check
@nb.njit(nogil=True, inline="always")
def _strips(x, panel, quad, pair, m):
    n = x.size
    for column in range(0, panel, _STRIP):
        h = panel
        while 4 * h <= n:
            for base in range(0, n, 4 * h):
                for s in range(base, base + h, panel):
                    quad(x, s + column, h, _STRIP, m)
            h *= 4
        if 2 * h <= n:
            for base in range(0, n, 2 * h):
                for s in range(base, base + h, panel):
                    pair(x, s + column, h, _STRIP, m)


@no_type_check
@nb.njit(nogil=True, inline="always")
def _sweep(x, eight, quad, pair, m):
    n = x.size
    if n < 8:
        _contiguous(x, 0, n, 1, quad, pair, m)
        return
    block, panel = min(n, _BLOCK), min(n, _PANEL)
    for left in range(0, n, panel):
        for lo in range(left, left + panel, block):
            for s in range(lo, lo + block, 8):
                eight(x, s, m)
            _contiguous(x, lo, lo + block, 8, quad, pair, m)
        _contiguous(x, left, left + panel, block, quad, pair, m)
    if n > panel:
        _strips(x, panel, quad, pair, m)


@no_type_check
@nb.njit("void(float64[::1], float64)", cache=True, nogil=True)
def shear(x, beta):
    """Apply [[1, 0], [beta, 1]] along every player of x [2^n], in place: beta = -1 is Moebius, +1 its inverse (zeta)."""
    _sweep(x, _shear_eight, _shear_quad, _shear_pair, (1.0, 0.0, beta, 1.0))


@no_type_check
@nb.njit("void(float64[::1], UniTuple(float64, 4))", cache=True, nogil=True)
def kron(x, m):
    """Apply the 2x2 matrix m = (m00, m01, m10, m11) along every player of x [2^n], in place."""
    _sweep(x, _matrix_eight, _matrix_quad, _matrix_pair, m)


def orders(n_players: int) -> NDArray[np.int64]:
    """Number of players in each mask, [2^n]."""
    return np.bitwise_count(np.arange(1 << n_players, dtype=np.uint32)).astype(np.int64)
