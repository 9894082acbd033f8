"""Models on disk: one safetensors file, arrays as tensors and the rest as JSON in its header; no code is ever loaded."""

from collections.abc import Mapping
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.checked_tensors import StoredTensor, checked_bytes, of_array, read_checked, read_file
from symbolscope.core.whole_file import write_whole
from symbolscope.errors import SymbolscopeError
from symbolscope.games.view import ImageView, InputView, TableView, TextView
from symbolscope.interactions.model import InteractionModel
from symbolscope.interactions.sparse.sampled_fit import SampledFit

_FORMAT = "symbolscope.InteractionModel"
_VERSION = 1
_KEY = "model"
_WHAT = "a model saved by symbolscope"
_DTYPES = {
    "masks": "U8", "is_or": "U8", "effects": "F64", "scalars": "F64", "values": "F64", "view.pixels": "U8", "view.labels": "I64",
}  # fmt: skip
_NEEDED = ("masks", "is_or", "effects", "scalars")
_MOST_PLAYERS_WITH_VALUES = 62
_BITS = 8

Arrays = dict[str, NDArray[Any]]


def save_model(model: InteractionModel, path: str | PathLike[str]) -> None:
    """Write ``model`` to ``path``, whole or not at all."""
    write_whole(path, model_to_bytes(model))


def model_to_bytes(model: InteractionModel, *, with_values: bool = True) -> bytes:
    """What the file of a model holds; without its values on all masks it is smaller, and its fidelity unknown."""
    for name in ("effects", "intercept", "values"):
        numbers = getattr(model, name)
        if numbers is not None and not np.isfinite(numbers).all():
            raise SymbolscopeError(f"a model whose {name} are not all finite numbers cannot be saved")
    scalars = [model.intercept, model.objective, model.lower_bound, model.tolerance]
    arrays: Arrays = {
        "masks": np.packbits(model.masks, axis=1, bitorder="little"),
        "is_or": model.is_or.astype(np.uint8),
        "effects": model.effects.astype(np.float64),
        "scalars": np.array(scalars, dtype=np.float64),
    }
    if model.values is not None and with_values:
        arrays["values"] = model.values.astype(np.float64)
    view, view_arrays = _view_to_json(model.view)
    header = {"player_names": list(model.player_names), "settings": dict(model.settings), "view": view}
    if model.sampled is not None:
        header["sampled"] = model.sampled.to_json()
    tensors = {name: of_array(array) for name, array in (arrays | view_arrays).items()}
    try:
        return checked_bytes(tensors, kind=_FORMAT, version=_VERSION, key=_KEY, about=header)
    except (TypeError, ValueError) as error:
        raise SymbolscopeError(f"the settings of this model cannot be written as JSON: {error}") from None


def load_model(path: str | PathLike[str]) -> InteractionModel:
    """Read a model written by :func:`save_model`."""
    return model_from_bytes(read_file(path, "a saved model"), str(path))


def model_from_bytes(content: bytes, source: str) -> InteractionModel:
    """Read what :func:`model_to_bytes` gave; ``source`` says in messages where it comes from.

    Raises
    ------
    SymbolscopeError
        If it is no such file, or its parts are damaged or contradict one another: found before anything is unpacked.
    """
    found = read_checked(content, source, kind=_FORMAT, version=_VERSION, key=_KEY, what=_WHAT)
    try:
        names, settings, view, sampled = _checked_header(found.about)
        _check_tensors(found.tensors, len(names), view)
        arrays = {name: tensor.array() for name, tensor in found.tensors.items()}
        _check_numbers(arrays, len(names))
        return _model(arrays, names, settings, _view_from_json(view, arrays, len(names)), sampled)
    except SymbolscopeError as error:
        raise SymbolscopeError(f"{source} is damaged: {error}") from None
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, ArithmeticError, RecursionError) as error:
        raise SymbolscopeError(f"{source} is damaged: {type(error).__name__}: {error}") from None


def _checked_header(about: dict[str, Any]) -> tuple[tuple[str, ...], dict[str, Any], Any, SampledFit | None]:
    names, settings, sampled = about["player_names"], about["settings"], about.get("sampled")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):  # pyright: ignore[reportUnknownVariableType]
        raise SymbolscopeError("its player names are no list of texts")
    if not isinstance(settings, dict):
        raise SymbolscopeError("its settings are no mapping")
    plain: dict[str, Any] = settings  # pyright: ignore[reportUnknownVariableType]
    for name, value in plain.items():
        if not isinstance(value, str | int | float | bool | list | None):
            raise SymbolscopeError(f"its setting {name[:50]!r} is a {type(value).__name__}")
    return tuple(names), plain, about["view"], None if sampled is None else SampledFit.from_json(sampled)  # pyright: ignore[reportUnknownArgumentType]


