"""What cannot be aligned is refused before any training, and the message says what to type instead."""

import numpy as np
import pytest
import torch
from tests.alignment.parity import Parity, ParityNetwork, ParityTask
from torch import nn

import symbolscope as sy
from symbolscope.alignment.align import check_featurizers
from symbolscope.featurizers import Linear, Orthogonal, RevNet
from symbolscope.programs import Variable

TASK = sy.tasks.MultiObject(max_count=5)
TOY, UP_DOWN = sy.networks.Toy1d(TASK), sy.programs.UpDown(TASK)


@pytest.fixture(autouse=True)
def no_training(monkeypatch):
    """Any test here that gets as far as the search fails."""

    def search(*arguments, **settings):
        raise AssertionError("training has begun")

    monkeypatch.setattr("symbolscope.alignment.jobs.search", search)


def refused(message, network=TOY, program=UP_DOWN, task=TASK, **settings):
    if "featurizers" not in settings:
        settings = {"featurizer": Linear(size=1)} | settings
    with pytest.raises(sy.SymbolscopeError, match=message):
        (sy.align_many if "featurizers" in settings else sy.align)(network, program, task, progress=False, **settings)


class Stranger(sy.programs.UpDown):
    """Says a token that does not exist."""

    def emit(self, state, generator):
        tokens, scored = super().emit(state, generator)
        return np.where(scored, 77, tokens), scored


class Stubborn(sy.programs.UpDown):
    """Never ends."""

    def emit(self, state, generator):
        tokens, scored = super().emit(state, generator)
        return np.where(scored, self.task.response, tokens), scored


def test_a_program_that_does_not_do_the_task():
    refused(r"Stranger emits token 77, which is not in the vocabulary of 9 tokens: P B D0", program=Stranger(TASK))
    refused(
        r"Stubborn does not do what the task asks: after 'B .* T .*R' it says R, the task E", program=Stubborn(TASK)
    )


def test_a_program_for_another_task():
    other = sy.programs.UpDown(sy.tasks.SingleObject(max_count=5))
    refused(
        r"the program is for SingleObject\(.*, but the task is MultiObject\(.*; build it with UpDown\(task\)",
        program=other,
    )


def test_unknown_variables():
    refused(r"UpDown has no variable 'cont'; did you mean 'count'\? It has: count, phase", variable="cont")
    both = ("count", "demo_count")
    refused(r"no variable 'demo_count'; did you mean 'count'", variable=both, featurizer=Linear(size=(1, 1)))
    refused(r"no variable 'phas'; did you mean 'phase'", variables=["count", "phas"], featurizers=[Linear(size=1)])


def test_nothing_to_align():
    refused("nothing to align: give at least one variable and one featurizer", variable=())
    refused("nothing to align", variables=[], featurizers=[Linear(size=1)])
    refused("nothing to align", featurizers=[])


def test_what_is_no_list_of_featurizers():
    message = r"a featurizer is an instance such as sy.featurizers.Linear\(size=8\); got the class Linear"
    for given in (Linear, [Linear(size=1), Linear]):
        with pytest.raises(sy.SymbolscopeError, match=message):
            check_featurizers(given)
    with pytest.raises(sy.SymbolscopeError, match=r"such as .*; got int"):
        check_featurizers([8])
    with pytest.raises(sy.SymbolscopeError, match=r"must be a list of them; type featurizers=\[Linear\(size=1\)\]"):
        check_featurizers(Linear(size=1))


def test_sizes_that_do_not_suit_the_state():
    message = r"Linear\(size=4\) has more features than the states have coordinates \(3\); give size=3 or less"
    refused(message, featurizer=Linear(size=4))
    refused("RevNet couples the two halves of a state, so the width must be even; got 3", featurizer=RevNet(size=1))


def test_sizes_that_do_not_suit_the_variables():
    both = ("count", "phase")
    message = (
        r"2 variables \(count, phase\) need .*as many blocks, such as Orthogonal\(size=\(4, 4\)\); it has sizes \(2,\)"
    )
    refused(message, variable=both, featurizer=Orthogonal(size=2))
    refused(r"as many blocks.*it has sizes \(1, 1, 1\)", variable=both, featurizer=Linear(size=(1, 1, 1)))
    refused(r"Linear has 2 blocks for one variable; give size=2, or as many variables", featurizer=Linear(size=(1, 1)))


def test_a_network_that_has_not_learned_the_task():
    network = sy.networks.GRU(TASK.vocabulary, width=4)
    message = r"answers \d+\.\d% of the task's trials right, below 99%: it has not learned .* or pass force=True to align it all"
    refused(message, network=network)


