"""Any Python object by its contents: data, arrays, tensors, networks, functions, and objects made of these."""

import enum
import functools
import logging
import re
import typing
import weakref
from collections import deque
from collections.abc import Mapping
from pathlib import PurePath
from types import (
    BuiltinFunctionType,
    CodeType,
    FunctionType,
    GenericAlias,
    MappingProxyType,
    MethodType,
    MethodWrapperType,
    ModuleType,
    SimpleNamespace,
    UnionType,
    WrapperDescriptorType,
)

import numpy as np
import torch
from torch import nn

from symbolscope.games.store.callable_fingerprint import checked_function, read_class, read_code, read_function
from symbolscope.games.store.digest import Digest, UnreadableError
from symbolscope.games.store.libraries import found_by_name, is_library
from symbolscope.games.store.network_fingerprint import read_network
from symbolscope.games.store.outside_world import is_outside

POINTER_BYTES = np.dtype(np.intp).itemsize
NAMED_TYPES = (torch.dtype, torch.layout, torch.memory_format, np.dtype, slice, range, type(...), type(NotImplemented))


def read_object(digest: Digest, value: object, where: str) -> None:
    """Read an object into a digest.

    Raises
    ------
    UnreadableError
        If its contents cannot be seen: a lock, an open file, a generator, compiled code.
    """
    if _read_plain(digest, value):
        return
    with digest.once(value) as unread:
        if unread and not _read_data(digest, value, where) and not _read_callable(digest, value, where):
            _read_instance(digest, value, where)


def _read_plain(digest: Digest, value: object) -> bool:
    """Numbers, texts and names."""
    if value is None or isinstance(value, bool):
        digest.token("constant", str(value))
    elif type(value) is int:
        digest.token("int", str(value))
    elif type(value) is float:
        digest.number(value)
    elif type(value) is complex:
        digest.token("complex")
        digest.number(value.real)
        digest.number(value.imag)
    elif type(value) is str:
        digest.token("str", value)
    elif type(value) in (bytes, bytearray):
        digest.token("bytes", bytes(typing.cast("bytes", value)))
    elif isinstance(value, torch.device):
        digest.token("device")  # where something runs is not what it is
    elif isinstance(value, NAMED_TYPES):
        digest.token(type(value).__name__, repr(value))
    elif isinstance(value, enum.Enum):
        digest.token("enum", f"{type(value).__qualname__}.{value.name}")
        digest.read(value.value, "the value of an enumeration")
    elif isinstance(value, PurePath):
        digest.token("path", str(value))
    elif isinstance(value, re.Pattern):
        digest.token("pattern", f"{value.pattern!r} {value.flags}")
    elif type(value).__module__ == "torch._ops":
        digest.token("operator", repr(value))
    elif isinstance(value, logging.Logger):
        digest.token("logger", value.name)
    elif isinstance(value, (GenericAlias, UnionType)) or type(value).__module__ == "typing":
        digest.token("typing", repr(value))
    else:
        return False
    return True


def _read_data(digest: Digest, value: object, where: str) -> bool:
    """Arrays, tensors, networks and containers."""
    if isinstance(value, nn.Module):
        read_network(digest, value, where)
    elif isinstance(value, torch.Tensor):
        if type(value) not in (torch.Tensor, nn.Parameter):
            raise UnreadableError(f"{where}, a {type(value).__name__}")
        digest.tensor(value, where)
    elif isinstance(value, torch.Generator):
        digest.tensor(value.get_state(), where)
    elif isinstance(value, (np.ndarray, np.generic)) and not np.asarray(value).dtype.hasobject:
        digest.array(np.asarray(value))
    elif isinstance(value, np.ndarray):
        digest.token("objects", str(value.shape))
        digest.read(value.ravel().tolist(), where)
    elif type(value) in (list, tuple, deque, torch.Size):
        entries = list(typing.cast("list[object]", value))
        digest.token(type(value).__name__, str(len(entries)))
        for entry in entries:
            digest.read(entry, where)
    elif type(value) in (set, frozenset):
        digest.token(type(value).__name__)
        digest.unordered(list(typing.cast("set[object]", value)), where)
    elif isinstance(value, Mapping) and (
        type(value) in (dict, MappingProxyType) or type(value).__module__ == "collections"
    ):
        mapping = typing.cast("Mapping[object, object]", value)
        digest.token("mapping", f"{type(value).__name__} {len(mapping)}")
        for key, entry in mapping.items():
            digest.read(key, where)
            digest.read(entry, f"the entry {key!r} of {where}" if isinstance(key, (str, int)) else where)
        if (make := getattr(value, "default_factory", None)) is not None:
            digest.read(make, where)
    else:
        return False
    return True