def _check_tensors(tensors: Mapping[str, StoredTensor], n: int, view: Any) -> None:
    """Names, dtypes and shapes that belong together; so unpacked masks take at most eight times the file."""
    for name, tensor in tensors.items():
        if _DTYPES.get(name) != tensor.dtype:
            raise SymbolscopeError(f"it holds {name[:50]!r} of dtype {tensor.dtype}, which no model has")
    if missing := [name for name in _NEEDED if name not in tensors]:
        raise SymbolscopeError(f"it lacks {missing[0]}")
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    k = shapes["effects"][0] if len(shapes["effects"]) == 1 else -1
    wanted: dict[str, tuple[int, ...]] = {
        "masks": (k, -(-n // _BITS)), "is_or": (k,), "effects": (k,), "scalars": (4,),
    }  # fmt: skip
    if "values" in shapes:
        wanted["values"] = (1 << n,) if n <= _MOST_PLAYERS_WITH_VALUES else (-1,)
    if isinstance(view, dict) and view.get("kind") == "image":  # pyright: ignore[reportUnknownMemberType]
        pixels = shapes.get("view.pixels", ())
        height, width = pixels[:2] if len(pixels) == 3 else (-1, -1)
        wanted |= {"view.pixels": (height, width, 3), "view.labels": (height, width)}
    for name in shapes | wanted:
        if shapes.get(name) != wanted.get(name):
            raise SymbolscopeError(
                f"{name} has shape {_shown(shapes.get(name))}; {n} players and {k} interactions take {_shown(wanted.get(name))}"
            )


def _shown(shape: tuple[int, ...] | None) -> str:
    return "none" if shape is None else str(list(shape))


def _check_numbers(arrays: Arrays, n: int) -> None:
    intercept, objective, lower_bound, tolerance = arrays["scalars"].tolist()
    finite = np.isfinite(intercept) and all(
        np.isfinite(arrays[name]).all() for name in ("effects", "values") if name in arrays
    )
    if not finite:
        raise SymbolscopeError("its effects or values are not all finite")
    if objective < 0 or tolerance < 0 or lower_bound == np.inf:  # nan where they are not known
        raise SymbolscopeError(
            f"its objective {objective}, lower bound {lower_bound} or tolerance {tolerance} is out of range"
        )
    if arrays["is_or"].size and arrays["is_or"].max() > 1:
        raise SymbolscopeError("its kinds are neither AND nor OR")
    if n % _BITS and (arrays["masks"][:, -1] >> (n % _BITS)).any():
        raise SymbolscopeError(f"its masks have players beyond the {n} that there are")


def _model(
    arrays: Arrays, names: tuple[str, ...], settings: dict[str, Any], view: InputView | None, sampled: SampledFit | None
) -> InteractionModel:
    intercept, objective, lower_bound, tolerance = (float(number) for number in arrays["scalars"])
    return InteractionModel(
        masks=np.unpackbits(arrays["masks"], axis=1, bitorder="little", count=len(names)).view(np.bool_),
        kinds=np.where(arrays["is_or"] == 1, "or", "and"),
        effects=arrays["effects"],
        intercept=intercept,
        player_names=names,
        objective=objective,
        lower_bound=lower_bound,
        tolerance=tolerance,
        values=arrays.get("values"),
        settings=settings,
        view=view,
        sampled=sampled,
    )


def _view_to_json(view: InputView | None) -> tuple[dict[str, Any] | None, Arrays]:
    if isinstance(view, TableView):
        return {"kind": "table", "rows": view.rows}, {}
    if isinstance(view, TextView):
        return {"kind": "text", "fragments": view.fragments}, {}
    if isinstance(view, ImageView):
        return {"kind": "image"}, {"view.pixels": view.pixels, "view.labels": view.labels.astype(np.int64)}
    return None, {}


def _view_from_json(view: Any, arrays: Arrays, n: int) -> InputView | None:
    if view is None:
        return None
    if view["kind"] == "table":
        rows = tuple((name, value, hidden) for name, value, hidden in view["rows"])
        if len(rows) != n or not all(isinstance(text, str) for row in rows for text in row):
            raise SymbolscopeError(f"its table has {len(rows)} rows for {n} players, or what is no text in it")
        return TableView(rows)
    if view["kind"] == "text":
        fragments = tuple((fragment, player) for fragment, player in view["fragments"])
        if not all(isinstance(text, str) and type(player) is int and -1 <= player < n for text, player in fragments):
            raise SymbolscopeError(f"its text has fragments of players that are not among the {n}")
        return TextView(fragments)
    if view["kind"] != "image":
        raise SymbolscopeError("its view is neither a table, a text nor an image")
    labels = arrays["view.labels"]
    if labels.size and not (labels.min() >= -1 and labels.max() < n):
        raise SymbolscopeError(f"its image has pixels of players that are not among the {n}")
    return ImageView(arrays["view.pixels"], labels)
