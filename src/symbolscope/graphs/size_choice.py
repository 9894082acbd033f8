"""Which size of a causal graph is the smallest that meets the thresholds, and what is said if none does."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from symbolscope.graphs.accuracy_point import AccuracyPoint, Reference, ratio
from symbolscope.graphs.indicator_products import indicator_means, indicator_products
from symbolscope.graphs.nested_fit import NestedFit, nested_fit
from symbolscope.graphs.removal import errors_by_size, table_products
from symbolscope.graphs.removal_curve import RemovalCurve
from symbolscope.shapes import Effects

# One factorisation of the largest fitted set: a few seconds and 256 MiB.
_MOST_FITTED = 4096

# Rows of the model, their effects, the intercept and what these give.
Choice = tuple[NDArray[np.int64], Effects, float, AccuracyPoint]


def curve_by_size(
    reference: Reference, added: NDArray[np.int64], squared: NDArray[np.float64], fitted: NestedFit | None
) -> RemovalCurve:
    """Every size, from the order in which they grow."""
    model, total = reference.model, len(added)
    largest = np.full(total + 1, np.nan)
    squared = squared.copy()
    if reference.table is not None:
        exact, largest = errors_by_size(model, reference.table, added)
        squared = np.where(np.isnan(exact), squared, exact)
    variance, mean_square = reference.variance, reference.mean_square
    # Of a constant output nothing is left to explain where the error is rounding.
    flat = (squared <= 1e-24 * max(1.0, mean_square)).astype(np.float64)
    effects = np.where(model.orders[added] > 0, model.effects[added], 0.0)
    strength = np.concatenate([[0.0], np.cumsum(np.abs(effects))])
    left = np.abs(reference.rise - np.concatenate([[0.0], np.cumsum(effects)]))
    fitted_r2 = np.full(total + 1, np.nan)
    if fitted is not None:
        known = len(fitted.explained)
        fitted_r2[:known] = fitted.explained / variance if variance > 0 else 1.0
    return RemovalCurve(
        sizes=np.arange(total + 1, dtype=np.int64),
        r2=1.0 - squared / variance if variance > 0 else flat,
        unfaithfulness=squared,
        relative_unfaithfulness=np.array([ratio(float(one), mean_square) for one in squared]),
        explained_ratio=np.divide(strength, strength + left, out=np.zeros(total + 1), where=strength > 0),
        largest_error=largest,
        fitted_r2=fitted_r2,
        order=added,
    )


def fit_sizes(reference: Reference, added: NDArray[np.int64], max_interactions: int | None) -> NestedFit:
    """Least squares for every size up to the largest that is wanted."""
    model = reference.model
    rows = added[: min(_MOST_FITTED, len(added) if max_interactions is None else max_interactions)]
    masks, is_or = model.masks[rows], model.is_or[rows]
    means = indicator_means(masks, is_or)
    if reference.table is not None:
        target = table_products(reference.table - reference.mean, masks, is_or)
    else:
        everything = indicator_products(masks, is_or, model.masks, model.is_or)
        target = everything @ model.effects + means * (model.intercept - reference.mean)
    return nested_fit(indicator_products(masks, is_or, masks, is_or) - np.outer(means, means), target)


def _at_size(reference: Reference, added: NDArray[np.int64], fitted: NestedFit | None, k: int) -> Choice:
    """Rows, effects, intercept and measured accuracy of the graph of size k."""
    model, rows = reference.model, added[:k]
    effects, intercept = model.effects[rows], model.intercept
    if fitted is not None:
        effects = fitted.effects(k)
        intercept = reference.mean - float(effects @ indicator_means(model.masks[rows], model.is_or[rows]))
        rows, effects = rows[fitted.independent[:k]], effects[fitted.independent[:k]]
    order = np.argsort(rows)
    rows, effects = rows[order], effects[order]
    return rows, effects, intercept, reference.measure(rows, effects, intercept)


def choose_size(
    reference: Reference,
    curve: RemovalCurve,
    fitted: NestedFit | None,
    asked: Mapping[str, float],
    max_interactions: int | None,
) -> Choice | str:
    """The smallest size at which every threshold holds when measured, or what to say if there is none."""
    total = len(curve.order) if fitted is None else len(fitted.explained) - 1
    most = total if max_interactions is None else min(total, max_interactions)
    if not asked:
        return _at_size(reference, curve.order, fitted, most)
    for k in _promising(reference, curve, fitted, asked, total):
        if k > most:
            return _unreached(
                reference, curve, fitted, asked, most, f"; {k} interactions would do: max_interactions={k}"
            )
        choice = _at_size(reference, curve.order, fitted, k)
        if not choice[3].failures(asked):
            return choice
    return _unreached(reference, curve, fitted, asked, most, "")


def _promising(
    reference: Reference, curve: RemovalCurve, fitted: NestedFit | None, asked: Mapping[str, float], total: int
) -> list[int]:
    """Sizes at which the curve, up to rounding, meets what it knows of the thresholds."""
    slack = 1e-9
    known = {"r2": curve.r2, "unfaithfulness": curve.unfaithfulness, "explained_ratio": curve.explained_ratio}
    known["largest_error"] = np.where(np.isnan(curve.largest_error), -np.inf, curve.largest_error)
    if fitted is not None:
        known = {"r2": curve.fitted_r2, "unfaithfulness": (1.0 - curve.fitted_r2) * reference.variance}
    meets = np.ones(total + 1, dtype=np.bool_)
    for name, limit in asked.items():
        if name in known:
            values = known[name][: total + 1]
            unit = (
                1.0
                if name in ("r2", "explained_ratio")
                else max(float(np.abs(values[np.isfinite(values)]).max()), limit)
            )
            meets &= values >= limit - slack if name in ("r2", "explained_ratio") else values <= limit + slack * unit
    return [int(k) for k in np.flatnonzero(meets)]


def _unreached(
    reference: Reference,
    curve: RemovalCurve,
    fitted: NestedFit | None,
    asked: Mapping[str, float],
    most: int,
    instead: str,
) -> str:
    """Say what the largest size allowed gives, and the best of each threshold on the way."""
    point = _at_size(reference, curve.order, fitted, most)[3]
    limits = " and ".join(f"{name} {'>=' if _least(name) else '<='} {limit:.4g}" for name, limit in asked.items())
    parts: list[str] = []
    for name in asked:
        here = float(getattr(point, name))
        best, at = here, most
        if fitted is None or name == "r2":
            values = (curve.fitted_r2 if fitted is not None else getattr(curve, name))[: most + 1]
            if np.isfinite(values).any():
                at = int(np.nanargmax(values) if _least(name) else np.nanargmin(values))
                best = float(values[at])
        parts.append(f"{name} is {here:.4g}" + ("" if at == most else f" there and at best {best:.4g} (at {at})"))
    if not instead:
        failing = [name for name in asked if name in point.failures(asked)] or list(asked)
        best = float(getattr(point, failing[0]))
        instead = (
            f"; ask for less, such as {failing[0]}={_rounded(best, down=_least(failing[0])):.4g}, or start from a model with "
            "more interactions (sy.explain with tolerance=0.0 reproduces the network exactly)"
        )
    return f"no graph of at most {most:,} interactions has {limits}: with {most:,}, {', '.join(parts)}{instead}"


def _least(name: str) -> bool:
    return name in ("r2", "explained_ratio")


def _rounded(value: float, *, down: bool) -> float:
    """To three digits, on the side that is met."""
    if value == 0 or not np.isfinite(value):
        return value
    unit = 10.0 ** (np.floor(np.log10(abs(value))) - 2)
    return float((np.floor if down else np.ceil)(value / unit) * unit)
