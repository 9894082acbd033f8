"""What a fitted estimator knows of its columns: their names, their number, and which of them hold categories."""

import re
from collections.abc import Generator, Hashable, Sequence
from typing import Any, cast

import numpy as np

from symbolscope.games.booster_outputs import booster_column_names

_DEPTH = 6
# Where wrappers keep what they fitted, whichever of them a class has.
_INSIDE = (
    "best_estimator_",
    "estimator_",
    "regressor_",
    "classifier_",
    "base_estimator_",
    "estimators_",
    "calibrated_classifiers_",
    "estimator",
)


def fitted_names(estimator: object) -> tuple[str, ...] | None:
    """Names of the columns an estimator was fitted on, in its order; None if it was fitted without or does not tell.

    Asked are the estimator, the first step of a pipeline and what a search or another wrapper fitted, by
    ``feature_names_in_`` (scikit-learn), ``feature_name_`` (LightGBM), ``get_booster().feature_names`` (XGBoost) and
    ``feature_names_`` (CatBoost).

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> fitted_names(LogisticRegression().fit([[0.0], [1.0]], [0, 1])) is None
    True
    """
    for part in _parts(estimator):
        names = _own_names(part)
        if names is not None:
            return names
        if getattr(part, "n_features_in_", None) is not None and not hasattr(part, "steps"):
            return None  # fitted without names; what it wraps may have been fitted on other columns
    return None


def fitted_width(estimator: object) -> int | None:
    """Number of columns an estimator was fitted on; None if it does not tell.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> fitted_width(LogisticRegression().fit([[0.0, 1.0], [1.0, 1.0]], [0, 1]))
    2
    """
    for part in _parts(estimator):
        width = _attribute(part, "n_features_in_")
        if isinstance(width, (int, np.integer)):
            return int(width)
    return None


def fitted_categories(estimator: object) -> dict[int, tuple[object, ...]]:
    """Categories of the columns that an estimator was fitted on as pandas categories, by position, where it keeps them (LightGBM).

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> fitted_categories(LogisticRegression().fit([[0.0], [1.0]], [0, 1]))
    {}
    """
    for part in _parts(estimator):
        booster: Any = _attribute(part, "booster_") or part
        categories = getattr(booster, "pandas_categorical", None)
        if not categories:
            continue
        positions = getattr(booster, "params", {}).get("categorical_column")
        if not isinstance(positions, (list, tuple)):  # a booster read from a file has them in its text alone
            found = re.search(r"\[categorical_feature: ([\d,]+)\]", str(booster.model_to_string()))
            positions = [int(position) for position in found.group(1).split(",")] if found else []
        if len(positions) == len(categories):
            return {int(at): tuple(some) for at, some in zip(positions, categories, strict=True)}
    return {}


def categorical_positions(estimator: object) -> frozenset[int]:
    """Positions of the columns that XGBoost was fitted on as categories, whose list it does not give."""
    for part in _parts(estimator):
        types = _attribute(_booster(part), "feature_types")
        if types is not None:
            return frozenset(at for at, kind in enumerate(cast("Sequence[object]", types)) if kind == "c")
    return frozenset()


def _own_names(part: object) -> tuple[str, ...] | None:
    # Only scikit-learn and XGBoost know no names where there were none; LightGBM and CatBoost then count the columns.
    candidates = (
        (booster_column_names(part), "Column_{}"),
        (_attribute(part, "feature_names_in_"), "Column_{}"),
        (_attribute(part, "feature_name_"), "Column_{}"),
        (_asked(part, "feature_name"), "Column_{}"),  # LightGBM's Booster itself
        (_attribute(part, "feature_names"), "f{}"),  # XGBoost's
        (_attribute(part, "feature_names_"), "{}"),
        (_attribute(_booster(part), "feature_names"), "f{}"),
    )
    for names, automatic in candidates:
        if isinstance(names, (list, tuple, np.ndarray)):
            found = tuple(str(name) for name in cast("Sequence[object]", names))
            if found and any(name != automatic.format(at) for at, name in enumerate(found)):
                return found
    return None


def _asked(part: object, name: str) -> object:
    method = _attribute(part, name)
    try:
        return method() if callable(method) and hasattr(part, "model_to_string") else None
    except Exception:  # no method of a booster
        return None


def _booster(part: object) -> object:
    make = getattr(part, "get_booster", None)
    if not callable(make):
        return None
    try:
        return make()
    except Exception:  # not fitted: each library has an exception of its own for that
        return None


def _attribute(part: object, name: str) -> object:
    """An attribute; None where a property of an unfitted estimator, of whichever class, refuses."""
    try:
        return getattr(part, name, None)
    except Exception:
        return None


def _parts(estimator: object) -> Generator[object, None, None]:
    """An estimator, then what it wraps, from the outside inwards: what gets the columns as they are given."""
    part: object = estimator
    for _ in range(_DEPTH):
        if part is None:
            return
        yield part
        part = _wrapped(part)


def _wrapped(part: object) -> object:
    steps = _attribute(part, "steps")
    if isinstance(steps, list) and steps:  # a pipeline: its first step that does something
        for step in cast("list[tuple[Hashable, object]]", steps):
            if step[1] not in (None, "passthrough"):
                return step[1]
        return None
    for name in _INSIDE:
        inside = _attribute(part, name)
        if isinstance(inside, (list, tuple, np.ndarray)):
            flat = list(np.asarray(inside, dtype=object).reshape(-1))
            inside = flat[0] if flat else None
        if inside is not None and not isinstance(inside, str):
            return inside
    return None
