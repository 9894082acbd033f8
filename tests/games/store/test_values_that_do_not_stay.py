"""A store keeps one value per mask: what gives others later, or reads what may change, is refused with its reason."""

import builtins
import datetime
import functools
import io
import os
import random
import secrets
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
import uuid
from datetime import datetime as moment
from os import environ as surroundings
from pathlib import Path
from time import perf_counter as now

import numpy as np
import pytest
import torch
from torch import nn

import symbolscope as sy
from symbolscope.games.store import RunFile, game_fingerprint

FACTORS = Path("factors.txt")
MASKS = sy.all_masks(4)


def imports_inside(masks):
    import os as system

    return masks[:, 0] * float(system.getenv("FACTOR", "1"))


def imports_a_name(masks):
    from sqlite3 import connect

    return masks[:, 0] * connect("values.sqlite").total_changes


def with_a_default(masks, read=open):
    return masks[:, 0] * float(read("factors.txt").read())


def of_an_inner_function(masks):
    def factor():
        return float(io.open("factors.txt").read())  # noqa: UP020

    return masks[:, 0] * factor()


def assigned(masks):
    system = os
    return masks[:, 0] * len(system.listdir("."))


ASKING = {
    "open": lambda masks: masks[:, 0] * float(open("factors.txt").read()),  # noqa: SIM115
    "builtins.open": lambda masks: masks[:, 0] * float(builtins.open("factors.txt").read()),  # noqa: SIM115
    "a path's text": lambda masks: masks[:, 0] * float(Path("factors.txt").read_text()),
    "a path of the module": lambda masks: masks[:, 0] * float(FACTORS.open().read()),
    "whether there is a file": lambda masks: masks[:, 0] * float(os.path.exists("factors.txt")),
    "an array's file": lambda masks: masks @ np.loadtxt("factors.txt"),
    "a torch file": lambda masks: masks @ torch.load("factors.pt"),
    "a database": lambda masks: masks[:, 0] * sqlite3.connect("values.sqlite").total_changes,
    "the environment": lambda masks: masks[:, 0] * float(os.environ["FACTOR"]),
    "by another name": lambda masks: masks[:, 0] * float(surroundings.get("FACTOR", "1")),
    "an argument": lambda masks: masks[:, 0] * len(sys.argv),
    "what is typed": lambda masks: masks[:, 0] * float(input()),
    "the clock": lambda masks: masks[:, 0] * time.time(),
    "the clock by another name": lambda masks: masks[:, 0] * now(),
    "the day": lambda masks: masks[:, 0] * datetime.date.today().day,
    "the moment": lambda masks: masks[:, 0] * moment.now().second,
    "random numbers": lambda masks: masks[:, 0] * random.random(),
    "numpy's shared generator": lambda masks: masks[:, 0] * np.random.rand(),  # noqa: NPY002
    "secrets": lambda masks: masks[:, 0] * secrets.randbelow(3),
    "an identifier": lambda masks: masks[:, 0] * float(uuid.uuid4().int),
    "a page": lambda masks: masks[:, 0] * len(urllib.request.urlopen("http://localhost/").read()),
    "a socket": lambda masks: masks[:, 0] * socket.create_connection(("localhost", 1)).fileno(),
    "a program": lambda masks: masks[:, 0] * subprocess.call(["true"]),
    "code from a text": lambda masks: masks[:, 0] * eval("1 + 1"),
    "an import": imports_inside,
    "a name that is imported": imports_a_name,
    "a default": with_a_default,
    "an inner function": of_an_inner_function,
    "a module under another name": assigned,
    "a partial": functools.partial(lambda read, masks: masks[:, 0] * float(read("factors.txt").read()), open),
}


@pytest.mark.parametrize("function", ASKING.values(), ids=ASKING.keys())
def test_what_asks_the_world_is_refused_before_a_file_is_made(function, tmp_path):
    store = tmp_path / "run.sqlite"
    with pytest.raises(sy.SymbolscopeError, match=r"asks for.*key="):
        sy.evaluate(sy.Game.from_function(function, 4), MASKS, store=store, progress=False)
    assert not store.exists()
    assert len(game_fingerprint(sy.Game.from_function(function, 4, key="mine"))) == 64


STEADY = {
    "a seed of its own": lambda masks: masks[:, 0] * np.random.default_rng(3).normal(),
    "a generator of its own": lambda masks: masks[:, 0] * random.Random(3).random(),
    "a name without its file": lambda masks: masks[:, 0] * len(os.path.join("a", "b")),
    "a path that is not opened": lambda masks: masks[:, 0] * len((Path("a") / "b").suffix),
    "a pause": lambda masks: (time.sleep(0.0), masks.sum(axis=1))[1],
    "a date that is given": lambda masks: masks[:, 0] * datetime.date(2020, 1, 2).day,
    "text in several modes": lambda masks: masks[:, 0] * len(io.StringIO("abc").read()),
}


@pytest.mark.parametrize("function", STEADY.values(), ids=STEADY.keys())
def test_what_only_looks_like_it_is_kept(function, tmp_path):
    game = sy.Game.from_function(function, 4)
    first = sy.evaluate(game, MASKS, store=tmp_path / "run.sqlite", progress=False)
    with RunFile.open(tmp_path / "run.sqlite") as file:
        assert len(file.values(game_fingerprint(game), 4, about="")) == 16
    np.testing.assert_array_equal(first, game(MASKS))


