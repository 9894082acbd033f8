"""Odd values: what somebody may pass by a slip, drawn from a seeded pool or made from the good value that they replace."""

import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

import symbolscope as sy

# Each is made anew for every call; none starts processes, names a device, or asks for honest work that takes long.
POOL: list[Callable[[], Any]] = [
    lambda: None, lambda: True, lambda: False, lambda: np.bool_(True), lambda: ...,
    lambda: 0, lambda: 1, lambda: 2, lambda: 3, lambda: 99, lambda: -1, lambda: -7, lambda: 2**31, lambda: 2**63, lambda: 2**64,
    lambda: -(2**63), lambda: 10**30, lambda: 10**5000,
    lambda: 0.0, lambda: -0.0, lambda: 0.5, lambda: 1.5, lambda: 3.0, lambda: -0.5, lambda: 1e300, lambda: 5e-324, lambda: math.nan,
    lambda: math.inf, lambda: -math.inf, lambda: 1j, lambda: 1 + 0j, lambda: Fraction(1, 3), lambda: Decimal("0.1"), lambda: Decimal("nan"),
    lambda: np.int64(3), lambda: np.int8(2), lambda: np.uint64(2**64 - 1), lambda: np.float16(0.5), lambda: np.float64(2.0),
    lambda: np.longdouble("1e4000"), lambda: np.complex64(1), lambda: np.datetime64("2020-01-01"), lambda: np.timedelta64(1, "s"),
    lambda: "", lambda: "a", lambda: "cpu", lambda: "3", lambda: "0.9x", lambda: "4%", lambda: "-4%", lambda: "nan%", lambda: "and",
    lambda: "count", lambda: "x0", lambda: "ünï ∑ 漢字", lambda: "\ud800", lambda: "a\0b", lambda: "\x1b[2J", lambda: "a" * 5000,
    lambda: b"", lambda: b"abc", lambda: bytearray(b"ab"), lambda: memoryview(b"ab"), lambda: np.str_("b"),
    lambda: [], lambda: (), lambda: {}, lambda: set(), lambda: [None], lambda: [0], lambda: [1, 2], lambda: [99], lambda: [-1], lambda: [0, 0],
    lambda: ["a", "b", "c"], lambda: ["a", "a"], lambda: [["a"], ["b"]], lambda: [[1, 2], [3]], lambda: [[[]]], lambda: [math.nan], lambda: [1.5],
    lambda: [True, False], lambda: [1j], lambda: {1, 2}, lambda: frozenset({"a"}), lambda: {"a": 1}, lambda: {1: 2}, lambda: {"a": "b"},
    lambda: {"count": None}, lambda: range(3), lambda: range(0), lambda: iter([1, 2]), lambda: (i for i in range(3)), lambda: zip([1], [2]),
    lambda: map(str, [1]), lambda: enumerate("ab"), lambda: {"a": 1}.keys(), lambda: [{"a": 1}], lambda: ((1, 2), (3, 4)), lambda: [(0, None)],
    lambda: object(), lambda: object, lambda: int, lambda: len, lambda: lambda *a, **k: None, lambda: lambda: 0, lambda: lambda x: x,
    lambda: lambda x: "text", lambda: np, lambda: Path("odd.txt"), lambda: Path("no/such/folder/file"), lambda: Path("."), lambda: slice(2),
    lambda: NotImplemented, lambda: Exception("odd"), lambda: type,
    lambda: np.array(3), lambda: np.array(0.5), lambda: np.array("a"), lambda: np.array(None), lambda: np.array([]), lambda: np.zeros((0, 3)),
    lambda: np.zeros((3, 0)), lambda: np.ones(1), lambda: np.ones(3), lambda: np.ones(4), lambda: np.ones(8), lambda: np.ones((3, 3)),
    lambda: np.ones((2, 8)), lambda: np.ones((1, 1, 1, 1)), lambda: np.ones(3, bool), lambda: np.ones((2, 3), bool), lambda: np.ones(8, np.float16),
    lambda: np.arange(8), lambda: np.arange(8, dtype=np.uint8), lambda: np.ones(8, complex), lambda: np.ones(8, object), lambda: np.full(8, None),
    lambda: np.ones(8, np.longdouble), lambda: np.array(["a", "b", "c"]), lambda: np.array([math.nan] * 8), lambda: np.full(3, math.inf),
    lambda: np.array(["2020-01-01"], "M8[D]"), lambda: np.array([(1, 2.0)], "i4,f8"), lambda: np.ma.masked_array([1.0] * 8, [1] + [0] * 7),
    lambda: np.full(8, 1e308), lambda: np.ones(3, ">f8"), lambda: np.ones((3, 8)).T[:, ::2], lambda: np.array([[1], [2, 3]], object),
    lambda: torch.tensor(3), lambda: torch.tensor(0.5, requires_grad=True), lambda: torch.ones(0), lambda: torch.ones(3), lambda: torch.ones(8),
    lambda: torch.ones(8, requires_grad=True), lambda: torch.ones(2, 3), lambda: torch.ones(2, 3, 4), lambda: torch.ones(3, dtype=torch.bool),
    lambda: torch.ones(8, dtype=torch.bfloat16), lambda: torch.ones(8, dtype=torch.complex64), lambda: torch.full((8,), math.nan),
    lambda: torch.ones(8).to_sparse(), lambda: torch.ones(8, device="meta"), lambda: torch.arange(4), lambda: torch.ones(4, 4, dtype=torch.int32),
    lambda: torch.float32, lambda: torch.device("meta"), lambda: torch.Generator(), lambda: np.random.default_rng(0),
    lambda: np.random.SeedSequence(0), lambda: np.random.RandomState(0),
    lambda: pd.Series([1.0, 2.0, 3.0]), lambda: pd.Series(["a", "b", "c"]), lambda: pd.Series([1, None, 3], dtype="Int64"),
    lambda: pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0], "c": [0.0, 1.0]}), lambda: pd.DataFrame(), lambda: pd.Index(["a", "b", "c"]),
    lambda: pd.NA, lambda: pd.NaT, lambda: pd.Categorical(["a", "b"]),
    lambda: torch.nn.Linear(3, 2), lambda: torch.nn.Identity(), lambda: torch.nn.ReLU, lambda: torch.nn.Dropout(0.5), lambda: torch.nn.Embedding(4, 2),
    lambda: sy.Game.from_function(lambda masks: masks[:, 0] * 1.0, 2), lambda: sy.Game, lambda: sy.decompose([0.0, 1.0]), lambda: sy.InteractionModel,
    lambda: sy.Players.columns(2), lambda: sy.tasks.MultiObject(max_count=2), lambda: sy.tasks.TwoConjunctions(), lambda: sy.programs.AndOrAnd(),
    lambda: sy.featurizers.PCA(size=1), lambda: sy.featurizers.PCA, lambda: sy.sites.Output(""), lambda: sy.executors.Local(threads=1),
]  # fmt: skip


