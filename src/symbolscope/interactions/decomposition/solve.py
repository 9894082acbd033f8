"""Choose and run the method for a split: iterate, certify, and finish exactly where the answer is sparse enough."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from symbolscope.interactions.butterflies import kron, shear
from symbolscope.interactions.decomposition.exact import ExactIteration
from symbolscope.interactions.decomposition.linear_programme import solve_programme
from symbolscope.interactions.decomposition.operators import AND_TO_OR, convert, moebius
from symbolscope.interactions.decomposition.pruned import pruned
from symbolscope.interactions.decomposition.refit import refit
from symbolscope.interactions.decomposition.simplex import Simplex
from symbolscope.interactions.decomposition.split import Split, SplitPrices
from symbolscope.interactions.decomposition.steps import combine
from symbolscope.interactions.decomposition.tolerant import TolerantIteration
from symbolscope.interactions.decomposition.vertex import Vertex
from symbolscope.shapes import Vector

Watch = Callable[[float], None]

_CHECK_EVERY = 50
_MOST_STEPS = 20_000
_MOST_TOLERANT_STEPS = 10_000
# Up to this many players the linear programme over all masks costs less than a tenth of a second, so the optimum is exact.
_PLAYERS_SOLVED_EXACTLY = 8
# Steps granted beyond the certified gap for the few sets of a truly sparse game to show themselves.
_PATIENCE = 20
_NEGLIGIBLE = 1e-5
# Relative gap at which a linear programme counts as solved; rounding is below it.
_EXACT = 1e-9
# Share of the tolerance that the iteration uses; the rest is room for dropping its smallest effects.
_TIGHTENED = 0.98
# The basis of a vertex may take the memory of this many vectors of 2^n, or half a MiB.
_BASIS_VECTORS = 16
_BASIS_BYTES = 1 << 19
# Room that a guess of few sets gets at least.
_LEAST_BASIS_VECTORS = 8
_SUBSTANTIAL = 1e-3
# Steps until the sets and the masks of the guess have settled: a vertex has as many of one as of the other.
_STEPS_PER_CHECK = 300
_MOST_CHECKS = 6
_BALANCED = 0.05
# Room for sets that the path passes through.
_ROOM = 1.25
_SPARE = 16


def solve(values: Vector, prices: SplitPrices, tolerance: float, gap: float, watch: Watch) -> Split:
    """Cheapest split of ``values`` [2^n] within ``tolerance``, certified to a relative ``gap`` where steps allow.

    ``watch`` is told the gap certified so far, every so often.
    """
    if values.size == 1 or np.ptp(values) <= 2 * tolerance:
        constant = np.zeros_like(values)
        constant[0] = values[0] if tolerance == 0 else 0.5 * (values.min() + values.max())
        return Split(constant, np.zeros_like(values), 0.0, 0.0)
    with_or = bool(np.isfinite(prices.or_prices).all())
    if tolerance == 0 and not with_or:
        effects = moebius(values)
        cost = prices.cost(effects, np.zeros_like(values))
        return Split(effects, np.zeros_like(values), cost, cost)
    if tolerance == 0:
        return _solve_exact(values, prices, gap, watch)
    return _solve_tolerant(values, prices, tolerance, gap, watch)


def _solve_exact(values: Vector, prices: SplitPrices, gap: float, watch: Watch) -> Split:
    iteration = ExactIteration(values, prices)
    best = Split(np.zeros_like(values), np.zeros_like(values), np.inf, 0.0)
    small = values.size <= 1 << _PLAYERS_SOLVED_EXACTLY
    patience = _PATIENCE
    for _ in range(_MOST_STEPS // _CHECK_EVERY):
        iteration.advance(_CHECK_EVERY)
        _, absent_effects = iteration.split_effects
        cost, bound = prices.cost(*iteration.split_effects), max(best.lower_bound, iteration.lower_bound())
        kept = absent_effects.copy() if cost < best.cost else best.absent_effects
        best = Split(best.and_effects, kept, min(cost, best.cost), bound)
        watch(best.gap)
        sparse = _refit_if_sparse(values, prices, iteration, bound)
        if sparse is not None and sparse.gap <= (_EXACT if small else gap):
            return sparse
        if best.cost - bound <= gap * best.cost:
            if small:
                vertex = _vertex_of_exact(values, prices, iteration, bound)
                # Among optimal splits the fitted one is the shorter and does not depend on the order of the players.
                if sparse is not None and sparse.cost <= vertex.cost * (1 + _EXACT):
                    return Split(
                        sparse.and_effects, sparse.absent_effects, sparse.cost, min(sparse.cost, vertex.lower_bound)
                    )
                return vertex
            patience -= 1
            if patience < 0 or _support(iteration) * 4 > values.size:
                break
    # zeta T = absent, so the absent effects alone fix an exact split: AND effects F - T(absent effects).
    return Split(
        moebius(values) - convert(best.absent_effects), best.absent_effects, best.cost, min(best.lower_bound, best.cost)
    )


def _support(iteration: ExactIteration) -> int:
    return sum(int(np.count_nonzero(block)) for block in iteration.sparse)


def _refit_if_sparse(values: Vector, prices: SplitPrices, iteration: ExactIteration, bound: float) -> Split | None:
    blocks = iteration.sparse
    largest = max(float(np.max(np.abs(block[1:]))) for block in blocks)
    threshold = _NEGLIGIBLE * largest
    count = sum(int(np.count_nonzero(np.abs(block) > threshold)) for block in blocks)
    # The k x k matrix stays below 2 MiB or the memory of eight vectors, and a game with many effects is not sparse.
    if count * 4 > values.size or count**2 > max(512**2, 8 * values.size):
        return None
    return refit(values, prices, blocks, threshold, bound)


def _vertex_of_exact(values: Vector, prices: SplitPrices, iteration: ExactIteration, bound: float) -> Split:
    vertex = solve_programme(values, prices, 0.0)
    if vertex is None:
        and_effects, absent_effects = iteration.split_effects
        return Split(and_effects.copy(), absent_effects.copy(), prices.cost(and_effects, absent_effects), bound)
    split = vertex.split(values, prices, 0.0)
    return replace(split, lower_bound=min(max(bound, split.lower_bound), split.cost))


def _solve_tolerant(values: Vector, prices: SplitPrices, tolerance: float, gap: float, watch: Watch) -> Split:
    vertex = _vertex_of_tolerant(values, prices, tolerance)
    if vertex is None and values.size <= 1 << _PLAYERS_SOLVED_EXACTLY:
        vertex = solve_programme(values, prices, tolerance)
    if vertex is not None:
        return vertex.split(values, prices, tolerance)
    return pruned(values, prices, tolerance, _iterate(values, prices, tolerance, gap, watch))


def _vertex_of_tolerant(values: Vector, prices: SplitPrices, tolerance: float) -> Vertex | None:
    """The optimum, where so few sets have an effect that their basis is small enough to hold."""
    largest = math.isqrt(max(_BASIS_VECTORS * 8 * values.size, _BASIS_BYTES) // 4)
    guess = _guess(values, prices, tolerance, largest)
    if _substantial(guess) >= largest or len(guess.masks) == 0:
        return None
    most = min(largest, max(int(_ROOM * len(guess.sets)) + _SPARE, math.isqrt(_LEAST_BASIS_VECTORS * 2 * values.size)))
    return Simplex(values, prices, tolerance, most=most).solve(guess)


def _guess(values: Vector, prices: SplitPrices, tolerance: float, largest: int) -> Vertex:
    """Iterate until there are about as many sets as masks, or hopelessly many."""
    iteration = TolerantIteration(values, prices, _TIGHTENED * tolerance)
    for _ in range(_MOST_CHECKS - 1):
        iteration.advance(_STEPS_PER_CHECK)
        guess = Vertex.near(prices, *iteration.sparse, iteration.dual)
        n_sets, n_masks = len(guess.sets), len(guess.masks)
        # With few sets an exchange is cheaper than the steps that might save it.
        if _substantial(guess) >= largest or n_sets**2 <= values.size or abs(n_sets - n_masks) <= _BALANCED * n_sets:
            return guess
    iteration.advance(_STEPS_PER_CHECK)
    return Vertex.near(prices, *iteration.sparse, iteration.dual)


def _substantial(guess: Vertex) -> int:
    """Number of effects above a thousandth of the largest: smaller ones may be about to vanish."""
    strength = np.abs(guess.effects)
    return int(np.count_nonzero(strength > _SUBSTANTIAL * strength.max(initial=0.0)))


def _iterate(values: Vector, prices: SplitPrices, tolerance: float, gap: float, watch: Watch) -> Split:
    # An exact split is within any tolerance: the result to beat, and what repairs an iterate that is not quite within it.
    best = solve(values, prices, 0.0, gap, lambda _: None)
    best = replace(best, lower_bound=0.0)
    exact_absent = best.absent_effects  # determines the exact split
    iteration = TolerantIteration(values, prices, _TIGHTENED * tolerance)
    for _ in range(_MOST_TOLERANT_STEPS // _CHECK_EVERY):
        iteration.advance(_CHECK_EVERY)
        bound = max(best.lower_bound, prices.bound(values, iteration.dual, tolerance))
        and_effects, absent_effects = _within(values, prices, tolerance, iteration, exact_absent)
        cost = prices.cost(and_effects, absent_effects)
        if cost < best.cost:
            best = Split(and_effects.copy(), absent_effects.copy(), cost, bound)
        best = replace(best, lower_bound=min(bound, best.cost))
        watch(best.gap)
        if best.gap <= gap:
            break
    return best


def _within(
    values: Vector, prices: SplitPrices, tolerance: float, iteration: TolerantIteration, exact_absent: Vector
) -> tuple[Vector, Vector]:
    """AND and absent effects within the tolerance near the iterate, in its own vectors."""
    and_effects, absent_effects = iteration.feasible
    one, other = iteration.scratch
    if not np.isfinite(prices.or_prices).all():
        # ANDs alone: the slack determines them.
        np.subtract(values, iteration.slack, out=and_effects)
        shear(and_effects, -1.0)
        absent_effects[:] = 0.0
        return and_effects, absent_effects
    # The projected iterate, mixed with just enough of an exact split to bring every error within the tolerance.
    np.copyto(one, and_effects)
    shear(one, 1.0)
    np.copyto(other, absent_effects)
    shear(other, 1.0)
    np.add(one, other[::-1], out=one)
    np.subtract(values, one, out=one)
    error = float(np.max(np.abs(one, out=one)))
    share = min(1.0, (1.0 - tolerance / error) * (1 + 1e-9)) if error > tolerance else 0.0
    if share > 0:
        np.copyto(one, values)
        shear(one, -1.0)
        np.copyto(other, exact_absent)
        kron(other, AND_TO_OR)
        np.subtract(one, other, out=one)
        combine(and_effects, share, one, 1.0 - share)
        combine(absent_effects, share, exact_absent, 1.0 - share)
    return and_effects, absent_effects
