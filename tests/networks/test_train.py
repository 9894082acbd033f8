"""Training goes on bit for bit, ends when it should, and leaves everything else alone."""

import math
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from tests.networks.instances import TASK, TRAINABLE
from torch.optim.optimizer import register_optimizer_step_pre_hook

import symbolscope as sy
from symbolscope.networks.learning_rate import learning_rate

SHORT = {
    "steps": 12, "batch": 6, "check_every": 4, "n_check": 30, "checkpoint_every": 3, "snapshots": True, "stop_accuracy": 2.0,
    "progress": False,
}  # fmt: skip
VARIETIES = {
    "fresh": {},
    "fixed": {"n_fixed": 20, "loss": "scored"},
    "self-fed": {"mode": "self-fed", "seed": 3},
}


def course(history):
    """All of a history but the time it took."""
    return [*history.checks, history.steps, history.accuracy, history.held_out_accuracy, history.reached]


def same(left, right):
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


def trained(make, settings, **others):
    network = make()
    history = sy.train(network, TASK, **(SHORT | settings | others))
    return network, history


def interrupted_at(make, settings, step, path):
    """Stopped by Ctrl-C in the middle of a step, as the optimiser is about to take it."""
    network, taken = make(), 0

    def stop(_optimiser, _args, _kwargs):
        nonlocal taken
        taken += 1
        if taken == step:
            raise KeyboardInterrupt

    handle = register_optimizer_step_pre_hook(stop)
    try:
        with pytest.raises(KeyboardInterrupt):
            sy.train(network, TASK, checkpoint=path, **(SHORT | settings))
    finally:
        handle.remove()
    assert not any(module.training for module in network.modules())


@pytest.mark.parametrize("variety", VARIETIES)
@pytest.mark.parametrize("name", TRAINABLE)
@settings(max_examples=5)
@given(step=st.integers(1, 12))
def test_goes_on_bit_for_bit_after_an_interruption_at_any_step(name, variety, step, tmp_path_factory):
    make, chosen = TRAINABLE[name], VARIETIES[variety]
    path = tmp_path_factory.mktemp("training") / "course.safetensors"
    whole, history = trained(make, chosen)
    interrupted_at(make, chosen, step, path)
    assert path.exists() == (step > 3)
    assert [one.name for one in path.parent.iterdir()] == ([path.name] if step > 3 else [])
    resumed = make()
    if step > 3:  # what the network holds when training goes on does not matter
        with torch.no_grad():
            for parameter in resumed.parameters():
                parameter.zero_()
    again = sy.train(resumed, TASK, checkpoint=path, **(SHORT | chosen))
    assert same(whole.state_dict(), resumed.state_dict())
    assert course(history) == course(again)
    assert all(
        (one.step, one.accuracy) == (other.step, other.accuracy) and same(one.weights, other.weights)
        for one, other in zip(history.snapshots, again.snapshots, strict=True)
    )


def test_goes_on_bit_for_bit_after_a_kill(tmp_path):
    script = """
import sys, torch, symbolscope as sy
from tests.networks.instances import TASK, TRAINABLE
torch.set_num_threads(1)
network = TRAINABLE["GRU"]()
sy.train(network, TASK, steps=200, batch=16, check_every=40, n_check=100, checkpoint_every=1, stop_accuracy=2.0,
         checkpoint=sys.argv[1], progress=False)
"""
    whole, killed = tmp_path / "whole.safetensors", tmp_path / "killed.safetensors"
    subprocess.run([sys.executable, "-c", script, str(whole)], check=True)
    kills = 0
    while True:
        process = subprocess.Popen([sys.executable, "-c", script, str(killed)])
        began = killed.stat().st_mtime_ns if killed.exists() else 0
        while process.poll() is None and (not killed.exists() or killed.stat().st_mtime_ns == began):
            time.sleep(0.005)
        time.sleep(0.1)
        if process.poll() is None and kills < 2:
            os.kill(process.pid, signal.SIGKILL)
            kills += 1
        if process.wait() == 0:
            break
    assert kills == 2
    left, right = load_file(whole), load_file(killed)
    assert same(left, right)
    assert any(name.startswith("optimiser.") for name in left)


