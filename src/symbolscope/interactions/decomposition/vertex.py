"""A vertex of the split within a tolerance: the sets with an effect and the masks at the edge, guessed or solved."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from symbolscope.interactions.decomposition.split import Split, SplitPrices
from symbolscope.shapes import Vector

# Share of the largest dual value above which a mask counts as being at the edge.
_ACTIVE = 1e-3


@dataclass(frozen=True, eq=False)
class Vertex:
    """Effects of a few sets and dual values of about as many masks; all others are zero.

    Parameters
    ----------
    sets
        int64 [k]; an AND by its index, an absent effect by its index + 2^n.
    effects
        float64 [k].
    masks
        int64 [m].
    duals
        float64 [m].
    """

    sets: NDArray[np.int64]
    effects: NDArray[np.float64]
    masks: NDArray[np.int64]
    duals: NDArray[np.float64]

    @staticmethod
    def near(prices: SplitPrices, and_effects: Vector, absent_effects: Vector, dual: Vector) -> "Vertex":
        """Guess from a nearly converged iterate: its non-zero effects, the constant aside, and its larger dual values."""
        # A single player's absence is minus its presence up to the constant, so it counts as a presence.
        effects = np.where(prices.orders == 1, and_effects - absent_effects, and_effects)
        effects[0] = 0.0
        and_sets = np.flatnonzero(effects)
        absent_sets = np.flatnonzero((absent_effects != 0) & (prices.orders >= 2))
        size = np.abs(dual)
        masks = np.flatnonzero(size > _ACTIVE * size.max())
        return Vertex(
            np.concatenate([and_sets, absent_sets + dual.size]),
            np.concatenate([effects[and_sets], absent_effects[absent_sets]]),
            masks,
            dual[masks],
        )

    def split(self, values: Vector, prices: SplitPrices, tolerance: float) -> Split:
        """The split with these effects, and the lower bound that the dual values certify."""
        size = values.size
        dual = np.zeros(size)
        dual[self.masks] = self.duals
        bound = prices.bound(values, dual, tolerance)
        is_and = self.sets < size
        and_effects, absent_effects = dual, np.zeros(size)
        and_effects[:] = 0.0
        and_effects[self.sets[is_and]] = self.effects[is_and]
        absent_effects[self.sets[~is_and] - size] = self.effects[~is_and]
        cost = prices.cost(and_effects, absent_effects)
        return Split(and_effects, absent_effects, cost, min(bound, cost))
