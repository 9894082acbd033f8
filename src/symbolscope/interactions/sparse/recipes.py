"""From a dictionary to a fit: ridge, ridge with scales learned from itself, or LASSO and then ridge on what it kept."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from symbolscope.interactions.sparse.atoms import Dictionary, Table, columns
from symbolscope.interactions.sparse.held_out import held_out
from symbolscope.interactions.sparse.lasso import lasso_path, lasso_points
from symbolscope.interactions.sparse.ridge import PriorRidge
from symbolscope.interactions.sparse.sparse_fit import SparseFit
from symbolscope.shapes import Effects, Masks, Scores

# Least squares, for atoms that are exact, and ridge; as many atoms as masks or more cannot do without.
_LEAST_SQUARES = 1e-8
_STRENGTHS = (1e-3, 1e-2, 3e-2, 0.1, 0.3)
_PENALTIES = (0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005)
_AFTER_LASSO = (_LEAST_SQUARES, 1e-2)
# LASSO fits in a row that are no better than one before, after which smaller penalties are not tried.
_PATIENCE = 6
_REWEIGHTED = 2
# A scale moves from its prior towards the effect found by this power.
_POWER = 0.75


@dataclass(frozen=True)
class Recipe:
    """How the effects of a dictionary are found.

    Parameters
    ----------
    strength
        Of the ridge, see :class:`PriorRidge`.
    reweighted
        Whether the scales are then replaced, twice, by |effect|^0.75 scale^0.25 of the strongest m/2 atoms (m masks), and the
        ridge solved again.
    penalty
        Of a LASSO that first chooses atoms, as a fraction of the largest useful one; None for none.
    """

    strength: float
    reweighted: bool = False
    penalty: float | None = None


EXACT = Recipe(_LEAST_SQUARES)


def cook(dictionary: Dictionary, masks: Masks, values: Scores, recipe: Recipe) -> SparseFit:
    """The fit of a recipe on masks [m, n] and values [m].

    Examples
    --------
    >>> masks = np.random.default_rng(0).random((50, 4)) < 0.5
    >>> dictionary = Dictionary((("and", (0, 1)), ("and", (2,))), np.ones(2))
    >>> fit = cook(dictionary, masks, 1.0 + 2.0 * masks[:, :2].all(axis=1), Recipe(1e-8, penalty=0.01))
    >>> fit.atoms, fit.effects.round(4), round(fit.constant, 4)
    ((('and', (0, 1)),), array([2.]), 1.0)
    """
    table = columns(dictionary.atoms, masks)
    gap = math.nan
    rows = np.arange(len(dictionary.atoms))
    scales = dictionary.scales
    if recipe.penalty is not None and len(rows):
        path = tuple(p for p in _PENALTIES if p >= recipe.penalty)
        point = lasso_path(table, scales, values, penalties=path)[-1]
        rows, gap = np.flatnonzero(point.effects), point.gap
        scales = np.abs(point.effects[rows])
    effects = PriorRidge(table[:, rows], scales, values).fit(recipe.strength) if len(rows) else np.empty(0)
    if recipe.reweighted and len(rows):
        rows, effects = _reweighted(table, scales, values, effects, recipe.strength)
    constant = float(values.mean() - table[:, rows].mean(axis=0, dtype=np.float64) @ effects)
    return SparseFit(tuple(dictionary.atoms[j] for j in rows), effects, constant, gap)


def tasted(
    dictionary: Dictionary,
    masks: Masks,
    values: Scores,
    others: NDArray[np.bool_],
    truth: NDArray[np.float64],
    *,
    near: Recipe | None = None,
) -> list[tuple[float, int, Recipe]]:
    """R^2 on other masks, and number of atoms, of recipes: strengths that lead to the best ridge, penalties to the best LASSO.

    With ``near``, only of that recipe and those beside it.
    """
    table, other = columns(dictionary.atoms, masks), columns(dictionary.atoms, others)
    mean = table.mean(axis=0, dtype=np.float64)
    m, k = table.shape
    out: list[tuple[float, int, Recipe]] = []

    def note(rows: NDArray[np.int64], effects: Effects, recipe: Recipe) -> float:
        predicted = values.mean() + other[:, rows].astype(np.float64) @ effects - mean[rows] @ effects
        out.append((held_out(truth, predicted).r2, len(rows), recipe))
        return out[-1][0]

    if k == 0:
        note(np.arange(0), np.empty(0), Recipe(_LEAST_SQUARES))
        return out
    if near is None or near.penalty is None:
        ridge = PriorRidge(table, dictionary.scales, values)
        strengths = _STRENGTHS if k >= m else (_LEAST_SQUARES, *_STRENGTHS)
        fits: dict[int, Effects] = {}

        def at(i: int) -> float:
            fits[i] = ridge.fit(strengths[i])
            return note(np.arange(k), fits[i], Recipe(strengths[i]))

        begin = (
            len(strengths) // 2 if near is None or near.strength not in strengths else strengths.index(near.strength)
        )
        best = _climbed(at, begin, len(strengths))
        if k > m // 4:
            # Scales that follow the effects shrink less, so a stronger ridge may go with them.
            for i in range(best, min(best + 2, len(strengths))):
                effects = fits[i] if i in fits else ridge.fit(strengths[i])
                rows, effects = _reweighted(table, dictionary.scales, values, effects, strengths[i])
                note(rows, effects, Recipe(strengths[i], reweighted=True))
    if near is None or near.penalty is not None:
        most, since = -np.inf, 0
        for point in lasso_points(table, dictionary.scales, values, penalties=_PENALTIES):
            kept = np.flatnonzero(point.effects)
            if len(kept) > m // 2 or since == _PATIENCE:
                break
            if not len(kept) or (near is not None and near.penalty is not None and point.penalty > 3 * near.penalty):
                continue
            ridge = PriorRidge(table[:, kept], np.abs(point.effects[kept]), values)
            for strength in _AFTER_LASSO:
                r2 = note(kept, ridge.fit(strength), Recipe(strength, penalty=point.penalty))
                since = 0 if r2 > most else since + 1
                most = max(most, r2)
    return out


def _climbed(value: Callable[[int], float], begin: int, count: int) -> int:
    """The index of a largest value to which single steps lead up from ``begin``."""
    best, most = begin, value(begin)
    for step in (-1, 1):
        while 0 <= best + step < count and (following := value(best + step)) > most:
            best, most = best + step, following
        if best != begin:
            break
    return best


def _reweighted(
    table: Table, scales: Effects, values: Scores, effects: Effects, strength: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The strongest atoms, and their effects with scales that follow the effects."""
    rows = np.arange(len(effects))
    for _ in range(_REWEIGHTED):
        strongest = np.sort(np.argsort(-np.abs(effects), kind="stable")[: max(1, len(values) // 2)])
        rows, effects = rows[strongest], effects[strongest]
        scales = np.abs(effects) ** _POWER * scales[strongest] ** (1 - _POWER)
        scales = scales + 1e-12 * scales.max(initial=0.0) + 1e-300
        effects = PriorRidge(table[:, rows], scales, values).fit(strength)
    return rows, effects