def _read_callable(digest: Digest, value: object, where: str) -> bool:
    """Modules, classes and functions: a library's by name, others by their code."""
    if (asked := is_outside(value)) is not None:
        raise UnreadableError(f"{asked}, which {where} asks for")
    if isinstance(value, ModuleType):
        if not is_library(value.__name__):
            raise UnreadableError(f"{where}, the whole module {value.__name__!r}")
        digest.token("module", value.__name__)
    elif isinstance(value, type) and is_library(value.__module__):
        digest.token("class", f"{value.__module__}.{value.__qualname__}")
    elif isinstance(value, type):
        read_class(digest, value, where)
    elif isinstance(original := getattr(value, "_torchdynamo_orig_callable", None), (FunctionType, MethodType)):
        digest.read(original, where)  # of torch.compile: the same function, faster
    elif isinstance(value, MethodType):
        digest.token("method")
        digest.read(value.__func__, where)
        digest.read(value.__self__, f"the object of the method {value.__func__.__name__!r}, {where}")
    elif isinstance(value, (BuiltinFunctionType, MethodWrapperType)) and _is_bound(value):
        digest.token("method", str(getattr(value, "__qualname__", "")))
        digest.read(value.__self__, f"the object of the method {value.__qualname__!r}, {where}")
    elif (name := found_by_name(value)) is not None:
        digest.token("named", name)
    elif isinstance(value, FunctionType) and isinstance(checked := checked_function(value), FunctionType):
        digest.read(checked, where)
    elif isinstance(value, FunctionType):
        read_function(digest, value, where)
    elif isinstance(value, CodeType):
        read_code(digest, value, where)
    elif isinstance(value, weakref.ReferenceType):
        digest.token("reference")
        digest.read(value(), where)
    elif isinstance(value, functools.partial):
        digest.token("partial")
        for part in (value.func, value.args, value.keywords):
            digest.read(part, where)
    elif isinstance(value, (staticmethod, classmethod)):
        digest.token(type(value).__name__)
        digest.read(value.__func__, where)
    elif type(value).__name__ == "cython_function_or_method" and is_library(getattr(value, "__module__", None)):
        digest.token("compiled", str(getattr(value, "__qualname__", "")))
    elif isinstance(value, (BuiltinFunctionType, WrapperDescriptorType, np.ufunc)):
        owner = getattr(value, "__module__", None) or getattr(getattr(value, "__objclass__", None), "__qualname__", "")
        if isinstance(value, BuiltinFunctionType) and not is_library(owner):
            raise UnreadableError(f"{where}, the compiled function {value.__qualname__!r}")
        digest.token("compiled", f"{owner}.{getattr(value, '__name__', '')}")
    elif isinstance(wrapped := getattr(value, "__wrapped__", None), FunctionType) and is_library(
        type(value).__module__
    ):
        digest.token("wrapped", str(type(value).__name__))  # lru_cache, numba.njit
        digest.read(wrapped, where)
    elif isinstance(python := getattr(value, "py_func", None), FunctionType):
        digest.token("compiled")
        digest.read(python, where)
    else:
        return False
    return True


def _is_bound(value: BuiltinFunctionType | MethodWrapperType) -> bool:
    """Tell a method of an object (``cells.append``) from a function, whose ``__self__`` is its module, if anything."""
    return not isinstance(value.__self__, (ModuleType, type(None)))


def _read_instance(digest: Digest, value: object, where: str) -> None:
    """An object of any class: as it would be pickled where its class says how, else class and attributes."""
    kind = type(value)
    digest.token("instance")
    state = _state(value)
    if state is None:
        try:
            state = value.__reduce_ex__(4)
        except Exception as error:
            raise UnreadableError(f"{where}, a {kind.__module__}.{kind.__qualname__}") from error
        if isinstance(state, tuple):
            # Entries of list and mapping subclasses come as iterators.
            state = tuple(
                list(part) if position in (3, 4) and part is not None else part for position, part in enumerate(state)
            )
    if not is_library(kind.__module__):
        digest.read(kind, where)
    else:
        digest.token("kind", f"{kind.__module__}.{kind.__qualname__}")
    digest.read(state, where)


def _state(value: object) -> dict[str, object] | None:
    """Attributes of an object that are all there is to it, by name; None if it has a state of its own, or says how it is saved."""
    kind = type(value)
    for name in ("__reduce__", "__reduce_ex__", "__getstate__"):
        if getattr(kind, name, None) is not getattr(object, name, None):
            return None
    slots: list[str] = []
    for base in kind.__mro__:
        given = vars(base).get("__slots__", ())
        slots += [
            name for name in ([given] if isinstance(given, str) else given) if name not in ("__dict__", "__weakref__")
        ]
    own_bytes = object.__basicsize__ + POINTER_BYTES * (
        len(slots) + (kind.__dictoffset__ > 0) + (kind.__weakrefoffset__ > 0)
    )
    if kind is not SimpleNamespace and (kind.__basicsize__ > own_bytes or kind.__itemsize__):
        return None
    attributes = dict(getattr(value, "__dict__", {}))
    attributes |= {name: getattr(value, name) for name in slots if hasattr(value, name)}
    return {name: attributes[name] for name in sorted(attributes) if name not in ("_name_or_path", "_commit_hash")}
