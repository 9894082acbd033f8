"""What a model is measured against: the network's output on all masks, or on fresh ones where all are too many."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.random_streams import stream
from symbolscope.errors import SymbolscopeError
from symbolscope.interactions.size_curve import SizeCurve, from_squared_errors
from symbolscope.interactions.sparse.sampling import draw_new_masks
from symbolscope.shapes import Effects, Masks, Scores

if TYPE_CHECKING:
    from symbolscope.interactions.model import InteractionModel

FRESH_MASKS = 2_000
_ROWS_PER_TERM = 4  # of those that effects are fitted to
_FOLDS = 2
_RIDGE = 1e-6


@dataclass(frozen=True, eq=False)
class CheckedOutputs:
    """Outputs of a network and of its model on the same masks.

    Attributes
    ----------
    masks
        bool [m, n]; None is all of them, in the order of :func:`symbolscope.all_masks`.
    values, prediction
        float64 [m], the network's and the model's.
    """

    masks: Masks | None
    values: Scores
    prediction: Scores

    @property
    def exhaustive(self) -> bool:
        """Whether these are all masks."""
        return self.masks is None

    @property
    def described(self) -> str:
        """Which masks, in words."""
        if self.masks is None:
            return f"all {len(self.values):,} masks"
        return f"{len(self.values):,} fresh masks, each player present with probability 1/2"


def checked_outputs(model: "InteractionModel") -> CheckedOutputs:
    """All masks if the output is known on them; else fresh ones, on which the model's game is evaluated now.

    Raises
    ------
    SymbolscopeError
        If the output is not known and there is no game to ask.
    """
    if model.values is not None:
        return CheckedOutputs(None, model.values, model.predict_all())
    if model.checks is not None:
        masks, values = model.checks
        return CheckedOutputs(masks, values, model.predict(masks))
    if model.game is None:
        raise SymbolscopeError(
            "the network's output is not known on all masks and the model has no game to ask, so there is nothing to compare the "
            "interactions with; make the model with sy.explain or sy.decompose (a loaded one has no game)"
        )
    masks = masks_to_check(model)
    with model.means.asking(model.game) as ask:
        return CheckedOutputs(masks, ask(masks), model.predict(masks))


def masks_to_check(model: "InteractionModel") -> Masks:
    """Masks that the model has nothing to do with, as many as it was learned from at most: a check should not cost more than that.

    They are the same for every model of as many players, but for those that a model was learned from or tested on already.
    """
    rows = FRESH_MASKS if model.sampled is None else max(200, min(FRESH_MASKS, model.sampled.calls))
    known = set[bytes]() if model.asked is None else {np.packbits(mask).tobytes() for mask in model.asked}
    generator = stream(0, "masks that check a model")
    return draw_new_masks("uniform", rows, n_players=model.n_players, generator=generator, known=known)


def sampled_curve(model: "InteractionModel", checked: CheckedOutputs) -> SizeCurve:
    """R^2 on the checked masks of the k strongest interactions, their effects unchanged, for every k.

    The constant is that of the whole model for all of them, so few terms may do worse than none: below zero is shown as it is.
    """
    assert checked.masks is not None
    left = checked.values - model.intercept
    squared = np.empty(len(model.effects) + 1)
    squared[0] = np.mean(left**2)
    for row, effect in enumerate(model.effects):
        left = left - effect * _active(model, checked.masks, row)
        squared[row + 1] = np.mean(left**2)
    return from_squared_errors(checked.values, squared)


def sampled_fitted_r2(model: "InteractionModel", checked: CheckedOutputs, k: int) -> float:
    """R^2 of the k strongest interactions: effects fitted on one half of the checked masks, scored on the other, both ways.

    Of more terms than a quarter of the masks only the strongest are fitted; their own effects count where they do better.
    """
    own = sampled_curve(model, checked).at(k)
    k = min(k, len(checked.values) // _ROWS_PER_TERM)
    design = _design(model, checked, k)
    fold = np.arange(len(design)) % _FOLDS
    predicted = np.empty(len(design))
    for held in range(_FOLDS):
        fitted = _least_squares(design[fold != held], checked.values[fold != held])
        predicted[fold == held] = design[fold == held] @ fitted
    squared = np.array([np.mean((checked.values - predicted) ** 2)], dtype=np.float64)
    return max(own, from_squared_errors(checked.values, squared).at(0))


def fitted_on(model: "InteractionModel", checked: CheckedOutputs) -> tuple[float, Effects]:
    """Constant and effects [k] of the model's interactions that suit the checked outputs best."""
    fitted = _least_squares(_design(model, checked, len(model.effects)), checked.values)
    return float(fitted[0]), fitted[1:]


def _design(model: "InteractionModel", checked: CheckedOutputs, k: int) -> NDArray[np.float64]:
    """A column of ones and one per interaction, [m, k + 1]."""
    assert checked.masks is not None
    rows = range(min(k, len(model.effects)))
    active = [_active(model, checked.masks, row).astype(np.float64) for row in rows]
    return np.column_stack([np.ones(len(checked.values)), *active])


def _least_squares(design: NDArray[np.float64], values: Scores) -> NDArray[np.float64]:
    gram = design.T @ design
    gram[np.diag_indices_from(gram)] += _RIDGE * np.trace(gram) / len(gram)  # interactions may be equal on these masks
    return np.asarray(np.linalg.solve(gram, design.T @ values), dtype=np.float64)


def _active(model: "InteractionModel", masks: Masks, row: int) -> NDArray[np.bool_]:
    """Whether an interaction is active on each mask."""
    there = masks[:, model.masks[row]]
    return np.asarray(there.any(axis=1) if model.is_or[row] else there.all(axis=1))
