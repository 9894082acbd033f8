"""The smallest probability that an estimator can tell from zero: what 100 trees cannot say, their log-odds do not claim."""

from collections.abc import Iterable, Sequence
from typing import cast

import numpy as np

# A probability p near 1 in single precision leaves no more than this of 1 - p.
SINGLE_PRECISION = (2.0**-25, "single precision")


def probability_resolution(estimator: object) -> tuple[float, str] | None:
    """Half of the smallest probability above zero that a voting estimator can say, and where it comes from.

    A forest of T trees with pure leaves says multiples of 1/T, so that 0 stands for anything below 1/(2T); k neighbours with equal
    weights likewise 1/(2k); one tree that was grown until its leaves are pure cannot say more than 1 in twice its training samples.
    A probability of exactly 0 or 1 then has log-odds of at most log(2T - 1). None where probabilities have no such step.

    Examples
    --------
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sklearn.linear_model import LogisticRegression
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1]
    >>> probability_resolution(RandomForestClassifier(100, random_state=0).fit(X, y))
    (0.005, '100 trees')
    >>> probability_resolution(LogisticRegression().fit(X, y)) is None
    True
    """
    last = _last_step(estimator)
    trees = _trees(last)
    if trees:
        smallest = min(_smallest_leaf_share(tree) for tree in trees)
        if len(trees) == 1 and smallest == 1.0:
            samples = int(np.asarray(getattr(trees[0], "n_node_samples"))[0])  # noqa: B009 - of a fitted tree
            return 0.5 / max(samples, 1), f"a tree of {samples} training samples"
        return smallest / (2 * len(trees)), f"{len(trees)} tree{'s' if len(trees) > 1 else ''}"
    neighbours = getattr(last, "n_neighbors", None)
    if isinstance(neighbours, int) and getattr(last, "weights", None) == "uniform" and hasattr(last, "predict_proba"):
        return 0.5 / neighbours, f"{neighbours} neighbours"
    return None


def _last_step(estimator: object) -> object:
    """The estimator inside pipelines and finished searches."""
    for _ in range(8):
        if (best := getattr(estimator, "best_estimator_", None)) is not None:
            estimator = best
        elif isinstance(steps := getattr(estimator, "steps", None), list) and steps:
            estimator = cast("Sequence[tuple[str, object]]", steps)[-1][1]
        else:
            break
    return estimator


def _trees(estimator: object) -> list[object]:
    """The fitted trees whose votes an estimator averages; of a boosted sum there are none."""
    if hasattr(estimator, "tree_"):
        return [estimator.tree_]  # pyright: ignore[reportAttributeAccessIssue]
    if type(estimator).__name__ not in ("RandomForestClassifier", "ExtraTreesClassifier", "BaggingClassifier"):
        return []
    members = list(cast("Iterable[object]", getattr(estimator, "estimators_", [])))
    trees = [getattr(member, "tree_", None) for member in members]
    return [tree for tree in trees if tree is not None] if all(tree is not None for tree in trees) else []


def _smallest_leaf_share(tree: object) -> float:
    """Smallest share above zero that any leaf gives a class."""
    values = np.asarray(getattr(tree, "value"), dtype=np.float64)  # noqa: B009 - [nodes, outputs, classes]
    leaves = values[np.asarray(getattr(tree, "children_left")) < 0]  # noqa: B009
    shares = leaves / np.maximum(leaves.sum(axis=-1, keepdims=True), 1e-300)
    return float(shares[shares > 0].min())
