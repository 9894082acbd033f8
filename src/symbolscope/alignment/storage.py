"""Alignments on disk: one safetensors file, weights as tensors and the rest as JSON in its header; no code is ever loaded."""

import json
from dataclasses import asdict, fields
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from torch import nn

from symbolscope.alignment.alignment import Alignment, Restart
from symbolscope.alignment.counterfactual import check_vocabulary
from symbolscope.core.whole_file import write_whole
from symbolscope.errors import SymbolscopeError
from symbolscope.featurizers.registry import featurizer_from_configuration
from symbolscope.programs.causal_model import CausalModel
from symbolscope.programs.program import Program
from symbolscope.sites.cell_state import CellState
from symbolscope.sites.input import Input
from symbolscope.sites.network_state import NetworkState
from symbolscope.sites.output import Output
from symbolscope.sites.recurrent_state import RecurrentState
from symbolscope.sites.site import Site
from symbolscope.tasks.classification import Classification
from symbolscope.tasks.task import Task

_FORMAT = "symbolscope.Alignment"
_VERSION = 1
_SITES: dict[str, type[Site]] = {
    site.__name__: site for site in (CellState, Input, NetworkState, Output, RecurrentState)
}


def save_alignment(alignment: Alignment, path: str | PathLike[str]) -> None:
    """Write ``alignment`` to ``path``: to a temporary file beside it first, renamed when complete."""
    from safetensors.torch import save

    target = Path(path)
    if not target.parent.is_dir():
        raise SymbolscopeError(f"cannot write {target}: the folder {target.parent} does not exist; create it first")
    featurizer = alignment.featurizer
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in featurizer.state_dict().items()}
    header: dict[str, Any] = {
        "variables": alignment.variables,
        "program": type(alignment.program).__name__,
        "task": repr(alignment.task),
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
    content = save(weights, metadata={"format": _FORMAT, "version": str(_VERSION), "alignment": json.dumps(header)})
    write_whole(target, content)


def load_alignment(
    path: str | PathLike[str], network: nn.Module, *, program: Program | CausalModel, task: Task | Classification
) -> Alignment:
    """Read an alignment written by :func:`save_alignment`, for the program and task that it names."""
    from safetensors import SafetensorError, safe_open

    source = Path(path)
    if not source.is_file():
        raise SymbolscopeError(f"there is no file {source}")
    try:
        with safe_open(source, framework="pt") as file:
            metadata = file.metadata() or {}
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
    except (SafetensorError, OSError) as error:
        raise SymbolscopeError(f"{source} is not an alignment saved by symbolscope, or is damaged: {error}") from None
    if metadata.get("format") != _FORMAT:
        raise SymbolscopeError(
            f"{source} is a safetensors file but not an alignment saved by symbolscope (Alignment.save)"
        )
    version = metadata.get("version", "")
    if not version.isdecimal() or int(version) > _VERSION:
        raise SymbolscopeError(
            f"{source} has format version {version or 'unknown'}; this symbolscope reads up to {_VERSION}. Install a newer one"
        )
    try:
        header = json.loads(metadata["alignment"])
        given = header["featurizer"]
        featurizer = featurizer_from_configuration(given["name"], given["configuration"], given["width"])
        featurizer.load_state_dict(weights, assign=True)  # with their own dtype
        restarts = tuple(
            Restart(
                int(one["seed"]),
                float(one["validation_iia"]),
                int(one["steps"]),
                tuple(one["validation"]),
                tuple(one["losses"]),
            )
            for one in header["restarts"]
        )
        site = _site_from_json(header["site"])
        named, variables = header["program"], tuple(str(name) for name in header["variables"])
        accuracy, settings, made_for = float(header["network_accuracy"]), header["settings"], str(header["task"])
    except SymbolscopeError:
        raise
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RuntimeError) as error:
        raise SymbolscopeError(f"{source} is damaged: {type(error).__name__}: {error}") from None
    if named != type(program).__name__ or made_for != repr(task):
        raise SymbolscopeError(
            f"{source} was made with program {named} on {made_for}; got {type(program).__name__} on {task!r}. Pass the same ones"
        )
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


def _site_to_json(site: Site) -> dict[str, Any]:
    if type(site).__name__ not in _SITES:
        raise SymbolscopeError(
            f"only the sites of symbolscope ({', '.join(_SITES)}) can be saved; got {type(site).__name__}"
        )
    return {"kind": type(site).__name__} | {
        entry.name: getattr(site, entry.name) for entry in fields(site) if entry.init
    }


def _site_from_json(saved: dict[str, Any]) -> Site:
    kind = saved.pop("kind")
    return _SITES[kind](**saved)
