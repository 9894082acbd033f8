"""Whether a network has learned the task that it is studied on, asked before any work."""

import torch
from torch import Tensor, nn

from symbolscope.errors import SymbolscopeError
from symbolscope.networks.trial_accuracy import trial_accuracy
from symbolscope.tasks.task import Task

# A network below this trial accuracy has not learned the task, and its counterfactual answers mean little.
_LEARNED = 0.99
_TRIALS_CHECKED = 2_000


def check_learned(network: nn.Module, task: Task, *, seed: int, force: bool) -> float:
    """Share of trials that the network answers right; refused if it has not learned the task, unless forced."""
    _check_logits(network, task)
    accuracy = trial_accuracy(network, task, n_trials=_TRIALS_CHECKED, seed=seed)
    if accuracy < _LEARNED and not force:
        raise SymbolscopeError(
            f"the network answers {accuracy:.1%} of the task's trials right, below {_LEARNED:.0%}: it has not learned the task, so "
            "its answers after a swap say little. Train it further (sy.train), or pass force=True to align it all the same"
        )
    return accuracy


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
