"""Compiled: coordinate descent for the LASSO with an active set and a duality gap.

minimise  |y - A b|^2 / 2 + penalty * sum |b_j|.   Dual: maximise <y, t> - |t|^2 / 2
over |A't|_inf <= penalty.
Of the residual r, t = r min(1, penalty / |A'r|_inf) is feasible, so the difference of the two is a
certificate. The module imports numba.
"""

# pyright: reportUnknownParameterType=false, reportMissingParameterType=false
from typing import no_type_check

import numba as nb
import numpy as np


@no_type_check
@nb.njit(
    "float64(float32[:,::1], float64[::1], float64[::1], float64[::1], float64, float64, int64)",
    cache=True,
    nogil=True,
    fastmath={"contract", "reassoc"},  # sums in the order of the vector unit; the same on every run
)
def descend(rows, squares, effects, residual, penalty, gap, most):
    """Descend in place until the relative gap is at most ``gap`` or ``most`` sweeps over all atoms are done; returns the gap.

    ``rows`` [k, m] are the columns of A, ``squares`` [k] their squared norms; ``residual`` [m] = y - A b on entry and exit.
    """
    k, m = rows.shape
    value = residual.copy()  # y = r + A b
    for j in range(k):
        if effects[j] != 0.0:
            for i in range(m):
                value[i] += rows[j, i] * effects[j]
    relative = np.inf
    active = np.empty(k, dtype=np.int64)
    for _ in range(most):
        largest, count = 0.0, 0
        for j in range(k):
            if squares[j] == 0.0:
                continue
            inner = 0.0
            for i in range(m):
                inner += rows[j, i] * residual[i]
            largest = max(largest, abs(inner))
            if effects[j] != 0.0 or abs(inner) > penalty:
                active[count] = j
                count += 1
        # r, and so the gap, belongs to the effects at the start of this sweep.
        shrink = min(1.0, penalty / largest) if largest > 0.0 else 1.0
        rr, ry, norm = 0.0, 0.0, 0.0
        for i in range(m):
            rr += residual[i] * residual[i]
            ry += residual[i] * value[i]
        for j in range(k):
            norm += abs(effects[j])
        primal = 0.5 * rr + penalty * norm
        dual = shrink * ry - 0.5 * shrink * shrink * rr
        relative = (primal - dual) / primal if primal > 0.0 else 0.0
        if relative <= gap:
            break
        for _sweep in range(200):
            moved = 0.0
            for a in range(count):
                j = active[a]
                before = effects[j]
                inner = squares[j] * before
                for i in range(m):
                    inner += rows[j, i] * residual[i]
                after = (abs(inner) - penalty) / squares[j]
                after = max(after, 0.0) if inner > 0 else -max(after, 0.0)
                step = after - before
                if step != 0.0:
                    for i in range(m):
                        residual[i] -= rows[j, i] * step
                    effects[j] = after
                    moved = max(moved, step * step * squares[j])
            if moved <= 1e-3 * gap * primal / max(1, count):
                break
    return relative
