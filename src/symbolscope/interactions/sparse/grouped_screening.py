"""Grouped screening: parities among groups of players first, then which players of these groups they are made of."""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from symbolscope.interactions.sparse.atoms import Atom, Dictionary, columns
from symbolscope.interactions.sparse.grouped_masks import GroupedMasks
from symbolscope.interactions.sparse.learner import Learner
from symbolscope.interactions.sparse.least_squares import prune, search_prices
from symbolscope.interactions.sparse.screening import Screening
from symbolscope.shapes import Effects, Masks, Scores

# int64 [sets, players of each]
Parts = NDArray[np.int64]

_ORDERS = 4
_ROUNDS = 60
# Multiply-adds for the players of one set of groups, and for all sets in one round; entries of the tables of one set. Where they
# would be more, fewer masks are looked at, but not below these.
_WORK, _ROUND_WORK, _ENTRIES, _LEAST_MASKS = 1e10, 3e10, 6e7, 200
# Most that is taken in one round, as a share of what is still to be found; what is clear by this gain is taken at once.
_SHARE, _CLEAR = 0.25, 20.0
# A parity enters at the price of its set of groups, about half of that of a parity among all; so it stays at that.
_STAYS, _IN_THE_END = 0.5, 0.7
# Another pass is made where the last one left at most this share of the standard deviation.
_PASSES, _PAID = 4, 0.9
_ROUNDING = 1e-9


class GroupedScreening(Learner):
    """Parities of many players, found in two steps, where all parities of four players are too many to be looked at.

    Masks in which the players of a group go together show which groups a parity is made of: there are few sets of groups. Of each
    such set, the other masks then show which players: the parity of one player of each of its groups that correlates most with
    what is left. What was taken is fitted to all masks, and the next is sought in what that leaves. A parity with two players in
    one group shows as one of two groups less; where nothing else fits, a pair of players of one group is sought with the rest. Two
    pairs of players in two groups do not show at all.

    Beside the law of all learners, the dictionary depends on the groups, and :meth:`again` goes on from what was found.

    Source: hashing players into groups is that of sparse Fourier transforms, as in SPEX (Kang et al. 2502.13870); matching pursuit
    among the groups' parities takes the place of their aliasing patterns and codes.
    """

    name = "grouped parities"

    def __init__(self, grouped: GroupedMasks) -> None:
        self._grouped = grouped

    def dictionary(self, masks: Masks, values: Scores, *, seed: int, start: tuple[Atom, ...] = ()) -> Dictionary:
        """The parities found; their scales are the sizes of their effects."""
        return self._found((), masks, values, seed)

    def again(
        self, masks: Masks, values: Scores, *, seed: int, found: tuple[Atom, ...], start: tuple[Atom, ...]
    ) -> Dictionary:
        """The parities found before, as far as they hold on all masks, and what is seen beside them."""
        return self._found(found, masks, values, seed)

    def _found(self, before: tuple[Atom, ...], masks: Masks, values: Scores, seed: int) -> Dictionary:
        inside = self._grouped.holds(masks)
        if not inside.any() or inside.all():
            return Dictionary((), np.empty(0))
        exact = _ROUNDING * float(values.std())
        groups = self._grouped.of_groups(masks[inside])
        fit = _Fit.of(list(before), masks, values)
        for number in range(_PASSES):
            left = float(fit.residual.std())
            if left <= exact:
                break
            shown = Screening().dictionary(groups, fit.residual[inside], seed=seed)
            fit = self._lifted([players for _, players in shown.atoms], fit, masks, values, ~inside, paired=number > 0)
            if fit.residual.std() > exact:  # what is of low order needs no groups
                low = Screening().dictionary(masks[~inside], fit.residual[~inside], seed=seed).atoms
                fit = _Fit.of(list(dict.fromkeys([*fit.atoms, *low])), masks, values)
            if number and fit.residual.std() > _PAID * left:
                break
        fit = _Fit.of(fit.atoms, masks, values, stays=_IN_THE_END)
        return Dictionary(tuple(fit.atoms), np.abs(fit.effects) + 1e-300)

    def _lifted(
        self,
        sought: list[tuple[int, ...]],
        fit: "_Fit",
        masks: Masks,
        values: Scores,
        outside: NDArray[np.bool_],
        *,
        paired: bool,
    ) -> "_Fit":
        """The fit with parities of players added, at most one for each set of groups."""
        signs = np.ascontiguousarray(1.0 - 2.0 * masks[outside].T.astype(np.float32))  # [n, m]
        exact = _ROUNDING * float(values.std())
        in_vain = 0  # sets looked at since something was found
        for _ in range(_ROUNDS):
            left = fit.residual[outside] - fit.residual[outside].mean()
            if left.std() <= exact or in_vain >= len(sought):
                break
            unit = (left / left.std()).astype(np.float32)
            work, looked_at, found = 0.0, 0, list[tuple[float, tuple[int, ...], tuple[int, ...]]]()
            for groups in sought:
                if work > _ROUND_WORK:
                    break
                looked_at += 1
                for parts in self._parts(groups, paired=paired):
                    lower, upper = _halves(parts)
                    low, high = (math.prod(len(part) for part in half) for half in (lower, upper))
                    m = int(min(len(unit), _WORK / (low * high), _ENTRIES / (low + high)))
                    if m < min(len(unit), _LEAST_MASKS):
                        continue
                    work += low * high * m
                    z, players = _best(signs[:, :m], unit[:m], lower, upper)
                    gain = z * z - 2 * math.log(low * high) - 2 * len(players)  # more than chance reaches among so many
                    if gain > 0:
                        found.append((gain, groups, players))
            found.sort(key=lambda item: -item[0])
            most = max(2, int(_SHARE * len(sought)))
            taken = [
                item for i, item in enumerate(found) if item[0] > _CLEAR or (i < most and item[0] > 0.2 * found[0][0])
            ]
            fresh: list[Atom] = [("parity", players) for _, _, players in taken]
            fit = _Fit.of(list(dict.fromkeys([*fit.atoms, *fresh])), masks, values)
            stayed = set(fit.atoms)
            done = {groups for _, groups, players in taken if ("parity", players) in stayed}
            in_vain = 0 if done else in_vain + looked_at
            # Those looked at in vain go last, so that all have their turn.
            sought = [groups for groups in sought[looked_at:] + sought[:looked_at] if groups not in done]
        return fit

    def _parts(self, groups: tuple[int, ...], *, paired: bool) -> Iterator[list[Parts]]:
        """What a parity seen in these groups may consist of: lists of sets of players, one set of each list."""
        of = [self._grouped.members(g)[:, None] for g in groups]
        yield of
        if paired and len(groups) <= _ORDERS - 2:
            each = [
                np.array(list(itertools.combinations(self._grouped.members(g), 2)))
                for g in range(self._grouped.n_groups)
            ]
            yield [*of, np.concatenate([pairs for pairs in each if len(pairs)])]


