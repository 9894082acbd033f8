"""What is evaluated where the masks are too many: low orders in full, random sets of players, random chains from empty to full."""

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from symbolscope.emergence.high_orders import random_sets_of
from symbolscope.errors import SymbolscopeError
from symbolscope.games.evaluate import evaluate
from symbolscope.games.game import Game
from symbolscope.games.masks import all_masks
from symbolscope.interactions.transforms import mobius

_FEWEST_CHAINS = 8
_FEWEST_SETS = 20
_HIGHEST_ORDER = 8
# Shares of the calls: for interactions of low order, and for differences of high order (once it is known which order that is).
_FOR_INTERACTIONS = 0.3
_FOR_DIFFERENCES = 0.1
_MOST_BITS = 1 << 27


@dataclass(frozen=True)
class Plan:
    """How the calls are spent.

    Attributes
    ----------
    complete
        Every set of up to this many players is evaluated (and of none, all and all but one).
    sets
        Order -> how many random sets of that order have their interaction computed.
    chains
        Random orders in which the players come, each evaluated at every number of players present.
    differences
        Calls kept for differences of high order.
    """

    complete: int
    sets: dict[int, int]
    chains: int
    differences: int


def plan_calls(n: int, calls: int) -> Plan:
    """Spend ``calls`` on a game of n players; refused where they are too few for anything.

    Examples
    --------
    >>> plan_calls(40, 5_000)
    Plan(complete=2, sets={3: 347, 4: 69}, chains=82, differences=491)
    """
    ends = 2 * n + 2
    least = ends + _FEWEST_CHAINS * max(0, n - 3)
    if calls < least:
        raise SymbolscopeError(
            f"max_calls={calls:,} is too few to sample a game of {n} players, which takes {least:,} or more: the {ends:,} masks "
            f"with 0, 1, n - 1 and n players present and {_FEWEST_CHAINS} at every number between. "
            f"Type max_calls={max(5_000, 2 * least)}"
        )
    free = calls - ends
    low = int(_FOR_INTERACTIONS * free)
    complete = 1
    while complete + 1 < n - 1 and comb(n, complete + 1) <= low and _bits(n, complete + 1) <= _MOST_BITS:
        complete += 1
        low -= comb(n, complete)
    sets = _sets(n, complete, low)
    spent = sum(comb(n, k) for k in range(2, complete + 1))
    spent += sum(count * _cost(k, complete) for k, count in sets.items())
    kept = int(_FOR_DIFFERENCES * free)
    between = max(1, n - 2 - complete)
    while (chains := (free - spent - kept) // between) < _FEWEST_CHAINS and kept:
        kept = 0
    if chains < _FEWEST_CHAINS:
        sets, spent = {}, spent - sum(count * _cost(k, complete) for k, count in sets.items())
        chains = (free - spent) // between
    return Plan(complete, sets, chains, kept)


def _bits(n: int, order: int) -> int:
    return comb(n, order) * (1 << order) * n


def _cost(order: int, complete: int) -> int:
    """Subsets of a set of ``order`` players that are not known already."""
    return sum(comb(order, j) for j in range(complete + 1, order + 1))


def _sets(n: int, complete: int, calls: int) -> dict[int, int]:
    """Equal shares for the orders above ``complete``, as many orders as get enough sets each."""
    for highest in range(min(_HIGHEST_ORDER, n - 2), complete, -1):
        share = calls // (highest - complete)
        counts = {k: share // _cost(k, complete) for k in range(complete + 1, highest + 1)}
        if counts[highest] >= _FEWEST_SETS:
            return {k: min(count, 4 * comb(n, k)) for k, count in counts.items()}
    return {}


@dataclass(frozen=True, eq=False)
class Samples:
    """What sampling found, all of it above the empty input's output.

    Attributes
    ----------
    plan
        What was asked for.
    interactions
        Order -> I(S) of every set (orders up to ``plan.complete``) or of the random ones.
    exact
        Order -> ubar(m), where every set was evaluated.
    chains
        float64 [chains, n + 1]: u along each chain.
    empty, low, high
        v(empty); least and largest output seen.
    calls
        Distinct masks evaluated.
    """

    plan: Plan
    interactions: dict[int, NDArray[np.float64]]
    exact: dict[int, float]
    chains: NDArray[np.float64]
    empty: float
    low: float
    high: float
    calls: int


def sample_game(game: Game, plan: Plan, generator: np.random.Generator, *, progress: bool | None) -> Samples:
    """Draw the masks of a plan, evaluate each distinct one once, and sort the outputs."""
    n = game.n_players
    sets = {k: np.array(list(combinations(range(n), k)), dtype=np.int64) for k in range(1, plan.complete + 1)}
    sets |= {k: random_sets_of(n, k, count, generator) for k, count in plan.sets.items()}
    ranks = np.argsort(np.argsort(generator.random((plan.chains, n)), axis=1), axis=1)  # [chains, n]
    chains = ranks[:, None, :] < np.arange(n + 1)[:, None]  # [chains, n + 1, n]
    ends = np.concatenate([np.zeros((1, n), np.bool_), ~np.eye(n, dtype=np.bool_), np.ones((1, n), np.bool_)])
    parts = [ends, chains.reshape(-1, n)]
    for k, members in sets.items():
        parts.append(_subsets(members, n, k))
    masks = np.concatenate(parts)
    values = evaluate(game, masks, progress=progress)
    split = np.split(values, np.cumsum([len(part) for part in parts])[:-1])
    empty = float(split[0][0])
    interactions = {
        k: np.ascontiguousarray(mobius(rows.reshape(-1, 1 << k))[:, -1])
        for k, rows in zip(sets, split[2:], strict=True)
    }
    exact = {0: 0.0, n - 1: float(split[0][1:-1].mean()) - empty, n: float(split[0][-1]) - empty}
    for k, rows in zip(sets, split[2:], strict=True):
        if k <= plan.complete:
            exact[k] = float(rows.reshape(-1, 1 << k)[:, -1].mean()) - empty
    distinct = len(np.unique(np.packbits(masks, axis=1), axis=0))
    along = split[1].reshape(-1, n + 1) - empty
    return Samples(plan, interactions, exact, along, empty, float(values.min()), float(values.max()), distinct)


def sampled_differences(
    game: Game, order: int, count: int, generator: np.random.Generator, *, progress: bool | None
) -> NDArray[np.float64]:
    """|Delta_S v(L)| for random S of ``order`` players and random L disjoint from S, float64 [count]."""
    n = game.n_players
    masks = _subsets(random_sets_of(n, order, count, generator), n, order).reshape(count, -1, n)
    inside = masks[:, -1:]  # the players of S
    context = (generator.random((count, 1, n)) < 0.5) & ~inside
    values = evaluate(game, (masks | context).reshape(-1, n), progress=progress)
    return np.abs(mobius(values.reshape(count, -1))[:, -1])


def _subsets(sets: NDArray[np.int64], n: int, order: int) -> NDArray[np.bool_]:
    """Every subset of each set, in the order of all masks of its players, bool [sets 2^order, n]."""
    masks = np.zeros((len(sets), 1 << order, n), dtype=np.bool_)
    np.put_along_axis(
        masks, np.broadcast_to(sets[:, None], (len(sets), 1 << order, order)), all_masks(order)[None], axis=2
    )
    return masks.reshape(-1, n)
