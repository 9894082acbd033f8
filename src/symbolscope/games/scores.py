"""Scores: the one number read from a network's output for each masked input, in float64."""

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, SupportsIndex

import numpy as np
import torch

from symbolscope.core.argument_checks import described, is_whole_number
from symbolscope.core.users_function import call_users_function
from symbolscope.errors import SymbolscopeError
from symbolscope.games.output_meaning import SMALLEST_PROBABILITY, Meaning, Outputs

NAMES = ("auto", "log-odds", "logit", "probability", "output")

Kind = Literal["log-odds", "logit", "probability", "output", "callable"]


@dataclass(frozen=True)
class Score:
    """How a row of outputs becomes one number.

    With logits z of exclusive classes and target y: log-odds z_y - log sum_{j != y} exp z_j; logit z_y; probability
    exp(z_y) / sum_j exp z_j. With a single logit z (two classes): log-odds and logit z for target 1 and -z for target 0. With
    independent (multi-label) logits: log-odds and logit z_y, probability 1 / (1 + exp(-z_y)). With probabilities p of exclusive
    classes: log-odds log p_y - log sum_{j != y} p_j; with independent ones, or a single one, log p_y - log(1 - p_y); both
    probabilities are cut at ``smallest`` and 1 - ``smallest``. "output" is column y as it is; a single
    margin is negated for target 0.

    Parameters
    ----------
    kind
        "log-odds", "logit", "probability", "output" or "callable".
    target
        Column of the outputs (of a single column, the class 0 or 1); None for a callable.
    outputs
        What the network returns; see :data:`symbolscope.games.output_meaning.Outputs`.
    function
        For "callable": outputs [m, ...] -> [m].
    smallest
        The smallest probability that the network can tell from zero.

    Examples
    --------
    >>> Score("log-odds", 0, "logits")(torch.tensor([[2.0, 0.5]]))
    tensor([1.5000], dtype=torch.float64)
    >>> Score("log-odds", 1, "probabilities")(torch.tensor([[0.25, 0.75]])).exp()
    tensor([3.0000], dtype=torch.float64)
    >>> Score("log-odds", 1, "multi-label logits")(torch.tensor([[2.0, 0.5]]))
    tensor([0.5000], dtype=torch.float64)
    """

    kind: Kind
    target: int | None
    outputs: Outputs
    function: Callable[[object], object] | None = None
    smallest: float = SMALLEST_PROBABILITY

    @property
    def largest_log_odds(self) -> float | None:
        """Where log-odds of probabilities are cut, those of 1 - ``smallest``; None where nothing is cut."""
        of_probabilities = self.outputs in ("probabilities", "multi-label probabilities", "single probability")
        return (
            math.log1p(-self.smallest) - math.log(self.smallest)
            if self.kind == "log-odds" and of_probabilities
            else None
        )

    def __call__(self, outputs: torch.Tensor) -> torch.Tensor:
        """Score each row of outputs [m, C] (any shape [m, ...] for a callable): float64 [m]."""
        if self.function is not None:
            return _callable_scores(self.function, outputs)
        target = self.target
        assert target is not None
        if self.outputs == "single margin":
            return outputs[:, 0].double() if target == 1 else -outputs[:, 0].double()
        if self.outputs in ("single logit", "multi-label logits"):
            single = self.outputs == "single logit"
            logit = outputs[:, 0 if single else target].double()
            signed = -logit if single and target == 0 else logit
            return torch.sigmoid(signed) if self.kind == "probability" else signed
        if self.outputs in ("single probability", "multi-label probabilities"):
            single = self.outputs == "single probability"
            one = outputs[:, 0 if single else target].double()
            mine, others = (1 - one, one) if single and target == 0 else (one, 1 - one)
            return mine if self.kind in ("probability", "output") else self._log_odds(mine, others)
        if self.kind in ("output", "logit") or (self.kind == "probability" and self.outputs == "probabilities"):
            return outputs[:, target].double()
        if self.outputs == "probabilities":
            # The sum of the others, not 1 - p_y: the difference would lose every digit where p_y is near one.
            return self._log_odds(outputs[:, target].double(), _without(outputs, target).double().sum(dim=1))
        if outputs.shape[1] == 2:
            log_odds = outputs[:, target].double() - outputs[:, 1 - target].double()
        else:
            log_odds = outputs[:, target].double() - torch.logsumexp(_without(outputs, target).double(), dim=1)
        return torch.sigmoid(log_odds) if self.kind == "probability" else log_odds

    def _log_odds(self, mine: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
        low, high = self.smallest, 1.0 - self.smallest
        return torch.log(mine.clamp(low, high)) - torch.log(others.clamp(low, high))


def _without(outputs: torch.Tensor, column: int) -> torch.Tensor:
    return torch.cat([outputs[:, :column], outputs[:, column + 1 :]], dim=1)


def _callable_scores(function: Callable[[object], object], outputs: torch.Tensor) -> torch.Tensor:
    given = call_users_function("the score function", function, outputs.clone())
    try:
        scores = given if isinstance(given, torch.Tensor) else torch.as_tensor(np.asarray(given))
    except (TypeError, ValueError, RuntimeError) as error:
        raise SymbolscopeError(f"a score function must return numbers [m]; got {described(given)}: {error}") from None
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
    meaning: Meaning,
    *,
    classes: tuple[object, ...] | None = None,
) -> Score:
    """Read the ``score`` and ``target`` arguments of a game, given the network's first outputs and their meaning.

    Parameters
    ----------
    score
        "auto" (log-odds of classes, and the output as it is of everything else), one of the other names, or a callable
        outputs [m, ...] -> [m].
    target
        A class or output column, a class label where ``classes`` are known, or None for the class predicted on row 0.
    outputs
        The network's outputs [m, C]; row 0 is the full input.
    meaning
        What the outputs are.
    classes
        Labels of the columns, or of the two classes behind one column, where the network knows them.

    Raises
    ------
    SymbolscopeError
        If the score is unknown or does not suit the network, or the target does not exist.

    Examples
    --------
    >>> from symbolscope.games.output_meaning import meaning_of
    >>> choose_score("auto", None, torch.tensor([[0.1, 3.0, 0.2]]), meaning_of("logits", "assumed"))
    Score(kind='log-odds', target=1, outputs='logits', function=None, smallest=1.1102230246251565e-16)
    """
    if callable(score):
        if target is not None:
            raise SymbolscopeError(
                f"target={target!r} has no meaning for a score function; let the function pick the output"
            )
        return Score("callable", None, "numbers", score)
    width = outputs.shape[1]
    if score == "auto":
        score = "log-odds" if meaning.of_classes else "output"
    if score != "output" and not meaning.of_classes:
        raise SymbolscopeError(
            f"score {score!r} needs class outputs, and the network's are {meaning}; give score='output' to read them as they are, "
            "or outputs='logits' if they are logits after all"
        )
    if score == "logit" and meaning.of_probabilities:
        raise SymbolscopeError(
            "score 'logit' needs logits, but the network's rows are probabilities; give score='log-odds' or "
            "score='probability'"
        )
    if score == "output" and not (
        meaning.outputs == "single margin" or (classes is not None and len(classes) != width)
    ):
        if target is None and width > 1:
            if classes is None:
                raise SymbolscopeError(
                    f"the network has {width} outputs; say which one to read: target=0 .. {width - 1}"
                )
            return Score("output", int(outputs[0].argmax()), "numbers")
        return Score("output", 0 if target is None else _column(target, width, classes), "numbers")
    return Score(_kind(score), _class(target, outputs, meaning, classes), meaning.outputs, smallest=meaning.smallest)


