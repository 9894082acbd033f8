"""Causal models of truth values against their definitions: equal answers by different ways, told apart by interventions."""

import itertools

import numpy as np
import pytest

import symbolscope as sy

P, T = sy.programs, sy.tasks
ROWS = np.array(list(itertools.product([False, True], repeat=4)))  # [16, 4]
ALL = {name: ROWS[:, column] for column, name in enumerate("abcd")}
# Every input as the base of every other: [256] each.
BASE = {name: np.repeat(array, 16) for name, array in ALL.items()}
SOURCE = {name: np.tile(array, 16) for name, array in ALL.items()}


def and_or_and(a, b, c, d):
    return {"left": a and b, "right": c and d, "class": (a and b) or (c and d)}


def or_and_or(a, b, c, d):
    first, second = a or (c and d), b or (c and d)
    return {"first": first, "second": second, "class": first and second}


@pytest.mark.parametrize(("model", "slow"), [(P.AndOrAnd(), and_or_and), (P.OrAndOr(), or_and_or)])
def test_every_variable_on_all_inputs(model, slow):
    values = model.run(ALL)
    for row, bits in enumerate(ROWS.tolist()):
        for name, truth in slow(*bits).items():
            assert bool(values[name][row]) == truth
    assert model.answer == "class"
    assert model.inputs == ("a", "b", "c", "d")


def test_both_ways_give_the_task_s_class_on_all_inputs():
    classes = T.TwoConjunctions().classes(ALL)
    np.testing.assert_array_equal(P.AndOrAnd().run(ALL)["class"], classes)
    np.testing.assert_array_equal(P.OrAndOr().run(ALL)["class"], classes)
    assert classes.sum() == 7


@pytest.mark.parametrize("mine", ["left", "right"])
@pytest.mark.parametrize("other", ["first", "second"])
def test_their_counterfactuals_differ(mine, other):
    one = P.AndOrAnd().run_interchange(BASE, {mine: SOURCE})["class"]
    two = P.OrAndOr().run_interchange(BASE, {other: SOURCE})["class"]
    assert 0.05 < (one != two).mean() < 0.95


@pytest.mark.parametrize("name", ["left", "right", "first", "second"])
def test_counterfactuals_by_a_slow_loop(name):
    model = P.AndOrAnd() if name in ("left", "right") else P.OrAndOr()
    found = model.run_interchange(BASE, {name: SOURCE})["class"]
    for row in range(256):
        base = [bool(BASE[one][row]) for one in "abcd"]
        source = [bool(SOURCE[one][row]) for one in "abcd"]
        slow, join = (and_or_and, any) if name in ("left", "right") else (or_and_or, all)
        told = slow(*base) | {name: slow(*source)[name]}
        assert bool(found[row]) == join(truth for variable, truth in told.items() if variable != "class")


def test_both_equalities_by_a_slow_loop():
    task = T.HierarchicalEquality(size=2)
    examples = task.sample(300, seed=0)
    model = P.BothEqualities()
    found = model.run(examples.values)
    for row in range(300):
        a, b, c, d = (examples.values[name][row].tolist() for name in "abcd")
        assert bool(found["left"][row]) == (a == b)
        assert bool(found["right"][row]) == (c == d)
        assert bool(found["class"][row]) == ((a == b) == (c == d))
    np.testing.assert_array_equal(found["class"], examples.classes)
    assert model.answer == "class"


def test_objects_alike_in_part_are_not_equal():
    generator = np.random.default_rng(0)
    values = {name: generator.integers(2, size=(200, 2)) - 0.5 for name in "abcd"}  # often with one number in common
    found = P.BothEqualities().run(values)
    partly = (values["a"] == values["b"]).sum(axis=1) == 1
    assert partly.sum() > 50
    assert not found["left"][partly].any()
    np.testing.assert_array_equal(found["class"], T.HierarchicalEquality(size=2).classes(values))
    for row in range(200):
        a, b, c, d = (values[name][row].tolist() for name in "abcd")
        assert bool(found["class"][row]) == ((a == b) == (c == d))


def test_counterfactuals_of_both_equalities_by_a_slow_loop():
    task, generator = T.HierarchicalEquality(size=2), np.random.default_rng(0)
    base = task.draw(300, generator)
    source = task.sources(base, generator)
    left = P.BothEqualities().run_interchange(base, {"left": source})["class"]
    object_a = P.BothEqualities().run_interchange(base, {"a": source})["class"]
    for row in range(300):
        b, c, d = (base[name][row].tolist() for name in "bcd")
        assert bool(left[row]) == ((source["a"][row].tolist() == source["b"][row].tolist()) == (c == d))
        assert bool(object_a[row]) == ((source["a"][row].tolist() == b) == (c == d))
    # A carried object meets its like often enough for both answers to be asked for.
    natural = P.BothEqualities().run(base)["class"]
    assert (object_a != natural).mean() > 0.1


def chain(**settings):
    return P.CausalModel({"sum": (("x", "y"), np.add), "twice": (("sum",), lambda s: 2 * s)}, **settings)


def test_the_answer_is_what_nothing_depends_on():
    assert chain().answer == "twice"
    leaves = {"up": (("x",), lambda x: x + 1), "down": (("x",), lambda x: x - 1)}
    assert P.CausalModel(leaves).answer == "down"  # the last of several
    assert P.CausalModel(leaves | {"all": (("up", "down"), np.add)}).answer == "all"
    # Named before what it depends on, it is still the one.
    assert P.CausalModel({"z": (("y",), abs), "y": (("x",), abs)}).answer == "z"


def test_the_answer_can_be_chosen():
    assert chain(answer="sum").answer == "sum"
    assert chain(answer="x").answer == "x"
    with pytest.raises(
        sy.SymbolscopeError, match=r"no variable 'twise'; did you mean 'twice'\? It has: x, y, sum, twice"
    ):
        chain(answer="twise")
