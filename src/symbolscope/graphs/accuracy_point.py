"""How well chosen interactions reproduce what they should, measured from scratch."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from symbolscope.graphs.indicator_products import indicator_means, indicator_products
from symbolscope.interactions.fidelity import fidelity
from symbolscope.interactions.model import InteractionModel
from symbolscope.interactions.prediction import predict_on_all_masks
from symbolscope.shapes import Effects, Vector

# Rows of products handled at once: 2^23 of them, 64 MiB.
_CHUNK = 1 << 23


@dataclass(frozen=True)
class AccuracyPoint:
    """R^2, errors and explained ratio of one set of interactions, as in ``removal_curve.py``."""

    r2: float
    unfaithfulness: float
    relative_unfaithfulness: float
    explained_ratio: float
    largest_error: float

    def failures(self, asked: Mapping[str, float]) -> list[str]:
        """Which of the thresholds do not hold here; a number that is not known holds none."""
        return [name for name, limit in asked.items() if not holds(name, float(getattr(self, name)), limit)]


def holds(name: str, value: float, limit: float) -> bool:
    """Whether a threshold is met: at least for R^2 and the explained ratio, at most for the errors."""
    return value >= limit if name in ("r2", "explained_ratio") else value <= limit


@dataclass(frozen=True, eq=False)
class Reference:
    """What the interactions should predict: a table over all masks, or what all interactions of a model predict.

    Attributes
    ----------
    table
        float64 [2^n], or None where no table is made.
    model
        The whole model, whose prediction is the reference if there is no table.
    mean, variance
        Over all masks.
    rise
        v(N) - v(empty).
    """

    table: Vector | None
    model: InteractionModel
    mean: float
    variance: float
    rise: float

    @property
    def mean_square(self) -> float:
        """Mean of the squared reference."""
        return self.variance + self.mean**2

    def measure(self, rows: NDArray[np.int64], effects: Effects, intercept: float) -> AccuracyPoint:
        """Accuracy of the interactions in ``rows`` of the model with these effects [k] and this intercept."""
        model = self.model
        explained = explained_ratio(effects[model.orders[rows] > 0], self.rise)
        if self.table is not None:
            prediction = predict_on_all_masks(model.masks[rows], model.is_or[rows], effects, intercept)
            found = fidelity(self.table, prediction)
            squared, largest, r2 = found.unfaithfulness, found.largest_error, found.r2
        else:
            missed = model.effects.copy()
            missed[rows] -= effects
            used = np.flatnonzero(missed)
            squared = self.mean_square_of(used, missed[used], model.intercept - intercept)
            largest = float("nan")
            r2 = 1.0 - squared / self.variance if self.variance > 0 else float(squared == 0)
        return AccuracyPoint(r2, squared, ratio(squared, self.mean_square), explained, largest)

    def mean_square_of(self, rows: NDArray[np.int64], effects: Effects, constant: float) -> float:
        """Mean over all masks of (constant + sum of effects times indicators of ``rows``)^2, from the closed forms."""
        masks, is_or = self.model.masks[rows], self.model.is_or[rows]
        total = constant**2 + 2.0 * constant * float(effects @ indicator_means(masks, is_or))
        step = max(1, _CHUNK // max(1, len(rows)))
        for start in range(0, len(rows), step):
            part = slice(start, start + step)
            total += float(effects[part] @ indicator_products(masks[part], is_or[part], masks, is_or) @ effects)
        return max(0.0, total)


def explained_ratio(effects: Effects, rise: float) -> float:
    """sum|w| / (sum|w| + |Delta|), Delta = rise - sum w, of effects of sets that are not empty; 0 for none of them."""
    strength = float(np.abs(effects).sum())
    return strength / (strength + abs(rise - float(effects.sum()))) if strength > 0 else 0.0


def ratio(part: float, whole: float) -> float:
    """Part of the whole; of nothing 0 where nothing is missing and infinite elsewhere."""
    if whole > 0:
        return part / whole
    return 0.0 if part == 0 else float("inf")


def reference_of(model: InteractionModel, table: Vector | None) -> Reference:
    """The reference of a model; without a table its moments come from the closed forms."""
    nonempty = model.orders > 0
    if table is not None:
        return Reference(table, model, float(table.mean()), float(np.var(table)), float(table[-1] - table[0]))
    blank = Reference(None, model, 0.0, 0.0, 0.0)
    mean = float(model.effects @ indicator_means(model.masks, model.is_or))
    square = blank.mean_square_of(np.arange(model.complexity, dtype=np.int64), model.effects, 0.0)
    return Reference(
        None, model, model.intercept + mean, max(0.0, square - mean**2), float(model.effects[nonempty].sum())
    )
