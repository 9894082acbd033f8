"""The exact split: cheapest AND and OR effects that reproduce the values on every mask, with a certificate.

Derivation. Let F be the Moebius transform of the values and c that of the OR part; then the AND effects are F - c and the OR
effects are -T c (the empty set aside, which is free) with T the Kronecker power of [[1, 1], [0, -1]]. So the split is

    minimise over c:  sum p |F - c| + sum p |T c|,      p = price of each set.

ADMM with the two blocks r1 = F - c and r2 = T c needs, per step, the exact projection of a pair (x1, x2) on {(F - c, T c)}:

    c = (I + T'T)^-1 (F - x1 + T' x2).

With the singular values of the 2x2 factor, T = U S Q' is a Kronecker product of 2x2 rotations and a diagonal s, so

    Q'c = (Q'(F - x1) + s U'x2) / (1 + s^2),   r1 = F - Q(Q'c),   r2 = U(s Q'c):      four butterflies and no linear solver,

although the condition number of T is 2.618^n. Every projected pair is an exact split, hence an upper bound. The scaled
duals (u1, u2) / step, projected on {(T'y, y)} by the same rotations, give y; on the empty set T'y and y must vanish, which is one
condition, y(empty) = 0, and y divided by its largest violation of the prices is a lower bound: <T'y, F>.

Source: derived here; ADMM with residual balancing as in Boyd, Parikh, Chu, Peleato, Eckstein, *Distributed optimization and
statistical learning via the alternating direction method of multipliers* (2011), sections 3 and 3.4.1.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from symbolscope.interactions.butterflies import kron
from symbolscope.interactions.decomposition.exact_steps import advance, project
from symbolscope.interactions.decomposition.operators import AND_TO_OR, convert, convert_transpose, moebius
from symbolscope.interactions.decomposition.split import SplitPrices
from symbolscope.shapes import Vector

_RELAX = 1.7
_MOST_BALANCINGS = 20

Matrix = tuple[float, float, float, float]


@lru_cache(maxsize=1)
def _singular_vectors() -> tuple[Matrix, Matrix, tuple[float, float]]:
    """Q and U of the 2x2 factor, row by row, and its two singular values (the golden ratio and its inverse)."""
    left, singular, right = np.linalg.svd(np.reshape(AND_TO_OR, (2, 2)))
    q, u = right.T.ravel().tolist(), left.ravel().tolist()
    return (q[0], q[1], q[2], q[3]), (u[0], u[1], u[2], u[3]), (float(singular[0]), float(singular[1]))


def _transpose(m: Matrix) -> Matrix:
    return (m[0], m[2], m[1], m[3])


class ExactIteration:
    """ADMM for one vector of values; ``advance`` moves it, ``balance`` adapts its step, the properties read it.

    Parameters
    ----------
    values
        float64 [2^n].
    prices
        Price of each set; OR interactions must be allowed.
    """

    def __init__(self, values: Vector, prices: SplitPrices) -> None:
        self.prices = prices
        n_players = values.size.bit_length() - 1
        q, u, (s0, s1) = _singular_vectors()
        self._rotations = (q, _transpose(q), u, _transpose(u))
        rows = np.zeros((11, values.size))
        rows[0], rows[1], rows[2] = moebius(values), prices.and_prices, prices.or_prices
        rows[3] = s0 ** (n_players - prices.orders) * s1**prices.orders
        rows[4] = 1.0 / (1.0 + rows[3] ** 2)
        rows[5] = 0.5 * rows[0]
        rows[6] = convert(rows[5])
        self._rows = rows
        self.step = float(np.mean(np.abs(rows[0, 1:]))) or 1.0
        self._balancings = 0

    def advance(self, steps: int) -> None:
        """Make ``steps`` steps, the last one with the step size adapted if the two residuals have drifted apart."""
        advance(self._rows, *self._rotations, self.step, _RELAX, steps - 1)
        before = self._rows[5:7].copy()
        advance(self._rows, *self._rotations, self.step, _RELAX, 1)
        self._balance(self._rows[5:7] - before)

    def project(self) -> None:
        """The first half of a step: the exact split nearest to the sparse effects and their duals."""
        project(self._rows, *self._rotations)

    def _balance(self, movement: NDArray[np.float64]) -> None:
        """Keep ADMM's relative residuals within a factor of two, a limited number of times (else it may cycle)."""
        sparse, duals, split = self._rows[5:7], self._rows[7:9], self._rows[9:11]
        sizes = np.linalg.norm(sparse), np.linalg.norm(duals)
        if min(sizes) == 0 or self._balancings == _MOST_BALANCINGS:
            return
        primal, dual = np.linalg.norm(split - sparse) / sizes[0], np.linalg.norm(movement) / sizes[1]
        if min(primal, dual) > 0 and not 0.5 <= dual / primal <= 2.0:
            factor = float(np.clip(np.sqrt(dual / primal), 0.25, 4.0))
            self.step *= factor
            duals *= factor
            self._balancings += 1

    @property
    def split_effects(self) -> tuple[Vector, Vector]:
        """AND and absent effects of the last projection: an exact split, with an effect on nearly every set."""
        return self._rows[9], self._rows[10]

    @property
    def sparse(self) -> tuple[Vector, Vector]:
        """AND and absent effects with exact zeros; an exact split only in the limit."""
        return self._rows[5], self._rows[6]

    @property
    def duals(self) -> tuple[Vector, Vector]:
        """Scaled duals of the two blocks."""
        return self._rows[7], self._rows[8]

    @property
    def dual(self) -> Vector:
        """Dual vector y in the space of the absent effects, y(empty) = 0, nearest to the scaled duals of both blocks."""
        s, inverse = self._rows[3], self._rows[4]
        _, qt, u, ut = self._rotations
        d1, d2 = self._rows[7] / self.step, self._rows[8] / self.step
        kron(d1, qt)
        kron(d2, ut)
        y = (s * d1 + d2) * inverse
        kron(y, u)
        y[0] = 0.0
        return y

    def lower_bound(self) -> float:
        """Certified lower bound on the cost of every exact split: <T'y, F> with y scaled to respect the prices."""
        y = self.dual
        pair = convert_transpose(y)
        pair[0] = 0.0  # equal to y(empty) = 0 but for rounding
        violation = max(
            np.max(np.abs(pair[1:]) / self.prices.and_prices[1:], initial=0.0),
            np.max(np.abs(y[1:]) / self.prices.or_prices[1:], initial=0.0),
        )
        return float(np.dot(pair, self._rows[0]) / max(1.0, violation))