def test_ends_after_two_checks_in_a_row():
    task = sy.tasks.MultiObject(max_count=4, held_out=(3,))
    network, seen = sy.networks.GRU(task.vocabulary, width=16), []
    history = sy.train(network, task, check_every=25, n_check=2_000, progress=False, on_check=seen.append)
    assert history.reached
    assert history.steps < 2_000
    assert [check.step for check in history.checks] == list(range(25, history.steps + 1, 25))
    assert tuple(seen) == history.checks
    assert all(check.accuracy >= 0.9999 for check in history.checks[-2:])
    assert history.accuracy > 0.99
    held_out = sy.networks.trial_accuracy(network, task, counts=[3], n_trials=2_000)
    assert history.held_out_accuracy == pytest.approx(held_out, abs=0.05)
    assert sy.networks.trial_accuracy(network, task, seed=7) > 0.99
    assert "fresh trials right after" in str(history)


def test_without_hold_outs_there_is_no_accuracy_on_them():
    task = sy.tasks.MultiObject(max_count=3)
    history = sy.train(sy.networks.GRU(task.vocabulary, width=4), task, **SHORT)
    assert history.held_out_accuracy is None
    assert all(check.held_out_accuracy is None for check in history.checks)
    assert not history.reached
    assert history.steps == 12


def test_random_state_and_mode_are_left_alone():
    network = TRAINABLE["NoPE"]()
    before = torch.random.get_rng_state()
    trained(lambda: network, {})
    assert torch.equal(torch.random.get_rng_state(), before)
    assert not network.training


def test_dropout_depends_on_the_seed_alone():
    first, second, other = (trained(TRAINABLE["RoPE"], {"seed": seed, "n_fixed": 6})[0] for seed in (0, 0, 1))
    assert same(first.state_dict(), second.state_dict())
    assert not same(first.state_dict(), other.state_dict())


def test_frozen_parameters_stay():
    network = TRAINABLE["GRU"]()
    network.embedding.requires_grad_(requires_grad=False)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    sy.train(network, TASK, **SHORT)
    after = network.state_dict()
    assert torch.equal(before["embedding.weight"], after["embedding.weight"])
    assert not torch.equal(before["rnn.weight_hh_l0"], after["rnn.weight_hh_l0"])


