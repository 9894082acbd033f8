"""Compiled: interactions removed one by one, each time the one that is missed least, and the errors on the way back.

Removing S, of effect w, turns the residual r = v - Y into r + w [S]. With the mean over masks as inner product (closed forms of
<[S], [S']> in ``indicator_products.py``) and c_S = <r, [S]>, the mean squared error changes by

    <r + w [S], r + w [S]> - <r, r> = 2 w c_S + w^2 <[S], [S]>

and every other candidate's product becomes c_S' + w <[S], [S']>. So a step scores and updates all k candidates in O(k), whatever n
is. Products are means, not sums over 2^n masks, which keeps them near the size of the effects. The module imports numba.
"""

# pyright: reportUnknownParameterType=false, reportMissingParameterType=false

from typing import no_type_check

import numba as nb
import numpy as np

_ODD, _PAIRS = np.uint64(0x5555555555555555), np.uint64(0x3333333333333333)
_NIBBLES, _ONES = np.uint64(0x0F0F0F0F0F0F0F0F), np.uint64(0x0101010101010101)
_1, _2, _4, _56 = np.uint64(1), np.uint64(2), np.uint64(4), np.uint64(56)


@no_type_check
@nb.njit(inline="always")
def _popcount(x):
    x = x - ((x >> _1) & _ODD)
    x = (x & _PAIRS) + ((x >> _2) & _PAIRS)
    x = (x + (x >> _4)) & _NIBBLES
    return np.int64((x * _ONES) >> _56)


@no_type_check
@nb.njit(
    "int64(uint64[:,::1], int64[::1], boolean[::1], float64[::1], float64[::1], float64[::1], int64[::1], int64, float64[::1], "
    "int64[::1], float64[::1])",
    cache=True,
    nogil=True,
)
def remove(words, orders, is_or, effects, norms, products, rows, n_left, halves, removed, squared):
    """Remove ``len(removed)`` of the first ``n_left`` candidates, which stay in front; return how many are left.

    words uint64 [k, w] (players as bits), orders [k], norms [k] = <[S], [S]>, products [k] = <r, [S]>, rows [k] (names of the
    candidates), halves [n + 1] = 2^-j. ``removed[t]`` is filled with the row removed at step t, and ``squared[t + 1]`` with the
    mean squared error after it, from ``squared[0]``. Of candidates that are missed equally the last goes first.
    """
    width = words.shape[1]
    for step in range(removed.shape[0]):
        best, least = 0, np.inf
        for i in range(n_left):
            change = effects[i] * (2.0 * products[i] + effects[i] * norms[i])
            if change <= least:
                best, least = i, change
        removed[step] = rows[best]
        squared[step + 1] = squared[step] + least
        members, order, either, effect = words[best].copy(), orders[best], is_or[best], effects[best]
        kept = 0
        for i in range(n_left):
            if i == best:
                continue
            shared = 0
            for j in range(width):
                shared += _popcount(words[i, j] & members[j])
            both = halves[order + orders[i] - shared]
            if either and is_or[i]:
                inner = 1.0 - halves[order] - halves[orders[i]] + both
            elif either or is_or[i]:
                inner = halves[orders[i]] if either else halves[order]
                if shared == 0:
                    inner -= both
            else:
                inner = both
            changed = products[i] + effect * inner
            for j in range(width):
                words[kept, j] = words[i, j]
            orders[kept], is_or[kept], effects[kept], norms[kept] = orders[i], is_or[i], effects[i], norms[i]
            rows[kept] = rows[i]
            products[kept] = changed
            kept += 1
        n_left = kept
    return n_left


@no_type_check
@nb.njit(
    "float64(float64[::1], float64, int64[::1], boolean[::1], float64[::1], float64[::1], float64[::1])",
    cache=True,
    nogil=True,
)
def add_back(error, shift, sets, is_or, effects, squared, largest):
    """Add interactions to the error table [2^n] in place; fill the mean squared and the largest absolute error after each.

    As in ``subset_updates.py`` an AND changes the masks that contain its set, an OR all but those that avoid it, of which the
    first is kept apart as a shift of the whole table: the error on mask T is error[T] - shift. Returns the shift.
    """
    size = error.shape[0]
    for k in range(sets.shape[0]):
        members, effect = sets[k], effects[k]
        free = (size - 1) ^ members
        base, change = members, -effect
        if is_or[k]:
            shift += effect
            base, change = 0, effect
        mask = free
        while True:
            error[base | mask] += change
            if mask == 0:
                break
            mask = (mask - 1) & free
        total, most, least = 0.0, -np.inf, np.inf
        for j in range(size):
            left = error[j] - shift
            total += left * left
            most = max(most, left)
            least = min(least, left)
        squared[k] = total / size
        largest[k] = max(most, -least)
    return shift
