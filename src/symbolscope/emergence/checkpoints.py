"""A training's checkpoints: safetensors files with the step in their names."""

import copy
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, SupportsIndex, TypeAlias, runtime_checkable

import torch
from torch import nn

from symbolscope.core.checked_tensors import (
    StoredTensor,
    checked_bytes,
    of_tensor,
    read_checked,
    read_file,
    read_metadata,
    read_safetensors,
)
from symbolscope.core.checksum import KEY
from symbolscope.core.whole_file import make_folder, write_whole
from symbolscope.emergence.whole_number import whole_number
from symbolscope.errors import SymbolscopeError

_FORMAT = "symbolscope.checkpoint"
_OF_OTHERS = "pt"  # what transformers and others call their own files
_PICKLES = {".pt", ".pth", ".bin", ".ckpt", ".pkl"}
if TYPE_CHECKING:
    GivenPairs: TypeAlias = Iterable[tuple[SupportsIndex, object]]
else:
    GivenPairs = object  # refused below, with a message of its own
_LOSSES = ("train_loss", "test_loss", "train_accuracy", "test_accuracy")


@runtime_checkable
class Checkpoints(Protocol):
    """Networks by step, one at a time."""

    @property
    def steps(self) -> tuple[int, ...]:
        """Steps in increasing order."""
        ...

    @property
    def losses(self) -> dict[int, dict[str, float]]:
        """What was recorded beside the networks: step to train_loss, test_loss and so on."""
        ...

    def __iter__(self) -> Iterator[tuple[int, object]]:
        """Step and network of each checkpoint."""
        ...


class GivenCheckpoints:
    """Networks in memory; refuses equal steps, and one network at two steps."""

    def __init__(self, pairs: GivenPairs) -> None:
        try:
            given = [(step, network) for step, network in pairs]
        except (TypeError, ValueError):
            raise SymbolscopeError(
                "checkpoints must be a folder of safetensors files or a list of (step, network), such as "
                f"[(0, untrained), (100, trained)]; got {type(pairs).__name__}"
            ) from None
        counted = [(whole_number("the step of a checkpoint", step), network) for step, network in given]
        self._pairs = sorted(counted, key=lambda pair: pair[0])
        self.steps = tuple(step for step, _ in self._pairs)
        self.losses: dict[int, dict[str, float]] = {}
        _check_steps(self.steps, "checkpoints")
        step_of: dict[int, int] = {}
        for step, network in self._pairs:
            if id(network) in step_of:
                raise SymbolscopeError(
                    f"the checkpoints of steps {step_of[id(network)]} and {step} are the same network, which has one state only; "
                    "give copies: copy.deepcopy(network)"
                )
            step_of[id(network)] = step

    def __iter__(self) -> Iterator[tuple[int, object]]:
        """Step and network of each checkpoint."""
        return iter(self._pairs)


