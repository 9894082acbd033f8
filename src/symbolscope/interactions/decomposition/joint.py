"""The joint split of several networks' values: effects that are sparse, and on the same sets of players.

    minimise  sum over sets S, for AND and for OR, of  p(S) [ max_i |I_i(S)| + alpha sum_i |I_i(S)| ]
    subject to  the effects of network i reproduce its values within its tolerance on every mask.

A set that one network uses already is nearly free for the others, so what can be shared is. Each network's constraint is that of
its own split, so the iterations of ``exact.py`` and ``tolerant.py`` project one network at a time; only the shrinking in between
sees all of them. The certificate is theirs too: duals y_i, of which the largest dual norm over the sets (``group_shrink.py``) is
divided out.

Source: the loss is Eq. 6 of Chen, Lou, Huang, Zhang, *Defining and Extracting Generalizable Interaction Primitives from DNNs*
(ICLR 2024), solved here to a certificate instead of by gradient steps.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from symbolscope.interactions.decomposition.joint_exact import JointExact
from symbolscope.interactions.decomposition.joint_tolerant import JointTolerant
from symbolscope.interactions.decomposition.pruned import pruned
from symbolscope.interactions.decomposition.split import Split, SplitPrices
from symbolscope.shapes import Vector

Watch = Callable[[float], None]
Table = NDArray[np.float64]

_CHECK_EVERY = 50
_MOST_STEPS = 20_000
_MOST_TOLERANT_STEPS = 10_000


def joint_cost(prices: SplitPrices, and_effects: Table, absent_effects: Table, alpha: float) -> float:
    """Cost of effects [m, 2^n] of both kinds."""
    total = 0.0
    for effects, price in ((and_effects, prices.and_prices), (absent_effects, prices.or_prices)):
        strength = np.abs(effects)
        total += float(np.dot(price, strength.max(axis=0) + alpha * strength.sum(axis=0)))
    return total


def solve_joint(
    values: Table, prices: SplitPrices, tolerances: Vector, alpha: float, gap: float, watch: Watch
) -> tuple[list[Split], float, float]:
    """One split per network, their joint cost, and a lower bound that no joint split can beat.

    ``values`` float64 [m, 2^n], zero on the empty mask; ``tolerances`` [m].
    """
    (ands, absents), cost, bound = _certified(
        JointExact(values, prices, alpha), (values, values), np.inf, gap=gap, most_steps=_MOST_STEPS, watch=watch
    )
    if not (tolerances > 0).any():
        splits = [Split(a, b, prices.cost(a, b), 0.0) for a, b in zip(ands, absents, strict=True)]
        return splits, cost, min(bound, cost)
    # An exact split is within any tolerance: the result to beat, and what repairs an iterate that is not quite within it.
    exact = (ands, absents)
    (ands, absents), cost, bound = _certified(
        JointTolerant(values, prices, tolerances, alpha, exact=exact), exact, cost, gap=gap,
        most_steps=_MOST_TOLERANT_STEPS, watch=watch,
    )  # fmt: skip
    splits = []
    for row, tolerance, a, b in zip(values, tolerances, ands, absents, strict=True):
        # The small effects go where there is room for it, which costs nothing.
        splits.append(pruned(row, prices, float(tolerance), Split(a, b, prices.cost(a, b), 0.0)))
    ands = np.stack([split.and_effects for split in splits])
    cost = min(cost, joint_cost(prices, ands, np.stack([split.absent_effects for split in splits]), alpha))
    return splits, cost, min(bound, cost)


def _certified(
    iteration: JointExact | JointTolerant,
    best: tuple[Table, Table],
    cost: float,
    *,
    gap: float,
    most_steps: int,
    watch: Watch,
) -> tuple[tuple[Table, Table], float, float]:
    """Iterate until the cheapest candidate, ``best`` to begin with, is certified to ``gap``: it, its cost, and the bound."""
    bound = 0.0
    for _ in range(most_steps // _CHECK_EVERY):
        iteration.advance(_CHECK_EVERY)
        bound = max(bound, iteration.lower_bound())
        for candidate in iteration.candidates():
            price = joint_cost(iteration.prices, *candidate, iteration.alpha)
            if price < cost:
                best, cost = candidate, price
        reached = max(0.0, cost - bound) / cost if cost > 0 else 0.0
        watch(reached)
        if reached <= gap:
            break
    return best, cost, bound
