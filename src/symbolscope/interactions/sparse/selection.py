"""Which learner's atoms, and which recipe, predict best on masks kept back from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True, eq=False)
class Selection:
    """The fit on all masks, by the learner and recipe that predicted the validation masks best.

    Parameters
    ----------
    fit
        On all masks.
    learner
        Its name, or "union" for the atoms of all.
    validation
        R^2 on the validation masks, of the fit that had not seen them.
    scores
        Learner -> its best R^2 on the validation masks.
    start
        Atoms from which a later pursuit may go on.
    """

    fit: SparseFit
    learner: str
    validation: float
    scores: Mapping[str, float]
    start: tuple[Atom, ...]


def select(
    learners: Sequence[Learner], masks: Masks, values: Scores, *, seed: int, start: tuple[Atom, ...] = ()
) -> Selection:
    """Learn on five sixths of the masks, choose by the rest, and refit on all.

    If a few atoms reproduce all values, that is the answer: fewer than m/3 numbers do not fit m others by chance. Otherwise every
    dictionary, and their union, competes by R^2 on the masks kept back; of nearly equal fits the one with fewer atoms is chosen,
    and its effects are fitted again on all masks. Learners that are quick are asked for their atoms again as well.
    """
    whole: dict[str, Dictionary] = {}
    for learner in learners:
        if learner.quick:
            whole[learner.name] = dictionary = learner.dictionary(masks, values, seed=seed, start=start)
            fit = cook(dictionary, masks, values, EXACT)
            error = values - fit.predict(masks)
            if 3 * len(fit.atoms) < len(masks) and error.std() <= _ROUNDING * values.std():
                return Selection(fit, learner.name, 1.0, {learner.name: 1.0}, _and_or(dictionary))
    cut = len(masks) - max(1, len(masks) // _VALIDATION)
    train, kept_back = (masks[:cut], values[:cut]), (masks[cut:], values[cut:])
    parts: dict[str, Dictionary] = {}
    tried: list[tuple[float, int, Recipe, str]] = []
    for learner in learners:
        parts[learner.name] = learner.dictionary(*train, seed=seed, start=start)
        tried += [(*taste, learner.name) for taste in tasted(parts[learner.name], *train, *kept_back)]
    if len(learners) > 1:
        tried += [(*taste, UNION) for taste in tasted(merged(parts.values()), *train, *kept_back)]
    best = max(r2 for r2, *_ in tried)
    good = [item for item in tried if 1 - item[0] <= _WORSE * (1 - best) + _ROUNDING]
    r2, _, recipe, name = min(good, key=lambda item: (item[1], -item[0]))
    names = list(parts) if name == UNION else [name]
    fit = cook(merged(whole.get(each, parts[each]) for each in names), masks, values, recipe)
    scores = {each: max(item[0] for item in tried if item[3] == each) for each in dict.fromkeys(i[3] for i in tried)}
    atoms = next((found for dictionary in whole.values() if (found := _and_or(dictionary))), start)
    return Selection(fit, name, r2, scores, atoms)


def _and_or(dictionary: Dictionary) -> tuple[Atom, ...]:
    """The atoms of a dictionary without parities; none of another."""
    return () if any(kind == "parity" for kind, _ in dictionary.atoms) else dictionary.atoms
