"""Screening: every parity of low order is correlated with the values, as far as there is time to."""

import itertools
import math

import numpy as np
from numpy.typing import NDArray

from symbolscope.interactions.sparse.atoms import Atom, Dictionary, columns
from symbolscope.interactions.sparse.learner import Learner
from symbolscope.interactions.sparse.least_squares import Kept, prune, search_prices
from symbolscope.shapes import Effects, Masks, Scores

# Multiply-adds for one order: about a second.
_WORK = 4e10
_ORDERS = 4
# Most parities of one order that are looked at again, and most entries of their table.
_KEPT, _ENTRIES = 6000, 6_000_000
_ROUNDS = 12
# Passes over all parities; one more is made where the last one left at most this share of the standard deviation, and took at most
# one parity per so many masks: what takes more is not sparse.
_PASSES = 4
_PAID = 0.8
_FEW = 16
_ROUNDING = 1e-9
# Lower halves that share one matrix product.
_BLOCK = 128


class Screening(Learner):
    """Matching pursuit over all parities up to order 4, or as many orders as are affordable.

    Parities are uncorrelated under the uniform law, so one pass over all of them ranks them; later rounds look again at the best.
    Where these explain much, another pass ranks all of them by what is left, for large effects had hidden the small ones.
    """

    name = "parities"

    def dictionary(self, masks: Masks, values: Scores, *, seed: int, start: tuple[Atom, ...] = ()) -> Dictionary:
        """The parities that correlate significantly with the values or with what is left of them."""
        signs = np.ascontiguousarray(1.0 - 2.0 * masks.T.astype(np.float32))  # [n, m]
        exact = _ROUNDING * float(values.std())
        atoms: list[Atom] = []
        effects = np.empty(0)
        residual = values - values.mean()
        for _ in range(_PASSES):
            before = float(residual.std())
            if before <= exact:
                break
            candidates = list(dict.fromkeys([*atoms, *_candidates(signs, (residual / before).astype(np.float32))]))
            atoms, effects, residual = _pursued(candidates, effects, masks, values, residual, exact)
            if residual.std() > _PAID * before or len(atoms) > len(values) // _FEW:
                break
        return Dictionary(tuple(atoms), np.abs(effects) + 1e-300)


def all_orders_affordable(n: int, m: int) -> bool:
    """Whether the parities of all orders are looked at, of n players on m masks."""
    return len(_affordable_orders(n, m)) == min(_ORDERS, n)


def _affordable_orders(n: int, m: int) -> list[int]:
    orders = range(1, min(_ORDERS, n) + 1)
    return list(itertools.takewhile(lambda order: math.comb(n, order) * m <= _WORK, orders))


def _candidates(signs: NDArray[np.float32], unit: NDArray[np.float32]) -> list[Atom]:
    """The parities of each affordable order that correlate most with a residual of unit variance."""
    orders = _affordable_orders(*signs.shape)
    return [("parity", players) for order in orders for players in _screened(signs, unit, order)]


def _pursued(
    candidates: list[Atom], effects: Effects, masks: Masks, values: Scores, residual: Scores, exact: float
) -> tuple[list[Atom], Kept, Scores]:
    """Matching pursuit among candidates, the first of which have these effects already: atoms, effects and residual."""
    m, n = masks.shape
    prices = search_prices(n, _ORDERS)
    price = np.array([prices[len(players)] for _, players in candidates])
    table = np.ascontiguousarray(columns(candidates, masks).T)  # [candidates, m]
    atoms = list(range(len(effects)))
    for _ in range(_ROUNDS):
        if residual.std() <= exact:
            break
        z = table @ (residual / residual.std()).astype(np.float32) / math.sqrt(m)
        gain = z.astype(np.float64) ** 2 - price
        gain[atoms] = -1.0
        order_ = np.argsort(-gain, kind="stable")[: max(m // 3 - len(atoms), 0)]
        fresh = [int(j) for j in order_ if gain[j] > max(0.0, 0.2 * gain[order_[0]])]
        if not fresh:
            break
        atoms += fresh
        kept, effects, _, residual = prune(table[atoms].T, values, 0.7 * price[atoms])
        atoms = [atoms[j] for j in kept]
    return [candidates[j] for j in atoms], effects, residual


def _screened(signs: NDArray[np.float32], unit: NDArray[np.float32], order: int) -> list[tuple[int, ...]]:
    """Sets of ``order`` players of largest |correlation|, at most about ``_KEPT``, fewer of many masks.

    Each set is scored once: its lower half ends in player j, its upper half begins after j, and one matrix product pairs them.
    """
    n, m = signs.shape
    count = math.comb(n, order)
    cut = _quantile(min(1.0, min(_KEPT, _ENTRIES / m) / 2 / count)) * math.sqrt(m)
    if order == 1:
        return [(int(i),) for i in np.flatnonzero(np.abs(signs @ unit) >= cut)]
    low, high = order // 2, order - order // 2
    uppers = list(itertools.combinations(range(n), high))
    upper = signs if high == 1 else signs[np.array(uppers)].prod(axis=1)  # [C(n, high), m]
    first = np.array([s[0] for s in uppers])
    lowers = sorted(itertools.combinations(range(n - high), low), key=lambda s: s[-1])
    lower, last = np.array(lowers), np.array([s[-1] for s in lowers])
    found: list[tuple[int, ...]] = []
    for start in range(0, len(lowers), _BLOCK):
        block = slice(start, start + _BLOCK)
        begin = int(np.searchsorted(first, last[start], side="right"))
        left = signs[lower[block]].prod(axis=1) * unit  # [block, m]
        score = left @ upper[begin:].T
        rows, cols = np.nonzero((score >= cut) | (score <= -cut))
        after = (
            first[begin + cols] > last[start + rows]
        )  # the block's last player may be beyond where the upper half begins
        found += [
            (*lowers[start + r], *uppers[begin + c])
            for r, c in zip(rows[after].tolist(), cols[after].tolist(), strict=True)
        ]
    return found


def _quantile(tail: float) -> float:
    """Quantile z with P(|Z| > z) = 2 ``tail`` for a standard normal Z; 0 if that is all of them."""
    from scipy.special import ndtri

    return 0.0 if tail >= 0.5 else float(-ndtri(tail))
