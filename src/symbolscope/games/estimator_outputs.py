"""What the outputs of a scikit-learn estimator mean: which of its methods is asked, and what comes back."""

from collections.abc import Callable
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from symbolscope.errors import SymbolscopeError
from symbolscope.games.output_meaning import GivenOutputs, Meaning, meaning_of, sums_to_one, within_unit_interval
from symbolscope.games.probability_resolution import SINGLE_PRECISION, probability_resolution
from symbolscope.games.torch_outputs import CLASS_SCORES

EstimatorKind = Literal["classifier", "regressor", "ranker", "outlier detector", "clusterer", "unknown"]

# Methods whose answers have a known meaning; score_samples is a density or an anomaly score.
WAYS = ("predict_proba", "predict_log_proba", "decision_function", "predict", "score_samples")


def estimator_kind(estimator: object) -> EstimatorKind:
    """What an estimator predicts, by its tags or, of other libraries, by its type.

    Examples
    --------
    >>> from sklearn.ensemble import IsolationForest
    >>> from sklearn.linear_model import LogisticRegression
    >>> estimator_kind(LogisticRegression()), estimator_kind(IsolationForest())
    ('classifier', 'outlier detector')
    """
    if "Ranker" in type(estimator).__name__:
        return "ranker"
    kind = _tagged_kind(estimator)
    known: dict[str, EstimatorKind] = {
        "classifier": "classifier",
        "regressor": "regressor",
        "ranker": "ranker",
        "outlier_detector": "outlier detector",
        "clusterer": "clusterer",
    }
    return known.get(kind or "", "unknown")


def _tagged_kind(estimator: object) -> str | None:
    from sklearn.utils import get_tags

    own = getattr(estimator, "_estimator_type", None)
    try:
        return get_tags(estimator).estimator_type or own
    except Exception:  # an estimator of another library, made before tags were
        return own


def choose_way(estimator: object, kind: EstimatorKind, *, score: object, given: GivenOutputs) -> str:
    """Name the method that is asked: by what was said of the outputs, then by score and kind of estimator.

    Raises
    ------
    SymbolscopeError
        If the estimator has no method that could answer, with what to type instead.

    Examples
    --------
    >>> from sklearn.svm import LinearSVC
    >>> choose_way(LinearSVC(), "classifier", score="auto", given=None)
    'decision_function'
    """
    name = type(estimator).__name__
    said = given if isinstance(given, str) else None
    classes_asked = (
        score in CLASS_SCORES or said in ("logits", "probabilities") or (said or "").startswith("multi-label")
    )
    if kind in ("regressor", "ranker"):
        if classes_asked:
            asked = f"score {score!r}" if score in CLASS_SCORES else f"outputs {said!r}"
            raise SymbolscopeError(f"{asked} needs class outputs, and {name} is a {kind}; give score='output'")
        return "predict"
    if kind == "outlier detector":
        if classes_asked:
            raise SymbolscopeError(
                f"{name} is an outlier detector: it has an anomaly score, no classes with odds or probabilities; leave score and "
                "outputs out, or give score='output'"
            )
        return _first(estimator, ("decision_function", "score_samples"), "an anomaly score")
    if kind == "clusterer" and not hasattr(estimator, "predict_proba"):
        raise SymbolscopeError(
            f"{name} is a clusterer: it predicts names of clusters, which are no numbers. Give a function of its distances: "
            "sy.Game(lambda X: -estimator.transform(X), row, outputs='value', target=<cluster>)"
        )
    if said == "margin" or (said == "logits" and hasattr(estimator, "decision_function")):
        return _first(estimator, ("decision_function",), "a margin")
    order = ["predict_proba", "decision_function"]
    if (
        hasattr(estimator, "predict_joint_log_proba") and said is None
    ):  # naive Bayes: its probabilities often round to 0 and 1
        order[0] = "predict_log_proba"
    if score == "logit":
        order.reverse()
    if said == "probabilities" or said == "multi-label-probabilities":
        order = ["predict_proba"]
    if kind == "unknown" and not classes_asked:
        order.append("predict")
    return _first(estimator, tuple(order), "a probability or a margin")


