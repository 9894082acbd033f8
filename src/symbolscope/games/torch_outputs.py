"""What the outputs of a torch network or of any callable mean, read off what is known of it."""

from collections.abc import Callable

import torch

from symbolscope.core.wrapped_network import unwrapped
from symbolscope.errors import SymbolscopeError
from symbolscope.games.last_operation import Operation
from symbolscope.games.output_meaning import (
    SMALLEST_PROBABILITY,
    GivenOutputs,
    Meaning,
    given_meaning,
    meaning_of,
    sums_to_one,
    within_unit_interval,
)

CLASS_SCORES = ("log-odds", "logit", "probability")


def torch_meaning(
    name: str,
    outputs: torch.Tensor,
    *,
    given: GivenOutputs,
    score: object,
    target: object,
    configuration: object,
    made_by: Callable[[], Operation | None],
) -> Meaning:
    """Find the meaning of outputs [m, C] of a torch network or another callable.

    In this order: what the user said; a Hugging Face configuration (``problem_type``, ``num_labels``); a final softmax, log-softmax
    or sigmoid; rows that all lie in [0, 1] and sum to one. Several columns that no rule knows are taken for logits of exclusive
    classes, and said to be; one column is a class only if the score or the target asks for one.

    Parameters
    ----------
    name
        Of the network, for messages.
    outputs
        Outputs on some masked inputs.
    given
        The argument ``outputs=``.
    score, target
        The game's arguments of these names; "auto" asks for no score in particular.
    configuration
        The Hugging Face configuration of a network whose outputs are its ``logits`` [m, labels]; else None.
    made_by
        Tells which operation makes the outputs; called only if needed.

    Raises
    ------
    SymbolscopeError
        With the question, where the meaning cannot be known.
    """
    meaning = _torch_meaning(
        name, outputs, given=given, score=score, target=target, configuration=configuration, made_by=made_by
    )
    if meaning.resolution is None and meaning.outputs in ("single probability", "multi-label probabilities"):
        # Beside a probability near 1 only this much is left of 1 - p.
        half = torch.finfo(outputs.dtype).eps / 2 if outputs.is_floating_point() else 0.0
        if half > SMALLEST_PROBABILITY * 2:
            return meaning.resolved_to(half / 2, f"{str(outputs.dtype).removeprefix('torch.')} numbers")
    return meaning


def _torch_meaning(
    name: str,
    outputs: torch.Tensor,
    *,
    given: GivenOutputs,
    score: object,
    target: object,
    configuration: object,
    made_by: Callable[[], Operation | None],
) -> Meaning:
    if given is not None:
        multi = given == "multi-label"
        operation = made_by() if multi else None
        sigmoid = True if operation == "sigmoid" else False if operation == "unbounded" else None
        return given_meaning(given, outputs, sigmoid=sigmoid)
    if score == "output":
        return meaning_of("numbers", "score='output' was given")
    if configuration is not None and (known := _configured(configuration, outputs, score)) is not None:
        return known
    operation = made_by()
    if outputs.shape[1] == 1:
        return _one_column(name, outputs, operation, score=score, target=target)
    return _several_columns(name, outputs, operation)


def _configured(configuration: object, outputs: torch.Tensor, score: object) -> Meaning | None:
    problem = getattr(configuration, "problem_type", None)
    labels = getattr(configuration, "num_labels", None)
    if problem == "regression":
        return meaning_of("numbers", "config.problem_type is 'regression'", what="regression values")
    if problem == "multi_label_classification":
        return meaning_of("multi-label logits", "config.problem_type is 'multi_label_classification'")
    if outputs.shape[1] == 1:
        if score in CLASS_SCORES:
            return meaning_of("single logit", f"score={score!r} asks for a class of a network with num_labels=1")
        return meaning_of("numbers", "config.num_labels is 1", what="regression or ranking score")
    if problem == "single_label_classification":
        return meaning_of("logits", "config.problem_type is 'single_label_classification'")
    if isinstance(labels, int) and labels == outputs.shape[1]:
        return meaning_of(
            "logits", f"config.num_labels is {labels}; no problem_type is set, so one label is assumed to be right"
        )
    return None


def _several_columns(name: str, outputs: torch.Tensor, operation: Operation | None) -> Meaning:
    rows = len(outputs)
    if operation == "softmax":
        smallest = torch.finfo(outputs.dtype).tiny  # a softmax keeps all digits of small probabilities
        return meaning_of("probabilities", "its last operation is a softmax").resolved_to(smallest, None)
    if operation == "log-softmax":
        return meaning_of(
            "logits", "its last operation is a log-softmax", what="log-probabilities of exclusive classes"
        )
    if operation == "unbounded":
        return meaning_of("logits", "assumed: several columns, made by an operation without bounds")
    if within_unit_interval(outputs):
        if sums_to_one(outputs):
            return meaning_of("probabilities", f"all {rows} rows seen lie in [0, 1] and sum to one")
        if operation == "sigmoid":
            return meaning_of("multi-label probabilities", "its last operation is a sigmoid of each column")
        raise SymbolscopeError(
            f"what do the {outputs.shape[1]} outputs of {name} mean? All {rows} rows seen lie in [0, 1] and do not sum to one. "
            "Give "
            "outputs='logits' (of exclusive classes), 'multi-label-probabilities' or 'multi-label-logits' (each label of its own), "
            "or 'value' (numbers)"
        )
    return meaning_of("logits", "assumed: several columns, not within [0, 1]")


def _one_column(
    name: str, outputs: torch.Tensor, operation: Operation | None, *, score: object, target: object
) -> Meaning:
    if operation == "sigmoid":
        return meaning_of("single probability", "its last operation is a sigmoid")
    unit = within_unit_interval(outputs) and operation != "unbounded"
    # A network with one column has a class 1 only if it tells two classes apart.
    asks = f"score={score!r}" if score in CLASS_SCORES else "target=1" if _is_one(target) else None
    if asks is not None and not unit:
        return meaning_of(
            "single logit", f"{asks} asks for a class, and one column that is no probability is its logit"
        )
    if unit:
        raise SymbolscopeError(
            f"what does the one output of {name} mean? All {len(outputs)} seen lie in [0, 1]. Give outputs='probabilities' if it "
            "is the probability of class 1, outputs='logits' if it is a logit, outputs='value' if it is a number"
        )
    raise SymbolscopeError(
        f"what does the one output of {name} mean? Give outputs='value' (or score='output') if it is a number, as in regression or "
        "ranking; outputs='logits' if it is the logit of class 1 against class 0; outputs='margin' if only its sign tells the class"
    )


# Hugging Face's heads that return one row of logits per token, none of which predicts the next token.
_PER_TOKEN = ("ForTokenClassification", "ForMaskedLM", "ForPreTraining", "ForQuestionAnswering")


def check_predicts_next_token(module: object) -> None:
    """Refuse to read the last of several rows of logits of a network known to label or fill in tokens."""
    name = type(unwrapped(module)).__name__
    if name.endswith(_PER_TOKEN):
        raise SymbolscopeError(
            f"{name} returns one row of logits per token; which is meant? Wrap it so that one remains: a module whose forward "
            "returns network(input_ids=input_ids, attention_mask=attention_mask).logits[:, position]"
        )


def _is_one(target: object) -> bool:
    return not isinstance(target, bool) and bool(target == 1) if isinstance(target, (int, float)) else False
