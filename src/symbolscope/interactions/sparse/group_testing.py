"""Few interactions of any order, found by asking for them: adaptive group testing."""

from collections.abc import Callable

import numpy as np

from symbolscope.errors import SymbolscopeError
from symbolscope.interactions.sparse.query_ledger import GroupTested, QueryLedger, SpentError
from symbolscope.interactions.sparse.query_search import DONE, QuerySearch
from symbolscope.shapes import Masks, Scores


def found_by_queries(
    ask: Callable[[Masks], Scores],
    n_players: int,
    *,
    budget: int,
    generator: np.random.Generator,
    tolerance: float = 1e-6,
    with_or: bool = True,
    asked: tuple[Masks, Scores] | None = None,
) -> GroupTested:
    """Find the AND and OR interactions of a game in which few sets of players interact, whatever their order.

    AND basis. With r(S) = v(S) - v(empty) - sum of the effects found of sets inside S, the effects not found yet satisfy
    r(S) = sum over T inside S of I(T). If r(S) is not 0, S holds one. Put the players of S in random order; by bisection there
    is a prefix with r(prefix) != 0 and r(prefix without its last player) = 0, so that player is needed: it is kept, the players
    behind it are dropped, and the search is repeated in front of it, with the kept players always present, until these alone have
    r != 0. Unless effects cancel, they are a minimal set T not found before, and I(T) = r(T). A set of d of n players takes
    about log2 of the number of such sets, d log2(n/d) + 1.4 d calls, and no mask that hides players outside T matters, so
    an AND of 20 players costs as any other 20 memberships do. Where effects do cancel, a wrong T is still an AND: it stays in the
    span, and the residual of the sets asked next takes it back.

    OR basis. The same with hidden for present: v(all) - v(all without H) = sum of the effects of ORs inside H.

    Both kinds at once. An OR of k players is 2^k - 1 ANDs and the other way round, so neither basis is sparse. But ANDs and
    ORs of high order are constant on nearly all uniform masks: atoms of low order are fitted to drawn masks by :class:`Pursuit`,
    by least trimmed squares, which set aside the masks in which a rare atom moves. From there r is 0 on most masks; where more than
    half the players are present and r is not 0, an AND is the cause, for ORs are constant there (and conversely). To keep ORs
    constant while bisecting, a third of the set always stays present as a floor; the floor changes twice, so that each player
    is once not in it. A set counts only if it acts on a fresh uniform background, and does not without one of its players.

    Giving up. The exact effects among 6 random players, in each basis, bound the number of interactions of each order from below
    (share of non-zero effects, less two standard errors, times the number of sets of that order); if finding these exceeds the
    budget, or if most players matter alone and there are more than a tenth of the budget, or later if the sets not explained yet
    foretell it, the search in this basis ends. Where neither is sparse, up to 300 uniform masks, within a tenth of the budget,
    are drawn to see whether a few atoms explain most of them exactly; if not, all ends. So dense games of some 20 players or more
    cost about a tenth of the budget; those of fewer may cost all of a small one.

    Parameters
    ----------
    ask
        bool [m, n] -> float64 [m], the game on these masks; called with one mask at a time where the next depends on the answer.
    n_players
        n.
    budget
        Most masks that are asked, none twice.
    generator
        Orders of players and random sets; equal generators and answers give equal results.
    tolerance
        A residual below this share of the range of values seen is 0. Interactions below it are not seen.
    with_or
        Whether ORs are allowed; otherwise only the AND basis is searched.
    asked
        Masks drawn uniformly, bool [m, n], and values [m], known already: not counted. Atoms of low order are then taken from
        them first, if these leave r = 0 on most of them.

    Returns
    -------
    GroupTested; with ``finished=False`` its fit holds what was found until then, right or not.

    Raises
    ------
    SymbolscopeError
        If budget is below 2, tolerance is not in (0, 1), the masks known do not fit, or an answer is not finite.

    Limits: answers must be exact to the tolerance, so real networks are given up as a rule; an interaction that no asked
    set isolates, such as one that others cancel at all of them, is missed in silence; in a game of both kinds, orders so low that
    they act on many uniform masks and still too rare to be fitted to them, or many interactions of high order at once, fail.

    Source: adaptive Moebius learning by group testing, FASMT (2602.06246); bisection and delta debugging; the treatment of ORs,
    of both kinds, and of games that are not sparse is ours.

    Examples
    --------
    >>> deep = lambda masks: 2.0 * masks[:, :12].all(axis=1) - masks[:, 40:42].all(axis=1)
    >>> found = found_by_queries(deep, 64, budget=1000, generator=np.random.default_rng(0))
    >>> found.finished, [(kind, len(players)) for kind, players in found.fit.atoms], found.fit.effects.tolist()
    (True, [('and', 12), ('and', 2)], [2.0, -1.0])
    >>> dense = lambda masks: np.tanh(masks @ np.linspace(-1, 1, 64))
    >>> found = found_by_queries(dense, 64, budget=5000, generator=np.random.default_rng(0))
    >>> found.finished, found.calls < 500
    (False, True)
    """
    if budget < 2:
        raise SymbolscopeError(
            f"budget must be at least 2 masks; got {budget}. Try budget={max(1000, 20 * n_players):,}"
        )
    if not 0 < tolerance < 1:
        raise SymbolscopeError(f"tolerance must be a share of the range of values, such as 1e-6; got {tolerance}")
    ledger = QueryLedger(ask, n_players, budget, tolerance)
    if asked is not None:
        ledger.know(*asked)
        asked = asked if len(asked[1]) else None
    search = QuerySearch(ledger, generator, with_or)
    try:
        reason = search.run(asked)
    except SpentError:
        reason = f"the budget of {budget:,} masks ended"
    return ledger.result(finished=reason == DONE, reason=reason)
