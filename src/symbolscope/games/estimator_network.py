"""A scikit-learn estimator seen from a game."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from symbolscope.errors import SymbolscopeError
from symbolscope.games.estimator_inputs import MaskedRow, estimator_inputs
from symbolscope.games.prepared_inputs import PreparedInputs


def is_estimator(network: object) -> bool:
    """Tell whether a network follows scikit-learn's protocol: ``fit``, and one of its three ways to predict."""
    ways = ("predict_proba", "decision_function", "predict")
    return (
        hasattr(network, "fit")
        and any(hasattr(network, way) for way in ways)
        and not isinstance(network, torch.nn.Module)
    )


class MaskedSample(Protocol):
    """A row or text with some of its parts hidden, as an estimator takes it."""

    def rows(self, present: NDArray[np.bool_], /) -> object:
        """Return one row for each of the masks bool [m, parts]."""
        ...

    def content(self) -> object:
        """All that the rows depend on but the masks."""
        ...


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
        self.table: MaskedSample | None = None  # of the row or text that is explained: see prepare

    def prepare(
        self, sample: object, *, baseline: object, players: object, player_names: Sequence[str] | None
    ) -> PreparedInputs:
        """Read the row that is explained; from then on batches are masks of its columns, bool [m, columns]."""
        prepared = estimator_inputs(
            self.estimator, self._predict, sample, baseline=baseline, players=players, player_names=player_names
        )
        assert isinstance(prepared.inputs, MaskedRow)
        self.table = prepared.inputs.table
        return prepared

    def outputs(self, batch: torch.Tensor) -> torch.Tensor:
        """Return the outputs [m, C] of a batch: masks of the prepared row's columns, or rows of numbers [m, columns]."""
        table = batch.numpy() if self.table is None else self.table.rows(batch.numpy())
        outputs = torch.from_numpy(np.asarray(self._predict(table), dtype=np.float64))
        return outputs if outputs.ndim > 1 else outputs[:, None]

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