def check_score(score: object) -> None:
    """Refuse a score that is neither a known name nor a function."""
    if not callable(score) and not (isinstance(score, str) and score in NAMES):
        raise SymbolscopeError(
            f"score {described(score)} is unknown; give one of {', '.join(map(repr, NAMES))}, or a callable outputs -> [m]"
        )


def check_outputs(outputs: torch.Tensor, score: object) -> None:
    """Refuse outputs that are no table [m, C] of numbers, which every named score needs."""
    if outputs.ndim != 2 or outputs.shape[1] == 0:
        raise SymbolscopeError(
            f"the network returns outputs of shape {tuple(outputs.shape)} for {len(outputs)} masked inputs; "
            f"the score {score!r} "
            "needs [m] or [m, classes]. Give a score function, score=lambda outputs: ..., that returns one number "
            "per row"
            + ("; or give sample[0], if the sample's first axis is a batch axis" if 1 in outputs.shape[1:] else "")
        )


def _kind(name: object) -> Kind:
    return next(kind for kind in ("log-odds", "logit", "probability", "output") if kind == name)


def _class(target: object, outputs: torch.Tensor, meaning: Meaning, classes: tuple[object, ...] | None) -> int:
    """The class that is read: the target, or the one that the network predicts on row 0."""
    first = outputs[0]
    if meaning.outputs == "single margin":  # the margin itself, unless the other class was asked for
        return 1 if target is None else _column(target, 2, classes)
    if meaning.outputs in ("single logit", "single probability"):
        if target is not None:
            return _column(target, 2, classes)
        return int(float(first[0]) > (0.5 if meaning.outputs == "single probability" else 0.0))
    return int(first.argmax()) if target is None else _column(target, len(first), classes)


def _column(target: object, width: int, classes: tuple[object, ...] | None) -> int:
    """Find the column of a target given as a class label or, where there are no labels, as an index."""
    if classes is not None:
        for column, label in enumerate(classes):
            if label == target and isinstance(label, bool) == isinstance(target, bool):  # True == 1, but is no index
                return column
        shown = ", ".join(repr(label) for label in classes[:12]) + (", ..." if len(classes) > 12 else "")
        raise SymbolscopeError(
            f"target {described(target)} is not one of the network's {len(classes)} classes: {shown}"
        )
    if not (is_whole_number(target) and isinstance(target, SupportsIndex)):
        raise SymbolscopeError(f"target must be the index of an output, 0 .. {width - 1}; got {described(target)}")
    index = operator.index(target)
    if not 0 <= index < width:
        raise SymbolscopeError(
            f"target {described(target)} is out of range: the network has {width} classes, 0 .. {width - 1}"
        )
    return index
