"""The ceiling is what the whole state of a place carries of a variable, never below the score; off-target asks that it stays."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn

import symbolscope as sy
from symbolscope.alignment.iia import IIA

PARTS = ("a", "b", "c")


class Sum(sy.tasks.Classification):
    """a + b + c of numbers 0..2, each one-hot."""

    width, n_classes = 9, 7

    def draw(self, n, generator):
        return {name: generator.integers(3, size=n) for name in PARTS}

    def inputs(self, values):
        return np.concatenate([np.eye(3, dtype=np.float32)[values[name]] for name in PARTS], axis=1)

    def classes(self, values):
        return values["a"] + values["b"] + values["c"]


MODEL = sy.programs.CausalModel({"ab": (("a", "b"), np.add), "total": (("ab", "c"), np.add)})


class Adds(nn.Module):
    """Exact, with a place for every set of its parts: a module that sees those coordinates and passes them on."""

    def __init__(self, seen):
        super().__init__()
        self.site, self.other, self.scale = nn.Identity(), nn.Identity(), nn.Parameter(torch.ones(()))
        self.seen = [3 * PARTS.index(name) + i for name in seen for i in range(3)]

    def forward(self, x):
        whole = x.clone()
        whole[:, self.seen] = self.site(x[:, self.seen])
        total = sum(whole[:, 3 * i : 3 * i + 3] @ torch.arange(3.0) for i in range(3))
        return -self.scale * (torch.arange(7.0) - total[:, None]) ** 2


SETS = [chosen for size in (1, 2, 3) for chosen in itertools.combinations(PARTS, size)]


def aligned(seen, variable, size):
    return sy.align(
        Adds(seen), MODEL, Sum(), variable=variable, featurizer=sy.featurizers.Identity(size=size), site=sy.sites.Output("site"),
        steps=1, n_pairs=20, n_validation=20, progress=False,
    )  # fmt: skip


@pytest.mark.parametrize("seen", SETS, ids="".join)
def test_a_place_that_holds_the_variable_has_ceiling_one_whatever_else_it_holds(seen):
    found = aligned(seen, seen[0], 3)
    pairs = found.pairs(n=200)
    iia = found.iia(pairs)
    assert (iia.value, iia.ceiling, iia.whole_state) == (1.0, 1.0, 1.0)
    assert seen[0] in iia.moved_together
    rest = found.rest(pairs)
    assert (rest.value, rest.ceiling) == (1.0, 1.0)
    assert rest.floor < 1.0
    assert "at least" not in str(iia)


@pytest.mark.parametrize("seen", [("a", "b"), ("a", "c"), ("a", "b", "c")], ids="".join)
def test_what_moves_together_is_what_a_loop_finds(seen):
    """Whole state swapped by hand: the class of the target with the seen parts of the source."""
    found = aligned(seen, "a", 3)
    pairs = found.pairs(n=200, seed=3)
    mixed = pairs.target_tokens.copy()
    mixed[:, found.network.seen] = pairs.source_tokens[:, found.network.seen]
    answers = [sum(int(row[3 * i : 3 * i + 3].argmax()) for i in range(3)) for row in mixed]
    assert found.network(torch.from_numpy(mixed)).argmax(dim=-1).tolist() == answers
    by_hand = [np.mean([answer == label for answer, label in zip(answers, one.labels[:, 0], strict=True)])
               for one in pairs.whole_state_swaps]  # fmt: skip
    assert found.iia(pairs).whole_state == max(by_hand) == 1.0


@pytest.mark.parametrize("size", [1, 2])
def test_a_ceiling_is_not_below_the_score_where_the_place_holds_nothing_of_it(size):
    found = aligned(("b",), "a", size)
    iia = found.iia(n=300)
    assert iia.ceiling >= iia.value
    assert iia.value < 0.7


def test_where_the_whole_state_brings_more_along_the_ceiling_is_at_least_the_score():
    right, whole = np.array([True] * 9 + [False]), np.array([True] * 3 + [False] * 7)
    iia = IIA(right, ~right, whole, ("a",), {"a": np.zeros(10)}, {"a": np.ones(10)})
    assert (iia.value, iia.ceiling, iia.whole_state) == (0.9, 0.9, 0.3)
    assert "at least 0.900" in str(iia)


@pytest.mark.parametrize("variable", ["count", "phase"])
def test_a_recurrent_state_holds_everything(variable):
    task = sy.tasks.MultiObject(max_count=3)
    found = sy.align(
        sy.networks.Toy1d(task), sy.programs.UpDown(task), task, variable=variable, featurizer=sy.featurizers.Identity(size=3),
        steps=1, n_pairs=20, n_validation=20, progress=False,
    )  # fmt: skip
    iia = found.iia(n=100)
    assert iia.ceiling == iia.whole_state == 1.0
    assert set(iia.moved_together) == {"count", "phase"}
