"""Compiled element-wise steps of the two splitting methods; the butterflies between them are in ``butterflies.py``.

Only what numpy would need several passes or temporary arrays for. Each loop touches few arrays: numba cannot promise the
compiler that arrays do not overlap, and with more than about five of them it gives up the vector instructions that make these
loops as fast as memory.
"""

# pyright: reportUnknownParameterType=false, reportMissingParameterType=false
# Compiled functions carry their types in numba's signatures; ``no_type_check`` keeps the tests' shape checks out of them.
from typing import no_type_check

import numba as nb

_CONTRACT = {"contract"}
_A = "float64[::1]"


@no_type_check
@nb.njit(nogil=True, inline="always")
def _soft(h, t):
    return h - t if h > t else (h + t if h < -t else 0.0)


@no_type_check
@nb.njit(f"void({_A}, {_A}, {_A}, {_A}, float64, float64)", cache=True, nogil=True, fastmath=_CONTRACT)
def shrink(z, u, x, price, step, relax):
    """One ADMM half-step for a block x: relax, shrink towards zero into z, update the scaled dual u."""
    for i in range(x.size):
        h = relax * x[i] + (1.0 - relax) * z[i] + u[i]
        y = _soft(h, price[i] * step)
        u[i] = h - y
        z[i] = y


@no_type_check
@nb.njit(f"void({_A}, {_A}, {_A}, float64)", cache=True, nogil=True, fastmath=_CONTRACT)
def prox_price(z, x, price, step):
    """Z = x shrunk towards zero by step * price: the prox of step * price |x|."""
    for i in range(x.size):
        z[i] = _soft(x[i], price[i] * step)


@no_type_check
@nb.njit(f"void({_A}, {_A}, {_A}, {_A})", cache=True, nogil=True, fastmath=_CONTRACT)
def mix(x1, x2, s, inverse):
    """C = (x1 + s x2) * inverse; x1 = c, x2 = s c."""
    for i in range(x1.size):
        c = (x1[i] + s[i] * x2[i]) * inverse[i]
        x1[i] = c
        x2[i] = s[i] * c


@no_type_check
@nb.njit(f"void({_A}, float64, {_A}, float64)", cache=True, nogil=True, fastmath=_CONTRACT)
def combine(out, alpha, x, beta):
    """Out = alpha x + beta out."""
    for i in range(out.size):
        out[i] = alpha * x[i] + beta * out[i]
