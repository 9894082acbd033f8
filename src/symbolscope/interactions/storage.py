"""Models on disk: one safetensors file, arrays as tensors and the rest as JSON in its header; no code is ever loaded."""

import json
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.whole_file import write_whole
from symbolscope.errors import SymbolscopeError
from symbolscope.games.view import ImageView, InputView, TableView, TextView
from symbolscope.interactions.model import InteractionModel
from symbolscope.interactions.sparse.sampled_fit import SampledFit

_FORMAT = "symbolscope.InteractionModel"
_VERSION = 1

Arrays = dict[str, NDArray[Any]]


def save_model(model: InteractionModel, path: str | PathLike[str]) -> None:
    """Write ``model`` to ``path``: to a temporary file beside it first, renamed when complete."""
    target = Path(path)
    if not target.parent.is_dir():
        raise SymbolscopeError(f"cannot write {target}: the folder {target.parent} does not exist; create it first")
    write_whole(target, model_to_bytes(model))


def model_to_bytes(model: InteractionModel, *, with_values: bool = True) -> bytes:
    """What the file of a model holds; without its values on all masks it is smaller, and its fidelity unknown."""
    from safetensors.numpy import save

    scalars = [model.intercept, model.objective, model.lower_bound, model.tolerance]
    arrays: Arrays = {
        "masks": np.packbits(model.masks, axis=1, bitorder="little"),
        "is_or": model.is_or.astype(np.uint8),
        "effects": model.effects,
        "scalars": np.array(scalars),
    }
    if model.values is not None and with_values:
        arrays["values"] = model.values
    view, view_arrays = _view_to_json(model.view)
    header = {"player_names": list(model.player_names), "settings": dict(model.settings), "view": view}
    if model.sampled is not None:
        header["sampled"] = model.sampled.to_json()
    metadata = {"format": _FORMAT, "version": str(_VERSION), "model": json.dumps(header)}
    return save(
        {name: np.ascontiguousarray(array) for name, array in (arrays | view_arrays).items()}, metadata=metadata
    )


def load_model(path: str | PathLike[str]) -> InteractionModel:
    """Read a model written by :func:`save_model`."""
    source = Path(path)
    if not source.is_file():
        raise SymbolscopeError(f"there is no file {source}")
    try:
        content = source.read_bytes()
    except OSError as error:
        raise SymbolscopeError(f"{source} cannot be read: {error}") from None
    return model_from_bytes(content, str(source))


def model_from_bytes(content: bytes, source: str) -> InteractionModel:
    """Read what :func:`model_to_bytes` gave; ``source`` says in messages where it comes from."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays: Arrays = load(content)
        # Eight bytes hold the length of a JSON header, in which the metadata is one entry.
        length = int.from_bytes(content[:8], "little")
        metadata: Mapping[str, str] = json.loads(content[8 : 8 + length]).get("__metadata__", {})
    except (SafetensorError, ValueError) as error:
        raise SymbolscopeError(f"{source} is not a model saved by symbolscope, or is damaged: {error}") from None
    if metadata.get("format") != _FORMAT:
        raise SymbolscopeError(
            f"{source} is a safetensors file but not a model saved by symbolscope (InteractionModel.save)"
        )
    version = metadata.get("version", "")
    if not version.isdecimal() or int(version) > _VERSION:
        raise SymbolscopeError(
            f"{source} has format version {version or 'unknown'}; this symbolscope reads up to {_VERSION}. Install a newer one"
        )
    try:
        return _model(arrays, json.loads(metadata["model"]))
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise SymbolscopeError(f"{source} is damaged: {type(error).__name__}: {error}") from None


def _model(arrays: Arrays, header: dict[str, Any]) -> InteractionModel:
    names = tuple(str(name) for name in header["player_names"])
    masks = np.unpackbits(arrays["masks"], axis=1, bitorder="little", count=len(names)).view(np.bool_)
    sampled = header.get("sampled")
    intercept, objective, lower_bound, tolerance = (float(number) for number in arrays["scalars"])
    return InteractionModel(
        masks=masks,
        kinds=np.where(arrays["is_or"] == 1, "or", "and"),
        effects=arrays["effects"].astype(np.float64),
        intercept=intercept,
        player_names=names,
        objective=objective,
        lower_bound=lower_bound,
        tolerance=tolerance,
        values=arrays.get("values"),
        settings=header["settings"],
        view=_view_from_json(header["view"], arrays),
        sampled=None if sampled is None else SampledFit.from_json(sampled),
    )


def _view_to_json(view: InputView | None) -> tuple[dict[str, Any] | None, Arrays]:
    if isinstance(view, TableView):
        return {"kind": "table", "rows": view.rows}, {}
    if isinstance(view, TextView):
        return {"kind": "text", "fragments": view.fragments}, {}
    if isinstance(view, ImageView):
        return {"kind": "image"}, {"view.pixels": view.pixels, "view.labels": view.labels}
    return None, {}


def _view_from_json(view: dict[str, Any] | None, arrays: Arrays) -> InputView | None:
    if view is None:
        return None
    if view["kind"] == "table":
        return TableView(tuple((str(name), str(value), str(hidden)) for name, value, hidden in view["rows"]))
    if view["kind"] == "text":
        return TextView(tuple((str(fragment), int(player)) for fragment, player in view["fragments"]))
    return ImageView(arrays["view.pixels"], arrays["view.labels"])
