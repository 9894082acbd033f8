"""What the outputs of a LightGBM or XGBoost Booster mean, by the objective that it was trained with."""

import json
import re
from collections.abc import Callable
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from symbolscope.errors import SymbolscopeError
from symbolscope.games.output_meaning import (
    GivenOutputs,
    Meaning,
    Outputs,
    given_meaning,
    meaning_of,
    sums_to_one,
    within_unit_interval,
)
from symbolscope.games.probability_resolution import SINGLE_PRECISION

_PROBABILITY = ("binary", "binary:logistic", "reg:logistic", "cross_entropy", "xentropy")
_EXCLUSIVE = ("multiclass", "softmax", "multi:softprob")
_PER_CLASS = ("multiclassova", "multiclass_ova", "ova", "ovr")
_LOGIT = ("binary:logitraw",)
_LABELS = ("multi:softmax", "binary:hinge")
_RANKING = ("lambdarank", "rank_xendcg", "rank:pairwise", "rank:ndcg", "rank:map")
# The objectives of numbers: their predictions are on the scale of the labels.
_VALUES = re.compile(
    r"regression|l1|l2|huber|fair|poisson|quantile|mape|gamma|tweedie|mae|mse|rmse|cross_entropy_lambda|xentlambda|"
    r"reg:(?!logistic).*|count:.*|survival:.*"
)


def is_booster(network: object) -> bool:
    """Tell whether a network is a Booster of LightGBM or XGBoost, or its method ``predict``."""
    owner = getattr(network, "__self__", network)
    return type(owner).__name__ == "Booster" and type(owner).__module__.split(".")[0] in ("lightgbm", "xgboost")


def booster_column_names(network: object) -> tuple[str, ...] | None:
    """Names of the columns that a Booster was trained with; None for any other network."""
    if not is_booster(network):
        return None
    booster: Any = getattr(network, "__self__", network)
    names = booster.feature_name() if hasattr(booster, "feature_name") else booster.feature_names
    return tuple(str(name) for name in names) if names else None


class BoosterAnswers:
    """Predictions of a Booster as an array [m, C] with a known meaning.

    Parameters
    ----------
    booster
        A Booster, or its method ``predict``.

    Examples
    --------
    >>> import lightgbm, numpy as np
    >>> rows = np.arange(80.0).reshape(40, 2)
    >>> data = lightgbm.Dataset(rows, label=(rows[:, 0] > 40).astype(int))
    >>> booster = lightgbm.train({"objective": "binary", "verbose": -1, "min_data_in_leaf": 5}, data, 3)
    >>> BoosterAnswers(booster).objective
    'binary'
    """

    def __init__(self, booster: object) -> None:
        self.booster: Any = getattr(booster, "__self__", booster)
        self.is_xgboost = type(self.booster).__module__.split(".")[0] == "xgboost"
        self.ask: Callable[[object], object] = self._xgboost if self.is_xgboost else self.booster.predict
        self.objective = self._objective()
        self.way = "predict"

    def __call__(self, table: object) -> NDArray[np.float64]:
        """Predictions of a table of rows: float64 [m, C]."""
        array = np.asarray(self.ask(table), dtype=np.float64)
        return array if array.ndim > 1 else array[:, None]

    def _xgboost(self, table: object) -> object:
        import xgboost  # pyright: ignore[reportMissingImports]

        names = self.booster.feature_names
        rows = table if hasattr(table, "columns") else np.asarray(table)
        named = names if not hasattr(table, "columns") else None
        return self.booster.predict(cast("Any", xgboost).DMatrix(rows, feature_names=named))

    def _objective(self) -> str:
        """The objective's name, without its settings; empty for a function of the user's own."""
        if self.is_xgboost:
            configuration = json.loads(self.booster.save_config())
            return str(configuration.get("learner", {}).get("objective", {}).get("name", ""))
        text = str(self.booster.dump_model(num_iteration=1).get("objective", ""))
        return text.split(" ")[0]

    def meaning(self, outputs: torch.Tensor, table: object, *, score: object, given: GivenOutputs) -> Meaning:
        """What the predictions are; with the question where the objective does not tell."""
        if given is not None:
            return given_meaning(given, outputs)
        if score == "output":
            return meaning_of("numbers", "score='output' was given")
        because = f"objective {self.objective!r}"
        kind: Outputs | None = None
        what: str | None = None
        if self.objective in _PROBABILITY:
            kind = "single probability"
        elif self.objective in _EXCLUSIVE:
            kind = "probabilities"
        elif self.objective in _PER_CLASS:
            kind, what = "multi-label probabilities", "probability of each class against the rest, not normalised"
        elif self.objective in _LOGIT:
            kind = "single logit"
        elif self.objective in _RANKING:
            kind, what = "numbers", "ranking score"
        elif self.objective and _VALUES.fullmatch(self.objective):
            kind, what = "numbers", "regression values"
        if self.objective in _LABELS or kind is None or not self._fits(kind, outputs):
            asked = "predicts labels, which are no numbers" if self.objective in _LABELS else "does not tell"
            raise SymbolscopeError(
                f"what do the outputs of this {type(self.booster).__name__} mean? Its objective "
                f"({self.objective or 'a function of its own'}) {asked}. Give outputs='logits', "
                "'probabilities', 'value' or 'margin'"
            )
        meaning = meaning_of(kind, because, what=what)
        return meaning.resolved_to(*SINGLE_PRECISION) if self.is_xgboost and kind == "single probability" else meaning

    @staticmethod
    def _fits(kind: Outputs, outputs: torch.Tensor) -> bool:
        if kind == "probabilities":
            return within_unit_interval(outputs) and sums_to_one(outputs)
        return "probabilit" not in kind or within_unit_interval(outputs)

    def classes(self, meaning: Meaning, width: int) -> None:
        """A Booster knows no labels: its classes are 0, 1, ..."""
        return None