class CheckpointFolder:
    """State dicts of one architecture in a folder, one safetensors file each; the last number in a name is the step.

    Each is loaded into one and the same copy of ``network``, which itself is left as it is.
    """

    def __init__(self, folder: str | PathLike[str], network: object) -> None:
        self._folder = Path(folder)
        if not self._folder.is_dir():
            raise SymbolscopeError(
                f"there is no folder {self._folder}; give one with files such as step-000100.safetensors"
            )
        files = sorted(path for path in self._folder.iterdir() if path.suffix == ".safetensors")
        if not files:
            pickles = sorted(path.name for path in self._folder.iterdir() if path.suffix in _PICKLES)
            if pickles:
                raise SymbolscopeError(
                    f"{self._folder} holds {pickles[0]}{' and others' if len(pickles) > 1 else ''}, which can run code when "
                    "read. Save the checkpoints as safetensors: safetensors.torch.save_file(network.state_dict(), "
                    '"step-000100.safetensors")'
                )
            raise SymbolscopeError(
                f"{self._folder} holds no .safetensors file; name them such as step-000100.safetensors"
            )
        if not isinstance(network, nn.Module):
            raise SymbolscopeError(
                f"a folder of checkpoints needs network=, a torch module of the architecture they fit; got {type(network).__name__}"
            )
        self._network = network
        self._files = dict(sorted((_step(path), path) for path in files))
        if len(self._files) < len(files):
            _check_steps(tuple(sorted(_step(path) for path in files)), str(self._folder))
        self.steps = tuple(self._files)
        self.losses = {step: _recorded(path) for step, path in self._files.items()}

    def __iter__(self) -> Iterator[tuple[int, object]]:
        """Step and network of each checkpoint."""
        network = copy.deepcopy(self._network)
        for step, path in self._files.items():
            tensors, _ = _read(path)
            _check_dtypes(path, tensors, network)
            try:
                network.load_state_dict({name: tensor.tensor() for name, tensor in tensors.items()})
            except RuntimeError as error:
                raise SymbolscopeError(
                    f"{path} does not fit network, a {type(network).__name__}: {error}. Give network= of the architecture that was "
                    "saved"
                ) from None
            yield step, network


def save_checkpoint(network: nn.Module, folder: Path, step: int, losses: dict[str, float]) -> Path:
    """Write a network's state dict to ``step-00000100.safetensors``, whole or not at all."""
    path = folder / f"step-{step:08d}.safetensors"
    tensors = {
        name: of_tensor(tensor) for name, tensor in network.state_dict().items() if isinstance(tensor, torch.Tensor)
    }
    make_folder(path.parent)
    said = {name: repr(value) for name, value in losses.items()}
    write_whole(
        path, checked_bytes(tensors, kind=_FORMAT, version=1, key="checkpoint", about={"step": step}, more=said)
    )
    return path


def _step(path: Path) -> int:
    numbers = re.findall(r"\d+", path.stem)
    if not numbers:
        raise SymbolscopeError(f"{path} has no step in its name; name it such as step-000100.safetensors")
    return int(numbers[-1])


def _recorded(path: Path) -> dict[str, float]:
    """Losses that a recorder wrote into the file's header."""
    metadata = read_metadata(path, "a checkpoint", f"{path} is no safetensors file, or is damaged")
    try:
        return {name: float(metadata[name]) for name in _LOSSES if name in metadata}
    except ValueError as error:
        raise SymbolscopeError(f"{path} is damaged: {error}") from None


def _read(path: Path) -> tuple[dict[str, StoredTensor], dict[str, str]]:
    """Tensors and metadata; a file that a recorder wrote must be as it was written, one of another program need only be whole."""
    content = read_file(path, "a checkpoint")
    tensors, metadata = read_safetensors(content, f"{path} is no safetensors file, or is damaged")
    if ("format" in metadata and metadata["format"] != _OF_OTHERS) or KEY in metadata:
        read_checked(content, str(path), kind=_FORMAT, version=1, key="checkpoint", what="a checkpoint of a recorder")
    return tensors, metadata


def _check_dtypes(path: Path, tensors: Mapping[str, StoredTensor], network: nn.Module) -> None:
    """Refuse what loading would cast in silence: the network read would not be the one that was saved."""
    for name, own in network.state_dict().items():
        wanted = str(own.dtype).removeprefix("torch.") if isinstance(own, torch.Tensor) else ""
        if name in tensors and tensors[name].torch_name != wanted:
            raise SymbolscopeError(
                f"{path} has {name} as {tensors[name].torch_name} and network= as {wanted}; give network.to(torch."
                f"{tensors[name].torch_name}), or save the checkpoints as {wanted}"
            )


def _check_steps(steps: tuple[int, ...], where: str) -> None:
    if not steps:
        raise SymbolscopeError(f"{where} must hold at least one (step, network); got none")
    for earlier, later in pairwise(steps):
        if earlier == later:
            raise SymbolscopeError(f"{where} holds two networks of step {later}; each step may be there once")
