import numpy as np
import pytest

import symbolscope as sy

CausalModel = sy.programs.CausalModel


def test_runs_in_order_of_dependence():
    model = CausalModel({"c": (("b",), lambda b: b + 1), "b": (("a",), lambda a: 2 * a)})
    assert model.order == ("b", "c")
    np.testing.assert_array_equal(model.run({"a": np.array([1, 5])})["c"], [3, 11])


def test_interchange_takes_values_from_several_runs():
    model = CausalModel(
        {"sum": (("x", "y"), np.add), "twice": (("sum",), lambda s: 2 * s), "all": (("twice", "z"), np.add)}
    )
    base = {"x": np.array([1]), "y": np.array([2]), "z": np.array([100])}
    other, third = base | {"x": np.array([10])}, base | {"z": np.array([7])}
    found = model.run_interchange(base, {"sum": other, "z": third})
    assert found["all"].tolist() == [2 * 12 + 7]
    assert model.run_interchange(base, {"sum": base})["all"].tolist() == model.run(base)["all"].tolist()


def test_interchange_is_row_by_row():
    model = CausalModel({"sum": (("x", "y"), np.add), "product": (("sum", "z"), np.multiply)}, inputs=("z", "x", "y"))
    assert model.names == ("z", "x", "y", "sum", "product")
    generator = np.random.default_rng(0)
    base, source = ({name: generator.integers(9, size=50) for name in "xyz"} for _ in range(2))
    found = model.run_interchange(base, {"sum": source})
    np.testing.assert_array_equal(found["product"], (source["x"] + source["y"]) * base["z"])
    np.testing.assert_array_equal(model.run_interchange(base, {"z": source})["sum"], base["x"] + base["y"])


def test_a_circle_is_named():
    with pytest.raises(sy.SymbolscopeError, match="in a circle: a -> c -> b -> a"):
        CausalModel({"a": (("c",), abs), "b": (("a",), abs), "c": (("b",), abs)})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.run({}), "missing: x"),
        (lambda m: m.run({"x": np.zeros(2), "twic": np.zeros(2)}), "no variable 'twic'; did you mean 'twice'"),
        (lambda m: m.run_interchange({"x": np.zeros(1)}, {"tvice": {"x": np.zeros(1)}}), "did you mean 'twice'"),
        (lambda m: m.run({"x": np.zeros(2), "twice": np.zeros(3)}), "same number of rows"),
        (lambda m: m.run({"y": np.zeros(2)}), "no variable 'y'; did you mean"),
        (lambda _: CausalModel({"a": ((), lambda: np.zeros(1))}), "'a' has no parents"),
        (
            lambda _: CausalModel({"twice": (("x",), abs), "all": (("twise",), abs)}, inputs=("x",)),
            "no variable 'twise'; did you mean 'twice'",
        ),
        (lambda _: CausalModel({"a": (("x",), abs)}, inputs=("a", "x")), "an input has no mechanism, and 'a' has one"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(sy.SymbolscopeError, match=message):
        call(CausalModel({"twice": (("x",), lambda x: 2 * x)}))
