"""Compiled: the squared error left as interactions are added one by one.

An AND of S changes the prediction on the 2^(n - |S|) masks that contain S, and an OR on all but the 2^(n - |S|) that avoid it: a
change of the constant and one of those. So all 2^n interactions together touch 3^n masks instead of 4^n. The module imports numba.
"""

# pyright: reportUnknownParameterType=false, reportMissingParameterType=false

from typing import no_type_check

import numba as nb


@no_type_check
@nb.njit("void(float64[::1], int64[::1], boolean[::1], float64[::1], float64[::1])", cache=True, nogil=True)
def squared_errors(error, sets, is_or, effects, squared):
    """Fill ``squared[k]`` with the mean squared error after k interactions, k = 0 .. len(sets); ``error`` is used up."""
    size = error.shape[0]
    total, squares, shift = 0.0, 0.0, 0.0
    for j in range(size):
        total += error[j]
        squares += error[j] * error[j]
    squared[0] = squares / size
    for k in range(sets.shape[0]):
        members, effect = sets[k], effects[k]
        free = (size - 1) ^ members
        base, change = members, -effect
        if is_or[k]:
            # All masks get the effect, those that avoid the set give it back.
            shift += effect
            base, change = 0, effect
        mask = free
        while True:
            before = error[base | mask]
            after = before + change
            error[base | mask] = after
            total += change
            squares += change * (before + after)
            if mask == 0:
                break
            mask = (mask - 1) & free
        squared[k + 1] = squares / size - 2.0 * shift * total / size + shift * shift