def test_a_module_of_ones_own_is_trained():
    task = sy.tasks.MultiObject(max_count=3)

    class Mine(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = torch.nn.Embedding(len(task.vocabulary), 12)
            self.rnn = torch.nn.RNN(12, 12, batch_first=True)
            self.head = torch.nn.Linear(12, len(task.vocabulary))

        def forward(self, tokens):
            return self.head(self.rnn(self.embedding(tokens))[0])

    torch.manual_seed(0)
    assert sy.train(Mine(), task, steps=2_000, n_check=500, progress=False).accuracy > 0.95


@given(st.integers(1, 10_000), st.floats(1e-6, 1.0), st.integers(1, 500), st.floats(0.0, 1.0))
def test_the_rate_rises_to_its_largest_and_falls(step, rate, warm_up, decay):
    now, following = (learning_rate(t, rate=rate, warm_up=warm_up, decay=decay) for t in (step, step + 1))
    assert 0 < now <= rate * (1 + 1e-12)
    assert following >= now if step < warm_up else following <= now
    assert math.isclose(learning_rate(warm_up, rate=rate, warm_up=warm_up, decay=decay), rate)


@pytest.mark.parametrize(
    ("given_settings", "message"),
    [
        ({"steps": 0}, "steps must be at least 1; got 0"),
        ({"batch": 0}, "batch must be at least 1"),
        ({"n_fixed": 0}, "n_fixed must be at least 1"),
        ({"rate": 0.0}, "rate must be positive; got 0.0"),
        ({"rate": math.inf}, "rate must be positive; got inf"),
        ({"decay": 2.0}, r"decay must be in 0\.\.1"),
        ({"stop_accuracy": 0.0}, "stop_accuracy must be positive"),
        ({"seed": -1}, "seed must be at least 0"),
        ({"mode": "self"}, 'mode must be "teacher-forced" or "self-fed"; got \'self\''),
        ({"loss": "some"}, 'loss must be "all" or "scored"; got \'some\''),
        ({"checkpoint": "no/such/folder/file"}, "the folder no/such/folder does not exist"),
        ({"checkpoint": "/tmp"}, "it is a folder; give the name of a file in it"),
    ],
)
def test_settings_are_refused(given_settings, message):
    with pytest.raises(sy.SymbolscopeError, match=message):
        sy.train(TRAINABLE["GRU"](), TASK, **(SHORT | given_settings))


def test_networks_are_refused():
    with pytest.raises(sy.SymbolscopeError, match=r"make it with task\.vocabulary"):
        sy.train(TRAINABLE["GRU"](), sy.tasks.SingleObject(max_count=4), **SHORT)
    with pytest.raises(sy.SymbolscopeError, match="Toy1d has no parameters to train"):
        sy.train(sy.networks.Toy1d(sy.tasks.MultiObject(max_count=4)), sy.tasks.MultiObject(max_count=4), **SHORT)


class TestCheckpoint:
    @pytest.fixture
    def path(self, tmp_path):
        trained(TRAINABLE["GRU"], {}, checkpoint=tmp_path / "course.safetensors")
        return tmp_path / "course.safetensors"

    def again(self, path, network=None, task=TASK, **others):
        before = path.read_bytes()
        try:
            return sy.train(network or TRAINABLE["GRU"](), task, checkpoint=path, **(SHORT | others))
        finally:
            assert path.read_bytes() == before or "steps" in others

    def test_of_a_finished_training_gives_its_end(self, path):
        network = TRAINABLE["GRU"]()
        assert course(self.again(path, network)) == course(trained(TRAINABLE["GRU"], {})[1])
        assert same(network.state_dict(), trained(TRAINABLE["GRU"], {})[0].state_dict())

    def test_may_be_gone_on_with_for_longer(self, path):
        network = TRAINABLE["GRU"]()
        history = self.again(path, network, steps=20)
        expected, whole = trained(TRAINABLE["GRU"], {"steps": 20})
        assert course(history) == course(whole)
        assert same(network.state_dict(), expected.state_dict())

    @pytest.mark.parametrize(
        ("others", "message"),
        [
            ({"rate": 1e-3}, r"is the checkpoint of another training: rate was 0\.005 and is 0\.001"),
            ({"seed": 1, "batch": 7}, "batch was 6 and is 7; seed was 0 and is 1"),
            ({"network": sy.networks.LSTM(TASK.vocabulary, width=10)}, "network was GRU and is LSTM"),
            ({"network": sy.networks.GRU(TASK.vocabulary, width=12)}, "width was 10 and is 12"),
            ({"task": sy.tasks.MultiObject(max_count=5, held_out=(3,), void_probability=0.2)}, "task was MultiObject"),
        ],
    )
    def test_of_another_training_is_refused(self, path, others, message):
        with pytest.raises(sy.SymbolscopeError, match=message):
            self.again(path, **others)

    def test_that_is_damaged_is_refused(self, path):
        whole = path.read_bytes()
        for damaged in (b"", whole[:100], whole[:-50], os.urandom(200)):
            path.write_bytes(damaged)
            with pytest.raises(sy.SymbolscopeError, match=r"is not a checkpoint of sy\.train, or is damaged"):
                self.again(path)

    def test_of_another_kind_is_refused(self, path):
        save_file({"x": torch.zeros(1)}, path)
        with pytest.raises(sy.SymbolscopeError, match=r"but no checkpoint of sy\.train"):
            self.again(path)
        save_file({"x": torch.zeros(1)}, path, {"format": "symbolscope.training", "version": "9", "training": "{}"})
        with pytest.raises(sy.SymbolscopeError, match="format version 9; this symbolscope reads up to 1"):
            self.again(path)
        save_file({"x": torch.zeros(1)}, path, {"format": "symbolscope.training", "version": "1", "training": "{}"})
        with pytest.raises(sy.SymbolscopeError, match="is damaged: KeyError"):
            self.again(path)

    def test_is_written_whole_or_not_at_all(self, path, monkeypatch):
        before = path.read_bytes()

        def fails(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", fails)
        with pytest.raises(OSError, match="No space left"):
            sy.train(TRAINABLE["GRU"](), TASK, checkpoint=path, **(SHORT | {"steps": 20}))
        assert path.read_bytes() == before
        assert [one.name for one in path.parent.iterdir()] == [path.name]

    def test_holds_arrays_and_no_code(self, path):
        tensors = load_file(path)
        assert all(isinstance(tensor, torch.Tensor) for tensor in tensors.values())
        assert np.isfinite(tensors["network.rnn.weight_hh_l0"].numpy()).all()
        assert {name.split(".")[0] for name in tensors} == {"network", "optimiser", "snapshot"}
