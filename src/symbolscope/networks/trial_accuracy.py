"""How often a network answers a whole trial right."""

from collections.abc import Collection

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from symbolscope.core.argument_checks import Network, SeedOrGenerator, WholeNumber
from symbolscope.core.checked_call import takes
from symbolscope.core.random_streams import stream
from symbolscope.core.sequence_checks import ListOf
from symbolscope.errors import SymbolscopeError
from symbolscope.networks.evaluation_mode import evaluation_mode
from symbolscope.networks.next_token import logits_at
from symbolscope.tasks.task import TASK, Task
from symbolscope.tasks.trials import Trials

_ROWS_AT_ONCE = 1_024


@takes(
    {
        "network": Network(),
        "n_trials": WholeNumber(least=1, most=10_000_000),
        "counts": ListOf(WholeNumber(), "whole numbers", ordered=False),
        "seed": SeedOrGenerator(),
    }
)
def trial_accuracy(
    network: nn.Module,
    task: Task | Trials,
    *,
    n_trials: int = 10_000,
    counts: Collection[int] | None = None,
    seed: int | np.random.Generator = 0,
) -> float:
    """Share of trials in which every scored token is the network's most likely one.

    One pass over the correct tokens, in evaluation mode: a greedy answer is right exactly if each of its tokens is, given those
    before it.

    Parameters
    ----------
    network
        Tokens int64 [b, L] to logits [b, L, V].
    task
        A task, of which ``n_trials`` fresh trials are drawn, or given trials.
    n_trials
        How many.
    counts
        Quantities of the drawn trials; None is those that training uses.
    seed
        Of the draw.

    Raises
    ------
    SymbolscopeError
        As for :meth:`symbolscope.tasks.Task.sample`.

    Examples
    --------
    >>> import symbolscope as sy
    >>> task = sy.tasks.MultiObject(max_count=5)
    >>> trial_accuracy(sy.networks.GRU(task.vocabulary, width=8), task) < 0.5
    True
    """
    if isinstance(task, Trials):
        return float(right_trials(network, task).mean())
    fresh = stream(seed, "trials that measure accuracy")
    trials = TASK.read("task", task).sample(n_trials, seed=fresh, counts=counts)
    return float(right_trials(network, trials).mean())


def right_trials(network: nn.Module, trials: Trials) -> NDArray[np.bool_]:
    """Whether each trial is answered right, bool [n]."""
    silent = ~trials.scored[:, 1:].any(axis=1)
    if silent.any():
        raise SymbolscopeError(
            f"in {int(silent.sum()):,} of {len(trials):,} trials no token is scored, so no answer could be wrong; mark what "
            "the task determines in Trials.scored"
        )
    device = next((parameter.device for parameter in network.parameters()), torch.device("cpu"))
    # Rows of like length together, each batch only as long as its longest.
    order = np.argsort(trials.lengths, kind="stable")
    right = np.ones(len(trials), dtype=np.bool_)
    with torch.no_grad(), evaluation_mode(network):
        for start in range(0, len(trials), _ROWS_AT_ONCE):
            rows = order[start : start + _ROWS_AT_ONCE]
            length = int(trials.lengths[rows].max())
            tokens, scored = trials.tokens[rows, :length], trials.scored[rows, 1:length]
            where = torch.from_numpy(scored).to(device)
            logits = logits_at(network, torch.from_numpy(tokens[:, :-1].copy()).to(device), where)
            wrong = logits.argmax(dim=-1).cpu().numpy() != tokens[:, 1:][scored]
            right[rows[np.nonzero(scored)[0][wrong]]] = False
    return right
