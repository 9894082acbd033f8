"""Choose and run the method for a split: iterate, certify, and finish exactly where the answer is sparse enough."""

from collections.abc import Callable

import numpy as np

from symbolscope.interactions.decomposition.exact import ExactIteration
from symbolscope.interactions.decomposition.operators import convert, moebius
from symbolscope.interactions.decomposition.refit import refit
from symbolscope.interactions.decomposition.split import Split, SplitPrices
from symbolscope.interactions.decomposition.tolerant import TolerantIteration
from symbolscope.interactions.decomposition.vertex import candidate_masks, candidate_sets, solve_vertex
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
# Rows times columns up to which a linear programme beats going on iterating (seconds on one core at 10 to 14 players).
_MOST_ENTRIES = 700_000
# At some 40 bytes each while the programme is handed over, 64 MiB.
_MOST_ENTRIES_EVER = 1_600_000
# Masks that a linear programme starts from, per set.
_MASKS_PER_SET = 3
# Checks at which it is tried: once the sets have settled, then each time 2.5 times as many steps have passed.
_TRIES = frozenset(int(6 * 2.5**k) for k in range(6))


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
    everything = np.arange(values.size)
    split = solve_vertex(
        values,
        prices,
        0.0,
        and_sets=everything[1:],
        absent_sets=everything[prices.orders >= 2],
        masks=everything,
        gap=_EXACT,
        lower_bound=bound,
        most_entries=2 * values.size**2,
    )
    if split is None:
        and_effects, absent_effects = iteration.split_effects
        return Split(and_effects.copy(), absent_effects.copy(), prices.cost(and_effects, absent_effects), bound)
    return split


def _solve_tolerant(values: Vector, prices: SplitPrices, tolerance: float, gap: float, watch: Watch) -> Split:
    split, finished = _iterate_and_finish(values, prices, tolerance, gap, watch)
    return split if finished else _pruned(values, prices, tolerance, split)


def _iterate_and_finish(
    values: Vector, prices: SplitPrices, tolerance: float, gap: float, watch: Watch
) -> tuple[Split, bool]:
    """A split within the tolerance, and whether a linear programme finished it."""
    # An exact split is within any tolerance: the result to beat, and what repairs an iterate that is not quite within it.
    exact = solve(values, prices, 0.0, gap, lambda _: None)
    iteration = TolerantIteration(values, prices, _TIGHTENED * tolerance)
    best = Split(exact.and_effects, exact.absent_effects, exact.cost, 0.0)
    for check in range(1, _MOST_TOLERANT_STEPS // _CHECK_EVERY + 1):
        iteration.advance(_CHECK_EVERY)
        bound = max(best.lower_bound, prices.bound(values, iteration.dual, tolerance))
        candidate = _within(values, prices, tolerance, iteration, exact)
        best = min(candidate, best, key=lambda split: split.cost)
        best = Split(best.and_effects, best.absent_effects, best.cost, min(bound, best.cost))
        if check in _TRIES:
            vertex = _vertex_of_tolerant(values, prices, tolerance, iteration, gap, bound)
            if vertex is not None:
                return vertex, True
        watch(best.gap)
        if best.gap <= gap and check >= min(_TRIES):
            break
    return best, False


def _pruned(values: Vector, prices: SplitPrices, tolerance: float, split: Split) -> Split:
    """The split without as many of its smallest effects as the tolerance has room for."""
    effects = np.concatenate([split.and_effects, split.absent_effects])
    free = np.tile(prices.orders == 0, 2)
    weakest_first = np.argsort(np.where(free, np.inf, np.abs(effects)), kind="stable")
    size, best = values.size, split
    fewest, most = 0, len(effects) - 2  # how many are dropped: known to be within the tolerance, and not tried above
    while fewest < most:
        dropped = (fewest + most + 1) // 2
        kept = effects.copy()
        kept[weakest_first[:dropped]] = 0.0
        cost = prices.cost(kept[:size], kept[size:])
        candidate = Split(kept[:size], kept[size:], cost, min(split.lower_bound, cost))
        # The constant is free, so it takes up half of the range of what was dropped.
        error = values - candidate.prediction()
        candidate.and_effects[0] += 0.5 * float(error.max() + error.min())
        if 0.5 * float(error.max() - error.min()) <= tolerance:
            fewest, best = dropped, candidate
        else:
            most = dropped - 1
    return best


def _vertex_of_tolerant(
    values: Vector, prices: SplitPrices, tolerance: float, iteration: TolerantIteration, gap: float, bound: float
) -> Split | None:
    and_effects, absent_effects = iteration.sparse
    and_sets, absent_sets = candidate_sets(prices, and_effects, absent_effects, iteration.dual)
    prediction = Split(and_effects, absent_effects, 0.0, 0.0).prediction()
    most = _MASKS_PER_SET * (len(and_sets) + len(absent_sets) + 1)
    masks = candidate_masks(values, prediction, iteration.dual, tolerance, most)
    return solve_vertex(
        values,
        prices,
        tolerance,
        and_sets=and_sets,
        absent_sets=absent_sets,
        masks=masks,
        gap=_EXACT if values.size <= 1 << _PLAYERS_SOLVED_EXACTLY else gap,
        lower_bound=bound,
        most_entries=max(_MOST_ENTRIES, min(100 * values.size, _MOST_ENTRIES_EVER)),
    )


def _within(values: Vector, prices: SplitPrices, tolerance: float, iteration: TolerantIteration, exact: Split) -> Split:
    """A split within the tolerance near the iterate."""
    if not np.isfinite(prices.or_prices).all():
        # ANDs alone: the slack determines them.
        effects = moebius(values - iteration.slack)
        return Split(effects, np.zeros_like(values), prices.cost(effects, np.zeros_like(values)), 0.0)
    # The projected iterate, mixed with just enough of an exact split to bring every error within the tolerance.
    and_effects, absent_effects = iteration.feasible
    error = float(np.max(np.abs(values - Split(and_effects, absent_effects, 0.0, 0.0).prediction())))
    share = min(1.0, (1.0 - tolerance / error) * (1 + 1e-9)) if error > tolerance else 0.0
    mixed_and = (1 - share) * and_effects + share * exact.and_effects
    mixed_absent = (1 - share) * absent_effects + share * exact.absent_effects
    return Split(mixed_and, mixed_absent, prices.cost(mixed_and, mixed_absent), 0.0)
