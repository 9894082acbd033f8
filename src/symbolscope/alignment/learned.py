"""Whether a network has learned the task that it is studied on, asked before any work."""

import torch
from torch import Tensor, nn

from symbolscope.alignment.causal_pairs import check_answers
from symbolscope.errors import SymbolscopeError
from symbolscope.networks.reads_ahead import check_reads_no_later
from symbolscope.networks.train_classifier import class_accuracy
from symbolscope.networks.trial_accuracy import trial_accuracy
from symbolscope.programs.causal_model import CausalModel
from symbolscope.programs.program import Program
from symbolscope.tasks.classification import Classification
from symbolscope.tasks.task import Task

# A network below this trial accuracy has not learned the task, and its counterfactual answers mean little.
LEARNED = 0.99
_TRIALS_CHECKED = 2_000


def check_learned(network: nn.Module, task: Task | Classification, *, seed: int, force: bool) -> float:
    """Share of trials that the network answers right; refused if it has not learned the task, unless forced."""
    if isinstance(task, Classification):
        _check_classes(network, task)
        accuracy = class_accuracy(network, task, n=_TRIALS_CHECKED, seed=seed)
    else:
        _check_logits(network, task)
        check_reads_no_later(network, task)
        accuracy = trial_accuracy(network, task, n_trials=_TRIALS_CHECKED, seed=seed)
    if accuracy < LEARNED and not force:
        raise SymbolscopeError(
            f"the network answers {accuracy:.1%} of the task's trials right, below {LEARNED:.0%}: it has not learned the task, so "
            "its answers after a swap say little. Train it further (sy.train), or pass force=True to align it all the same"
        )
    return accuracy


def check_program(program: Program | CausalModel, task: Task | Classification) -> None:
    """Refuse a causal model that does not do what the task asks."""
    if isinstance(program, Program):
        program.check()
    elif isinstance(task, Classification):
        check_answers(program, task)


def _check_classes(network: nn.Module, task: Classification) -> None:
    """Refuse a network that does not map the task's inputs to logits of its classes."""
    device = next((parameter.device for parameter in network.parameters()), torch.device("cpu"))
    inputs = torch.from_numpy(task.sample(2, seed=0).inputs).to(device)
    try:
        with torch.no_grad():
            output: object = network(inputs)
    except RuntimeError as error:
        raise SymbolscopeError(
            f"{type(network).__name__} cannot read the task's inputs, float32 {list(inputs.shape)}: {error}"
        ) from error
    shape = tuple(output.shape) if isinstance(output, Tensor) else ()
    if len(shape) != 2 or shape[0] != len(inputs) or shape[1] < task.n_classes:
        raise SymbolscopeError(
            f"{type(network).__name__} must map inputs [b, {task.width}] to logits [b, {task.n_classes}], one per class; "
            f"got {list(shape) if isinstance(output, Tensor) else type(output).__name__}"
        )


def _check_logits(network: nn.Module, task: Task) -> None:
    """Refuse a network that does not map the task's tokens to logits over its vocabulary."""
    trials = task.sample(2, seed=0)
    device = next((parameter.device for parameter in network.parameters()), torch.device("cpu"))
    known = len(task.vocabulary)
    try:
        with torch.no_grad():
            output: object = network(torch.from_numpy(trials.tokens).to(device))
    except IndexError as error:
        raise SymbolscopeError(
            f"{type(network).__name__} cannot read the task's tokens, ids 0..{known - 1} ({error}); its embedding needs "
            f"len(task.vocabulary) = {known} rows"
        ) from error
    b, length = trials.tokens.shape
    shape = tuple(output.shape) if isinstance(output, Tensor) else ()
    if shape[:2] != (b, length) or len(shape) != 3 or shape[2] < known:
        raise SymbolscopeError(
            f"{type(network).__name__} must map tokens [b, L] to logits [b, L, {known}], one per token of the task's vocabulary; "
            f"tokens {[b, length]} gave {list(shape) if isinstance(output, Tensor) else type(output).__name__}. "
            "Wrap it in a module that returns such logits"
        )
