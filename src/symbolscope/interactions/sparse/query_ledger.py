"""What adaptive queries have asked, and what is left to be explained."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from symbolscope.errors import SymbolscopeError
from symbolscope.interactions.sparse.atoms import Atom
from symbolscope.interactions.sparse.sparse_fit import SparseFit
from symbolscope.shapes import Masks, Scores

Players = NDArray[np.int64]
_ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class GroupTested:
    """What the queries found.

    Parameters
    ----------
    fit
        Constant and AND and OR atoms with their effects.
    calls
        Masks that were asked, at most the budget.
    masks, values
        bool [calls, n] and float64 [calls], in the order asked; none twice.
    drawn
        bool [calls], which of them were drawn uniformly; the others were chosen, and follow no law.
    finished
        Whether the fit reproduces all of them, with at least 8 random sets of each of many sizes asked last; no proof.
    reason
        Why the search ended.
    """

    fit: SparseFit
    calls: int
    masks: Masks
    values: Scores
    drawn: NDArray[np.bool_]
    finished: bool
    reason: str


class SpentError(Exception):
    """The next mask is beyond the budget."""


class QueryLedger:
    """The masks asked, and what the terms found leave of their values.

    A term is (dual, T, amount): amount where T is inside the set of a mask, its present players or, for dual, its hidden ones.
    """

    def __init__(self, ask: Callable[[Masks], Scores], n_players: int, budget: int, tolerance: float) -> None:
        self.n = n_players
        self.budget = budget
        self._ask = ask
        self._tolerance = tolerance
        self._rows: dict[bytes, int] = {}
        self._store = np.empty((64, n_players), dtype=np.bool_)
        self._values = np.empty(64)
        self._left = np.empty(64)
        self._drawn: list[bool] = []
        self._count = self._known = self._additions = 0
        self.threshold = 0.0
        self.restart(0.0)

    @property
    def calls(self) -> int:
        """Masks asked here."""
        return self._count - self._known

    @property
    def masks(self) -> Masks:
        """All masks known, bool [m, n]."""
        return self._store[: self._count]

    @property
    def values(self) -> Scores:
        """Their values, [m]."""
        return self._values[: self._count]

    @property
    def left(self) -> Scores:
        """What the terms leave of them, [m]."""
        return self._left[: self._count]

    def know(self, masks: Masks, values: Scores) -> None:
        """Take masks that were asked before; they cost nothing."""
        if masks.shape != (len(values), self.n):
            raise SymbolscopeError(
                f"asked must be masks [m, {self.n}] and values [m]; got {list(masks.shape)} and {list(values.shape)}"
            )
        if not len(masks):
            return
        rows = list({mask.tobytes(): row for row, mask in enumerate(masks)}.values())
        self._append(masks[rows], values[rows], drawn=True)
        self._known = self._count

    def residuals(self, masks: Masks, *, drawn: bool = False) -> Scores:
        """What is left on these masks; those not known are asked together."""
        keys = [mask.tobytes() for mask in masks]
        fresh = {key: row for row, key in enumerate(keys) if key not in self._rows}
        if fresh:
            if self.calls + len(fresh) > self.budget:
                raise SpentError
            new = masks[list(fresh.values())]
            self._append(new, np.asarray(self._ask(new), dtype=np.float64), drawn=drawn)
        return self._left[[self._rows[key] for key in keys]]

    def active(self, dual: bool, players: Sequence[int] | Players) -> bool:  # noqa: FBT001
        """Whether something is left on the mask of just these players, present or, for dual, hidden."""
        return bool(abs(self.amount(dual, players)) > self.threshold)

    def amount(self, dual: bool, players: Sequence[int] | Players) -> float:  # noqa: FBT001
        """What is left on that mask."""
        mask = np.full((1, self.n), dual)
        mask[0, np.asarray(players, dtype=np.int64)] = not dual
        return float(self.residuals(mask)[0])

    def drawn(self) -> tuple[Masks, Scores]:
        """The masks that were drawn uniformly, and what is left of their values."""
        rows = np.flatnonzero(np.array(self._drawn, dtype=np.bool_))
        return self.masks[rows], self.left[rows]

    def nonzero(self) -> NDArray[np.int64]:
        """Rows on which something is left."""
        return np.flatnonzero(np.abs(self.left) > self.threshold)

    def add(self, dual: bool, players: Sequence[int], amount: float) -> None:  # noqa: FBT001
        """Note a term."""
        key = tuple(sorted(players))
        if not key:
            self.base += amount
            self._left[: self._count] -= amount
            return
        self.terms[dual][key] = self.terms[dual].get(key, 0.0) + amount
        self._matrix[dual] = None
        self._additions += 1
        if self._additions > self.budget:  # Effects that take each other back for ever, on masks all known.
            raise SpentError
        self._left[: self._count] -= amount * (self.masks[:, list(key)] != dual).all(axis=1)

    def restart(self, base: float) -> None:
        """Nothing is found."""
        self.base = base
        self.terms: tuple[dict[tuple[int, ...], float], ...] = ({}, {})
        self._matrix: list[NDArray[np.float32] | None] = [None, None]
        self._left[: self._count] = self.values - base

    def result(self, *, finished: bool, reason: str) -> GroupTested:
        """The terms as AND and OR atoms."""
        effects: dict[Atom, float] = {}
        constant = self.base
        for dual in (False, True):
            for players, amount in self.terms[dual].items():
                atom = ("or" if dual and len(players) > 1 else "and", players)
                effects[atom] = effects.get(atom, 0.0) + (-amount if dual else amount)
                constant += amount if dual else 0.0
        atoms = [atom for atom, effect in effects.items() if abs(effect) > self.threshold]
        atoms.sort(key=lambda atom: (-abs(effects[atom]), len(atom[1]), atom))
        fit = SparseFit(tuple(atoms), np.array([effects[atom] for atom in atoms], dtype=np.float64), float(constant))
        chosen = slice(self._known, self._count)
        return GroupTested(
            fit=fit,
            calls=self.calls,
            masks=self.masks[chosen].copy(),
            values=self.values[chosen].copy(),
            drawn=np.array(self._drawn[chosen], dtype=np.bool_),
            finished=finished,
            reason=reason,
        )

    def _append(self, masks: Masks, values: Scores, *, drawn: bool) -> None:
        if not np.isfinite(values).all():
            raise SymbolscopeError("the game must answer every mask with a finite number; got inf or nan")
        end = self._count + len(masks)
        while end > len(self._store):
            self._store = np.concatenate([self._store, np.empty_like(self._store)])
            self._values = np.concatenate([self._values, np.empty_like(self._values)])
            self._left = np.concatenate([self._left, np.empty_like(self._left)])
        new = slice(self._count, end)
        self._store[new], self._values[new] = masks, values
        self._left[new] = values - self._predicted(masks)
        self._drawn += [drawn] * len(masks)
        self._rows |= {mask.tobytes(): row for row, mask in enumerate(masks, self._count)}
        self._count = end
        spread, size = float(np.ptp(self.values)), float(np.abs(self.values).max())
        self.threshold = self._tolerance * spread + _ROUNDING * size

    def _predicted(self, masks: Masks) -> Scores:
        out = np.full(len(masks), self.base)
        for dual in (False, True):
            if self.terms[dual]:
                matrix = self._matrix[dual]
                if matrix is None:
                    matrix = np.zeros((self.n, len(self.terms[dual])), dtype=np.float32)
                    for column, players in enumerate(self.terms[dual]):
                        matrix[list(players), column] = 1.0
                    self._matrix[dual] = matrix
                missing = (masks == dual).astype(np.float32) @ matrix  # [m, k], players of each term not in the set
                out += (missing == 0) @ np.array(list(self.terms[dual].values()))
        return out
