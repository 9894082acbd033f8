"""Training goes on bit for bit, ends when it should, and leaves everything else alone."""

import functools
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from tests.core.resigned import resigned
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
    "self-fed fixed": {"mode": "self-fed", "n_fixed": 20},
}
LONG = {
    "steps": 60, "batch": 8, "check_every": 20, "n_check": 50, "checkpoint_every": 1, "stop_accuracy": 2.0, "progress": False,
}  # fmt: skip


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


@functools.cache
def uninterrupted(name, variety):
    return trained(TRAINABLE[name], VARIETIES[variety])


@pytest.mark.parametrize("variety", VARIETIES)
@pytest.mark.parametrize("name", TRAINABLE)
@settings(max_examples=5)
@given(step=st.integers(1, 12))
def test_goes_on_bit_for_bit_after_an_interruption_at_any_step(name, variety, step, tmp_path_factory):
    make, chosen = TRAINABLE[name], VARIETIES[variety]
    path = tmp_path_factory.mktemp("training") / "course.safetensors"
    whole, history = uninterrupted(name, variety)
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


def in_a_process(code, path):
    """A training of ``TASK`` in a process of its own, after ``code``."""
    script = f"""
import os, signal, sys, torch, symbolscope as sy
from tests.networks.instances import TASK, TRAINABLE
torch.set_num_threads(1)
{code}
sy.train(TRAINABLE["GRU"](), TASK, checkpoint=sys.argv[1], **{LONG})
"""
    return subprocess.Popen([sys.executable, "-c", script, str(path)], cwd=Path(__file__).parents[2])


def test_goes_on_bit_for_bit_after_a_kill(tmp_path):
    """At whatever step the signal finds it."""
    whole, killed = tmp_path / "whole.safetensors", tmp_path / "killed.safetensors"
    history = sy.train(TRAINABLE["GRU"](), TASK, checkpoint=whole, **LONG)
    process = in_a_process("", killed)
    while process.poll() is None and not killed.exists():
        time.sleep(0.005)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    again = sy.train(TRAINABLE["GRU"](), TASK, checkpoint=killed, **LONG)
    assert course(history) == course(again)
    left, right = load_file(whole), load_file(killed)
    assert same(left, right)
    assert any(name.startswith("optimiser.") for name in left)


def test_a_kill_while_a_checkpoint_is_written_leaves_the_one_before(tmp_path):
    killed = tmp_path / "killed.safetensors"
    fatal = """
written = []
def killing(_):
    written.append(1)
    if len(written) == 13:  # each checkpoint syncs its file and its folder
        os.kill(os.getpid(), signal.SIGKILL)
os.fsync = killing
"""
    assert in_a_process(fatal, killed).wait() == -signal.SIGKILL
    assert load_file(killed)["optimiser.0.step"] == 6
    network, expected = TRAINABLE["GRU"](), TRAINABLE["GRU"]()
    assert course(sy.train(network, TASK, checkpoint=killed, **LONG)) == course(sy.train(expected, TASK, **LONG))
    assert same(network.state_dict(), expected.state_dict())


@pytest.mark.parametrize("loss", ["all", "scored"])
@pytest.mark.parametrize("mode", ["teacher-forced", "self-fed"])
@pytest.mark.parametrize("name", ["GRU", "NoPE"])
def test_is_what_it_says_written_out(name, mode, loss, monkeypatch):
    """Adam on the mean cross-entropy, token by token, gradients cut to norm 1, the rate of the schedule."""
    network, other = TRAINABLE[name](), TRAINABLE[name]()
    for module in (*network.modules(), *other.modules()):
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    batches, sample = [], type(TASK).sample

    def watched(task, n_trials, *, seed, counts=None):
        batches.append(sample(task, n_trials, seed=seed, counts=counts))
        return batches[-1]

    monkeypatch.setattr(type(TASK), "sample", watched)
    sy.train(network, TASK, steps=4, batch=4, rate=0.02, warm_up=2, decay=0.5, mode=mode, loss=loss, progress=False)
    optimiser = torch.optim.Adam(other.parameters())
    for step, trials in enumerate(batches[:4], start=1):
        losses = []
        for tokens, scored, length in zip(torch.from_numpy(trials.tokens), trials.scored, trials.lengths, strict=True):
            fed = tokens.clone()
            for position in range(1, int(length)):
                logits = other(fed[None, :position].clone())[0, -1]
                if loss == "all" or scored[position]:
                    losses.append(-logits.log_softmax(dim=0)[tokens[position]])
                if mode == "self-fed" and scored[position]:
                    fed[position] = logits.argmax()
        optimiser.zero_grad()
        torch.stack(losses).mean().backward()
        norm = torch.cat([parameter.grad.flatten() for parameter in other.parameters()]).norm()
        for parameter in other.parameters():
            parameter.grad /= max(1.0, float(norm))
        optimiser.param_groups[0]["lr"] = 0.02 * min(step / 2, (2 / step) ** 0.5)
        optimiser.step()
    probe = torch.from_numpy(sample(TASK, 50, seed=0).tokens)
    with torch.no_grad():  # not weights: the bias of keys has no gradient but rounding, of which Adam makes whole steps
        torch.testing.assert_close(network(probe), other.eval()(probe), rtol=1e-3, atol=1e-3)
        assert (other(probe) - TRAINABLE[name]().eval()(probe)).abs().max() > 0.1


