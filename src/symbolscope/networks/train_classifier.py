"""Train a network on a task without time."""

import time

import numpy as np
import torch
from torch import nn

from symbolscope.core.argument_checks import Flag, Network, Number, Seed, WholeNumber
from symbolscope.core.checked_call import takes
from symbolscope.core.gradient_mode import check_trainable, gradients
from symbolscope.core.random_streams import stream
from symbolscope.core.users_function import call_users_function
from symbolscope.errors import SymbolscopeError
from symbolscope.games.progress import ProgressBar
from symbolscope.networks.evaluation_mode import evaluation_mode, training_mode
from symbolscope.tasks.classification import CLASSIFICATION, Classification

_CHECK_EVERY = 200
_CHECKED = 10_000


@takes(
    {
        "network": Network(),
        "task": CLASSIFICATION,
        "steps": WholeNumber(),
        "batch": WholeNumber(most=10_000_000),
        "rate": Number(finite=False),
        "stop_accuracy": Number(),
        "shuffled_labels": Flag(),
        "seed": Seed(),
        "progress": Flag(),
    }
)
def train_classifier(
    network: nn.Module,
    task: Classification,
    *,
    steps: int = 20_000,
    batch: int = 1_024,
    rate: float = 3e-3,
    stop_accuracy: float = 0.999,
    shuffled_labels: bool = False,
    seed: int = 0,
    progress: bool | None = None,
) -> float:
    """Train ``network`` in place on fresh examples of ``task``; only parameters that require gradients change.

    Mean cross-entropy, Adam, rate falling to 0 along half a cosine. The seed fixes all.

    Parameters
    ----------
    network
        Inputs float32 [b, width] to logits [b, n_classes]; left in evaluation mode, without gradients.
    task
        Where examples come from.
    steps, batch, rate
        At most so many steps of so many examples, at this rate in the beginning.
    stop_accuracy
        Stop once this share of 10,000 fresh examples is right.
    shuffled_labels
        Shuffle the classes of each batch among its inputs: a control that has nothing to learn.
    seed
        Of the examples.
    progress
        Show a progress bar; None shows one where the work is long and a person is watching.

    Returns
    -------
    Share of fresh examples that it classifies right in the end.

    Raises
    ------
    SymbolscopeError
        If an amount is below 1, or no parameter can be trained.

    Examples
    --------
    >>> import symbolscope as sy
    >>> task = sy.tasks.TwoConjunctions()
    >>> network = sy.networks.MLP(task.width, task.n_classes, widths=(16,))
    >>> train_classifier(network, task, steps=400, progress=False) > 0.95
    True
    """
    if min(steps, batch) < 1 or not rate > 0:
        raise SymbolscopeError(f"steps, batch and rate must be positive; got {steps}, {batch}, {rate}")
    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    if not parameters:
        raise SymbolscopeError(f"{type(network).__name__} has no parameters that could be trained")
    check_trainable(network)
    device = parameters[0].device
    optimiser = torch.optim.Adam(parameters, lr=rate, foreach=True)
    with (
        gradients(),
        training_mode(network),
        ProgressBar(steps, label=f"training {type(network).__name__}", show=progress) as bar,
    ):
        for step in range(steps):
            for group in optimiser.param_groups:
                group["lr"] = rate * 0.5 * (1 + np.cos(np.pi * step / steps))
            examples = task.sample(batch, seed=stream(seed, "examples of a training step", step))
            classes = examples.classes
            if shuffled_labels:
                classes = stream(seed, "shuffled labels of a training step", step).permutation(classes)
            logits = network(torch.from_numpy(examples.inputs).to(parameters[0]))
            loss = nn.functional.cross_entropy(logits, torch.from_numpy(classes).to(device))
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            bar.update(step + 1, time.perf_counter())
            checked = (step + 1) % _CHECK_EVERY == 0 and step < steps - 1 and not shuffled_labels
            if checked and class_accuracy(network, task, seed=seed) >= stop_accuracy:
                break
    optimiser.zero_grad(set_to_none=True)
    return class_accuracy(network, task, seed=seed)


@takes({"network": Network(), "task": CLASSIFICATION, "n": WholeNumber(least=1, most=10_000_000), "seed": Seed()})
def class_accuracy(network: nn.Module, task: Classification, *, n: int = _CHECKED, seed: int = 0) -> float:
    """Share of ``n`` fresh examples that the network classifies right, in evaluation mode."""
    like = next(network.parameters(), torch.zeros(()))
    examples = task.sample(n, seed=stream(seed, "examples that measure accuracy"))
    with torch.no_grad(), evaluation_mode(network):
        said = call_users_function("the network", network, torch.from_numpy(examples.inputs).to(like)).argmax(dim=-1)
    return float((said.cpu().numpy() == examples.classes).mean())
