"""The joint split within tolerances: Douglas-Rachford whose shrinking sees every network (``joint.py`` states the problem)."""

import numpy as np
from numpy.typing import NDArray

from symbolscope.interactions.decomposition.group_shrink import group_shrink, largest_dual_norm
from symbolscope.interactions.decomposition.operators import absent, zeta, zeta_transpose
from symbolscope.interactions.decomposition.split import SplitPrices
from symbolscope.interactions.decomposition.tolerant import TolerantIteration
from symbolscope.shapes import Vector

Table = NDArray[np.float64]

# Share of the tolerance that the iteration uses: the rest is room for an iterate that is not quite within it.
_TIGHTENED = 0.999
# The steps of one network are tuned for a vertex; here the certificate is what counts, which small steps reach sooner.
_STEP_SHARE = 0.05


class JointTolerant:
    """Douglas-Rachford for several networks, each with its own tolerance."""

    def __init__(
        self, values: Table, prices: SplitPrices, tolerances: Vector, alpha: float, *, exact: tuple[Table, Table]
    ) -> None:
        self._exact = exact
        self.prices = prices
        self.alpha = alpha
        self._values, self._tolerances = values, tolerances
        self._parts = [
            TolerantIteration(row, prices, _TIGHTENED * float(tolerance))
            for row, tolerance in zip(values, tolerances, strict=True)
        ]
        step = _STEP_SHARE * float(np.mean([part.step for part in self._parts]))
        for part in self._parts:
            part.step = step

    def advance(self, steps: int) -> None:
        """Make ``steps`` steps."""
        for _ in range(steps):
            for block, price in enumerate((self.prices.and_prices, self.prices.or_prices)):
                x = np.stack([part.unshrunk[block] for part in self._parts])
                z = np.empty_like(x)
                group_shrink(z, x, price, self._parts[0].step, self.alpha)
                for part, row in zip(self._parts, z, strict=True):
                    part.sparse[block][:] = row
            for part in self._parts:
                part.project()

    def candidates(self) -> list[tuple[Table, Table]]:
        """The projected iterate, mixed with just enough of an exact split to bring every error within the tolerance."""
        ands = np.stack([part.feasible[0] for part in self._parts])
        absents = np.stack([part.feasible[1] for part in self._parts])
        for i, values in enumerate(self._values):
            error = float(np.max(np.abs(values - zeta(ands[i]) - absent(absents[i]))))
            tolerance = float(self._tolerances[i])
            share = min(1.0, (1.0 - tolerance / error) * (1 + 1e-9)) if error > tolerance else 0.0
            ands[i] += share * (self._exact[0][i] - ands[i])
            absents[i] += share * (self._exact[1][i] - absents[i])
        return [(ands, absents)]

    def lower_bound(self) -> float:
        """Certified lower bound on the cost of every joint split within the tolerances."""
        duals = np.stack([part.dual for part in self._parts])
        return _bound(self._values, self.prices, duals, self._tolerances, self.alpha)


def _bound(values: Table, prices: SplitPrices, duals: Table, tolerances: Vector, alpha: float) -> float:
    """Lower bound on the cost of every joint split, from any dual vectors [m, 2^n]; see ``SplitPrices.bound``."""
    y = duals.copy()
    for row in y:
        up, down = float(row[row > 0].sum()), float(-row[row < 0].sum())
        if up <= 0 or down <= 0:
            row[:] = 0.0
        else:
            row[row > 0] *= min(1.0, down / up)
            row[row < 0] *= min(1.0, up / down)
    gain = float(np.sum(values * y)) - float(np.dot(tolerances, np.abs(y).sum(axis=1)))
    violation = 1.0
    for image, price in ((zeta_transpose, prices.and_prices), (absent, prices.or_prices)):
        violation = max(violation, largest_dual_norm(np.stack([image(row) for row in y]), price, alpha))
    return max(0.0, gain / violation)
