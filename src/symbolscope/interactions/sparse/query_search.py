"""The order in which adaptive queries are asked; the derivation is in ``group_testing.py``."""

import math
from collections.abc import Sequence

import numpy as np

from symbolscope.interactions.sparse.atoms import columns
from symbolscope.interactions.sparse.pursuit import Pursuit
from symbolscope.interactions.sparse.query_ledger import Players, QueryLedger
from symbolscope.interactions.sparse.robust_amounts import least_share, robust_amounts
from symbolscope.interactions.transforms import mobius
from symbolscope.shapes import Masks, Scores

# Most players of the sub-game whose exact effects tell a dense game, and the share of the budget it may take in both bases.
_MOST_PILOT, _PILOT_SHARE = 6, 0.08
# Calls in a basis after which its cost is foretold, again each time they doubled; and how far above the budget is hopeless.
_FORETOLD, _HOPELESS = 0.06, 1.5
_TESTS = 8
# Hidden share of the sets that must be explained in the end; 0 hides one or two players.
_HIDDEN = (0.5, 0.25, 0.125, 0.0625, 0.03125, 0.0)
# Found effects that undo another one exactly, as those of an OR written in ANDs do, before the basis is taken to be wrong.
_UNDONE = 3
_FIRST_ROUND, _GROWTH, _DRAWN_SHARE = 300, 2.5, 0.6
_LEAST_DRAWN = 50
# Share of uniform masks that atoms of low order must explain; the others hold a rare atom.
_COMMON = 0.6
_FAILURES = 25
DONE = "all masks asked are explained"
DENSE = "too many interactions for the budget"
UNFIT = "found effects undo each other as those of the other kind do"
TANGLED = "interactions of high order could not be told apart"


