"""Compiled: what codewords two descriptions have in common, and what naming them would save.

A description is a set of codewords, packed as bits into words of 64. The module imports numba.
"""

# pyright: reportUnknownParameterType=false, reportMissingParameterType=false

import math
from typing import no_type_check

import numba as nb
import numpy as np

_NONE, _1, _29 = np.uint64(0), np.uint64(1), np.uint64(29)
_MIX = np.uint64(0x9E3779B97F4A7C15)


@no_type_check
@nb.njit(inline="always")
def _slot(found, codes, table):
    """Where ``codes`` stand in the hash table, or the empty place where they would (open addressing)."""
    mixed = np.uint64(0)
    for word in codes:
        mixed = (mixed ^ word) * _MIX
        mixed ^= mixed >> _29
    at = np.int64(mixed & np.uint64(table.shape[0] - 1))
    while table[at] >= 0:
        same = True
        for word in range(codes.shape[0]):
            if found[table[at], word] != codes[word]:
                same = False
                break
        if same:
            break
        at = (at + 1) & (table.shape[0] - 1)
    return at


@no_type_check
@nb.njit("uint64[:,::1](uint64[:,::1])", cache=True, nogil=True)
def intersections(rows):
    """Distinct intersections of two of ``rows`` [k, w] with at least two codewords, [q, w], in the order of their first pair."""
    k, width = rows.shape
    found = np.empty((1024, width), dtype=np.uint64)
    table = np.full(4096, -1, dtype=np.int64)
    common = np.empty(width, dtype=np.uint64)
    total = 0
    for j in range(1, k):
        for i in range(j):
            several = 0  # codewords in common: none, one, or more
            for word in range(width):
                common[word] = rows[i, word] & rows[j, word]
                if common[word] != _NONE:
                    several += 1 if common[word] & (common[word] - _1) == _NONE else 2
            if several < 2:
                continue
            at = _slot(found, common, table)
            if table[at] >= 0:
                continue
            found[total] = common
            table[at] = total
            total += 1
            if total == found.shape[0]:
                larger = np.empty((2 * total, width), dtype=np.uint64)
                larger[:total] = found
                found = larger
                table = np.full(8 * total, -1, dtype=np.int64)
                for row in range(total):
                    table[_slot(found, found[row], table)] = row
    return found[:total].copy()


@no_type_check
@nb.njit(
    "void(uint64[:,::1], uint64[:,::1], float64[::1], float64[::1], float64, float64, uint64[:,::1], float64[::1], float64[::1], "
    "int64[::1], int64[::1])",
    cache=True,
    nogil=True,
)
def savings(candidates, rows, weights, counts, unit, kappa, leaves, change, used, uses, n_leaves):
    """Change of the description length if each candidate [q, w] became a codeword of ``rows`` [k, w]; see ``codebook.py``.

    ``counts`` are those of all codewords, ``unit`` = Z, ``leaves`` [codewords, v] the players of each. Also fills the weight and
    the number of the rows that would use the candidate, and how many players it has.
    """
    total, information = 0.0, 0.0
    for count in counts:
        if count > 0.0:
            total += count
            information += count * math.log(count)
    before = (total / unit + kappa) * (math.log(total) - information / total)
    k, width = rows.shape
    players = np.empty(leaves.shape[1], dtype=np.uint64)
    for q in range(candidates.shape[0]):
        weight, number = 0.0, 0
        for row in range(k):
            contains = True
            for word in range(width):
                if candidates[q, word] & ~rows[row, word] != _NONE:
                    contains = False
                    break
            if contains:
                weight += weights[row]
                number += 1
        size, changed = 0, information
        players[:] = _NONE
        for word in range(width):
            bits, code = candidates[q, word], 64 * word
            while bits != _NONE:
                if bits & _1 != _NONE:
                    size += 1
                    for part in range(players.shape[0]):
                        players[part] |= leaves[code, part]
                    count = counts[code]
                    left = count - weight
                    if count > 0.0:
                        changed -= count * math.log(count)
                    if left > 1e-12 * total:
                        changed += left * math.log(left)
                bits >>= _1
                code += 1
        if weight > 0.0:
            changed += weight * math.log(weight)
        after_total = total - (size - 1) * weight
        change[q] = (after_total / unit + kappa) * (math.log(after_total) - changed / after_total) - before
        used[q], uses[q] = weight, number
        held = 0
        for part in range(players.shape[0]):
            bits = players[part]
            while bits != _NONE:
                bits &= bits - _1
                held += 1
        n_leaves[q] = held
