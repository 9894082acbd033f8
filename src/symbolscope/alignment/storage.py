"""Alignments on disk: one safetensors file, weights as tensors and the rest as JSON in its header; no code is ever loaded."""

import math
from collections.abc import Mapping
from dataclasses import asdict, fields
from os import PathLike
from typing import Any

import torch
from torch import nn

from symbolscope.alignment.alignment import Alignment, Restart
from symbolscope.alignment.counterfactual import check_vocabulary
from symbolscope.core.checked_tensors import StoredTensor, checked_bytes, of_tensor, read_checked, read_file
from symbolscope.core.description import description, public_attributes
from symbolscope.core.whole_file import write_whole
from symbolscope.errors import SymbolscopeError
from symbolscope.featurizers.featurizer import Featurizer
from symbolscope.featurizers.registry import featurizer_template
from symbolscope.programs.causal_model import CausalModel
from symbolscope.programs.program import Program
from symbolscope.sites.cell_state import CellState
from symbolscope.sites.input import Input
from symbolscope.sites.network_state import NetworkState
from symbolscope.sites.output import Output
from symbolscope.sites.recurrent_state import RecurrentState
from symbolscope.sites.site import Site
from symbolscope.tasks.classification import Classification
from symbolscope.tasks.described import described_task
from symbolscope.tasks.task import Task

_FORMAT = "symbolscope.Alignment"
_VERSION = 1
_KEY = "alignment"
_WHAT = "an alignment saved by symbolscope"
_FLOATING = frozenset(("float16", "bfloat16", "float32", "float64"))
_SITES: dict[str, type[Site]] = {
    site.__name__: site for site in (CellState, Input, NetworkState, Output, RecurrentState)
}


def save_alignment(alignment: Alignment, path: str | PathLike[str]) -> None:
    """Write ``alignment`` to ``path``, whole or not at all."""
    featurizer = alignment.featurizer
    weights = {name: of_tensor(tensor) for name, tensor in featurizer.state_dict().items()}
    header: dict[str, Any] = {
        "variables": alignment.variables,
        "program": type(alignment.program).__name__,
        "task": repr(alignment.task),
        "made with": _made_with(alignment.program, alignment.task),
        "site": _site_to_json(alignment.site),
        "featurizer": {
            "name": type(featurizer).__name__,
            "configuration": featurizer.configuration(),
            "width": featurizer.width,
        },
        "restarts": [asdict(restart) for restart in alignment.restarts],
        "network_accuracy": alignment.network_accuracy,
        "settings": alignment.settings,
    }
    try:
        content = checked_bytes(weights, kind=_FORMAT, version=_VERSION, key=_KEY, about=header)
    except (TypeError, ValueError) as error:
        raise SymbolscopeError(f"an alignment whose settings JSON cannot hold cannot be saved: {error}") from None
    write_whole(path, content)


def load_alignment(
    path: str | PathLike[str], network: nn.Module, *, program: Program | CausalModel, task: Task | Classification
) -> Alignment:
    """Read an alignment written by :func:`save_alignment`, for the program and task that it names."""
    source = str(path)
    found = read_checked(
        read_file(path, "a saved alignment"), source, kind=_FORMAT, version=_VERSION, key=_KEY, what=_WHAT
    )
    try:
        header = found.about
        featurizer = _featurizer(header["featurizer"], found.tensors)
        restarts = tuple(_restart(one) for one in header["restarts"])
        site = _site_from_json(header["site"])
        settings = _checked_settings(header["settings"])
        variables = tuple(_text(name) for name in header["variables"])
        accuracy = _number(header["network_accuracy"], 0.0, 1.0)
        if not restarts or not variables:
            raise SymbolscopeError("it has no restarts or no variables")
    except SymbolscopeError as error:
        raise SymbolscopeError(f"{source} is damaged: {error}") from None
    except (
        KeyError, TypeError, ValueError, IndexError, AttributeError, RuntimeError, ArithmeticError, MemoryError
    ) as error:  # fmt: skip
        raise SymbolscopeError(f"{source} is damaged: {type(error).__name__}: {error}") from None
    _check_made_with(source, header, program, task)
    if isinstance(task, Task):
        check_vocabulary(network, task)
    if isinstance(site, CellState | NetworkState | RecurrentState) and site.width(network) != featurizer.width:
        raise SymbolscopeError(
            f"{source} was made for states of width {featurizer.width}; those of this {type(network).__name__} have width "
            f"{site.width(network)}. Pass the network that it was made with"
        )
    device = next((parameter.device for parameter in network.parameters()), torch.device("cpu"))
    featurizer.to(device).eval()
    return Alignment(network, program, task, site, variables, featurizer, restarts, accuracy, settings)


