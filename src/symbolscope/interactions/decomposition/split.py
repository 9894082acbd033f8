"""What every split works on and returns: the priced sets, the pair of effect vectors, and the certificate."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from symbolscope.interactions.butterflies import orders
from symbolscope.interactions.decomposition.operators import absent, zeta, zeta_transpose
from symbolscope.shapes import Vector

# Among splits of equal L1 cost the one with lower orders wins: x_i + x_j is two singles, not one AND plus one OR.
ORDER_PRICE = 0.01


@dataclass(frozen=True, eq=False)
class SplitPrices:
    """Price of a unit of effect per set: 1 + 0.01 (order - 1), nothing for the empty set.

    Parameters
    ----------
    and_prices, or_prices
        float64 [2^n]; ``inf`` in ``or_prices`` forbids OR interactions altogether.
    orders
        int64 [2^n], players per set.
    """

    and_prices: Vector
    or_prices: Vector
    orders: NDArray[np.int64]

    @staticmethod
    def for_players(n_players: int, *, with_or: bool) -> "SplitPrices":
        """Prices for ``n_players``; without OR, only AND interactions may be used."""
        order = orders(n_players)
        prices: Vector = 1.0 + ORDER_PRICE * (order.astype(np.float64) - 1.0)
        prices[0] = 0.0
        or_prices = prices
        if not with_or:
            or_prices = np.full_like(prices, np.inf)
            or_prices[0] = 0.0
        return SplitPrices(prices, or_prices, order)

    def cost(self, and_effects: Vector, absent_effects: Vector) -> float:
        """Sum of price times |effect|; infinite as soon as a forbidden set is used."""
        used = absent_effects != 0
        or_cost = np.dot(self.or_prices[used], np.abs(absent_effects[used])) if used.any() else 0.0
        return float(np.dot(self.and_prices, np.abs(and_effects)) + or_cost)

    def bound(self, values: Vector, dual: Vector, tolerance: float) -> float:
        """Lower bound on the cost of every split within ``tolerance``, from any dual vector.

        Weak duality: for y with zeta'y and absent'y zero on the empty set and at most the price elsewhere,
        cost >= <v, y> - tolerance |y|_1. On the empty set both are sum(y), so y is first balanced to sum to zero; dividing
        by the largest violation then makes any y a certificate. The two signs are balanced by scaling, not by a shift,
        because most entries of y are zero and must stay so: each one costs ``tolerance``.
        """
        up, down = float(dual[dual > 0].sum()), float(-dual[dual < 0].sum())
        if up <= 0 or down <= 0:
            return 0.0
        y = np.maximum(dual, 0.0)
        y *= min(1.0, down / up)
        negative = np.minimum(dual, 0.0)
        negative *= min(1.0, up / down)
        y += negative
        gain = float(np.dot(values, y)) - tolerance * float(np.sum(np.abs(y, out=negative)))
        del negative
        violation = 1.0
        for image, price in ((zeta_transpose, self.and_prices), (absent, self.or_prices)):
            used = image(y)[1:]
            np.abs(used, out=used)
            np.divide(used, price[1:], out=used)
            violation = max(violation, float(np.max(used, initial=0.0)))
        return max(0.0, gain / violation)


@dataclass(frozen=True, eq=False)
class Split:
    """Two effect vectors whose sum reproduces the values, with a lower bound that no split can beat.

    prediction(T) = zeta(and_effects)(T) + absent(absent_effects)(T)
    """

    and_effects: Vector
    absent_effects: Vector
    cost: float
    lower_bound: float

    @property
    def gap(self) -> float:
        """Relative distance between cost and bound, 0 for a free split."""
        return max(0.0, self.cost - self.lower_bound) / self.cost if self.cost > 0 else 0.0

    def prediction(self) -> Vector:
        """Output that the split gives to every mask, [2^n]."""
        return zeta(self.and_effects) + absent(self.absent_effects)
