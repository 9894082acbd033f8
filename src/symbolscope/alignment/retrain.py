"""Train a network that stands in for the one that was read: its readout alone, or on answers without a rule."""

import torch
from torch import nn

from symbolscope.alignment.alignment import Alignment
from symbolscope.alignment.refit import readout_parameters, untie_readout
from symbolscope.core.gradient_mode import check_trainable, gradients
from symbolscope.errors import SymbolscopeError
from symbolscope.networks.train import train
from symbolscope.networks.train_classifier import train_classifier
from symbolscope.tasks.classification import Classification
from symbolscope.tasks.shuffled_answers import ShuffledAnswers

# Parameters below which a network waits longer for torch's threads than it computes.
_LARGE = 1_000_000


def retrain_network(
    alignment: Alignment, network: nn.Module, *, only_readout: bool, shuffled_labels: bool, steps: int, seed: int
) -> None:
    """Train ``network`` in place on the alignment's task.

    Parameters
    ----------
    only_readout
        Leave everything that the state at the alignment's site depends on as it is.
    shuffled_labels
        Give each trial the answer of another.
    steps
        At most.

    Raises
    ------
    SymbolscopeError
        If no parameter comes after the site.
    """
    check_trainable(network)
    with gradients():
        _retrain(alignment, network, only_readout=only_readout, shuffled_labels=shuffled_labels, steps=steps, seed=seed)


def _retrain(
    alignment: Alignment, network: nn.Module, *, only_readout: bool, shuffled_labels: bool, steps: int, seed: int
) -> None:
    trainable = {name for name, parameter in network.named_parameters() if parameter.requires_grad}
    if only_readout:
        untie_readout(alignment, network)
        trainable = {name for name, parameter in network.named_parameters() if parameter.requires_grad}
    chosen = set(readout_parameters(alignment, network)) if only_readout else trainable
    if not chosen:
        raise SymbolscopeError(
            f"{type(network).__name__} has no parameter between {alignment.site} and its output, so there is no readout to train"
        )
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(name in chosen)
    threads = torch.get_num_threads()
    if sum(parameter.numel() for parameter in network.parameters()) < _LARGE:
        torch.set_num_threads(1)
    try:
        task = alignment.task
        if isinstance(task, Classification):
            train_classifier(network, task, steps=steps, shuffled_labels=shuffled_labels, seed=seed, progress=False)
        else:
            given = ShuffledAnswers(task) if shuffled_labels else task
            train(network, given, steps=steps, seed=seed, check_every=max(1, steps // 4), n_check=1_000, progress=False)
    finally:
        torch.set_num_threads(threads)
        for name, parameter in network.named_parameters():
            parameter.requires_grad_(name in trainable)
