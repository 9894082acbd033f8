"""Scores: the one number read from a network's output for each masked input, in float64."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from symbolscope.errors import SymbolscopeError

# A probability below this cannot be told from zero beside probabilities that sum to one in float64.
SMALLEST_PROBABILITY = 2.0**-53

NAMES = ("log-odds", "logit", "probability", "output")

Kind = Literal["log-odds", "logit", "probability", "output", "callable"]
Outputs = Literal["logits", "single logit", "probabilities", "numbers"]


@dataclass(frozen=True)
class Score:
    """How a row of outputs becomes one number.

    With logits z and target y: log-odds z_y - log sum_{j != y} exp z_j; logit z_y; probability exp(z_y) / sum_j exp
    z_j. With a single logit z (a binary network): log-odds and logit z for target 1 and -z for target 0. With
    probabilities p: log-odds log p_y - log sum_{j != y} p_j, both probabilities clipped below at 2^-53. "output" is
    column y as it is.

    Parameters
    ----------
    kind
        "log-odds", "logit", "probability", "output" or "callable".
    target
        Column of the outputs; None for a callable.
    outputs
        What the network returns: "logits", "single logit", "probabilities" or "numbers".
    function
        For "callable": outputs [m, ...] -> [m].

    Examples
    --------
    >>> Score("log-odds", 0, "logits")(torch.tensor([[2.0, 0.5]]))
    tensor([1.5000], dtype=torch.float64)
    >>> Score("log-odds", 1, "probabilities")(torch.tensor([[0.25, 0.75]])).exp()
    tensor([3.0000], dtype=torch.float64)
    """

    kind: Kind
    target: int | None
    outputs: Outputs
    function: Callable[[object], object] | None = None

    def __call__(self, outputs: torch.Tensor) -> torch.Tensor:
        """Score each row of outputs [m, C] (any shape [m, ...] for a callable): float64 [m]."""
        if self.function is not None:
            return _callable_scores(self.function, outputs)
        target = self.target
        assert target is not None
        if self.outputs == "single logit":
            logit = outputs[:, 0].double()
            signed = logit if target == 1 else -logit
            return torch.sigmoid(signed) if self.kind == "probability" else signed
        if self.kind in ("output", "logit") or (self.kind == "probability" and self.outputs == "probabilities"):
            return outputs[:, target].double()
        if self.outputs == "probabilities":
            mine = outputs[:, target].double()
            # The sum of the others, not 1 - p_y: the difference would lose every digit where p_y is near one.
            others = _without(outputs, target).double().sum(dim=1)
            return torch.log(mine.clamp(min=SMALLEST_PROBABILITY)) - torch.log(others.clamp(min=SMALLEST_PROBABILITY))
        if outputs.shape[1] == 2:
            log_odds = outputs[:, target].double() - outputs[:, 1 - target].double()
        else:
            log_odds = outputs[:, target].double() - torch.logsumexp(_without(outputs, target).double(), dim=1)
        return torch.sigmoid(log_odds) if self.kind == "probability" else log_odds


def _without(outputs: torch.Tensor, column: int) -> torch.Tensor:
    return torch.cat([outputs[:, :column], outputs[:, column + 1 :]], dim=1)


def _callable_scores(function: Callable[[object], object], outputs: torch.Tensor) -> torch.Tensor:
    scores = torch.as_tensor(
        np.asarray(given) if not isinstance(given := function(outputs.clone()), torch.Tensor) else given
    )
    if scores.shape == (len(outputs), 1):
        scores = scores[:, 0]
    if scores.shape != (len(outputs),):
        raise SymbolscopeError(
            f"the score function must return one number per row: outputs of shape {tuple(outputs.shape)} "
            f"need scores of shape ({len(outputs)},); got {tuple(scores.shape)}"
        )
    return scores.double()


def choose_score(
    score: object,
    target: object,
    outputs: torch.Tensor,
    *,
    classes: tuple[object, ...] | None = None,
    regression: bool = False,
    probabilities: bool | None = None,
) -> Score:
    """Read the ``score`` and ``target`` arguments of a game, given the network's first outputs.

    Parameters
    ----------
    score
        One of the four names, or a callable outputs [m, ...] -> [m].
    target
        A class or output column, a class label where ``classes`` are known, or None for the class predicted on row 0.
    outputs
        The network's outputs [m, C]; row 0 is the full input.
    classes
        Labels of the columns, where the network knows them.
    regression
        True if the network is known to predict numbers rather than classes.
    probabilities
        Whether rows are probabilities; None reads it off the rows (all within [0, 1], summing to one).

    Raises
    ------
    SymbolscopeError
        If the score is unknown or does not suit the network, or the target does not exist.

    Examples
    --------
    >>> choose_score("log-odds", None, torch.tensor([[0.1, 3.0, 0.2]]))
    Score(kind='log-odds', target=1, outputs='logits', function=None)
    """
    if callable(score):
        if target is not None:
            raise SymbolscopeError(
                f"target={target!r} has no meaning for a score function; let the function pick the output"
            )
        return Score("callable", None, "numbers", score)
    if score not in NAMES:
        raise SymbolscopeError(
            f"score {score!r} is unknown; give one of {', '.join(map(repr, NAMES))}, or a callable outputs -> [m]"
        )
    if outputs.ndim != 2 or outputs.shape[1] == 0:
        raise SymbolscopeError(
            f"the network returns outputs of shape {tuple(outputs.shape)} for {len(outputs)} masked inputs; "
            f"the score {score!r} "
            "needs [m] or [m, classes]. Give a score function, score=lambda outputs: ..., that returns one number "
            "per row"
            + ("; or give sample[0], if the sample's first axis is a batch axis" if 1 in outputs.shape else "")
        )
    width = outputs.shape[1]
    if regression and score != "output":
        raise SymbolscopeError(f"score {score!r} needs class outputs, and this is a regressor; give score='output'")
    if score == "output":
        if width > 1 and target is None:
            raise SymbolscopeError(f"the network has {width} outputs; say which one to read: target=0 .. {width - 1}")
        column = 0 if width == 1 and target is None else _column(target, width, classes)
        return Score("output", column, "numbers")
    if probabilities is None:
        low, high = float(outputs.min()), float(outputs.max())
        tolerance = 1e-2 if outputs.dtype in (torch.float16, torch.bfloat16) else 1e-4
        sums = outputs.double().sum(dim=1)
        probabilities = width > 1 and low >= 0 and high <= 1 + 1e-6 and bool(((sums - 1).abs() < tolerance).all())
    if width == 1:
        column = int(outputs[0, 0] > 0) if target is None else _column(target, 2, classes)
        return Score(_kind(score), column, "single logit")
    if score == "logit" and probabilities:
        raise SymbolscopeError(
            "score 'logit' needs logits, but the network's rows are probabilities; give score='log-odds' or "
            "score='probability'"
        )
    column = int(outputs[0].argmax()) if target is None else _column(target, width, classes)
    return Score(_kind(score), column, "probabilities" if probabilities else "logits")


def _kind(name: object) -> Kind:
    return "log-odds" if name == "log-odds" else "logit" if name == "logit" else "probability"


def _column(target: object, width: int, classes: tuple[object, ...] | None) -> int:
    """Find the column of a target given as a class label or, where there are no labels, as an index."""
    if classes is not None:
        for column, label in enumerate(classes):
            if label == target and isinstance(label, bool) == isinstance(target, bool):  # True == 1, but is no index
                return column
        shown = ", ".join(repr(label) for label in classes[:12]) + (", ..." if len(classes) > 12 else "")
        raise SymbolscopeError(f"target {target!r} is not one of the network's {len(classes)} classes: {shown}")
    if isinstance(target, bool) or not isinstance(target, (int, np.integer)):
        raise SymbolscopeError(f"target must be the index of an output, 0 .. {width - 1}; got {target!r}")
    if not 0 <= target < width:
        raise SymbolscopeError(f"target {target} is out of range: the network has {width} classes, 0 .. {width - 1}")
    return int(target)
