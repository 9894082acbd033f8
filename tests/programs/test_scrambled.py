"""Scrambled programs: right as long as nobody intervenes, and consistently wrong once somebody does."""

import numpy as np
import pytest

import symbolscope as sy
from symbolscope.programs import scrambled

P, T = sy.programs, sy.tasks
MULTI = T.MultiObject(max_count=6)
PROGRAMS = [
    P.UpDown(MULTI),
    P.UpDown(T.Mod(max_count=6)),
    P.UpUp(MULTI),
    P.CountUpIncr(MULTI),
    P.IncrementUpUp(MULTI),
    P.CtxDistr(MULTI),
    P.RunningTotal(T.Arithmetic(max_operations=3)),
]
EVERY = [(program, variable) for program in PROGRAMS for variable in program.variables]


def named(value):
    return value.name if isinstance(value, P.Variable) else repr(value)


def assigned(program, name, values):
    state = program.init(np.resize(np.array(program.task.quantities), len(values)))
    return program.assign(state, {name: values})[name]


@pytest.mark.parametrize(("program", "variable"), EVERY, ids=named)
def test_every_value_stands_for_another_and_each_is_stood_for(program, variable):
    domain = np.array(variable.values)
    moved = assigned(scrambled(program), variable.name, domain)
    assert (moved != domain).all()
    np.testing.assert_array_equal(np.sort(moved), np.sort(domain))
    np.testing.assert_array_equal(assigned(program, variable.name, domain), domain)


@pytest.mark.parametrize(("program", "variable"), EVERY, ids=named)
def test_a_value_stands_for_the_same_one_every_time(program, variable):
    domain = np.array(variable.values)
    moved = dict(zip(domain, assigned(scrambled(program), variable.name, domain), strict=True))
    drawn = domain[np.random.default_rng(0).integers(len(domain), size=200)]
    again = assigned(scrambled(program), variable.name, drawn)
    assert again.dtype == drawn.dtype
    assert again.tolist() == [moved[value] for value in drawn]
    if domain.dtype.kind == "f":  # sums of steps miss the listed value by rounding
        np.testing.assert_array_equal(assigned(scrambled(program), variable.name, drawn + 1e-10), again)


@pytest.mark.parametrize("program", PROGRAMS, ids=repr)
def test_left_alone_it_answers_as_the_original(program):
    wrong = scrambled(program)
    assert (wrong.names, wrong.task) == (program.names, program.task)
    wrong.check()
    quantities = np.array(program.task.quantities)
    found = [
        one.finish(one.init(quantities), generator=np.random.default_rng(0), max_steps=program.task.max_length)
        for one in (program, wrong)
    ]
    np.testing.assert_array_equal(found[0][0], found[1][0])
    np.testing.assert_array_equal(found[0][1], found[1][1])


def test_what_follows_an_intervention_is_what_the_other_value_asks_for():
    program = P.UpDown(MULTI)
    n = np.arange(7)
    shown = program.trace(np.tile(MULTI.vocabulary.encode(["B", "D0", "T"]), (7, 1)), np.full(7, 1))
    state = {name: array[:, -1] for name, array in shown.items()}
    wrong = scrambled(program)
    tokens, _ = wrong.finish(wrong.assign(state, {"count": n}), generator=np.random.default_rng(0), max_steps=20)
    responses = (tokens == MULTI.response).sum(axis=1)
    assert (responses != n).all()
    assert responses.tolist() == assigned(wrong, "count", n).tolist()


def test_only_what_is_set_is_moved():
    state = P.UpDown(MULTI).init(np.array([1, 2, 3]))
    after = scrambled(P.UpDown(MULTI)).assign(state, {"phase": np.array([-1, 1, -1])})
    assert after["phase"].tolist() == [1, -1, 1]
    np.testing.assert_array_equal(after["count"], state["count"])
    np.testing.assert_array_equal(state["phase"], [-1, -1, -1])


def test_pairs_of_a_task_with_voids_go_on_without_them():
    task = T.MultiObject(max_count=5, void_probability=0.4)
    network = sy.networks.Toy1d(task)
    for program in (P.UpDown(task), scrambled(P.UpDown(task))):
        pairs = sy.counterfactual_pairs(network, program, task, n=300, seed=0)
        assert not (pairs.labels == task.void).any()
        assert not (pairs.target_tokens == task.void).any()
        assert program.task == task


