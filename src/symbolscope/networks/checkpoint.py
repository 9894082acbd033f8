"""A training on disk, so that it goes on bit for bit where it was cut off; one safetensors file, no code in it."""

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from symbolscope.errors import SymbolscopeError
from symbolscope.networks.history import Check, Snapshot

_FORMAT = "symbolscope.training"
_VERSION = 1
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
    """Write all that the rest of the training depends on: to a temporary file beside it first, renamed when complete."""
    from safetensors.torch import save

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
    metadata = {
        "format": _FORMAT,
        "version": str(_VERSION),
        "training": json.dumps({"settings": settings, "course": course}),
    }
    content = save(
        {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}, metadata=metadata
    )
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def load_training(
    path: Path, network: nn.Module, optimiser: torch.optim.Optimizer, settings: Mapping[str, Any], *, most_steps: int
) -> Progress:
    """Put a training back to where :func:`save_training` left it; refuses one of another training or further on."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors: dict[str, Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
    except (SafetensorError, OSError) as error:
        raise SymbolscopeError(f"{path} is not a checkpoint of sy.train, or is damaged: {error}") from None
    if metadata.get("format") != _FORMAT:
        raise SymbolscopeError(
            f"{path} is a safetensors file but no checkpoint of sy.train; give another checkpoint path"
        )
    version = metadata.get("version", "")
    if not version.isdecimal() or int(version) > _VERSION:
        raise SymbolscopeError(
            f"{path} has format version {version or 'unknown'}; this symbolscope reads up to {_VERSION}. Install a newer one"
        )
    try:
        saved = json.loads(metadata["training"])
        _check_same(path, saved["settings"], settings)
        course = saved["course"]
        if course["step"] > most_steps:
            raise SymbolscopeError(
                f"the training in {path} has taken {course['step']} steps already; give steps={course['step']} or more, or another "
                "checkpoint path"
            )
        snapshots = tuple(
            Snapshot(int(one["step"]), float(one["accuracy"]), _named(tensors, f"snapshot.{index}."))
            for index, one in enumerate(course["snapshots"])
        )
        network.load_state_dict(_named(tensors, "network."))
        state: dict[int, dict[str, Tensor]] = {}
        for name, tensor in _named(tensors, "optimiser.").items():
            index, key = name.split(".")
            state.setdefault(int(index), {})[key] = tensor
        optimiser.load_state_dict(optimiser.state_dict() | {"state": state})
        checks = tuple(Check(**check) for check in course["checks"])
        return Progress(int(course["step"]), checks, snapshots, int(course["passed"]), float(course["seconds"]))
    except SymbolscopeError:
        raise
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise SymbolscopeError(f"{path} is damaged: {type(error).__name__}: {error}") from None


def _check_same(path: Path, there: Mapping[str, Any], here: Mapping[str, Any]) -> None:
    comparable = json.loads(json.dumps(here))
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


def _named(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