def answered(monkeypatch, accuracies):
    """Let the checks of a training find these accuracies, one after another; what it was asked comes back."""
    asked, left = [], iter(accuracies)

    def told(_network, _task, *, n_trials, counts=None, seed):
        asked.append((n_trials, counts))
        return 0.5 if counts is not None else next(left, 1.0)

    monkeypatch.setattr(sys.modules["symbolscope.networks.train"], "trial_accuracy", told)
    return asked


@pytest.mark.parametrize(
    ("accuracies", "steps"),
    [
        ([1.0, 1.0, 1.0, 1.0], 8),  # each check is followed by its repetition
        ([1.0, 1.0, 0.8, 1.0, 1.0, 1.0, 1.0], 16),  # a check fails in between
        ([1.0, 0.8, 1.0, 1.0, 1.0, 1.0], 12),  # a repetition fails
    ],
)
def test_two_checks_in_a_row_and_their_repetitions_end_it(monkeypatch, accuracies, steps):
    asked = answered(monkeypatch, accuracies)
    history = trained(TRAINABLE["GRU"], {}, steps=40, stop_accuracy=0.9, n_check=2_000)[1]
    assert (history.reached, history.steps) == (True, steps)
    assert [check.step for check in history.checks] == list(range(4, steps + 1, 4))
    assert {check.held_out_accuracy for check in history.checks} == {0.5}
    assert asked[:3] == [(1_000, None), (1_000, (3,)), (2_000, None)]
    assert asked[-2:] == [(2_000, None), (2_000, (3,))]  # in the end, whatever the checks


def test_a_check_that_was_passed_counts_after_an_interruption(monkeypatch, tmp_path):
    answered(monkeypatch, [])
    path = tmp_path / "course.safetensors"
    interrupted_at(TRAINABLE["GRU"], {"stop_accuracy": 0.9}, 7, path)
    history = trained(TRAINABLE["GRU"], {"stop_accuracy": 0.9}, checkpoint=path)[1]
    assert (history.reached, history.steps) == (True, 8)


