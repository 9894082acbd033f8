"""Games with known AND interactions of many players: what a sample should find has a closed form."""

from dataclasses import dataclass
from math import comb

import numpy as np

import symbolscope as sy


@dataclass(frozen=True)
class PlantedAnds:
    """AND interactions bool [k, n] with effects [k]."""

    members: np.ndarray
    effects: np.ndarray

    @property
    def n(self):
        return self.members.shape[1]

    @property
    def game(self):
        members, orders = self.members.T.astype(np.float64), self.members.sum(axis=1)
        return sy.Game.from_function(lambda masks: (masks @ members >= orders - 0.5) @ self.effects + 1.5, self.n)

    @property
    def order_sums(self):
        """A(1..n)."""
        return np.bincount(self.members.sum(axis=1), weights=self.effects, minlength=self.n + 1)[1:]

    @property
    def mean_output(self):
        """ubar(0..n), Lemma 2."""
        n, sums = self.n, self.order_sums
        return np.array([sum(comb(m, k) / comb(n, k) * sums[k - 1] for k in range(1, n + 1)) for m in range(n + 1)])

    def counts(self, tau):
        """R(1..n) at a threshold."""
        orders = self.members.sum(axis=1)
        return np.bincount(orders[np.abs(self.effects) >= tau], minlength=self.n + 1)[1:]


def planted_ands(n, *, seed, count=30, highest=6, positive=0.85, saturating=False):
    """Orders 1..highest in turn, effects 0.5 to 2 in size, no set twice.

    A share ``positive`` is above 0; saturating: orders 1 and 2 are positive, higher ones weaker and negative, so that the exponent
    of order 1 is attained between 1 and n and not at the full input.
    """
    generator = np.random.default_rng([seed, n])
    chosen: dict[tuple[int, ...], None] = {}
    while len(chosen) < count:
        order = 1 + len(chosen) % highest
        chosen[tuple(sorted(generator.choice(n, order, replace=False).tolist()))] = None
    members = np.zeros((count, n), dtype=bool)
    for row, players in enumerate(chosen):
        members[row, list(players)] = True
    orders = members.sum(axis=1)
    signs = np.where(generator.random(count) < positive, 1.0, -1.0)
    if saturating:
        signs = np.where(orders <= 2, 1.0, -0.35)
    return PlantedAnds(members, signs * generator.uniform(0.5, 2.0, count))
