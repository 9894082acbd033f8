"""Descriptions are equal for equal things in any process, hold no address, and tell unequal things apart."""

import functools
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch

from symbolscope.core.description import description
from symbolscope.tasks.classification import Classification
from symbolscope.tasks.described import described_task


class Held:
    shade = "blue"

    def __init__(self, value):
        self.value, self._cache = value, object()

    def method(self, x):
        return x


def adding(n):
    return lambda x: x + n


EQUAL = {
    "number": lambda: np.float64(1.5), "array": lambda: np.arange(5.0), "tensor": lambda: torch.arange(5), "list": lambda: [1, "a"],
    "nested": lambda: Held(Held({"b": 1, "a": (2, None)})), "lambda": lambda: (lambda x: x + 1), "closure": lambda: adding(3),
    "method": lambda: Held(1).method, "partial": lambda: functools.partial(np.add, 2), "set": lambda: {"b", "a", "c"},
    "class": lambda: Held, "fraction": lambda: Fraction(1, 3), "objects": lambda: np.array([Held(1), None], dtype=object),
    "nothing": object, "path": lambda: Path("a/b"),
}  # fmt: skip


@pytest.mark.parametrize("make", EQUAL.values(), ids=EQUAL)
def test_equal_things_are_described_alike_without_an_address(make):
    for make_one in (make, lambda: Held(make())):
        assert description(make_one()) == description(make_one())
        assert "0x" not in description(make_one())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 2), (1, True), ([1], (1, 2)), (np.zeros(3), np.ones(3)), (np.zeros(3), np.zeros(4)), (Held(1), Held(2)),
        (adding(1), adding(2)), (lambda x: x + 1, lambda x: x - 1), (lambda x: x > 1, lambda x: x > 2),
        (functools.partial(np.add, 1), functools.partial(np.add, 2)), ({"a": 1}, {"a": 2}), (Held(Held(1)), Held(Held(2))),
    ],
)  # fmt: skip
def test_unequal_things_are_told_apart(one, other):
    assert description(one) != description(other)


def test_what_holds_itself_ends():
    one = Held(None)
    one.value = one
    assert description(one).count("Held") == 2


def test_another_process_describes_the_same():
    code = (
        "from symbolscope.core.description import description as d; "
        "print(d({'b': {'x', 'y', 'z'}, 'f': lambda x: x + 1, 'v': (1.5, None)}))"
    )
    said = {subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout for _ in range(2)}
    assert len(said) == 1


class Counting(Classification):
    """It counts what it draws, in public."""

    width, n_classes = 2, 2

    def __init__(self, scale):
        self.calls, self._scale = 0, scale

    def draw(self, n, generator):
        self.calls += 1
        return {"a": generator.normal(size=n), "b": generator.normal(size=n)}

    def inputs(self, values):
        return np.stack([values["a"], self._scale * values["b"]], axis=1).astype(np.float32)

    def classes(self, values):
        return (values["a"] > 0).astype(np.int64)


def test_a_task_is_what_it_draws():
    used = Counting(1.0)
    used.sample(5, seed=0)
    assert described_task(used) == described_task(Counting(1.0))  # the counter is no part of it
    assert described_task(used) != described_task(Counting(2.0))  # the private scale shows in what is drawn
