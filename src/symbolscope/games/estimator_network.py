"""A scikit-learn estimator seen from a game."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from symbolscope.games.booster_outputs import BoosterAnswers, is_booster
from symbolscope.games.estimator_inputs import MaskedRow, estimator_inputs
from symbolscope.games.estimator_outputs import WAYS, EstimatorAnswers, choose_way, estimator_kind
from symbolscope.games.output_meaning import GivenOutputs, Meaning
from symbolscope.games.prepared_inputs import PreparedInputs


def is_estimator(network: object) -> bool:
    """Tell whether a network follows scikit-learn's protocol: ``fit``, and one of its three ways to predict."""
    ways = ("predict_proba", "decision_function", "predict")
    return (
        (
            hasattr(network, "fit")
            and any(hasattr(network, way) for way in ways)
            and not isinstance(network, torch.nn.Module)
        )
        or owner_of_method(network) is not None
        or is_booster(network)
    )


def owner_of_method(function: object) -> tuple[object, str] | None:
    """The estimator behind one of its own methods, such as ``classifier.predict_proba``, and the method's name.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> owner_of_method(LogisticRegression().predict_proba)[1], owner_of_method(len)
    ('predict_proba', None)
    """
    owner, name = getattr(function, "__self__", None), getattr(function, "__name__", None)
    if name in WAYS and hasattr(owner, "fit") and not isinstance(owner, (type, torch.nn.Module)):
        return owner, name
    return None


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

    What is asked follows from the kind of estimator, the score and what was said of the outputs: a regressor ``predict``;
    an outlier detector its anomaly score; a classifier ``predict_proba``, then ``decision_function``; for a logit in turned order.

    Parameters
    ----------
    estimator
        A fitted scikit-learn estimator or pipeline, or one of its methods, such as ``classifier.predict_proba``.
    score
        The game's score.
    given
        The game's ``outputs``.
    """

    def __init__(self, estimator: object, *, score: object, given: GivenOutputs = None) -> None:
        owner, method = owner_of_method(estimator) or (estimator, None)
        booster = BoosterAnswers(estimator) if is_booster(estimator) else None
        if booster is not None:
            owner, method = booster.booster, None
        self.estimator = owner
        kind = estimator_kind(owner) if booster is None else "unknown"
        self.answers: EstimatorAnswers | BoosterAnswers = booster or EstimatorAnswers(
            owner, kind, method or choose_way(owner, kind, score=score, given=given)
        )
        self.device = torch.device("cpu")
        self.batch_rows: int | None = None
        self.smallest_batch = 1
        self.training = False
        self.from_logits = False
        self.name = type(owner).__name__ if method is None else f"{type(owner).__name__}.{method}"
        self.table: MaskedSample | None = None  # of the row or text that is explained: see prepare

    def prepare(
        self, sample: object, *, baseline: object, players: object, player_names: Sequence[str] | None
    ) -> PreparedInputs:
        """Read the row that is explained; from then on batches are masks of its columns, bool [m, columns]."""
        prepared = estimator_inputs(
            self.estimator, self.answers.ask, sample, baseline=baseline, players=players, player_names=player_names
        )
        assert isinstance(prepared.inputs, MaskedRow)
        self.table = prepared.inputs.table
        return prepared

    def outputs(self, batch: torch.Tensor) -> torch.Tensor:
        """Return the outputs [m, C] of a batch: masks of the prepared row's columns, or rows of numbers [m, columns]."""
        return torch.from_numpy(self.answers(self._table(batch)))

    def _table(self, batch: torch.Tensor) -> object:
        return batch.numpy() if self.table is None else self.table.rows(batch.numpy())

    def meaning(
        self, rows: torch.Tensor, outputs: torch.Tensor, *, given: GivenOutputs, score: object, target: object
    ) -> Meaning:
        """What the outputs [m, C] of some rows are; see :class:`symbolscope.games.estimator_outputs.EstimatorAnswers`."""
        given = None if isinstance(given, Meaning) else given  # another estimator answers in its own way
        return self.answers.meaning(outputs, self._table(rows), score=score, given=given)

    def classes(self, meaning: Meaning, width: int) -> tuple[object, ...] | None:
        """Labels of the columns, or of the two classes behind one column."""
        return self.answers.classes(meaning, width)

    @contextmanager
    def as_found(self) -> Generator[None, None, None]:
        """Nothing to put back: a fitted estimator does not change when it predicts."""
        yield

    @contextmanager
    def evaluating(self) -> Generator[None, None, None]:
        """Nothing to switch: estimators have no training mode."""
        yield
