"""A scikit-learn estimator seen from a game."""

from collections.abc import Callable, Generator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray

from symbolscope.errors import SymbolscopeError


def is_estimator(network: object) -> bool:
    """Tell whether a network follows scikit-learn's protocol: ``fit``, and one of its three ways to predict."""
    ways = ("predict_proba", "decision_function", "predict")
    return (
        hasattr(network, "fit")
        and any(hasattr(network, way) for way in ways)
        and not isinstance(network, torch.nn.Module)
    )


class EstimatorNetwork:
    """A fitted estimator as a map from a batch of rows to a batch of outputs.

    The score decides what is asked: a regressor ``predict``; log-odds and probabilities ``predict_proba``, then
    ``decision_function``; a logit ``decision_function`` first.

    Parameters
    ----------
    estimator
        A fitted scikit-learn estimator or pipeline.
    score
        The game's score.
    """

    def __init__(self, estimator: object, *, score: object) -> None:
        from sklearn.base import is_regressor

        self.estimator = estimator
        self.regression = bool(is_regressor(estimator))
        self.way = _way(estimator, score, regression=self.regression)
        self.probabilities = self.way == "predict_proba"
        self._predict: Callable[[object], object] = getattr(estimator, self.way)
        self.device = torch.device("cpu")
        self.batch_rows: int | None = None
        self.smallest_batch = 1
        self.training = False
        self.from_logits = False
        self.name = type(estimator).__name__
        classes = getattr(estimator, "classes_", None) if self.way != "predict" else None
        self.classes = (
            tuple(label.item() if isinstance(label, np.generic) else label for label in classes)
            if classes is not None
            else None
        )
        names = getattr(estimator, "feature_names_in_", None)
        self.column_names = tuple(str(name) for name in names) if names is not None else None

    def input_dtype(self, dtype: torch.dtype) -> torch.dtype:
        """Rows are always given in float64."""
        return torch.float64

    def outputs(self, batch: torch.Tensor) -> torch.Tensor:
        """Return the outputs [m, C] of a batch of rows [m, columns]."""
        if batch.ndim != 2:
            raise SymbolscopeError(
                f"a scikit-learn estimator takes a row of numbers; the sample has shape {tuple(batch.shape[1:])}. "
                "Give one row, such as X[3], without a batch axis"
            )
        outputs = torch.from_numpy(np.asarray(self._predict(self._table(batch.numpy())), dtype=np.float64))
        return outputs if outputs.ndim > 1 else outputs[:, None]

    def _table(self, rows: NDArray[np.float64]) -> object:
        """Rows as the estimator was fitted: with column names if it knows them, for it warns or fails without."""
        if self.column_names is None or len(self.column_names) != rows.shape[1]:
            return rows
        try:
            import pandas
        except ImportError:
            return rows
        return pandas.DataFrame(rows, columns=list(self.column_names), copy=False)

    @contextmanager
    def as_found(self) -> Generator[None, None, None]:
        """Nothing to put back: a fitted estimator does not change when it predicts."""
        yield

    @contextmanager
    def evaluating(self) -> Generator[None, None, None]:
        """Nothing to switch: estimators have no training mode."""
        yield


def _way(estimator: object, score: object, *, regression: bool) -> str:
    first = ("decision_function", "predict_proba") if score == "logit" else ("predict_proba", "decision_function")
    ways = ("predict",) if regression else (*first, "predict")
    way = next(way for way in ways if hasattr(estimator, way))
    if score in ("log-odds", "logit", "probability") and way == "predict":
        kind = "a regressor" if regression else "an estimator with neither predict_proba nor decision_function"
        raise SymbolscopeError(
            f"score {score!r} needs class outputs, and {type(estimator).__name__} is {kind}; give score='output'"
        )
    return way
