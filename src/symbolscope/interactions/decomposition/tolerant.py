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

import numpy as np

from symbolscope.interactions.butterflies import kron, shear
from symbolscope.interactions.decomposition.operators import moebius
from symbolscope.interactions.decomposition.split import SplitPrices
from symbolscope.interactions.decomposition.steps import combine, prox_price
from symbolscope.shapes import Vector

_RELAX = 1.6
_KAPPA = 0.1
_INNER_STEPS = 6
_INNER_ACCURACY = 1e-4
_ROOT_HALF = 0.5**0.5
_HADAMARD = (_ROOT_HALF, _ROOT_HALF, _ROOT_HALF, -_ROOT_HALF)
_ZZ = (1.0, 1.0, 1.0, 2.0)
_BB = (2.0, 1.0, 1.0, 1.0)


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
        self._values = values
        self._rows = np.zeros((15, values.size))
        order = np.arange(n_players + 1)
        eigenvalues = 2.0 * 2.5 ** (n_players - order) * 0.5**order + 1.0 / _KAPPA
        np.take(1.0 / eigenvalues, prices.orders, out=self._rows[0])
        self.step = float(np.mean(np.abs(moebius(values)[1:]))) or 1.0

    def advance(self, steps: int) -> None:
        """Make ``steps`` steps."""
        for _ in range(steps):
            self._advance_once()

    def _advance_once(self) -> None:
        _, xa, xb, _, za, zb, *_ = self._rows
        prox_price(za, xa, self.prices.and_prices, self.step)
        prox_price(zb, xb, self.prices.or_prices, self.step)
        self.project()

    def project(self) -> None:
        """The second half of a step: bring the shrunk effects and the slack back to the equality, and move towards it."""
        _, xa, xb, xq, za, zb, zq, a, b, q, y, residual, _, _, other = self._rows
        np.clip(xq, -self.tolerance, self.tolerance, out=zq)
        for out, z, x in ((a, za, xa), (b, zb, xb), (q, zq, xq)):
            np.multiply(z, 2.0, out=out)
            np.subtract(out, x, out=out)
        # residual = v - Z a - B b - q - (H + I / kappa) y
        self._normal(residual, y)
        np.copyto(other, a)
        shear(other, 1.0)
        np.add(residual, other, out=residual)
        np.copyto(other, b)
        shear(other, 1.0)
        np.add(residual, other[::-1], out=residual)
        np.add(residual, q, out=residual)
        np.subtract(self._values, residual, out=residual)
        self._solve()
        # (a, b, q) += (Z'y, B'y, y / kappa)
        np.copyto(other, y)
        shear(other, 1.0)
        np.add(b, other[::-1], out=b)
        np.copyto(other, y[::-1])
        shear(other, 1.0)
        np.add(a, other[::-1], out=a)
        combine(q, 1.0 / _KAPPA, y, 1.0)
        for x, projected, z in ((xa, a, za), (xb, b, zb), (xq, q, zq)):
            combine(x, _RELAX, projected, 1.0)
            combine(x, -_RELAX, z, 1.0)

    def _normal(self, out: Vector, x: Vector) -> None:
        """Out = (H + I / kappa) x."""
        other = self._rows[14]
        np.copyto(out, x)
        np.copyto(other, x)
        kron(out, _ZZ)
        kron(other, _BB)
        np.add(out, other, out=out)
        combine(out, 1.0 / _KAPPA, x, 1.0)

    def _precondition(self, out: Vector, residual: Vector) -> None:
        np.copyto(out, residual)
        kron(out, _HADAMARD)
        np.multiply(out, self._rows[0], out=out)
        kron(out, _HADAMARD)

    def _solve(self) -> None:
        """Preconditioned conjugate gradients from the y of the previous step, whose residual is given."""
        y, residual, direction, image, z = self._rows[10:15]  # z is free whenever ``_normal`` overwrites it
        self._precondition(z, residual)
        np.copyto(direction, z)
        energy = float(np.dot(residual, z))
        enough = _INNER_ACCURACY * energy
        for _ in range(_INNER_STEPS):
            if energy <= enough or energy < 1e-280:
                return
            self._normal(image, direction)
            length = energy / float(np.dot(direction, image))
            combine(y, length, direction, 1.0)
            combine(residual, -length, image, 1.0)
            self._precondition(z, residual)
            before, energy = energy, float(np.dot(residual, z))
            combine(direction, 1.0, z, energy / before)

    @property
    def unshrunk(self) -> tuple[Vector, Vector]:
        """AND and absent effects before they are shrunk into ``sparse``."""
        return self._rows[1], self._rows[2]

    @property
    def sparse(self) -> tuple[Vector, Vector]:
        """AND and absent effects with exact zeros; their error exceeds the tolerance a little until convergence."""
        return self._rows[4], self._rows[5]

    @property
    def feasible(self) -> tuple[Vector, Vector]:
        """AND and absent effects of the projection: dense, with an error that is within the tolerance far sooner.

        The next step computes them anew, so they may be overwritten.
        """
        return self._rows[7], self._rows[8]

    @property
    def slack(self) -> Vector:
        """Error allowed on each mask; at plus or minus the tolerance the mask constrains the effects."""
        return self._rows[6]

    @property
    def scratch(self) -> tuple[Vector, Vector]:
        """Two vectors that may be overwritten between steps."""
        return self._rows[13], self._rows[14]

    @property
    def dual(self) -> Vector:
        """Dual vector, for ``SplitPrices.bound``."""
        return self._rows[10] / self.step
