"""Compiled: the prox of a norm that binds the same effect of several networks together.

For one set of players let x hold its effect in each of m networks. The joint split pays, per set, price * g(x) with

    g(x) = max_i |x_i| + alpha sum_i |x_i|.

prox of t g: shrink every entry towards zero by t alpha, then clip all at the level theta with sum_i max(|x_i| - theta, 0) = t (and
at zero where that sum cannot reach t). Shrinking first is exact because the maximum norm depends on magnitudes alone and keeps
their order (Yu, *On decomposing the proximal map*, 2013, section 3). The dual norm of y is the least t with
sum_i max(|y_i| - alpha t, 0) <= t.
"""

# pyright: reportUnknownParameterType=false, reportMissingParameterType=false
from typing import no_type_check

import numba as nb
import numpy as np

_TABLE = "float64[:,::1]"


@no_type_check
@nb.njit(nogil=True, inline="always")
def _level(magnitudes, m, mass):
    """Theta with sum of max(magnitude - theta, 0) = mass; zero if all of it is less. ``magnitudes[:m]`` is sorted."""
    for i in range(1, m):
        held = magnitudes[i]
        j = i - 1
        while j >= 0 and magnitudes[j] < held:
            magnitudes[j + 1] = magnitudes[j]
            j -= 1
        magnitudes[j + 1] = held
    total = 0.0
    theta = 0.0
    for j in range(m):
        total += magnitudes[j]
        theta = (total - mass) / (j + 1)
        if j + 1 < m and magnitudes[j + 1] <= theta:
            break
    return max(theta, 0.0)


@no_type_check
@nb.njit(f"void({_TABLE}, {_TABLE}, float64[::1], float64, float64)", cache=True, nogil=True)
def group_shrink(z, x, price, step, alpha):
    """Fill z [m, sets] with the prox of step * price * g at x [m, sets], set by set."""
    m, sets = x.shape
    held = np.empty(m)
    for i in range(sets):
        t = price[i] * step
        for j in range(m):
            held[j] = max(abs(x[j, i]) - t * alpha, 0.0)
        theta = _level(held, m, t)
        for j in range(m):
            size = min(max(abs(x[j, i]) - t * alpha, 0.0), theta)
            z[j, i] = size if x[j, i] > 0 else -size


@no_type_check
@nb.njit(f"float64({_TABLE}, float64[::1], float64)", cache=True, nogil=True)
def largest_dual_norm(y, price, alpha):
    """Largest over the sets of dual norm of y [m, sets] divided by the price; the empty set aside, which is free."""
    m, sets = y.shape
    held = np.empty(m)
    worst = 0.0
    for i in range(1, sets):
        for j in range(m):
            held[j] = abs(y[j, i])
        _level(held, m, 0.0)  # sorts
        # sum over the k largest of (|y| - alpha t) = t, for the k that gives the largest t.
        total, norm = 0.0, 0.0
        for j in range(m):
            total += held[j]
            norm = max(norm, total / (1.0 + alpha * (j + 1)))
        worst = max(worst, norm / price[i])
    return worst
