"""What the numbers that a network returns mean: logits, probabilities, margins or values, and how that is known."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

import torch

from symbolscope.core.argument_checks import described
from symbolscope.errors import SymbolscopeError

Outputs = Literal[
    "logits",  # [m, C] of exclusive classes
    "multi-label logits",  # [m, C], each of a label of its own
    "single logit",  # [m, 1] of one class against the other
    "probabilities",  # [m, C] of exclusive classes
    "multi-label probabilities",
    "single probability",
    "single margin",  # [m, 1], positive for one of two classes, on no scale of odds
    "numbers",  # [m, C] read as they are
]

# The words of the argument ``outputs=``.
GIVEN_OUTPUTS = (
    "logits",
    "probabilities",
    "multi-label",
    "multi-label-logits",
    "multi-label-probabilities",
    "value",
    "margin",
)

# A probability below this cannot be told from zero beside probabilities that sum to one in float64.
SMALLEST_PROBABILITY = 2.0**-53

# Rows of probabilities may have been rounded to a few digits on their way, in half precision or in a service's answer.
ROUNDED_SUM = 2e-2


@dataclass(frozen=True)
class Meaning:
    """What a network's outputs [m, C] are.

    Attributes
    ----------
    outputs
        Kind, which decides how scores are computed; see :class:`symbolscope.games.scores.Score`.
    what
        The kind in words, such as "probabilities of exclusive classes".
    because
        How that is known, or that it was assumed.
    smallest
        Smallest probability that the network can tell from zero; log-odds are cut there.
    resolution
        Where ``smallest`` comes from, if it is more than float rounding, such as "100 trees".

    Examples
    --------
    >>> str(Meaning("probabilities", "probabilities of exclusive classes", "predict_proba"))
    'probabilities of exclusive classes (predict_proba)'
    """

    outputs: Outputs
    what: str
    because: str
    smallest: float = SMALLEST_PROBABILITY
    resolution: str | None = None

    def __str__(self) -> str:
        return f"{self.what} ({self.because})"

    @property
    def of_classes(self) -> bool:
        """Whether outputs stand for classes with odds, so that log-odds and probabilities can be read from them."""
        return self.outputs not in ("single margin", "numbers")

    @property
    def of_probabilities(self) -> bool:
        """Whether outputs are probabilities."""
        return self.outputs in ("probabilities", "multi-label probabilities", "single probability")

    def resolved_to(self, smallest: float, resolution: str | None) -> "Meaning":
        """The same, cut at another smallest probability."""
        return replace(self, smallest=smallest, resolution=resolution)


if TYPE_CHECKING:
    GivenOutputs: TypeAlias = str | Meaning | None
else:
    GivenOutputs = object  # a caller's mistake must reach the message written for it

_WHAT: dict[Outputs, str] = {
    "logits": "logits of exclusive classes",
    "multi-label logits": "independent logits, one per label",
    "single logit": "logit of class 1 against class 0",
    "probabilities": "probabilities of exclusive classes",
    "multi-label probabilities": "independent probabilities, one per label",
    "single probability": "probability of class 1",
    "single margin": "margin, positive for class 1, on no scale of odds",
    "numbers": "numbers read as they are",
}


def meaning_of(outputs: Outputs, because: str, *, what: str | None = None) -> Meaning:
    """A meaning in its usual words.

    Examples
    --------
    >>> str(meaning_of("single logit", "outputs='logits' was given"))
    "logit of class 1 against class 0 (outputs='logits' was given)"
    """
    return Meaning(outputs, _WHAT[outputs] if what is None else what, because)


def check_given_outputs(given: object) -> None:
    """Refuse an argument ``outputs=`` that is none of its words."""
    if given is not None and not isinstance(given, Meaning) and not (isinstance(given, str) and given in GIVEN_OUTPUTS):
        raise SymbolscopeError(
            f"outputs={described(given)} is unknown; give one of {', '.join(map(repr, GIVEN_OUTPUTS))}: "
            "what the network's outputs mean"
        )


def given_meaning(given: str | Meaning, outputs: torch.Tensor, *, sigmoid: bool | None = None) -> Meaning:
    """What the user said that outputs are, checked on those that were seen.

    Parameters
    ----------
    given
        A word of ``outputs=``, or a meaning found before.
    outputs
        Outputs [m, C] of some masked inputs.
    sigmoid
        Whether they are known to come from a sigmoid; None if that is not known. Decides what "multi-label" is.

    Raises
    ------
    SymbolscopeError
        If the outputs cannot be what was said.

    Examples
    --------
    >>> given_meaning("multi-label", torch.tensor([[2.0, -1.0], [0.1, 0.2]])).outputs
    'multi-label logits'
    """
    if isinstance(given, Meaning):
        meaning = given
    else:
        because = f"outputs={given!r} was given"
        width = outputs.shape[1]
        if given == "value":
            return meaning_of("numbers", because, what="values read as they are")
        if given == "margin":
            if width == 1:
                return meaning_of("single margin", because)
            return meaning_of("numbers", because, what="margins, on no scale of odds")
        single = width == 1
        kind: Outputs
        if given == "logits":
            kind = "single logit" if single else "logits"
        elif given == "probabilities":
            kind = "single probability" if single else "probabilities"
        elif given == "multi-label-logits":
            kind = "multi-label logits"
        elif given == "multi-label-probabilities" or sigmoid is True:
            kind = "multi-label probabilities"
        elif sigmoid is False or not within_unit_interval(outputs):
            kind = "multi-label logits"
        else:
            raise SymbolscopeError(
                "outputs='multi-label' leaves open whether the outputs are logits or probabilities, and all that were seen lie in "
                "[0, 1]; give outputs='multi-label-logits' or outputs='multi-label-probabilities'"
            )
        meaning = meaning_of(kind, because)
    if meaning.of_probabilities:
        _check_probabilities(meaning, outputs)
    if meaning.outputs in ("single logit", "single probability", "single margin") and outputs.shape[1] != 1:
        raise SymbolscopeError(f"the network has {outputs.shape[1]} outputs, and the {meaning.what} would be one")
    return meaning


def _check_probabilities(meaning: Meaning, outputs: torch.Tensor) -> None:
    if not within_unit_interval(outputs):
        low, high = float(outputs.min()), float(outputs.max())
        raise SymbolscopeError(
            f"the network's outputs are said to be probabilities ({meaning.because}), but they range from {low:.4g} to "
            f"{high:.4g}; give outputs='logits', 'multi-label', 'value' or 'margin', whichever they are"
        )
    if meaning.outputs == "probabilities" and not sums_to_one(outputs):
        total = float(outputs.double().sum(dim=1)[0])
        raise SymbolscopeError(
            f"the network's outputs are said to be probabilities of exclusive classes ({meaning.because}), but a row sums to "
            f"{total:.4g}; if each is the probability of a label of its own, give outputs='multi-label'"
        )


def within_unit_interval(outputs: torch.Tensor) -> bool:
    """Whether all numbers that were seen lie in [0, 1], up to rounding.

    Examples
    --------
    >>> within_unit_interval(torch.tensor([[0.2, 1.0]])), within_unit_interval(torch.tensor([[0.2, 1.1]]))
    (True, False)
    """
    slack = 4e-3 if outputs.dtype in (torch.float16, torch.bfloat16) else 1e-6
    return bool(((outputs >= -slack) & (outputs <= 1 + slack)).all())


def sums_to_one(outputs: torch.Tensor) -> bool:
    """Whether each row [m, C] sums to one, up to the rounding of probabilities to two digits.

    Examples
    --------
    >>> sums_to_one(torch.tensor([[0.333, 0.333, 0.333]])), sums_to_one(torch.tensor([[0.9, 0.3]]))
    (True, False)
    """
    return bool(((outputs.double().sum(dim=1) - 1).abs() <= ROUNDED_SUM).all())