def _first(estimator: object, ways: tuple[str, ...], what: str) -> str:
    for way in ways:
        if hasattr(estimator, way):
            return way
    name = type(estimator).__name__
    raise SymbolscopeError(
        f"{name} has no {' nor '.join(ways)}, so there is no number of its own that says {what}. If it predicts labels only, "
        "explain whether it predicts one: sy.Game(lambda X: (estimator.predict(X) == label).astype(float), row, outputs='value')"
    )


class EstimatorAnswers:
    """Answers of one method of an estimator as an array [m, C] with a known meaning.

    Parameters
    ----------
    estimator
        A fitted estimator.
    kind
        See :func:`estimator_kind`.
    way
        The method that is asked.
    """

    def __init__(self, estimator: object, kind: EstimatorKind, way: str) -> None:
        self.estimator = estimator
        self.kind: EstimatorKind = kind
        self.way = way
        self.single_precision = False
        self.ask: Callable[[object], object] = getattr(estimator, way)

    def __call__(self, table: object) -> NDArray[np.float64]:
        """Ask about a table of rows: float64 [m, C]."""
        answers = self.ask(table)
        if isinstance(answers, list) and answers and all(np.ndim(one) == 2 for one in answers):
            return self._labels_apart(answers)
        array = np.asarray(answers)
        self.single_precision = array.dtype.itemsize <= 4 and np.issubdtype(array.dtype, np.floating)
        if array.dtype == np.object_ or not np.issubdtype(array.dtype, np.number):
            raise SymbolscopeError(
                f"{type(self.estimator).__name__}.{self.way} returned {array.dtype}, no numbers; labels are no numbers: explain "
                "whether one is predicted: sy.Game(lambda X: (estimator.predict(X) == label).astype(float), row, outputs='value')"
            )
        array = array.astype(np.float64)
        return array if array.ndim > 1 else array[:, None]

    def _labels_apart(self, answers: list[object]) -> NDArray[np.float64]:
        """Of one array [m, 2] per label, as forests and neighbours answer for several labels, the probability of each."""
        classes = getattr(self.estimator, "classes_", None)
        columns: list[NDArray[np.float64]] = []
        for label, answer in enumerate(answers):
            array = np.asarray(answer, dtype=np.float64)
            named = np.asarray(classes[label]) if isinstance(classes, (list, tuple)) else np.arange(array.shape[1])
            if not set(named.tolist()) <= {0, 1}:
                raise SymbolscopeError(
                    f"{type(self.estimator).__name__} predicts several outputs at once, and output {label} has the classes "
                    f"{named.tolist()[:6]}; explain one: sy.Game(lambda X: estimator.predict_proba(X)[{label}], row, "
                    "outputs='probabilities')"
                )
            ones = np.flatnonzero(named == 1)
            columns.append(array[:, int(ones[0])] if len(ones) else np.zeros(len(array)))
        return np.stack(columns, axis=1)

    def meaning(self, outputs: torch.Tensor, table: object, *, score: object, given: GivenOutputs) -> Meaning:
        """Find what the answers are, given those to some rows and the rows themselves.

        Parameters
        ----------
        outputs
            What this returned for ``table``, [m, C].
        table
            The rows as the estimator takes them.
        score, given
            The game's ``score`` and ``outputs``.

        Raises
        ------
        SymbolscopeError
            With the question, where it cannot be known.
        """
        if self.way == "predict_proba":
            return self._probabilities(outputs, table, given)
        if self.way == "predict_log_proba":
            return meaning_of("logits", self.way, what="log-probabilities of exclusive classes")
        if self.way == "decision_function" and self.kind != "outlier detector":
            return self._decision(outputs, table, score, given)
        if self.way in ("decision_function", "score_samples"):
            what = "anomaly score, low for outliers" if self.kind == "outlier detector" else "log-density"
            return meaning_of("numbers", self.way, what=what)
        if self.kind == "classifier":
            raise SymbolscopeError(
                f"predict of the classifier {type(self.estimator).__name__} returns labels, which are names and no numbers; "
                "explain the estimator itself, or whether one label is predicted: "
                "sy.Game(lambda X: (estimator.predict(X) == label).astype(float), row, outputs='value')"
            )
        return meaning_of("numbers", self.way, what="ranking score" if self.kind == "ranker" else "regression values")

    def _probabilities(self, outputs: torch.Tensor, table: object, given: GivenOutputs) -> Meaning:
        name = type(self.estimator).__name__
        if not within_unit_interval(outputs):
            raise SymbolscopeError(
                f"what does predict_proba of {name} return? Its numbers range from {float(outputs.min()):.4g} to "
                f"{float(outputs.max()):.4g}, so they are no probabilities (a model fitted with an objective of its own returns "
                "raw scores). Give a function with its meaning, such as sy.Game(lambda X: estimator.predict_proba(X)[:, 1], row, "
                "outputs='logits', target=1), outputs='value' or outputs='margin'"
            )
        if outputs.shape[1] == 1:
            meaning = meaning_of("single probability", self.way)
        elif given in ("multi-label", "multi-label-probabilities") or self._has_labels_apart(table):
            meaning = meaning_of("multi-label probabilities", f"{self.way}; predict gives several labels at once")
        elif sums_to_one(outputs):
            meaning = meaning_of("probabilities", self.way)
        else:
            what = "probability of each class against the rest, not normalised"
            meaning = meaning_of("multi-label probabilities", f"{self.way}; rows do not sum to one", what=what)
        if given == "probabilities" and meaning.outputs == "multi-label probabilities":
            raise SymbolscopeError(
                f"the probabilities of {name} are not of exclusive classes ({meaning}); leave outputs out"
            )
        resolution = probability_resolution(self.estimator)
        if resolution is None and self.single_precision and meaning.outputs != "probabilities":
            resolution = SINGLE_PRECISION
        return meaning if resolution is None else meaning.resolved_to(*resolution)

    def _has_labels_apart(self, table: object) -> bool:
        """Whether ``predict`` answers [m, labels] where a classifier of exclusive classes answers [m]."""
        predict = getattr(self.estimator, "predict", None)
        if predict is None:
            return False
        return np.ndim(predict(table)) == 2 and np.shape(predict(table))[1] > 1

    def _decision(self, outputs: torch.Tensor, table: object, score: object, given: GivenOutputs) -> Meaning:
        width = outputs.shape[1]
        if given == "logits":
            return meaning_of(
                "single logit" if width == 1 else "logits", "decision_function; outputs='logits' was given"
            )
        if self._has_labels_apart(table):
            if isinstance(given, str) and given.startswith("multi-label"):
                return meaning_of("multi-label logits", f"decision_function; outputs={given!r} was given")
            return meaning_of("numbers", "decision_function", what="margins, one per label, on no scale of odds")
        if given != "margin" and self._agrees_with_probabilities(outputs, table):
            return meaning_of(
                "single logit" if width == 1 else "logits", "decision_function, whose softmax is predict_proba"
            )
        if width == 1:
            return meaning_of("single margin", "decision_function")
        return meaning_of("numbers", "decision_function", what="margins, one per class, on no scale of odds")

    def _agrees_with_probabilities(self, outputs: torch.Tensor, table: object) -> bool:
        """Whether a softmax of the decisions gives the estimator's own probabilities, as of a logistic regression."""
        ask = getattr(self.estimator, "predict_proba", None)
        if ask is None:
            return False
        probabilities = torch.from_numpy(np.array(ask(table), dtype=np.float64))
        z = outputs.double()
        own = torch.stack([torch.sigmoid(-z[:, 0]), torch.sigmoid(z[:, 0])], 1) if z.shape[1] == 1 else z.softmax(1)
        return own.shape == probabilities.shape and torch.allclose(own, probabilities, atol=1e-5)

    def classes(self, meaning: Meaning, width: int) -> tuple[object, ...] | None:
        """Labels of the columns, or of the two classes behind one column; None where columns have no labels."""
        labels = getattr(self.estimator, "classes_", None)
        if (
            self.kind in ("regressor", "ranker", "outlier detector")
            or labels is None
            or isinstance(labels, (list, tuple))
        ):
            return None
        named = tuple(label.item() if isinstance(label, np.generic) else label for label in np.asarray(labels))
        two = meaning.outputs in ("single logit", "single probability", "single margin")
        return named if len(named) == (2 if two else width) else None