@dataclass(frozen=True, eq=False)
class _Fit:
    """Parities worth their price, their effects by least squares, and what they leave."""

    atoms: list[Atom]
    effects: Effects
    residual: Scores

    @classmethod
    def of(cls, atoms: list[Atom], masks: Masks, values: Scores, *, stays: float = _STAYS) -> "_Fit":
        """The fit after parities are dropped whose effect is not worth this share of their price."""
        atoms = atoms[: len(values) // 3]
        if not atoms:
            return cls([], np.empty(0), values - values.mean())
        prices = search_prices(masks.shape[1], _ORDERS)
        price = np.array([prices[len(players)] for _, players in atoms])
        kept, effects, _, residual = prune(columns(atoms, masks), values, stays * price)
        return cls([atoms[j] for j in kept], effects, residual)


def _halves(parts: list[Parts]) -> tuple[list[Parts], list[Parts]]:
    """The lists cut in two, with as few choices in both together as possible."""
    counts = [len(part) for part in parts]
    at = min(range(len(parts)), key=lambda i: math.prod(counts[:i]) + math.prod(counts[i:]))
    return parts[:at], parts[at:]


def _best(
    signs: NDArray[np.float32], unit: NDArray[np.float32], lower: list[Parts], upper: list[Parts]
) -> tuple[float, tuple[int, ...]]:
    """|correlation| in standard errors of the best parity of one set of each list, and its players, ascending."""
    (low, left), (high, right) = _products(lower, signs), _products(upper, signs)
    score = np.abs((left * unit) @ right.T)  # all choices of the one with all of the other
    row, column = divmod(int(score.argmax()), score.shape[1])
    players = [*low[row].tolist(), *high[column].tolist()]
    odd = sorted(i for i in set(players) if players.count(i) % 2)  # a pair may hold a player that is there already
    return float(score[row, column]) / math.sqrt(len(unit)), tuple(odd)


def _products(parts: list[Parts], signs: NDArray[np.float32]) -> tuple[Parts, NDArray[np.float32]]:
    """All choices of one set of each list, int64 [c, players], and their parities [c, m]."""
    chosen = np.empty((1, 0), dtype=np.int64)
    for part in parts:
        chosen = np.hstack([np.repeat(chosen, len(part), axis=0), np.tile(part, (len(chosen), 1))])
    table = np.ones((len(chosen), signs.shape[1]), dtype=np.float32)
    for column in chosen.T:
        table *= signs[column]
    return chosen, table
