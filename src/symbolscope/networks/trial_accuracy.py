"""How often a network answers a whole trial right."""

from collections.abc import Collection

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from symbolscope.tasks.task import Task
from symbolscope.tasks.trials import Trials

_ROWS_AT_ONCE = 1_024


def trial_accuracy(
    network: nn.Module,
    task: Task | Trials,
    *,
    n_trials: int = 10_000,
    counts: Collection[int] | None = None,
    seed: int = 0,
) -> float:
    """Share of trials in which every scored token is the network's most likely one.

    One pass over the correct tokens: a greedy answer is right exactly if each of its tokens is, given those before.

    Parameters
    ----------
    network
        Tokens int64 [b, L] to logits [b, L, V].
    task
        A task, of which ``n_trials`` fresh trials are drawn, or given trials.
    counts
        Quantities of the drawn trials; None is those that training uses.
    seed
        Of the draw.

    Examples
    --------
    >>> import symbolscope as sy
    >>> task = sy.tasks.MultiObject(max_count=5)
    >>> trial_accuracy(sy.networks.GRU(task.vocabulary, width=8), task) < 0.5
    True
    """
    trials = task if isinstance(task, Trials) else task.sample(n_trials, seed=seed, counts=counts)
    return float(right_trials(network, trials).mean())


def right_trials(network: nn.Module, trials: Trials) -> NDArray[np.bool_]:
    """Whether each trial is answered right, bool [n]; the network is used as it stands."""
    device = next((parameter.device for parameter in network.parameters()), torch.device("cpu"))
    # Rows of like length together, each batch only as long as its longest.
    order = np.argsort(trials.lengths, kind="stable")
    right = np.empty(len(trials), dtype=np.bool_)
    with torch.no_grad():
        for start in range(0, len(trials), _ROWS_AT_ONCE):
            rows = order[start : start + _ROWS_AT_ONCE]
            length = int(trials.lengths[rows].max())
            tokens = trials.tokens[rows, :length]
            logits = network(torch.from_numpy(tokens[:, :-1]).to(device))
            predictions = logits.argmax(dim=-1).cpu().numpy()
            wrong = (predictions != tokens[:, 1:]) & trials.scored[rows, 1:length]
            right[rows] = ~wrong.any(axis=1)
    return right