def test_unknown_variables_are_refused():
    wrong = scrambled(P.UpDown(MULTI))
    with pytest.raises(sy.SymbolscopeError, match=r"no variable 'cont'; did you mean 'count'"):
        wrong.assign(wrong.init(np.array([1])), {"cont": np.array([1])})
    with pytest.raises(sy.SymbolscopeError, match=r"count must be \[1\], one per trial; got \[2\]"):
        wrong.assign(wrong.init(np.array([1])), {"count": np.array([1, 2])})
    with pytest.raises(sy.SymbolscopeError, match=r"no variable 'lef'; did you mean 'left'"):
        scrambled(P.AndOrAnd()).run_interchange({}, {"lef": {}})


def drawn(task, n=500):
    generator = np.random.default_rng(0)
    base, source = task.draw(n, generator), task.draw(n, generator)
    return [{name: values[name] for name in "abcd"} for values in (base, source)]


CAUSAL = [
    (P.AndOrAnd(), T.TwoConjunctions()),
    (P.OrAndOr(), T.TwoConjunctions()),
    (P.BothEqualities(), T.HierarchicalEquality()),
]


@pytest.mark.parametrize(("model", "task"), CAUSAL, ids=lambda one: type(one).__name__)
def test_a_causal_model_left_alone_answers_as_the_original(model, task):
    wrong = scrambled(model)
    assert (wrong.names, wrong.inputs, wrong.order, wrong.answer) == (
        model.names, model.inputs, model.order, model.answer
    )  # fmt: skip
    base, source = drawn(task)
    for name, array in model.run(base).items():
        np.testing.assert_array_equal(wrong.run(base)[name], array)
    for name, array in wrong.run_interchange(base, {}).items():
        np.testing.assert_array_equal(array, model.run(base)[name])
    assert (wrong.run(source)["class"] == task.classes(source)).all()


@pytest.mark.parametrize(("model", "task"), CAUSAL, ids=lambda one: type(one).__name__)
def test_truth_values_are_turned_round(model, task):
    base, source = drawn(task)
    for name in model.order:
        found = scrambled(model).run_interchange(base, {name: source})
        np.testing.assert_array_equal(found[name], ~model.run(source)[name])
        expected = model.run(base | {name: ~model.run(source)[name]})
        np.testing.assert_array_equal(found["class"], expected["class"])


def test_truth_values_of_inputs_are_turned_round():
    base, source = drawn(T.TwoConjunctions())
    found = scrambled(P.AndOrAnd()).run_interchange(base, {"a": source, "c": source})
    for row in range(500):
        a, c = not source["a"][row], not source["c"][row]
        assert found["class"][row] == ((a and base["b"][row]) or (c and base["d"][row]))


def test_vectors_stand_for_other_vectors():
    model = P.BothEqualities()
    base, source = drawn(T.HierarchicalEquality(), n=60)
    source["a"][30:] = source["a"][:30]  # each vector twice
    found = scrambled(model).run_interchange(base, {"a": source})["a"]
    rows, moved = [tuple(row) for row in source["a"].tolist()], [tuple(row) for row in found.tolist()]
    assert len(set(rows)) == 30
    assert all(one != other for one, other in zip(rows, moved, strict=True))
    assert moved[30:] == moved[:30]
    assert sorted(moved) == sorted(rows)


def test_numbers_stand_for_other_numbers():
    model = P.CausalModel({"sum": (("x", "y"), np.add), "twice": (("sum",), lambda s: 2 * s)})
    generator = np.random.default_rng(0)
    base, source = ({name: generator.integers(4, size=300) for name in "xy"} for _ in range(2))
    right = model.run(source)["sum"]
    found = scrambled(model).run_interchange(base, {"sum": source})
    table = {int(one): int(other) for one, other in zip(right, found["sum"], strict=True)}
    assert [table[int(one)] for one in right] == found["sum"].tolist()
    assert all(one != other for one, other in table.items())
    assert sorted(table) == sorted(table.values()) == list(range(7))
    np.testing.assert_array_equal(found["twice"], 2 * found["sum"])
