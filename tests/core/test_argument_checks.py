"""One checker per kind of argument: what is taken becomes its plain type, everything else is refused by name."""

import math
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from symbolscope.core.argument_checks import (
    FilePath,
    Flag,
    Function,
    InstanceOf,
    Network,
    Number,
    OneOf,
    Seed,
    SeedOrGenerator,
    Text,
    WholeNumber,
    described,
)
from symbolscope.core.array_checks import RealArray, WholeArray
from symbolscope.core.checked_call import takes
from symbolscope.core.sequence_checks import ListOf, Names
from symbolscope.errors import SymbolscopeError

NO_WHOLE_NUMBER = [
    3.0, np.float64(3), True, np.bool_(1), torch.tensor(True), torch.tensor(2.0), np.array([3, 4]), np.array(2.0), "3", b"3", None,
    1j, [3], math.nan, math.inf, Decimal(3), Fraction(3), np.datetime64(3, "s"), int, object(), 2**31, 10**5000,
    torch.empty(0, dtype=torch.int64), torch.ones((), dtype=torch.int64, device="meta"),
]  # fmt: skip


@pytest.mark.parametrize(
    "given", [3, np.int8(3), np.uint64(3), np.array(3), torch.tensor(3), torch.tensor([3]), pd.Series([3])[0]]
)
def test_whole_numbers(given):
    found = WholeNumber(least=0).read("n", given)
    assert (found, type(found)) == (3, int)


@pytest.mark.parametrize("given", NO_WHOLE_NUMBER, ids=lambda given: described(given))
def test_no_whole_numbers(given):
    with pytest.raises(SymbolscopeError, match=r"^n must be a whole number"):
        WholeNumber(least=0).read("n", given)


@pytest.mark.parametrize(("given", "inside"), [(0, False), (1, True), (5, True), (6, False), (-1, False)])
def test_bounds_of_whole_numbers(given, inside):
    kind = WholeNumber(least=1, most=5)
    if inside:
        assert kind.read("rows", given) == given
    else:
        with pytest.raises(SymbolscopeError, match=f"rows must be a whole number of at .* [15]; got {given}"):
            kind.read("rows", given)


@pytest.mark.parametrize(
    "given",
    [
        0.5,
        np.float16(0.5),
        np.longdouble("0.5"),
        np.array(0.5),
        torch.tensor(0.5, requires_grad=True),
        Fraction(1, 2),
        Decimal("0.5"),
    ],
)
def test_numbers(given):
    found = Number(least=0, most=1).read("share", given)
    assert (found, type(found)) == (0.5, float)


@pytest.mark.parametrize(
    "given",
    [
        "0.5", b"1", True, np.True_, math.nan, math.inf, -0.001, 1.001, 0.5 + 0j, np.complex64(0.5), torch.tensor(0.5j), [0.5],
        np.array([0.5]), None, 10**400, np.timedelta64(0, "s"), np.str_("0.5"), object(), torch.ones((), device="meta"),
    ],
    ids=lambda given: described(given),
)  # fmt: skip
def test_no_numbers(given):
    with pytest.raises(SymbolscopeError, match=r"^share must be a finite number at least 0 and at most 1"):
        Number(least=0, most=1).read("share", given)


def test_open_bounds():
    assert Number(above=0, below=1).read("gap", 0.5) == 0.5
    for given in (0, 1, -1, 2):
        with pytest.raises(SymbolscopeError, match="gap must be a finite number above 0 and below 1"):
            Number(above=0, below=1).read("gap", given)


@pytest.mark.parametrize("given", [0, 2**64 - 1, np.uint64(2**64 - 1), np.int8(5), torch.tensor(5)])
def test_seeds(given):
    assert Seed().read("seed", given) == int(given)
    np.random.default_rng(Seed().read("seed", given))
    torch.Generator().manual_seed(Seed().read("seed", given))


