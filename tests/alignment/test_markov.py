"""Whose answer follows a swap: a network that carries its count, and one that counts the tokens afresh at every step."""

import numpy as np
import pytest
import torch
from tests.alignment.parity import ParityNetwork, ParityTask
from torch import nn

import symbolscope as sy

TASK = sy.tasks.MultiObject(max_count=6, void_probability=0.2)


class Recount(nn.Module):
    """Adds up its own tokens' contributions at every step: -1 for an object, +1 for a response, from the trigger on."""

    def __init__(self, task):
        super().__init__()
        self.vocabulary = task.vocabulary
        n = len(task.vocabulary)
        codes = torch.zeros(n, 3)  # what is owed, whether it is asked, whether it is begun
        codes[list(task.demos), 0] = 1.0
        codes[task.response, 0] = -1.0
        codes[task.trigger, 1] = 1.0
        self.embedding = nn.Embedding.from_pretrained(codes)
        self.block = nn.Identity()
        self.weights = torch.zeros(3, n)
        self.weights[:2, task.response] = torch.tensor([10.0, 100.0])
        self.weights[1, task.end] = 105.0

    def forward(self, tokens):
        """Logits [b, L, V]."""
        return self.block(self.embedding(tokens)).cumsum(dim=1) @ self.weights


def test_a_network_that_carries_its_count_is_markovian():
    report = sy.markov_test(sy.networks.Toy1d(TASK), TASK, n=200)
    assert report.verdict == "Markovian"
    assert report.accuracy == 1.0
    assert report.follows_source.all()
    assert not report.follows_target.any()
    assert report.decision_follows_source.all()
    assert {k: right.all() for k, right in report.objects_removed.items()} == {1: True, 2: True}
    assert report.response_inserted.all()
    assert report.window_accuracy == {}
    assert report.contributions == ()
    assert "For a recurrent network this holds by construction" in str(report)


def test_a_network_that_recounts_is_not():
    network = Recount(TASK)
    assert sy.networks.trial_accuracy(network, TASK) == 1.0
    report = sy.markov_test(network, TASK, site=sy.sites.Output("block"), n=200)
    assert report.verdict == "anti-Markovian"
    assert report.follows_target.all()
    assert not report.follows_source.any()
    assert all(right.all() for right in report.objects_removed.values())
    assert report.response_inserted.all()
    assert "the target's  100.0% [" in str(report)


def test_a_network_that_answers_nothing_is_undecided():
    report = sy.markov_test(sy.networks.GRU(TASK.vocabulary, width=4), TASK, n=100)
    assert report.verdict == "undecided"
    assert report.accuracy < 0.1


def test_without_voids_nothing_is_said_of_them():
    task = TASK.without_void()
    report = sy.markov_test(sy.networks.Toy1d(task), task, n=50)
    assert report.objects_removed == {}
    assert "void" not in str(report)


def test_transformers_are_looked_into():
    network = sy.networks.Transformer(TASK.vocabulary, width=8)
    report = sy.markov_test(network, TASK, n=40)
    assert list(report.window_accuracy) == [1, 2, 5, 10]
    assert [one.block for one in report.contributions] == [0, 0, 0, 1, 1, 1]
    assert "trials right with attention to the last w tokens only" in str(report)


def test_the_same_seed_asks_the_same():
    network = sy.networks.Transformer(TASK.vocabulary, width=8, seed=1)
    first, second, other = (sy.markov_test(network, TASK, n=60, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.follows_target, second.follows_target)
    assert str(first) == str(second)
    assert str(first) != str(other)


def test_refusals():
    network = sy.networks.Toy1d(TASK)
    with pytest.raises(sy.SymbolscopeError, match=r"markov_test needs a task with a demonstration.*; got ParityTask"):
        sy.markov_test(ParityNetwork(ParityTask()), ParityTask())
    with pytest.raises(sy.SymbolscopeError, match="n must be at least 1; got 0"):
        sy.markov_test(network, TASK, n=0)
    with pytest.raises(sy.SymbolscopeError, match=r"vocabulary .* is not the task's"):
        sy.markov_test(network, sy.tasks.SingleObject(max_count=6))
    small = sy.tasks.MultiObject(max_count=1)
    with pytest.raises(sy.SymbolscopeError, match="a max_count of at least 3"):
        sy.markov_test(sy.networks.Toy1d(small), small)
