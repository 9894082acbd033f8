"""The split within a tolerance: cheapest AND and OR effects whose error is at most the tolerance on every mask.

    minimise  sum p |a| + sum p |b|   subject to   Z a + B b + q = v,   |q| <= tolerance on every mask,

Z = zeta, B = absent (``operators.py``). Douglas-Rachford splitting alternates the prox of the three separable terms with the
projection on the equality, in the metric |a|^2 + |b|^2 + kappa |q|^2:

    (a, b, q) <- (a, b, q) + (Z'y, B'y, y / kappa),   (H + I / kappa) y = v - Z a - B b - q,   H = Z Z' + B B'.

H is the sum of two Kronecker powers, of [[1, 1], [1, 2]] and of [[2, 1], [1, 1]]; with the identity these share no eigenvectors,
but 2 x power of their mean [[1.5, 1], [1, 1.5]] plus I / kappa is diagonal under the Walsh-Hadamard transform (2.5 and 0.5 per
player) and preconditions conjugate gradients so well that a few steps, started from the previous y, are enough.
y / step is at the same time the dual vector of the certificate (``SplitPrices.bound``).
"""

# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUnknownLambdaType=false
# Compiled functions carry their types in numba's signatures; ``no_type_check`` keeps the tests' shape checks out of them.

from typing import no_type_check

import numba as nb
import numpy as np

from symbolscope.interactions.butterflies import kron, shear
from symbolscope.interactions.decomposition.operators import moebius
from symbolscope.interactions.decomposition.split import SplitPrices
from symbolscope.interactions.decomposition.steps import axpy, dot, prox_box, prox_price, reverse, scale, xpay
from symbolscope.shapes import Vector

_RELAX = 1.6
_KAPPA = 0.1
_INNER_STEPS = 6
_INNER_ACCURACY = 1e-4
_ROOT_HALF = 0.5**0.5
_HADAMARD = (_ROOT_HALF, _ROOT_HALF, _ROOT_HALF, -_ROOT_HALF)
_ZZ = (1.0, 1.0, 1.0, 2.0)
_BB = (2.0, 1.0, 1.0, 1.0)


@no_type_check
@nb.njit(cache=True, nogil=True, fastmath={"contract"})
def _normal(out, x, other, ridge):
    """Out = (H + ridge I) x."""
    out[:] = x
    other[:] = x
    kron(out, _ZZ)
    kron(other, _BB)
    for i in range(x.size):
        out[i] = out[i] + other[i] + ridge * x[i]


@no_type_check
@nb.njit(cache=True, nogil=True)
def _precondition(out, residual, inverse):
    out[:] = residual
    kron(out, _HADAMARD)
    scale(out, inverse)
    kron(out, _HADAMARD)


@no_type_check
@nb.njit(cache=True, nogil=True)
def _solve(y, residual, direction, z, image, other, inverse, ridge, steps, accuracy):
    """Preconditioned conjugate gradients, improving y in place; ``residual`` is that of y on entry."""
    _precondition(z, residual, inverse)
    direction[:] = z
    energy = dot(residual, z)
    enough = accuracy * energy
    for _ in range(steps):
        if not energy > enough or energy < 1e-280:
            return
        _normal(image, direction, other, ridge)
        length = energy / dot(direction, image)
        axpy(y, length, direction)
        axpy(residual, -length, image)
        _precondition(z, residual, inverse)
        before = energy
        energy = dot(residual, z)
        xpay(direction, energy / before, z)


@no_type_check
@nb.njit(cache=True, nogil=True, fastmath={"contract"})
def _reflect(out, z, x):
    for i in range(out.size):
        out[i] = 2.0 * z[i] - x[i]


@no_type_check
@nb.njit(cache=True, nogil=True, fastmath={"contract"})
def _move(x, projected, z, relax):
    for i in range(x.size):
        x[i] += relax * (projected[i] - z[i])


@no_type_check
@nb.njit("void(float64[:, ::1], float64, float64, int64)", cache=True, nogil=True)
def _advance(rows, tolerance, step, steps):
    v, pa, pb, inverse, xa, xb, xq, za, zb, zq = (
        rows[0], rows[1], rows[2], rows[3], rows[4], rows[5], rows[6], rows[7], rows[8], rows[9],
    )  # fmt: skip
    a, b, q, y, residual, direction, image, other, work = (
        rows[10], rows[11], rows[12], rows[13], rows[14], rows[15], rows[16], rows[17], rows[18],
    )  # fmt: skip
    ridge = 1.0 / _KAPPA
    for _ in range(steps):
        prox_price(za, xa, pa, step)
        prox_price(zb, xb, pb, step)
        prox_box(zq, xq, tolerance)
        _reflect(a, za, xa)
        _reflect(b, zb, xb)
        _reflect(q, zq, xq)
        # residual = v - Z a - B b - q - (H + ridge) y
        _normal(residual, y, other, ridge)
        other[:] = a
        shear(other, 1.0)
        axpy(residual, 1.0, other)
        other[:] = b
        shear(other, 1.0)
        reverse(other)
        axpy(residual, 1.0, other)
        axpy(residual, 1.0, q)
        xpay(residual, -1.0, v)
        _solve(y, residual, direction, work, image, other, inverse, ridge, _INNER_STEPS, _INNER_ACCURACY)
        # (a, b, q) += (Z'y, B'y, y / kappa)
        other[:] = y
        shear(other, 1.0)
        reverse(other)
        axpy(b, 1.0, other)
        other[:] = y
        reverse(other)
        shear(other, 1.0)
        reverse(other)
        axpy(a, 1.0, other)
        axpy(q, ridge, y)
        _move(xa, a, za, _RELAX)
        _move(xb, b, zb, _RELAX)
        _move(xq, q, zq, _RELAX)


class TolerantIteration:
    """Douglas-Rachford iteration for one vector of values; ``advance`` moves it, the properties read it.

    Parameters
    ----------
    values
        float64 [2^n].
    prices
        Price of each set.
    tolerance
        Half-width of the box, in units of the score.
    """

    def __init__(self, values: Vector, prices: SplitPrices, tolerance: float) -> None:
        self.prices = prices
        self.tolerance = tolerance
        n_players = values.size.bit_length() - 1
        self._rows = np.zeros((19, values.size))
        eigenvalues = 2.0 * 2.5 ** (n_players - prices.orders) * 0.5**prices.orders + 1.0 / _KAPPA
        self._rows[0], self._rows[1], self._rows[2], self._rows[3] = (
            values,
            prices.and_prices,
            prices.or_prices,
            1.0 / eigenvalues,
        )
        self._step = float(np.mean(np.abs(moebius(values)[1:]))) or 1.0

    def advance(self, steps: int) -> None:
        """Make ``steps`` steps."""
        _advance(self._rows, self.tolerance, self._step, steps)

    @property
    def sparse(self) -> tuple[Vector, Vector]:
        """AND and absent effects with exact zeros; their error exceeds the tolerance a little until convergence."""
        return self._rows[7], self._rows[8]

    @property
    def feasible(self) -> tuple[Vector, Vector]:
        """AND and absent effects of the projection: dense, with an error that is within the tolerance far sooner."""
        return self._rows[10], self._rows[11]

    @property
    def slack(self) -> Vector:
        """Error allowed on each mask; at plus or minus the tolerance the mask constrains the effects."""
        return self._rows[9]

    @property
    def dual(self) -> Vector:
        """Dual vector, for ``SplitPrices.bound``."""
        return self._rows[13] / self._step
