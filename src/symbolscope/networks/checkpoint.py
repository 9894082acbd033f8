"""A training on disk, so that it goes on bit for bit where it was cut off; one safetensors file, no code in it."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from symbolscope.core.checked_tensors import StoredTensor, checked_bytes, of_tensor, read_checked, read_file
from symbolscope.core.whole_file import write_whole
from symbolscope.errors import SymbolscopeError
from symbolscope.networks.history import Check, Snapshot

_FORMAT = "symbolscope.training"
_VERSION = 1
_KEY = "training"
_WHAT = "a checkpoint of sy.train"
_STEP = "step"  # of Adam's counters
_MOMENTS = frozenset((_STEP, "exp_avg", "exp_avg_sq"))
# Differences that an error names.
_SHOWN = 3


@dataclass(frozen=True)
class Progress:
    """Where a training stands, apart from weights and moments.

    Attributes
    ----------
    step
        Optimiser steps taken.
    checks, snapshots
        So far.
    passed
        Checks in a row that found the accuracy asked for.
    seconds
        Wall time so far.
    """

    step: int = 0
    checks: tuple[Check, ...] = ()
    snapshots: tuple[Snapshot, ...] = ()
    passed: int = 0
    seconds: float = 0.0


def save_training(
    path: Path, network: nn.Module, optimiser: torch.optim.Optimizer, progress: Progress, settings: Mapping[str, Any]
) -> None:
    """Write all that the rest of the training depends on, whole or not at all."""
    tensors: dict[str, Tensor] = {f"network.{name}": tensor for name, tensor in network.state_dict().items()}
    for index, entry in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{index}.{name}": torch.as_tensor(value) for name, value in entry.items()}
    for index, snapshot in enumerate(progress.snapshots):
        tensors |= {f"snapshot.{index}.{name}": tensor for name, tensor in snapshot.weights.items()}
    course = {
        "step": progress.step,
        "passed": progress.passed,
        "seconds": progress.seconds,
        "checks": [asdict(check) for check in progress.checks],
        "snapshots": [{"step": snapshot.step, "accuracy": snapshot.accuracy} for snapshot in progress.snapshots],
    }
    stored = {name: of_tensor(tensor) for name, tensor in tensors.items()}
    about = {"settings": settings, "course": course}
    write_whole(path, checked_bytes(stored, kind=_FORMAT, version=_VERSION, key=_KEY, about=about))


def load_training(
    path: Path, network: nn.Module, optimiser: torch.optim.Optimizer, settings: Mapping[str, Any], *, most_steps: int
) -> Progress:
    """Put a training back to where :func:`save_training` left it; refuses one of another training or further on."""
    content = read_file(path, _WHAT)
    found = read_checked(content, str(path), kind=_FORMAT, version=_VERSION, key=_KEY, what=_WHAT)
    try:
        _check_same(path, found.about["settings"], settings)
        course = found.about["course"]
        step, passed = _count(course[_STEP]), _count(course["passed"])
        if step > most_steps:
            raise SymbolscopeError(
                f"the training in {path} has taken {step} steps already; give steps={step} or more, or another "
                "checkpoint path"
            )
        own = network.state_dict()
        trained = [parameter for group in optimiser.param_groups for parameter in group["params"]]
        _check_tensors(found.tensors, own, trained, len(course["snapshots"]))
        snapshots = tuple(
            Snapshot(_count(one["step"]), _number(one["accuracy"]), _named(found.tensors, f"snapshot.{index}."))
            for index, one in enumerate(course["snapshots"])
        )
        checks = tuple(
            Check(
                _count(one["step"]),
                _number(one["loss"]),
                _number(one["accuracy"]),
                None if one["held_out_accuracy"] is None else _number(one["held_out_accuracy"]),
            )
            for one in course["checks"]
        )
        seconds = _number(course["seconds"])
        weights, moments = _named(found.tensors, "network."), _moments(found.tensors)
        for name, tensor in weights.items():  # a buffer, such as a mask, may hold infinities by design
            if bool(torch.isfinite(own[name]).all()) and not bool(torch.isfinite(tensor).all()):
                raise SymbolscopeError(f"weights {name} hold numbers that are not finite")
    except SymbolscopeError as error:
        said = str(error)
        raise SymbolscopeError(said if str(path) in said else f"{path} is damaged: {said}") from None
    except (KeyError, TypeError, ValueError, RuntimeError, AttributeError, ArithmeticError, IndexError) as error:
        raise SymbolscopeError(f"{path} is damaged: {type(error).__name__}: {error}") from None
    network.load_state_dict(weights)
    optimiser.load_state_dict(optimiser.state_dict() | {"state": moments})
    return Progress(step, checks, snapshots, passed, seconds)


def _check_tensors(
    tensors: Mapping[str, StoredTensor], own: Mapping[str, Tensor], trained: Sequence[Tensor], snapshots: int
) -> None:
    """Compare names, dtypes and shapes with those of the network and its optimiser: nothing is cast or left out."""
    wanted = {f"network.{name}": _form(tensor) for name, tensor in own.items()}
    for index in range(min(snapshots, len(tensors) + 1)):
        wanted |= {f"snapshot.{index}.{name}": _form(tensor) for name, tensor in own.items()}
    for name, tensor in tensors.items():
        if name.startswith("optimiser."):
            _, index, moment = name.split(".")
            if not index.isdecimal() or len(index) > 9 or int(index) >= len(trained) or moment not in _MOMENTS:
                raise SymbolscopeError(f"it has the moment {name[:50]!r}, which the optimiser has not")
            wanted[name] = ("float32", ()) if moment == _STEP else _form(trained[int(index)])
        if name in wanted and (tensor.torch_name, tensor.shape) != wanted[name]:
            dtype, shape = wanted[name]
            raise SymbolscopeError(
                f"tensor {name} is {tensor.torch_name} {list(tensor.shape)} where the network takes {dtype} {list(shape)}"
            )
    if missing := sorted(wanted.keys() ^ tensors.keys()):
        raise SymbolscopeError(f"tensor {missing[0][:50]} is not in both the file and the network")


def _form(tensor: Tensor) -> tuple[str, tuple[int, ...]]:
    return str(tensor.dtype).removeprefix("torch."), tuple(tensor.shape)


def _moments(tensors: Mapping[str, StoredTensor]) -> dict[int, dict[str, Tensor]]:
    """The optimiser's state; each parameter that has one has all of it."""
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in _named(tensors, "optimiser.").items():
        index, moment = name.split(".")
        if not bool(torch.isfinite(tensor).all()):
            raise SymbolscopeError(f"moment {name} holds numbers that are not finite")
        state.setdefault(int(index), {})[moment] = tensor
    if any(entry.keys() != _MOMENTS for entry in state.values()):
        raise SymbolscopeError("a parameter lacks one of the optimiser's moments")
    return state


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 1 << 62:
        raise SymbolscopeError(f"it has {str(value)[:30]!r} where a count belongs")
    return value


def _number(value: Any) -> float:
    if type(value) not in (int, float) or math.isinf(value):
        raise SymbolscopeError(f"it has {str(value)[:30]!r} where a number belongs")
    return float(value)


def _check_same(path: Path, there: Any, here: Mapping[str, Any]) -> None:
    comparable = json.loads(json.dumps(here))
    if not isinstance(there, dict) or not all(isinstance(there.get(part), dict) for part in comparable):  # pyright: ignore[reportUnknownMemberType]
        raise SymbolscopeError("its settings are no mapping")
    differing = [
        f"{name} was {there[part].get(name, 'not there')} and is {comparable[part].get(name, 'not there')}"
        for part in comparable
        for name in dict.fromkeys([*there[part], *comparable[part]])
        if there[part].get(name) != comparable[part].get(name)
    ]
    if differing:
        shown = "; ".join(differing[:_SHOWN]) + (
            f" and {len(differing) - _SHOWN} more" if len(differing) > _SHOWN else ""
        )
        raise SymbolscopeError(
            f"{path} is the checkpoint of another training: {shown}. Give the same again, or another checkpoint path"
        )


def _named(tensors: Mapping[str, StoredTensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): stored.tensor() for name, stored in tensors.items() if name.startswith(prefix)}
