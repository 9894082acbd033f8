"""Training and search do the same in whatever gradient mode or default dtype the caller is, and leave all as it was."""

import contextlib
import subprocess
import sys

import pytest
import torch
from torch import nn

import symbolscope as sy

TASK = sy.tasks.MultiObject(max_count=3)
SEARCH = {"steps": 2, "n_pairs": 30, "n_validation": 20, "force": True, "progress": False}


@contextlib.contextmanager
def off():
    torch.set_grad_enabled(False)
    try:
        yield
    finally:
        torch.set_grad_enabled(True)


@contextlib.contextmanager
def doubles():
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


MODES = {"no_grad": torch.no_grad, "inference": torch.inference_mode, "off": off, "double": doubles}


def network_of():
    torch.manual_seed(0)
    return sy.networks.LSTM(TASK.vocabulary, width=4)


def done(network):
    sy.train(network, TASK, steps=2, n_check=20, progress=False)
    found = sy.align(network, sy.programs.UpDown(TASK), TASK, featurizer=sy.featurizers.Linear(size=2), **SEARCH)
    sy.evidence.nulls.RandomCore(steps=1).variation(found, seed=0)
    weights = [*network.parameters(), *found.featurizer.parameters()]
    return [weight.detach().clone() for weight in weights], found.iia(n=20).right.tolist()


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
def test_the_callers_mode_changes_nothing(mode):
    expected, right = done(network_of())
    network = network_of()
    with mode():
        weights, again = done(network)
        state = torch.is_grad_enabled(), torch.is_inference_mode_enabled()
    with mode():
        assert state == (torch.is_grad_enabled(), torch.is_inference_mode_enabled())
    assert all(torch.equal(one, other) for one, other in zip(expected, weights, strict=True))
    assert right == again


def test_parameters_made_in_inference_mode_are_refused():
    with torch.inference_mode():
        network = sy.networks.GRU(TASK.vocabulary, width=4)
    with pytest.raises(sy.SymbolscopeError, match="inference_mode"):
        sy.train(network, TASK, steps=1, progress=False)


def test_a_progress_bar_leaves_pythons_random_numbers_alone():
    """In a process of its own, where nobody has imported what draws them."""
    code = """
import random, symbolscope as sy
task = sy.tasks.SingleObject(max_count=2)
network = sy.networks.GRU(task.vocabulary, width=2)
for progress in (False, True, True):
    random.seed(3)
    before = random.getstate()
    sy.train(network, task, steps=1, n_check=10, progress=progress)
    print(random.getstate() == before)
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert said.stdout.split() == ["True"] * 3


class Broken(nn.Module):
    """It works until it is trained."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(len(TASK.vocabulary), len(TASK.vocabulary))
        self.dropout = nn.Dropout(0.1)

    def forward(self, tokens):
        if self.training:
            raise ValueError("not in training mode")
        return self.dropout(self.embedding(tokens))


def test_a_training_that_fails_leaves_every_mode_as_it_was():
    network = Broken()
    network.eval()
    network.dropout.train()
    with pytest.raises((ValueError, sy.SymbolscopeError)):
        sy.train(network, TASK, steps=1, progress=False)
    assert (network.training, network.embedding.training, network.dropout.training) == (False, False, True)