def _featurizer(given: dict[str, Any], tensors: Mapping[str, StoredTensor]) -> Featurizer:
    """The featurizer, made only once the file is known to hold the tensors that its configuration implies."""
    template, width = featurizer_template(given["name"], given["configuration"]), given["width"]
    if type(width) is not int or width < 1:
        raise SymbolscopeError(f"its width {width!r} is no whole number of at least 1")
    shapes = template.tensor_shapes(width)
    if shapes is not None:
        seen = 0
        for name, shape in shapes:
            if name not in tensors or tensors[name].shape != shape:
                there = list(tensors[name].shape) if name in tensors else "none"
                raise SymbolscopeError(
                    f"tensor {name} must have shape {list(shape)} for {template!r}; the file has {there}"
                )
            seen += 1
        if seen < len(tensors):
            raise SymbolscopeError(f"it holds {len(tensors) - seen} tensors that {template!r} has not")
    featurizer = template.blank(width)
    floating = {tensor.torch_name for tensor in tensors.values()} & _FLOATING
    for name, own in featurizer.state_dict().items():
        dtype, wanted = tensors[name].torch_name, str(own.dtype).removeprefix("torch.")
        if len(floating) > 1 or (dtype != wanted and not (dtype in _FLOATING and wanted in _FLOATING)):
            raise SymbolscopeError(f"tensor {name} is {dtype} where {template!r} has {wanted}")
    featurizer.load_state_dict(
        {name: tensor.tensor() for name, tensor in tensors.items()}, assign=True
    )  # with their own dtype
    featurizer.check_weights()
    if not floating & {"float16", "bfloat16"}:  # which the CPU cannot compute all of
        state = torch.zeros(1, width, dtype=getattr(torch, next(iter(floating), "float32")))
        with torch.no_grad():
            if not bool(torch.isfinite(featurizer.swap(state, state + 1.0)).all()):
                raise SymbolscopeError(f"its {template!r} swaps states into numbers that are not finite")
    return featurizer


def _restart(one: dict[str, Any]) -> Restart:
    """A restart whose numbers are of their types and in their ranges; losses may be nan where a search went astray."""
    seed, steps = one["seed"], one["steps"]
    if type(seed) is not int or type(steps) is not int or seed < 0 or steps < 0:
        raise SymbolscopeError(f"a restart has seed {str(seed)[:30]} and steps {str(steps)[:30]}")
    validation = tuple(_number(value, 0.0, 1.0) for value in one["validation"])
    losses = tuple(_number(value, -math.inf, math.inf) for value in one["losses"])
    return Restart(seed, _number(one["validation_iia"], 0.0, 1.0), steps, validation, losses)


def _number(value: Any, low: float, high: float) -> float:
    if type(value) not in (int, float) or not (low <= value <= high or value != value):
        raise SymbolscopeError(f"it has {str(value)[:30]!r} where a number from {low} to {high} belongs")
    return float(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise SymbolscopeError(f"it has {str(value)[:30]!r} where a name belongs")
    return value


def _checked_settings(settings: Any) -> dict[str, float | int | str]:
    if not isinstance(settings, dict) or not all(
        isinstance(value, str | int | float | None) for value in settings.values()
    ):  # pyright: ignore[reportUnknownVariableType]
        raise SymbolscopeError("its settings are no mapping of names to numbers and texts")
    return settings  # pyright: ignore[reportUnknownVariableType]


def _made_with(program: Program | CausalModel, task: Task | Classification) -> dict[str, str]:
    """What must be the same when the alignment is read: nothing of it depends on the process."""
    own = {name: value for name, value in public_attributes(program).items() if name != "task"}
    told = {"program class": type(program).__name__} | {
        f"program {name}": description(value) for name, value in own.items()
    }
    return told | {f"task {name}": value for name, value in described_task(task).items()}


def _check_made_with(
    source: object, header: dict[str, Any], program: Program | CausalModel, task: Task | Classification
) -> None:
    """Refuse a program or task other than the file's."""
    there, here = header.get("made with"), _made_with(program, task)
    if not isinstance(there, dict):  # written before tasks were described
        there = {"program class": header.get("program"), "task": header.get("task")}
        here = {"program class": type(program).__name__, "task": repr(task)}
    differing = [
        f"{name} was {there.get(name, 'not there')} and is {here.get(name, 'not there')}"  # pyright: ignore[reportUnknownMemberType]
        for name in dict.fromkeys([*there, *here])  # pyright: ignore[reportUnknownArgumentType]
        if there.get(name) != here.get(name)  # pyright: ignore[reportUnknownMemberType]
    ]
    if differing:
        raise SymbolscopeError(
            f"{source} was made with program {header.get('program')} on {header.get('task')}; got {type(program).__name__} on "
            f"{task!r}. Pass the same ones: {'; '.join(differing[:2])}"
        )


def _site_to_json(site: Site) -> dict[str, Any]:
    if type(site).__name__ not in _SITES:
        raise SymbolscopeError(
            f"only the sites of symbolscope ({', '.join(_SITES)}) can be saved; got {type(site).__name__}"
        )
    return {"kind": type(site).__name__} | {
        entry.name: getattr(site, entry.name) for entry in fields(site) if entry.init
    }


def _site_from_json(saved: dict[str, Any]) -> Site:
    given = dict(saved)
    kind = given.pop("kind")
    if not all(value is None or type(value) in (str, int) for value in given.values()):
        raise SymbolscopeError(f"its site {kind!r} is given by more than names and numbers")
    return _SITES[kind](**given)
