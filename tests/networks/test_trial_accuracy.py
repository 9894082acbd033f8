"""Trial accuracy against generating each trial token by token."""

import dataclasses

import numpy as np
import pytest
import torch
from tests.networks.instances import TASK, TRAINABLE

import symbolscope as sy
from symbolscope.networks.self_fed import self_fed
from symbolscope.networks.trial_accuracy import right_trials

QUIET = sy.tasks.MultiObject(max_count=6)


def generated_right(network, trials, row):
    """Feed the network its own answers at scored positions and the trial's tokens elsewhere; stop at the first mistake."""
    tokens = trials.tokens[row].copy()
    for position in range(1, trials.lengths[row]):
        own = int(network(torch.from_numpy(tokens[None, :position]))[0, -1].argmax())
        if trials.scored[row, position]:
            if own != trials.tokens[row, position]:
                return False
            tokens[position] = own
    return True


@pytest.mark.parametrize("name", TRAINABLE)
def test_equals_generation_by_hand(name):
    trials, kinds = TASK.sample(20, seed=5), set()
    for steps in (60, 140):  # from a network that knows nothing to one that knows nearly all
        network = TRAINABLE[name]()
        sy.train(
            network, TASK, steps=steps, rate=1e-2, stop_accuracy=2.0, check_every=steps, n_check=20, progress=False
        )
        with torch.no_grad():
            expected = [generated_right(network, trials, row) for row in range(20)]
        assert right_trials(network, trials).tolist() == expected
        assert sy.networks.trial_accuracy(network, trials) == np.mean(expected)
        kinds |= set(expected)
    assert kinds == {False, True}


def test_one_wrong_token_is_a_wrong_trial():
    network, trials = sy.networks.Toy1d(QUIET), QUIET.sample(20, seed=0, counts=[3])
    tokens = trials.tokens.copy()
    tokens[0, -1] = QUIET.response  # the end was asked for
    tokens[1, -2] = QUIET.end
    altered = dataclasses.replace(trials, tokens=tokens)
    assert right_trials(network, altered).tolist() == [False, False] + [True] * 18


def test_the_mode_is_handed_back():
    network, inside = TRAINABLE["NoPE"]().train(), []
    network.blocks[1].eval()
    before = [module.training for module in network.modules()]
    network.register_forward_pre_hook(lambda *_: inside.extend(module.training for module in network.modules()))
    sy.networks.trial_accuracy(network, TASK, n_trials=10)
    assert inside
    assert not any(inside)  # no dropout while it is asked
    assert [module.training for module in network.modules()] == before


@pytest.mark.parametrize("name", TRAINABLE)
def test_feeding_oneself_equals_generation_by_hand(name):
    network = TRAINABLE[name]().eval()
    trials = TASK.sample(8, seed=1)
    tokens, own = torch.from_numpy(trials.tokens), torch.from_numpy(trials.scored)
    expected = tokens.clone()
    with torch.no_grad():
        for position in range(1, tokens.shape[1]):
            chosen = network(expected[:, :position])[:, -1].argmax(dim=-1)
            expected[:, position] = torch.where(own[:, position], chosen, tokens[:, position])
    assert torch.equal(self_fed(network, tokens, own), expected)