def test_the_history_says_how_the_network_stood():
    """At each check, and in the end, with hold-outs apart."""
    network, history = trained(TRAINABLE["GRU"], {}, steps=100, check_every=50, batch=64, rate=1e-2, n_check=2_000)
    for snapshot, check in zip(history.snapshots, history.checks, strict=True):
        assert (snapshot.step, snapshot.accuracy) == (check.step, check.accuracy)
        stood = TRAINABLE["GRU"]()
        stood.load_state_dict(snapshot.weights)
        for found, counts in ((check.accuracy, None), (check.held_out_accuracy, TASK.held_out)):
            assert found == pytest.approx(sy.networks.trial_accuracy(stood, TASK, counts=counts, seed=9), abs=0.06)
    assert same(history.snapshots[-1].weights, network.state_dict())
    assert history.accuracy > 0.05  # else all of this would hold of a network that knows nothing
    assert history.accuracy == pytest.approx(sy.networks.trial_accuracy(network, TASK, seed=9), abs=0.05)
    apart = sy.networks.trial_accuracy(network, TASK, counts=TASK.held_out, seed=9)
    assert history.held_out_accuracy == pytest.approx(apart, abs=0.05)


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
    assert not any(module.training for module in network.modules())
    assert all(parameter.grad is None and parameter.requires_grad for parameter in network.parameters())


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
        ({"warm_up": 0}, "warm_up must be at least 1"),
        ({"check_every": 0}, "check_every must be at least 1"),
        ({"n_check": 0}, "n_check must be at least 1"),
        ({"checkpoint_every": 0}, "checkpoint_every must be at least 1"),
        ({"rate": 0.0}, "rate must be positive; got 0.0"),
        ({"rate": math.nan}, "rate must be positive; got nan"),
        ({"rate": math.inf}, "rate must be positive; got inf"),
        ({"decay": 2.0}, r"decay must be in 0\.\.1"),
        ({"decay": -0.1}, r"decay must be in 0\.\.1"),
        ({"stop_accuracy": 0.0}, "stop_accuracy must be positive"),
        ({"stop_accuracy": math.nan}, "stop_accuracy must be positive"),
        ({"seed": -1}, "seed must be .*at least 0"),
        ({"mode": "self"}, 'mode must be "teacher-forced" or "self-fed"; got \'self\''),
        ({"loss": "some"}, 'loss must be "all" or "scored"; got \'some\''),
        ({"checkpoint": "no/such/folder/file"}, "the folder no/such/folder does not exist"),
        ({"checkpoint": "/tmp"}, "it is a folder; add the name of a file"),
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

    def test_that_is_further_on_is_refused(self, path):
        network = TRAINABLE["GRU"](1)
        before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
        network.configuration["seed"] = 0
        with pytest.raises(sy.SymbolscopeError, match="has taken 12 steps already; give steps=12 or more"):
            self.again(path, network, steps=11)
        assert same(before, network.state_dict())

    def test_of_other_frozen_parameters_is_refused(self, path):
        network = TRAINABLE["GRU"]()
        network.rnn.requires_grad_(requires_grad=False)
        with pytest.raises(sy.SymbolscopeError, match=r"rnn\.weight_ih_l0 was float32 \[30, 10\] and is .* frozen"):
            self.again(path, network)

    @pytest.mark.parametrize(
        "others", [{"n_heads": 4}, {"positions": "rope"}, {"window": 3}, {"dropout": 0.2}, {"seed": 1}]
    )
    def test_of_another_transformer_with_the_same_shapes_is_refused(self, tmp_path, others):
        path, made = tmp_path / "course.safetensors", {"width": 8, "n_heads": 2, "dropout": 0.1}
        trained(lambda: sy.networks.Transformer(TASK.vocabulary, **made), {"steps": 3}, checkpoint=path)
        ((name, value),) = others.items()
        with pytest.raises(sy.SymbolscopeError, match=f"another training: {name} was .* and is {value}. Give the same"):
            self.again(path, sy.networks.Transformer(TASK.vocabulary, **(made | others)))

    def test_may_be_written_elsewhere_and_at_other_steps(self, path):
        moved = path.parent / "folder" / "other.safetensors"
        moved.parent.mkdir()
        path.rename(moved)
        assert self.again(moved, checkpoint_every=7).steps == 12

    @pytest.mark.parametrize(
        ("others", "message"),
        [
            ({"rate": 1e-3}, r"is the checkpoint of another training: rate was 0\.005 and is 0\.001"),
            ({"seed": 1, "batch": 7}, "batch was 6 and is 7; seed was 0 and is 1"),
            ({"network": sy.networks.LSTM(TASK.vocabulary, width=10)}, "network was GRU and is LSTM"),
            ({"network": sy.networks.GRU(TASK.vocabulary, width=12)}, "width was 10 and is 12"),
            (
                {"task": sy.tasks.MultiObject(max_count=5, held_out=(3,), void_probability=0.2)},
                "max_count was 4 and is 5",
            ),
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
        with pytest.raises(sy.SymbolscopeError, match=r"but not a checkpoint of sy\.train"):
            self.again(path)
        save_file({"x": torch.zeros(1)}, path, {"format": "symbolscope.training", "version": "9", "training": "{}"})
        with pytest.raises(sy.SymbolscopeError, match="format version 9; this symbolscope reads up to 1"):
            self.again(path)
        save_file({"x": torch.zeros(1)}, path, {"format": "symbolscope.training", "version": "1", "training": "{}"})
        with pytest.raises(sy.SymbolscopeError, match="carries no checksum"):
            self.again(path)

    def test_of_no_settings_is_refused(self, path):
        path.write_bytes(resigned(path.read_bytes(), key="training", about=lambda _: {}))
        with pytest.raises(sy.SymbolscopeError, match="is damaged: KeyError"):
            self.again(path)

    def test_is_written_whole_or_not_at_all(self, path, monkeypatch):
        before = path.read_bytes()

        def fails(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", fails)
        with pytest.raises(sy.SymbolscopeError, match="No space left"):
            sy.train(TRAINABLE["GRU"](), TASK, checkpoint=path, **(SHORT | {"steps": 20}))
        assert path.read_bytes() == before
        assert [one.name for one in path.parent.iterdir()] == [path.name]

    def test_holds_arrays_and_no_code(self, path):
        tensors = load_file(path)
        assert all(isinstance(tensor, torch.Tensor) for tensor in tensors.values())
        assert np.isfinite(tensors["network.rnn.weight_hh_l0"].numpy()).all()
        assert {name.split(".")[0] for name in tensors} == {"network", "optimiser", "snapshot"}