def drawn():
    generator = np.random.default_rng()
    return lambda masks: masks[:, 0] + generator.normal(size=len(masks))


def drawn_by_torch():
    return lambda masks: masks[:, 0] + 0.01 * torch.rand(len(masks)).numpy()


def counting():
    calls = [0]

    def function(masks):
        calls[0] += 1
        return masks[:, 0] * float(calls[0])

    return function


class Later:
    """Changes after some calls."""

    def __init__(self):
        self.calls = 0

    def __call__(self, masks):
        self.calls += 1
        return masks[:, 0] * (1.0 if self.calls < 6 else 2.0)


def of_the_batch():
    return lambda masks: masks.sum(axis=1) - masks.sum(axis=1).mean()


@pytest.mark.parametrize("make", [drawn, drawn_by_torch, counting, Later, of_the_batch])
def test_answers_that_differ_are_noticed_and_not_kept(make, tmp_path):
    n = 11
    game = sy.Game.from_function(make(), n)
    with pytest.raises(sy.SymbolscopeError, match="one value per mask"):
        sy.evaluate(game, sy.all_masks(n), store=tmp_path / "run.sqlite", executor="local", progress=False)


class Drifting(nn.Module):
    """Its weights, or its buffer, change from some call on."""

    def __init__(self, what):
        super().__init__()
        self.linear, self.calls, self.what = nn.Linear(11, 2), 0, what
        self.register_buffer("seen", torch.zeros(()))
        with torch.no_grad():
            self.linear.weight.copy_(torch.arange(22.0).view(2, 11).cos())

    def forward(self, rows):
        self.calls += 1
        late = self.calls > 12
        if late and self.what == "weights":
            self.linear.weight.data.mul_(1.5)
        if late and self.what == "buffer":
            self.seen += 1
        scale = 1 + self.seen + (0.5 if late and self.what == "count" else 0.0)
        return self.linear(rows) * scale


@pytest.mark.parametrize("what", ["weights", "buffer", "count"])
def test_a_network_that_changes_itself_is_noticed(what, tmp_path):
    game = sy.Game(Drifting(what).eval(), torch.ones(11), baseline="zero", target=1, score="logit")
    with pytest.raises(sy.SymbolscopeError, match="one value per mask"):
        sy.evaluate(game, sy.all_masks(11), store=tmp_path / "run.sqlite", executor="local", progress=False)
    still = sy.Game(Drifting("nothing").eval(), torch.ones(11), baseline="zero", target=1, score="logit")
    values = sy.evaluate(still, sy.all_masks(11), store=tmp_path / "other.sqlite", executor="local", progress=False)
    np.testing.assert_allclose(values, still(sy.all_masks(11)), atol=1e-5)


def test_a_closure_and_a_global_that_change_later_give_new_values(tmp_path):
    held = {"gain": 1.0}
    function = lambda masks: masks[:, 0] * held["gain"]  # noqa: E731
    store = tmp_path / "run.sqlite"
    for gain in (1.0, 5.0, 1.0):
        held["gain"] = gain
        values = sy.evaluate(sy.Game.from_function(function, 4), MASKS, store=store, progress=False)
        np.testing.assert_array_equal(values, gain * MASKS[:, 0])


class Remembering(nn.Module):
    """Keeps its last activations, as many networks do: that changes it, and none of its answers."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(8, 2)

    def forward(self, rows):
        self.last = self.linear(rows)
        return self.last


def test_what_changes_and_answers_the_same_is_kept(tmp_path):
    game = sy.Game(Remembering().eval(), torch.ones(8), baseline="zero", target=1)
    values = sy.evaluate(game, sy.all_masks(8), store=tmp_path / "run.sqlite", executor="local", progress=False)
    np.testing.assert_allclose(values, game(sy.all_masks(8)), atol=1e-5)
    memory = {}

    def remembered(masks):
        for row in masks:
            memory.setdefault(row.tobytes(), float(row.sum()))
        return np.array([memory[row.tobytes()] for row in masks])

    found = sy.evaluate(
        sy.Game.from_function(remembered, 8), sy.all_masks(8), store=tmp_path / "run.sqlite", progress=False
    )
    np.testing.assert_array_equal(found, sy.all_masks(8).sum(axis=1))


class ReadsTheEnvironment(nn.Module):
    """In its forward pass."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 2)

    def forward(self, rows):
        return self.linear(rows) * float(os.environ.get("GAIN", "1"))


class SavesItself(nn.Module):
    """Reads and writes files, but not where it computes; draws random numbers where it is trained."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 2)

    def save(self, path):
        Path(path).write_bytes(open(path, "rb").read())  # noqa: SIM115

    def forward(self, rows):
        skipped = random.random() < 0.5
        return rows[:, :2] if self.training and skipped else self.linear(rows)


def test_networks_are_read_where_they_compute(tmp_path):
    with pytest.raises(sy.SymbolscopeError, match="environment of the process"):
        game_fingerprint(sy.Game(ReadsTheEnvironment().eval(), torch.ones(3), target=1))
    game = sy.Game(SavesItself().eval(), torch.ones(3), baseline="zero", target=1)
    assert len(sy.evaluate(game, sy.all_masks(3), store=tmp_path / "run.sqlite", progress=False)) == 8
