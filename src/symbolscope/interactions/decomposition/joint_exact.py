"""The joint split without a tolerance: ADMM whose shrinking sees every network (``joint.py`` states the problem)."""

import numpy as np
from numpy.typing import NDArray

from symbolscope.interactions.decomposition.exact import ExactIteration
from symbolscope.interactions.decomposition.group_shrink import group_shrink, largest_dual_norm
from symbolscope.interactions.decomposition.operators import convert, convert_transpose, moebius
from symbolscope.interactions.decomposition.split import SplitPrices

Table = NDArray[np.float64]

_RELAX = 1.7
_MOST_BALANCINGS = 20


class JointExact:
    """ADMM for several networks whose values are reproduced to rounding."""

    def __init__(self, values: Table, prices: SplitPrices, alpha: float) -> None:
        self.prices = prices
        self.alpha = alpha
        self._values = values
        self._parts = [ExactIteration(row, prices) for row in values]
        self._step = float(np.mean([part.step for part in self._parts])) * (1.0 + alpha)
        self._balancings = 0

    def advance(self, steps: int) -> None:
        """Make ``steps`` steps, the last one with the step size adapted if the two residuals have drifted apart."""
        for _ in range(steps - 1):
            self._advance_once()
        before = self._sparse()
        self._advance_once()
        self._balance(before)

    def _advance_once(self) -> None:
        for part in self._parts:
            part.project()
        for block, price in enumerate((self.prices.and_prices, self.prices.or_prices)):
            z = np.stack([part.sparse[block] for part in self._parts])
            u = np.stack([part.duals[block] for part in self._parts])
            h = np.stack([part.split_effects[block] for part in self._parts])
            h *= _RELAX
            h += (1.0 - _RELAX) * z + u
            group_shrink(z, h, price, self._step, self.alpha)
            h -= z
            for part, sparse, dual in zip(self._parts, z, h, strict=True):
                part.sparse[block][:] = sparse
                part.duals[block][:] = dual

    def _sparse(self) -> Table:
        return np.stack([np.concatenate(part.sparse) for part in self._parts])

    def _balance(self, before: Table) -> None:
        """As in ``ExactIteration``: relative residuals within a factor of two."""
        sparse = self._sparse()
        duals = np.stack([np.concatenate(part.duals) for part in self._parts])
        sizes = float(np.linalg.norm(sparse)), float(np.linalg.norm(duals))
        if min(sizes) == 0 or self._balancings == _MOST_BALANCINGS:
            return
        split = np.stack([np.concatenate(part.split_effects) for part in self._parts])
        primal = float(np.linalg.norm(split - sparse)) / sizes[0]
        dual = float(np.linalg.norm(sparse - before)) / sizes[1]
        if min(primal, dual) > 0 and not 0.5 <= dual / primal <= 2.0:
            factor = float(np.clip(np.sqrt(dual / primal), 0.25, 4.0))
            self._step *= factor
            for part in self._parts:
                for block in part.duals:
                    block *= factor
            self._balancings += 1

    def candidates(self) -> list[tuple[Table, Table]]:
        """Exact splits: the projections, dense; and the one that the sparse absent effects determine."""
        dense = tuple(np.stack(rows) for rows in zip(*(part.split_effects for part in self._parts), strict=True))
        absents = np.stack([part.sparse[1] for part in self._parts])
        ands = np.stack([moebius(row) - convert(b) for row, b in zip(self._values, absents, strict=True)])
        return [(dense[0], dense[1]), (ands, absents)]

    def lower_bound(self) -> float:
        """Certified lower bound on the cost of every exact joint split."""
        for part in self._parts:
            part.step = self._step
        y = np.stack([part.dual for part in self._parts])
        pair = np.stack([convert_transpose(row) for row in y])
        pair[:, 0] = 0.0
        gain = sum(float(np.dot(row, moebius(values))) for row, values in zip(pair, self._values, strict=True))
        violation = max(
            largest_dual_norm(pair, self.prices.and_prices, self.alpha),
            largest_dual_norm(y, self.prices.or_prices, self.alpha),
        )
        return max(0.0, gain / max(1.0, violation))
