"""Which learner's atoms, and which recipe, predict best on masks kept back from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from symbolscope.interactions.sparse.atoms import Atom, Dictionary, merged
from symbolscope.interactions.sparse.learner import Learner
from symbolscope.interactions.sparse.recipes import EXACT, Recipe, cook, tasted
from symbolscope.interactions.sparse.sparse_fit import SparseFit
from symbolscope.shapes import Masks, Scores

UNION = "union"
# One mask in six validates; the newest do, which no warm start has seen.
_VALIDATION = 6
# A fit with fewer atoms is preferred while its error is at most 1 % (and a rounding) above the best.
_WORSE = 1.01
_ROUNDING = 1e-9
# Slow learners are asked before the last round if the error of the others is at most this multiple of what is allowed.
_FAR = 5.0
# Strength of the ridge around which recipes are tried then.
_USUAL = 1e-2
# Values are reproduced if the error is this share of their spread.
_EXACT = 1e-6


@dataclass(frozen=True, eq=False)
class Selection:
    """The fit on all masks, by the learner and recipe that predicted the validation masks best.

    Parameters
    ----------
    fit
        On all masks; None where ``validation`` is below what was enough.
    learner
        Its name, or "union" for the atoms of all.
    validation
        R^2 on the validation masks, of the fit that had not seen them.
    scores
        Learner -> its best R^2 on the validation masks.
    start
        Atoms from which a later pursuit may go on.
    """

    fit: SparseFit | None
    learner: str
    validation: float
    scores: Mapping[str, float]
    start: tuple[Atom, ...]


def select(
    learners: Sequence[Learner],
    masks: Masks,
    values: Scores,
    *,
    seed: int,
    start: tuple[Atom, ...] = (),
    enough: float | None = None,
) -> Selection:
    """Learn on five sixths of the masks, choose by the rest, and refit on all.

    If a few atoms reproduce all values, that is the answer: fewer than m/3 numbers do not fit m others by chance. Otherwise every
    dictionary, and their union, competes by R^2 on the masks kept back; of nearly equal fits the one with fewer atoms is chosen,
    and its effects are fitted again on all masks, to the atoms that a quick learner finds there.

    Parameters
    ----------
    learners
        Quick ones first.
    masks, values
        [m, n] and [m].
    seed
        For the learners.
    start
        Atoms from which the learners may go on.
    enough
        R^2 that ends the search, where there will be more masks otherwise: fewer recipes are then tried, slow learners and the
        union only if the others come near it, and nothing is fitted again where it is not reached.
    """
    if not np.ptp(values):
        constant = SparseFit((), np.empty(0), float(values[0]))
        return Selection(constant, learners[0].name, 1.0, {learners[0].name: 1.0}, ())
    cut = len(masks) - max(1, len(masks) // _VALIDATION)
    train, kept_back = (masks[:cut], values[:cut]), (masks[cut:], values[cut:])
    parts: dict[str, Dictionary] = {}
    tried: list[tuple[float, int, Recipe, str]] = []
    best = 0.0
    usual = None if enough is None else Recipe(_USUAL)
    for learner in learners:
        if not learner.quick and _far(best, enough):
            continue
        parts[learner.name] = found = learner.dictionary(*train, seed=seed, start=start)
        if _reproduced(found, *train) is not None and (fit := _reproduced(found, masks, values)) is not None:
            return Selection(fit, learner.name, 1.0, {learner.name: 1.0}, _and_or(found))
        tried += [(*taste, learner.name) for taste in tasted(found, *train, *kept_back, near=usual)]
        best = max(r2 for r2, *_ in tried)
    if len(parts) > 1 and not _far(best, enough):
        near = max(tried, key=lambda item: item[0])[2]
        tried += [(*taste, UNION) for taste in tasted(merged(parts.values()), *train, *kept_back, near=near)]
        best = max(r2 for r2, *_ in tried)
    good = [item for item in tried if 1 - item[0] <= _WORSE * (1 - best) + _ROUNDING]
    r2, _, recipe, name = min(good, key=lambda item: (item[1], -item[0]))
    scores = {each: max(item[0] for item in tried if item[3] == each) for each in dict.fromkeys(i[3] for i in tried)}
    if enough is not None and r2 < enough - _ROUNDING:
        return Selection(None, name, r2, scores, _and_or(parts[learners[0].name]))
    leading = max(parts, key=lambda each: scores[each])
    dictionaries = {each: parts[each] for each in (parts if name == UNION else [name])}
    for learner in learners:
        if learner.quick and learner.name in dictionaries:
            before = parts[learner.name].atoms
            if learner.name == leading:
                found = learner.again(masks, values, seed=seed, found=before, start=start)
            else:
                found = learner.dictionary(masks, values, seed=seed, start=before)
            dictionaries[learner.name] = found
            if (exact := _reproduced(found, masks, values)) is not None:
                return Selection(exact, learner.name, 1.0, {learner.name: 1.0}, _and_or(found))
    fit = cook(merged(dictionaries.values()), masks, values, recipe)
    return Selection(fit, name, r2, scores, next(filter(None, map(_and_or, dictionaries.values())), start))


def _far(best: float, enough: float | None) -> bool:
    """Whether what costs more is not worth asking yet."""
    return enough is not None and 1 - best > _FAR * (1 - enough)


def _reproduced(dictionary: Dictionary, masks: Masks, values: Scores) -> SparseFit | None:
    """The fit that reproduces all values with fewer than m/3 atoms, if there is one."""
    if 3 * len(dictionary.atoms) >= len(masks):
        return None
    fit = cook(dictionary, masks, values, EXACT)
    return fit if (values - fit.predict(masks)).std() <= _EXACT * values.std() else None


def _and_or(dictionary: Dictionary) -> tuple[Atom, ...]:
    """The atoms of a dictionary without parities; none of another."""
    return () if any(kind == "parity" for kind, _ in dictionary.atoms) else dictionary.atoms