def test_force_aligns_an_unlearned_network_all_the_same(monkeypatch):
    monkeypatch.undo()
    network = sy.networks.GRU(TASK.vocabulary, width=4)
    found = sy.align(
        network,
        UP_DOWN,
        TASK,
        featurizer=Linear(size=1),
        force=True,
        steps=2,
        n_pairs=20,
        n_validation=20,
        progress=False,
    )
    assert found.network_accuracy < 0.5
    assert found.restarts[0].steps == 2


class Rank(Parity):
    """Its variable takes the values 1 and 2 only, although it counts as far as the task's quantities go."""

    variables = (Variable("rank", (0, 1, 2, 3, 4)),)

    def update(self, state, tokens):
        after = super().update(state, tokens)
        return after | {"rank": np.minimum(after["shown"], 2)}

    def init(self, quantities):
        return super().init(quantities) | {"rank": np.zeros_like(quantities)}


def test_no_pairs_are_left_after_the_hold_outs():
    task = ParityTask()
    message = (
        r"no step is left to swap rank at: .* never hold any of the values \[0, 4\]; allow other counts= or values="
    )
    refused(message, ParityNetwork(task), Rank(task), task, variable="rank", counts=(4,))
    refused(r"some of the task's quantities 1\.\.5; got none", counts=())


class Unused(nn.Module):
    """Has a module that its forward pass never calls."""

    def __init__(self, tokens=9, outputs=9):
        super().__init__()
        self.embedding = nn.Embedding(tokens, 4)
        self.rnn = nn.GRU(4, 4, batch_first=True)
        self.unused = nn.Linear(4, 4)
        self.head = nn.Linear(4, outputs)

    def forward(self, tokens):
        return self.head(self.rnn(self.embedding(tokens))[0])


def test_a_site_that_is_never_reached():
    site = sy.sites.Output("unused")
    refused("Linear 'unused' is never called in the forward pass", network=Unused(), site=site, force=True)
    refused(
        "has no module 'rmn'; the nearest are 'rnn'", network=Unused(), site=sy.sites.RecurrentState("rmn"), force=True
    )


def test_a_network_with_no_site_to_be_found():
    network = nn.Sequential(nn.Embedding(len(TASK.vocabulary), 4), nn.Linear(4, len(TASK.vocabulary)))
    refused(r"Sequential has no recurrent state to be found; choose a site, such as Output\('0'\)", network=network)


def test_another_vocabulary():
    vocabulary = sy.tasks.SingleObject().vocabulary
    message = (
        r"the network's vocabulary \('P', .* is not the task's .*; build the network with vocabulary=task.vocabulary"
    )
    refused(message, network=sy.networks.GRU(vocabulary, width=4), force=True)
    refused(
        r"Unused cannot read the task's tokens, ids 0\.\.8 \(.*len\(task.vocabulary\) = 9 rows",
        network=Unused(tokens=3),
        force=True,
    )
    message = r"Unused must map tokens \[b, L\] to logits \[b, L, 9\].*; tokens \[2, \d+\] gave \[2, \d+, 5\]. Wrap it"
    refused(message, network=Unused(outputs=5), force=True)


def test_a_network_that_returns_something_else():
    class Pair(Unused):
        def forward(self, tokens):
            return super().forward(tokens), None

    class Last(Unused):
        def forward(self, tokens):
            return super().forward(tokens)[:, -1]

    refused(r"Pair must map tokens \[b, L\] to logits \[b, L, 9\].* gave tuple", network=Pair(), force=True)
    refused(r"Last must map tokens .* gave \[2, 9\]", network=Last(), force=True)


@pytest.mark.parametrize("name", ["steps", "batch", "check_every", "patience", "restarts", "n_pairs", "n_validation"])
@pytest.mark.parametrize("amount", [0, -3])
def test_amounts_below_one(name, amount):
    refused(f"{name} must be at least 1; got {amount}", **{name: amount})


def test_rates_and_weights():
    refused(r"rate must be positive; got 0\.0", rate=0.0)
    refused("rate must be positive; got nan", rate=float("nan"))
    refused(r"null_weight and latent_weight must be at least 0; got -1\.0, 0\.0", null_weight=-1.0)
    refused(r"at least 0; got 0\.0, -2\.0", latent_weight=-2.0)


def test_the_network_is_handed_back_after_a_refusal():
    network = sy.networks.GRU(TASK.vocabulary, width=4)
    network.train()
    refused("it has not learned the task", network=network)
    assert network.training
    assert all(parameter.requires_grad for parameter in network.parameters())
    assert torch.is_grad_enabled()
