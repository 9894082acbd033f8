"""Compiled element-wise steps of the two splitting methods; the butterflies between them are in ``butterflies.py``.

Each loop touches few arrays: numba cannot promise the compiler that arrays do not overlap, and with more than about four of
them the compiler gives up the vector instructions that make these loops as fast as memory.
"""

# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUnknownLambdaType=false
# Compiled functions carry their types in numba's signatures; ``no_type_check`` keeps the tests' shape checks out of them.

from typing import no_type_check

import numba as nb

_CONTRACT = {"contract"}
_ARROWS = "float64[::1]"


@no_type_check
@nb.njit(nogil=True, inline="always")
def soft(h, t):
    """Shrink h towards zero by t: the prox of t |h|."""
    return h - t if h > t else (h + t if h < -t else 0.0)


@no_type_check
@nb.njit(cache=True, nogil=True, fastmath=_CONTRACT)
def add(out, x, y, sign):
    """Out = x + sign y."""
    for i in range(out.size):
        out[i] = x[i] + sign * y[i]


@no_type_check
@nb.njit(cache=True, nogil=True, fastmath=_CONTRACT)
def axpy(out, alpha, x):
    """Out += alpha x."""
    for i in range(out.size):
        out[i] += alpha * x[i]


@no_type_check
@nb.njit(cache=True, nogil=True, fastmath=_CONTRACT)
def xpay(out, alpha, x):
    """Out = x + alpha out."""
    for i in range(out.size):
        out[i] = x[i] + alpha * out[i]


@no_type_check
@nb.njit(cache=True, nogil=True, fastmath=_CONTRACT)
def scale(out, x):
    """Out *= x, element by element."""
    for i in range(out.size):
        out[i] *= x[i]


@no_type_check
@nb.njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
def dot(x, y):
    """Inner product; the sum may be re-ordered, which lets it use vector instructions."""
    total = 0.0
    for i in range(x.size):
        total += x[i] * y[i]
    return total


@no_type_check
@nb.njit(cache=True, nogil=True, fastmath=_CONTRACT)
def shrink(z, u, x, price, step, relax):
    """One ADMM half-step for a block x: relax, shrink into z, update the scaled dual u."""
    for i in range(x.size):
        h = relax * x[i] + (1.0 - relax) * z[i] + u[i]
        y = soft(h, price[i] * step)
        u[i] = h - y
        z[i] = y


@no_type_check
@nb.njit(cache=True, nogil=True, fastmath=_CONTRACT)
def prox_price(z, x, price, step):
    """Z = prox of step * price |x|."""
    for i in range(x.size):
        z[i] = soft(x[i], price[i] * step)


@no_type_check
@nb.njit(cache=True, nogil=True)
def prox_box(z, x, half_width):
    """Z = x clipped to [-half_width, half_width]."""
    for i in range(x.size):
        h = x[i]
        z[i] = half_width if h > half_width else (-half_width if h < -half_width else h)


@no_type_check
@nb.njit(cache=True, nogil=True)
def reverse(x):
    """Swap present and hidden players, in place."""
    n = x.size
    for i in range(n // 2):
        x[i], x[n - 1 - i] = x[n - 1 - i], x[i]
