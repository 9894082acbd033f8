"""tanh and the logistic function for compiled loops: in single precision a ratio of polynomials, which vectorises.

For float32

    tanh(x) = x P(x^2) / Q(x^2),   |x| <= 8, P and Q of degree 4,      sigmoid(x) = 1/2 + tanh(x / 2) / 2

The coefficients minimise the largest relative error on [0, 8], 7e-9 before rounding; with rounding it is 3.1e-7, and the value
never passes 1. Beyond 8 the value at 8 stands, 1 - 6e-8. Other types use the library's tanh. The module imports numba.
"""

# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUnknownLambdaType=false
# Compiled functions carry their types in numba's signatures; ``no_type_check`` keeps the tests' shape checks out of them.

import math
from typing import Any, no_type_check

import numba as nb
import numpy as np
from numba.extending import overload

# "contract" lets a * b + c be one rounding; divisions without Python's check for zero, which no vector instruction makes.
compiled = nb.njit(cache=True, nogil=True, fastmath={"contract"}, error_model="numpy")
_WITHIN: Any = {"fastmath": {"contract"}, "error_model": "numpy"}

_P0, _P1, _P2 = np.float32(1.0), np.float32(0.13444497), np.float32(3.5715958e-3)
_P3, _P4 = np.float32(2.1894624e-5), np.float32(1.5230363e-8)
_Q0, _Q1, _Q2 = np.float32(1.0), np.float32(0.46777824), np.float32(2.6164435e-2)
_Q3, _Q4 = np.float32(3.4112882e-4), np.float32(8.5224245e-7)
_EDGE, _HALF = np.float32(8.0), np.float32(0.5)


@no_type_check
def tanh(x):
    """Tanh of one number."""
    return math.tanh(x)


@no_type_check
def sigmoid(x):
    """1 / (1 + exp(-x)) of one number."""
    return 0.5 * math.tanh(0.5 * x) + 0.5


@no_type_check
@overload(tanh, jit_options=_WITHIN)
def _tanh(x):
    if x != nb.float32:
        return lambda x: math.tanh(x)

    def ratio(x):
        x = _EDGE if x > _EDGE else x
        x = -_EDGE if x < -_EDGE else x
        u = x * x
        p = (((_P4 * u + _P3) * u + _P2) * u + _P1) * u + _P0
        q = (((_Q4 * u + _Q3) * u + _Q2) * u + _Q1) * u + _Q0
        return x * p / q

    return ratio


@no_type_check
@overload(sigmoid, jit_options=_WITHIN)
def _sigmoid(x):
    if x != nb.float32:
        return lambda x: 0.5 * math.tanh(0.5 * x) + 0.5
    return lambda x: _HALF * tanh(_HALF * x) + _HALF