@pytest.mark.parametrize("given", [-1, 2**64, 0.0, "0", None, True, [0], np.random.SeedSequence(0), torch.Generator()])
@pytest.mark.parametrize("kind", [Seed(), SeedOrGenerator()])
def test_no_seeds(given, kind):
    with pytest.raises(SymbolscopeError, match="seed"):
        kind.read("seed", given)


def test_a_generator_only_where_it_is_used_once():
    generator = np.random.default_rng(0)
    assert SeedOrGenerator().read("seed", generator) is generator
    with pytest.raises(SymbolscopeError, match="Generator"):
        Seed().read("seed", generator)


@pytest.mark.parametrize("given", [True, False, np.True_, np.array(True), torch.tensor(False)])
def test_flags(given):
    assert Flag().read("refit", given) is bool(given)


@pytest.mark.parametrize("given", [0, 1, "yes", None, 1.0, np.array([True]), [True], np.int64(1)])
def test_no_flags(given):
    with pytest.raises(SymbolscopeError, match="refit must be True or False"):
        Flag().read("refit", given)


@pytest.mark.parametrize("given", ["and", "AND-OR", None, 3, ["and-or"], b"and-or", "", np.array("and-or")])
def test_one_of(given):
    kind = OneOf(("and-or", "and"))
    if isinstance(given, str) and given == "and":
        assert kind.read("kinds", given) == "and"
    else:
        with pytest.raises(SymbolscopeError, match='kinds must be "and-or" or "and"'):
            kind.read("kinds", given)


@pytest.mark.parametrize(("given", "near"), [("near_full", "near-full"), ("unifrom", "uniform"), ("sizes", "size")])
def test_the_nearest_name_is_proposed(given, near):
    with pytest.raises(SymbolscopeError, match=f'Type "{near}"'):
        OneOf(("uniform", "size", "near-full")).read("sampling", given)


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (Text(), ["a", np.str_("a")], ["", b"a", 3, None, ["a"]]),
        (FilePath(), ["a.html", Path("a.html")], ["", "a\0b", b"a.html", 5, None, ["a"]]),
        (Function(), [len, lambda: 0, torch.nn.ReLU()], [3, "len", None, [len], np.ones(2)]),
        (InstanceOf(dict, "a dict"), [{}, {"a": 1}], [dict, [], None, "a", 3]),
        (Network(), [torch.nn.ReLU()], [torch.nn.ReLU, None, "relu", 3, torch.relu]),
    ],
)
def test_other_kinds(kind, good, bad):
    for given in good:
        assert kind.read("it", given) is not None
    for given in bad:
        with pytest.raises(SymbolscopeError, match=r"^it must be"):
            kind.read("it", given)


def test_a_class_in_place_of_its_object():
    with pytest.raises(SymbolscopeError, match=r"not the class ReLU: type ReLU\(\.\.\.\)"):
        Network().read("network", torch.nn.ReLU)


@pytest.mark.parametrize(
    "given",
    [
        ["a", "b"],
        ("a", "b"),
        np.array(["a", "b"]),
        pd.Index(["a", "b"]),
        pd.Series(["a", "b"]),
        {"a": 1, "b": 2}.keys(),
    ],
)
def test_names(given):
    found = Names().read("names", given)
    assert found == ("a", "b")
    assert {type(one) for one in found} == {str}


@pytest.mark.parametrize(
    "given",
    ["cpu", b"cpu", 3, None, {"a", "b"}, {"a": 1}, (one for one in "ab"), ["a", "a"], ["a", 3], np.array("a"), [None]],
)
def test_no_names(given):
    with pytest.raises(SymbolscopeError, match=r"^names must be a list of different names"):
        Names().read("names", given)


@pytest.mark.parametrize(
    "given",
    [[2, 1], (2, 1), np.array([2, 1]), torch.tensor([2, 1]), pd.Series([2, 1]), range(2, 0, -1), {2: 0, 1: 0}.keys()],
)
def test_lists(given):
    assert ListOf(WholeNumber(), "whole numbers").read("counts", given) == (2, 1)


