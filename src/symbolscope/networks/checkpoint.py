"""A training on disk, so that it goes on bit for bit where it was cut off; one safetensors file, no code in it."""

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from symbolscope.errors import SymbolscopeError
from symbolscope.networks.history import Check

_FORMAT = "symbolscope.training"
_VERSION = 1


@dataclass(frozen=True)
class Progress:
    """Where a training stands, apart from the tensors."""

    step: int
    checks: tuple[Check, ...]
    seconds: float


def save_training(
    path: str | PathLike[str],
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    generator: np.random.Generator,
    progress: Progress,
    settings: Mapping[str, Any],
) -> None:
    """Write everything the rest of the training depends on: to a temporary file first, renamed when complete."""
    from safetensors.torch import save

    target = Path(path)
    tensors: dict[str, Tensor] = {f"network.{name}": tensor for name, tensor in network.state_dict().items()}
    state = optimiser.state_dict()["state"]
    for index, entry in state.items():
        for name, value in entry.items():
            tensors[f"optimiser.{index}.{name}"] = value if isinstance(value, Tensor) else torch.tensor(value)
    tensors["random"] = torch.get_rng_state()
    metadata = {
        "format": _FORMAT,
        "version": str(_VERSION),
        "training": json.dumps(
            {"settings": settings, "progress": asdict(progress), "generator": generator.bit_generator.state}
        ),
    }
    content = save(
        {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}, metadata=metadata
    )
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(temporary, target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def load_training(
    path: str | PathLike[str],
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    generator: np.random.Generator,
    settings: Mapping[str, Any],
) -> Progress:
    """Put a training back to where :func:`save_training` left it; refuses one of another network, task or settings."""
    from safetensors import SafetensorError, safe_open

    source = Path(path)
    try:
        with safe_open(source, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
    except (SafetensorError, OSError) as error:
        raise SymbolscopeError(f"{source} is not a checkpoint of sy.train, or is damaged: {error}") from None
    if metadata.get("format") != _FORMAT or metadata.get("version") != str(_VERSION):
        raise SymbolscopeError(f"{source} is no checkpoint of this version of sy.train; give another checkpoint= path")
    saved = json.loads(metadata["training"])
    differing = [
        f"{name}: {saved['settings'].get(name)} there, {value} here"
        for name, value in json.loads(json.dumps(settings)).items()
        if saved["settings"].get(name) != value
    ]
    if differing:
        raise SymbolscopeError(
            f"{source} is the checkpoint of another training ({'; '.join(differing)}); use the same settings or another path"
        )
    network.load_state_dict(
        {name.removeprefix("network."): t for name, t in tensors.items() if name.startswith("network.")}
    )
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        if name.startswith("optimiser."):
            _, index, key = name.split(".")
            state.setdefault(int(index), {})[key] = tensor
    optimiser.load_state_dict(optimiser.state_dict() | {"state": state})
    torch.set_rng_state(tensors["random"])
    generator.bit_generator.state = saved["generator"]
    progress = saved["progress"]
    return Progress(progress["step"], tuple(Check(**check) for check in progress["checks"]), progress["seconds"])