class QuerySearch:
    """The three ways: ANDs alone, ORs alone, and both on top of atoms of low order."""

    def __init__(self, ledger: QueryLedger, generator: np.random.Generator, with_or: bool) -> None:  # noqa: FBT001
        self._ledger = ledger
        self._generator = generator
        self._with_or = with_or

    def run(self, asked: tuple[Masks, Scores] | None) -> str:
        """Search; why it ended."""
        # The two ends first, which tell the range of the values.
        self._ledger.residuals(np.array([[False], [True]]) & np.ones((2, self._ledger.n), dtype=np.bool_))
        if asked is not None:
            return self._drawn(len(asked[1]), known=True) if self._low_order() else self._alone()[0]
        reason, promising = self._alone()
        if reason == DONE or not self._with_or:
            return reason
        self._ledger.restart(0.0)
        if promising:
            return self._drawn(_FIRST_ROUND)
        # Or all atoms are of high order, and a few uniform masks are enough to see that.
        wanted = min(_FIRST_ROUND, self._ledger.budget // 10 - self._ledger.calls)
        return self._drawn(wanted, known=True) if wanted >= _LEAST_DRAWN and self._draw(wanted) else DENSE

    def _alone(self) -> tuple[str, bool]:
        """Why the search in one basis after the other ended, and whether both kinds of a sparse game may be the cause."""
        least: dict[bool, tuple[float, int]] = {}
        for dual in (False, True) if self._with_or else (False,):
            self._restart(dual)
            least[dual] = self._least_calls(dual)
        hopeful = sorted(
            (dual for dual in least if least[dual][0] <= self._ledger.budget), key=lambda dual: least[dual]
        )
        reasons: list[str] = []
        for dual in hopeful:
            reasons.append(self._one_kind(dual))
            if reasons[-1] == DONE:
                return DONE, False
        # ANDs and ORs together are not that many in either basis among a few players.
        return DENSE, len(hopeful) == 2 and UNFIT in reasons

    def _drawn(self, wanted: int, *, known: bool = False) -> str:
        """Both kinds, on atoms of low order from growing numbers of uniform masks; what a round found stays."""
        ledger = self._ledger
        explained = known
        while True:
            reason = self._both_kinds() if explained else DENSE
            if reason == DONE or wanted > _DRAWN_SHARE * (ledger.budget - ledger.calls):
                return reason
            explained = self._draw(wanted)
            wanted = round(_GROWTH * wanted)

    def _draw(self, wanted: int) -> bool:
        """Ask uniform masks, and add atoms if a few explain most of these."""
        self._ledger.residuals(self._generator.random((wanted, self._ledger.n)) < 0.5, drawn=True)
        return self._low_order()

    def _restart(self, dual: bool) -> None:  # noqa: FBT001
        self._ledger.restart(0.0)
        self._ledger.restart(self._ledger.amount(dual, ()))

    def _least_calls(self, dual: bool) -> tuple[float, int]:  # noqa: FBT001
        """Lower bound of the calls that this basis takes, from the effects among a few players, and how many these are."""
        n, ledger = self._ledger.n, self._ledger
        size = min(n, _MOST_PILOT, int(math.log2(max(1.0, _PILOT_SHARE * ledger.budget / 2))))
        few = self._generator.permutation(n)[:size]
        inside = (np.arange(2**size)[:, None] >> np.arange(size)) & 1 == 1  # [2^size, size]
        masks = np.full((2**size, n), dual)
        masks[:, few] = inside != dual
        effects = np.abs(mobius(ledger.residuals(masks)))
        orders = inside.sum(axis=1)
        bound = 0.0
        for order in range(2, size + 1):
            # The effects add up 2^order answers, each with its own rounding.
            count = int((effects[orders == order] > 2 ** (order / 2) * ledger.threshold).sum())
            # One may be there by chance.
            bound += least_share(count - 1, math.comb(size, order)) * math.comb(n, order)
        singles = int((effects[orders == 1] > ledger.threshold).sum())
        if 3 * singles >= 2 * size > 0 and n > ledger.budget / 10:
            return math.inf, 0
        if 3 * singles >= size and n <= ledger.budget / 10 and bound * math.log2(n + 1) <= ledger.budget:
            # Many players matter alone: to ask each is cheaper than to search for them.
            ledger.residuals(np.eye(n, dtype=np.bool_) != dual)
        return bound * math.log2(n + 1), int((effects[1:] > ledger.threshold).sum())

    def _one_kind(self, dual: bool) -> str:  # noqa: FBT001
        ledger = self._ledger
        self._restart(dual)
        start, foretold, undone, tested = ledger.calls, _FORETOLD * ledger.budget, 0, 0
        ledger.active(dual, np.arange(ledger.n))
        while True:
            if ledger.calls - start >= foretold:
                foretold *= 2
                if self._foretold(dual, ledger.calls - start) > _HOPELESS * (ledger.budget - ledger.calls):
                    return DENSE
            rows = ledger.nonzero()
            if not len(rows):
                if tested == len(_HIDDEN):
                    return DONE
                ledger.residuals(self._random_sets(dual, _HIDDEN[tested]))
                tested += 1
                continue
            sets = ledger.masks[rows] != dual
            smallest = np.flatnonzero(sets[sets.sum(axis=1).argmin()])
            found = tuple(sorted(self._minimal(dual, [], smallest)))
            amount = ledger.amount(dual, found)
            parts = (ledger.terms[dual].get(found[:i] + found[i + 1 :], 0.0) for i in range(len(found)))
            undone += any(part and abs(amount + part) <= ledger.threshold for part in parts)
            if self._with_or and undone >= _UNDONE:
                return UNFIT
            ledger.add(dual, found, amount)
            tested = min(tested, len(_HIDDEN) - 1)

    def _minimal(self, dual: bool, floor: Sequence[int], rest: Players) -> list[int]:  # noqa: FBT001
        """Players of rest that make the floor active, the last found needed by those before; floor and rest are active."""
        ledger = self._ledger
        chosen: list[int] = []
        rest = self._generator.permutation(rest)
        while True:
            low, high = -1, len(rest)
            if len(chosen) <= 2 or high <= 2:
                # Sets are often small, and then this ends the search.
                if ledger.active(dual, [*floor, *chosen]):
                    return chosen
                low = 0
            while high - low > 1:
                middle = (low + high) // 2
                if ledger.active(dual, [*floor, *chosen, *rest[:middle].tolist()]):
                    high = middle
                else:
                    low = middle
            if high == 0:
                return chosen
            chosen.append(int(rest[high - 1]))
            rest = rest[: high - 1]

    def _foretold(self, dual: bool, calls: int) -> float:  # noqa: FBT001
        """Calls still to come, about.

        k atoms of order d put k (s/n)^d into a random set of s players on average. At the smallest s where half the sets hold
        one, k = log(2) (n/s)^d; d is the lower quartile of the atoms found, so this is rather too low.
        """
        ledger = self._ledger
        orders = [len(players) for players in ledger.terms[dual] if len(players) > 1]
        if not orders:
            return 0.0
        size = 2
        while size <= ledger.n:
            sets = self._generator.random((_TESTS, ledger.n)).argsort(axis=1).argsort(axis=1) < size
            if (np.abs(ledger.residuals(sets != dual)) > ledger.threshold).sum() * 2 > _TESTS:
                number = math.log(2) * (ledger.n / size) ** float(np.quantile(orders, 0.25))
                return number * calls / len(orders)
            size = math.ceil(1.5 * size)
        return 0.0

    def _random_sets(self, dual: bool, hidden: float) -> Masks:  # noqa: FBT001
        """Masks whose sets lack this share of the players, or one or two."""
        n = self._ledger.n
        out = self._generator.random((_TESTS, n)) >= hidden
        if hidden == 0.0:
            for row in range(_TESTS):
                out[row, self._generator.permutation(n)[: 1 + row % 2]] = False
        return out != dual

    def _low_order(self) -> bool:
        """Add the atoms that leave 0 on most uniform masks, if there are such."""
        ledger = self._ledger
        masks, values = ledger.drawn()
        atoms = list(Pursuit(with_or=self._with_or).dictionary(masks, values, seed=0).atoms)
        duals = np.array([kind == "or" for kind, _ in atoms], dtype=np.bool_)
        # 1 where the players of an AND are all present, those of an OR all hidden: a rare atom is 0 on most masks.
        table = np.column_stack([np.ones(len(masks)), columns(atoms, masks).astype(np.float64) != duals]).astype(
            np.float64
        )
        amounts = robust_amounts(table, values, ledger.threshold)
        common = np.abs(values - table @ amounts) <= ledger.threshold
        kept = np.abs(amounts) > ledger.threshold
        kept[0] = True
        if common.mean() < _COMMON or kept.sum() * 3 > len(masks):
            return False
        amounts[kept] = np.linalg.lstsq(table[common][:, kept], values[common], rcond=None)[0]
        ledger.add(False, (), float(amounts[0]))
        for (kind, players), amount, keep in zip(atoms, amounts[1:].tolist(), kept[1:], strict=True):
            if keep:
                ledger.add(kind == "or", players, amount)
        return True

    def _both_kinds(self) -> str:
        ledger = self._ledger
        kinds = (False, True) if self._with_or else (False,)
        level, failures, tested = 0, 0, False
        while failures < _FAILURES:
            rows = ledger.nonzero()
            share = ledger.masks[rows].mean(axis=1) if len(rows) else np.empty(0)
            away = np.abs(share - 0.5)
            near = away <= 0.6 - _HIDDEN[level]
            if not near.any():
                if level + 1 == len(_HIDDEN) and tested and not len(rows):
                    return DONE
                level += tested and level + 1 < len(_HIDDEN)
                for dual in kinds:
                    ledger.residuals(self._random_sets(dual, _HIDDEN[level]))
                    if level + 1 == len(_HIDDEN):
                        ledger.active(dual, np.arange(ledger.n))
                tested = True
                continue
            # Nearest to uniform, where all other atoms are constant most likely.
            candidates = np.flatnonzero(near)
            best = candidates[np.lexsort((self._generator.random(len(candidates)), away[candidates].round(1)))[0]]
            mask = ledger.masks[rows[best]].copy()
            for dual in sorted(kinds, key=lambda dual: dual != (share[best] < 0.5)):
                term = self._on_floors(dual, np.flatnonzero(mask != dual))
                if term is not None:
                    ledger.add(dual, *term)
                    failures, tested = 0, False
                    break
            else:
                failures += 1
        return TANGLED

    def _on_floors(self, dual: bool, players: Players) -> tuple[list[int], float] | None:  # noqa: FBT001
        """An atom inside an active set, third by third, with half of all players or more always in the set."""
        ledger, generator = self._ledger, self._generator
        n = ledger.n
        thirds = np.array_split(generator.permutation(players), 3)
        spare = np.setdiff1d(np.arange(n), players)
        found: list[int] = []
        for step, third in enumerate(thirds):
            floor = [*found, *np.concatenate(thirds[step + 1 :] or [spare[:0]]).tolist()]
            lacking = max(n // 2, 2 * len(players) // 3) - len(floor)
            floor += generator.permutation(spare)[: max(0, lacking)].tolist()
            if not ledger.active(dual, [*floor, *third.tolist()]):
                return None
            part = self._minimal(dual, floor, third)
            found += part
            spare = np.union1d(spare, np.setdiff1d(third, part))
        if not found:
            return None
        fewer = generator.permutation(found)[1:].tolist()
        amounts: list[float] = []
        for _ in range(2):
            outside = np.setdiff1d(np.flatnonzero(generator.random(n) < 0.5), found).tolist()
            amounts.append(ledger.amount(dual, [*outside, *found]))
            if ledger.active(dual, [*outside, *fewer]):
                return None
        if abs(amounts[0]) <= ledger.threshold or abs(amounts[0] - amounts[1]) > ledger.threshold:
            return None
        return found, amounts[0]
