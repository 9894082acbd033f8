"""The steps of the exact split in one compiled loop: with ten players calling the parts from Python costs more than they do."""

# pyright: reportUnknownParameterType=false, reportMissingParameterType=false
# Compiled functions carry their types in numba's signatures; ``no_type_check`` keeps the tests' shape checks out of them.
from typing import no_type_check

import numba as nb

from symbolscope.interactions.butterflies import kron
from symbolscope.interactions.decomposition.steps import mix, shrink

_MATRIX = "UniTuple(float64, 4)"


@no_type_check
@nb.njit(f"void(float64[:, ::1], {_MATRIX}, {_MATRIX}, {_MATRIX}, {_MATRIX})", cache=True, nogil=True)
def project(rows, q, qt, u, ut):
    """The exact split (rows 9, 10) nearest to the sparse effects (rows 5, 6) less their duals (rows 7, 8); see ``exact.py``."""
    F, z1, z2, u1, u2, r1, r2 = rows[0], rows[5], rows[6], rows[7], rows[8], rows[9], rows[10]
    for i in range(F.size):
        r1[i] = (F[i] - z1[i]) + u1[i]
    for i in range(F.size):
        r2[i] = z2[i] - u2[i]
    kron(r1, qt)
    kron(r2, ut)
    mix(r1, r2, rows[3], rows[4])
    kron(r1, q)
    kron(r2, u)
    for i in range(F.size):
        r1[i] = F[i] - r1[i]


@no_type_check
@nb.njit(
    f"void(float64[:, ::1], {_MATRIX}, {_MATRIX}, {_MATRIX}, {_MATRIX}, float64, float64, int64)",
    cache=True,
    nogil=True,
)
def advance(rows, q, qt, u, ut, step, relax, count):
    """``count`` steps of ADMM."""
    for _ in range(count):
        project(rows, q, qt, u, ut)
        shrink(rows[5], rows[7], rows[9], rows[1], step, relax)
        shrink(rows[6], rows[8], rows[10], rows[2], step, relax)