def odd_value(good: Any, generator: np.random.Generator) -> Any:
    """Something else than the good value: from the pool, or the good value in another dress."""
    if generator.random() < 0.6:
        return POOL[generator.integers(len(POOL))]()
    dresses = _dresses(good)
    return dresses[generator.integers(len(dresses))]()


def _dresses(good: Any) -> list[Callable[[], Any]]:
    """The same value in other types, and near values; for what has none, things around it."""
    if isinstance(good, bool):
        return [
            lambda: np.bool_(good),
            lambda: int(good),
            lambda: not good,
            lambda: torch.tensor(good),
            lambda: str(good),
        ]
    if isinstance(good, int):
        return [
            lambda: np.int64(good), lambda: np.int8(good), lambda: np.array(good), lambda: torch.tensor(good), lambda: float(good),
            lambda: np.float32(good), lambda: str(good), lambda: [good], lambda: good + 1, lambda: -good, lambda: 0, lambda: np.array([good]),
            lambda: good + 0.5,
        ]  # fmt: skip
    if isinstance(good, float):
        return [
            lambda: np.float32(good), lambda: np.array(good), lambda: torch.tensor(good, requires_grad=True), lambda: Fraction(good),
            lambda: Decimal(good), lambda: -good, lambda: 10 * good, lambda: str(good), lambda: complex(good), lambda: np.array([good]), lambda: int(good),
        ]  # fmt: skip
    if isinstance(good, str):
        return [
            lambda: np.str_(good),
            lambda: good.encode(),
            lambda: good.upper(),
            lambda: [good],
            lambda: good + "?",
            lambda: Path(good),
            lambda: good[:-1],
        ]
    if isinstance(good, np.ndarray | torch.Tensor):
        return _dresses_of_array(good)
    if isinstance(good, list | tuple):
        return [
            lambda: tuple(good), lambda: list(good), lambda: np.array(good, object), lambda: iter(good), lambda: (one for one in good),
            lambda: dict(enumerate(good)), lambda: good[0] if good else None, lambda: [*good, *good], lambda: [*good, None], lambda: good[:-1],
            lambda: [good], lambda: pd.Series(list(good)), lambda: dict.fromkeys(map(str, good)).keys(), lambda: list(reversed(good)),
        ]  # fmt: skip
    if isinstance(good, dict):
        return [
            lambda: list(good.items()), lambda: {**good, "odd": 1}, lambda: {**good, 3: None}, lambda: dict.fromkeys(good), lambda: good.keys(),
            lambda: dict(list(good.items())[1:]), lambda: {key: [value] for key, value in good.items()}, lambda: {str(key) + "?": good[key] for key in good},
            lambda: pd.Series(good, dtype=object),
        ]  # fmt: skip
    return [
        lambda: [good],
        lambda: type(good),
        lambda: (good, good),
        lambda: {"it": good},
        lambda: str(good),
        lambda: id(good),
        lambda: None,
    ]


def _dresses_of_array(good: Any) -> list[Callable[[], Any]]:
    array = good.detach().cpu().numpy() if isinstance(good, torch.Tensor) else good
    if array.dtype.kind not in "biuf":
        return _dresses(array.tolist())
    with_nan = array.astype(float)
    if with_nan.size:
        with_nan.flat[-1] = math.nan
    real = torch.from_numpy(np.ascontiguousarray(array).astype(np.float32))
    return [
        lambda: array.tolist(), lambda: torch.from_numpy(array.copy()), lambda: real.clone().requires_grad_(), lambda: real.half(),
        lambda: array.astype(complex), lambda: array.astype(object), lambda: array.astype(np.float16), lambda: array.astype(np.int8),
        lambda: array.astype(bool), lambda: array.astype(str), lambda: with_nan, lambda: with_nan.astype(np.float32), lambda: array[None],
        lambda: array[..., None], lambda: array[:1], lambda: array[:0], lambda: array.reshape(-1), lambda: array.T, lambda: array[::-1],
        lambda: np.asfortranarray(array), lambda: array.astype(">f8"), lambda: pd.DataFrame(array.reshape(len(array), -1)) if array.ndim else None,
        lambda: array.astype(float) * 1e300, lambda: array.astype(np.float64), lambda: -array.astype(float), lambda: array + 100,
        lambda: real.double(), lambda: real.to(torch.int64), lambda: real.to("meta"), lambda: array.astype(np.uint8), lambda: array.astype(np.longdouble),
    ]  # fmt: skip