@pytest.mark.parametrize(
    "given", [3, "21", None, {1: 2}, {1, 2}, iter([1]), [1.5], [[1]], np.array(3), pd.DataFrame({"a": [1]})]
)
def test_no_lists(given):
    with pytest.raises(SymbolscopeError, match=r"^counts"):
        ListOf(WholeNumber(), "whole numbers").read("counts", given)


def test_a_set_where_order_is_nothing_and_too_few():
    kind = ListOf(WholeNumber(), "whole numbers", ordered=False, least=2)
    assert kind.read("counts", {2, 1}) == (1, 2)
    with pytest.raises(SymbolscopeError, match="at least 2"):
        kind.read("counts", [1])


@pytest.mark.parametrize(
    "given",
    [
        [0.0, 1.0], (0, 1), np.array([0, 1], np.float16), np.array([0, 1], np.longdouble), np.array([False, True]),
        np.array([0, 1], np.uint64), torch.tensor([0.0, 1.0], requires_grad=True), torch.tensor([0.0, 1.0], dtype=torch.bfloat16),
        torch.tensor([0.0, -1.0]).neg(), [torch.tensor(0.0), torch.tensor(1.0, requires_grad=True)], pd.Series([0, 1]),
        np.array([Fraction(0), Decimal(1)], object), np.ma.masked_array([0.0, 1.0]), torch.nn.Parameter(torch.tensor([0.0, 1.0])),
    ],
    ids=lambda given: described(given),
)  # fmt: skip
def test_arrays(given):
    found = RealArray(axes=(1,)).read("values", given)
    assert found.dtype == np.float64
    assert found.tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    "given",
    [
        [0.0, 1j], np.array([1 + 0j]), torch.tensor([1j]), ["a"], [b"a"], [None], [[1], [1, 2]], {"a": 1}, {1.0}, None, "12", 3.0,
        [math.nan], [math.inf], np.array(["2020-01-01"], "M8[D]"), np.array([1], "m8[s]"), np.array([(1, 2)], "i4,i4"),
        np.array([object()]), torch.ones(2).to_sparse(), torch.ones(2, device="meta"), np.ma.masked_array([1.0, 2.0], [0, 1]),
        np.array([np.longdouble("1e400")]), iter([1.0]), np.ones((2, 2)), [10**400],
    ],
    ids=lambda given: described(given),
)  # fmt: skip
def test_no_arrays(given):
    with pytest.raises(SymbolscopeError, match=r"^values"):
        RealArray(axes=(1,)).read("values", given)


@pytest.mark.parametrize("given", [[1.0], [True], ["1"], np.array([2**63], np.uint64), [[1]], 1, None])
def test_no_whole_arrays(given):
    with pytest.raises(SymbolscopeError, match=r"^labels"):
        WholeArray(axes=(1,)).read("labels", given)


@takes({"n": WholeNumber(least=1), "seed": Seed(), "names": Names()})
def drawn(n: int, seed: int = 0, *, names: tuple[str, ...] | None = None) -> tuple[int, int, tuple[str, ...] | None]:
    """A function whose arguments are checked at its entrance."""
    return n, seed, names


def test_arguments_are_read_at_the_entrance():
    assert drawn(np.int64(3), names=["a"]) == (3, 0, ("a",))
    assert drawn(n=torch.tensor(3), seed=np.uint8(1)) == (3, 1, None)
    assert drawn(3, names=None) == (3, 0, None)  # a default, also when it is written down
    for call in (
        lambda: drawn(0),
        lambda: drawn(2.5),
        lambda: drawn(1, -1),
        lambda: drawn(1, names="ab"),
        lambda: drawn(n=None),
    ):
        with pytest.raises(SymbolscopeError):
            call()
    for call in (lambda: drawn(), lambda: drawn(1, nmaes=["a"]), lambda: drawn(1, 2, ["a"])):
        with pytest.raises(TypeError):
            call()


def test_a_misspelt_argument_is_found_when_the_function_is_made():
    with pytest.raises(ValueError, match="sede"):
        takes({"sede": Seed()})(lambda seed: seed)
