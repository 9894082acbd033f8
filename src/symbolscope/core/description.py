"""What an object is, in words that are the same in every process: its class and its public attributes, never an address."""

import dataclasses
import enum
import functools
import hashlib
import re
import types
from collections.abc import Mapping, Set
from typing import Any

import numpy as np

_DEEPEST = 6
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{4,}")
_PLAIN = (type(None), bool, int, float, complex, str, bytes, range, slice, type(Ellipsis))
_ATTRIBUTES_OF_THE_LANGUAGE = (
    types.FunctionType, types.BuiltinFunctionType, types.MethodType, classmethod, staticmethod, property, functools.cached_property,
    types.GetSetDescriptorType, types.MemberDescriptorType, types.WrapperDescriptorType,
)  # fmt: skip


def description(thing: object) -> str:
    """The class and public attributes of anything, nested ones too.

    Numbers and strings are written out, arrays and tensors by their dtype, shape and a digest, functions by their name, code,
    defaults and what they close over, classes by their name. Attributes that begin with an underscore are a class's own business
    and left out. What cannot be described, such as an open file, stands there by its class alone.

    Examples
    --------
    >>> class Point:
    ...     colour = "red"
    ...     def __init__(self, x):
    ...         self.x, self._seen = x, object()
    >>> description(Point(1))
    "Point(colour='red', x=1)"
    >>> description(Point({"weights": np.zeros(3)})) == description(Point({"weights": np.zeros(3)}))
    True
    >>> description(lambda x: x + 1) == description(lambda x: x + 2)
    False
    """
    return _described(thing, ())


def public_attributes(thing: object) -> dict[str, object]:
    """Public attributes by name: those of its classes, then its own."""
    found: dict[str, object] = {}
    for base in reversed(type(thing).__mro__):
        if base.__module__ in ("builtins", "abc", "typing"):
            continue
        for name, value in vars(base).items():
            if not name.startswith("_") and not isinstance(value, _ATTRIBUTES_OF_THE_LANGUAGE):
                found[name] = value
        slots = vars(base).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else tuple(slots):
            if not name.startswith("_") and hasattr(thing, name):
                found[name] = getattr(thing, name)
    found |= {
        str(name): value for name, value in getattr(thing, "__dict__", {}).items() if not str(name).startswith("_")
    }
    return dict(sorted(found.items()))


def _described(thing: Any, above: tuple[int, ...]) -> str:
    if isinstance(thing, enum.Enum):
        return f"{type(thing).__name__}.{thing.name}"
    if isinstance(thing, np.generic):
        return _described(thing.item(), above) if thing.dtype.kind in "biufcUS" else f"{thing.dtype} {thing!s}"
    if type(thing) in _PLAIN:
        return repr(thing)
    if id(thing) in above or len(above) > _DEEPEST:
        return f"{type(thing).__name__}(...)"
    inner = (*above, id(thing))
    if isinstance(thing, type):
        return thing.__qualname__.rsplit(".", 1)[-1]
    if isinstance(thing, types.ModuleType):
        return f"module {thing.__name__}"
    if isinstance(thing, types.CodeType):
        return _code(thing, inner)
    if isinstance(thing, types.FunctionType):
        kept = {"defaults": thing.__defaults__, "keyword defaults": thing.__kwdefaults__}
        cells = dict(
            zip(thing.__code__.co_freevars, (_content(cell) for cell in thing.__closure__ or ()), strict=False)
        )
        told = "".join(
            f" {name} {_described(value, inner)}" for name, value in (kept | {"with": cells}).items() if value
        )
        return f"function {_code(thing.__code__, inner)}{told}"
    if isinstance(thing, types.MethodType):
        return f"{_described(thing.__self__, inner)}.{thing.__func__.__name__}"
    if isinstance(thing, types.BuiltinFunctionType | np.ufunc):
        return f"function {thing.__name__}"
    if isinstance(thing, functools.partial):
        whole: functools.partial[Any] = thing
        return f"partial({_described((whole.func, whole.args, whole.keywords), inner)})"
    if isinstance(thing, Mapping):
        entries = sorted(f"{_described(key, inner)}: {_described(value, inner)}" for key, value in thing.items())  # pyright: ignore[reportUnknownVariableType]
        return f"{{{', '.join(entries)}}}"
    if isinstance(thing, Set):
        return f"{{{', '.join(sorted(_described(one, inner) for one in thing))}}}"  # pyright: ignore[reportUnknownVariableType]
    if isinstance(thing, tuple | list):
        shown = ", ".join(_described(one, inner) for one in thing)  # pyright: ignore[reportUnknownVariableType]
        return f"({shown})" if type(thing) in (tuple, list) else f"{type(thing).__name__}({shown})"
    array = _as_array(thing)
    if array is not None:
        return _array(array, type(thing).__name__, inner)
    own = public_attributes(thing)
    if own:
        named = ", ".join(f"{name}={_described(value, inner)}" for name, value in own.items())
        return f"{type(thing).__name__}({named})"
    if type(thing).__repr__ is not object.__repr__ and not dataclasses.is_dataclass(thing):
        shown = repr(thing)
        if not _ADDRESS.search(shown):
            return shown
    return f"{type(thing).__name__}()"


def _code(code: types.CodeType, above: tuple[int, ...]) -> str:
    """A function by its name, arguments, and the names and constants that it uses."""
    constants = [
        one for one in code.co_consts if one is not None and not (isinstance(one, str) and one == code.co_consts[0])
    ]
    parts = (
        code.co_varnames[: code.co_argcount + code.co_kwonlyargcount],
        code.co_names,
        [_described(c, above) for c in constants],
    )
    digest = hashlib.sha256(repr((parts, _operations(code))).encode()).hexdigest()[:16]
    return f"{code.co_name} {digest}"


def _operations(code: types.CodeType) -> list[str]:
    """What is done with them: x + 1 and x - 1 have the same names and constants."""
    import dis

    return [
        f"{one.opname} {one.argrepr}"
        for one in dis.get_instructions(code)
        if one.opname.startswith(("BINARY", "COMPARE", "UNARY"))
    ]


def _content(cell: types.CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet
        return None


def _as_array(thing: Any) -> Any:
    """Arrays, tensors, frames and series as an array; None of anything else."""
    if isinstance(thing, np.ndarray):
        return thing  # pyright: ignore[reportUnknownVariableType]
    if type(thing).__module__.split(".")[0] == "torch" and hasattr(thing, "detach") and hasattr(thing, "numel"):
        whole = thing.detach().cpu()
        return whole.float().numpy() if str(whole.dtype) == "torch.bfloat16" else whole.numpy()
    if type(thing).__module__.split(".")[0] in ("pandas", "polars") and hasattr(thing, "to_numpy"):
        return thing.to_numpy()
    return None


def _array(array: Any, kind: str, above: tuple[int, ...]) -> str:
    if array.dtype.kind == "O":
        return f"{kind} {list(array.shape)} {_described(array.ravel().tolist(), above)}"
    digest = hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]
    return f"{kind} {array.dtype.str} {list(array.shape)} {digest}"
