"""A baseline that was learned, what it gained, and the bound it kept to."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from symbolscope.games.game import Game

Cost = Literal["L1 of the AND effects", "L1 of the AND effects / |v(N) - v(empty)|", "mean |second-order difference|"]


@dataclass(frozen=True, eq=False, repr=False)
class LearnedBaseline:
    """What :func:`symbolscope.learn_baseline` returns.

    Attributes
    ----------
    values
        The baseline, of the sample's shape (or one vector shared by all positions of the texts).
    initial
        What it started from.
    low, high
        The bound: values lies between them, coordinate by coordinate.
    cost_name
        What was made small.
    costs
        float64 [steps + 1], the cost at every iterate; costs[0] at the start.
    differences
        float64 [2, games]: v(N) - v(empty) at the start and at the end. A baseline can also make the cost small by making the empty
        input look like the full one; then there is little left to explain, and these tell.
    games
        The games given, with this baseline.
    interrupted
        Whether it was stopped early; the best iterate so far is kept.
    """

    values: NDArray[np.float64]
    initial: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    cost_name: Cost
    costs: NDArray[np.float64]
    differences: NDArray[np.float64]
    games: tuple[Game, ...]
    interrupted: bool = False

    @property
    def game(self) -> Game:
        """The game with this baseline; the first, if it was learned for several."""
        return self.games[0]

    @property
    def cost_before(self) -> float:
        """Cost at the start."""
        return float(self.costs[0])

    @property
    def cost_after(self) -> float:
        """Cost of the baseline returned, the lowest seen."""
        return float(self.costs.min())

    @property
    def at_bound(self) -> float:
        """Share of the coordinates free to move that ended at their bound."""
        free = self.high > self.low
        if not free.any():
            return 0.0
        room = 1e-6 * (self.high - self.low)
        reached = (self.values <= self.low + room) | (self.values >= self.high - room)
        return float(reached[free].mean())

    def __repr__(self) -> str:
        gained = 1 - self.cost_after / self.cost_before if self.cost_before > 0 else 0.0
        before, after = np.abs(self.differences).mean(axis=1)
        games = "1 game" if len(self.games) == 1 else f"{len(self.games)} games"
        return (
            f"LearnedBaseline: {self.cost_name} {self.cost_before:.4g} -> {self.cost_after:.4g} ({gained:.0%} less) in "
            f"{len(self.costs) - 1} steps for {games}; values of shape {self.values.shape}, at most "
            f"{float(np.max(self.high - self.initial, initial=0.0)):.3g} from the start, {self.at_bound:.0%} at the bound"
            f"; mean |v(N) - v(empty)| {before:.4g} -> {after:.4g}" + ("; stopped early" if self.interrupted else "")
        )
