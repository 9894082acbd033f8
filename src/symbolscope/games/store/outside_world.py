"""What a function asks the world for while it runs: files, the environment, the clock, random numbers, other machines.

A fingerprint holds what a function consists of. A function that reads a file consists of the same bytes when the file has changed,
and values kept by its fingerprint would be served where they no longer hold.
"""

import builtins
import datetime
import dis
import os
import random
import sys
from pathlib import PurePath
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType

import numpy as np

from symbolscope.games.store.libraries import is_library
from symbolscope.games.store.outside_names import SHARED, kind_of

# Methods of pathlib's paths; the first need no path in sight, for nothing else has methods of these names.
_OF_PATHS = frozenset({"read_text", "read_bytes"})
_OF_SEEN_PATHS = frozenset(
    {
        "open", "iterdir", "glob", "rglob", "walk", "exists", "is_file", "is_dir", "is_symlink", "stat", "lstat", "samefile",
        "readlink", "resolve", "absolute", "cwd", "home", "expanduser",
    }
)  # fmt: skip
_SILENT = frozenset({"CACHE", "PRECALL", "EXTENDED_ARG", "PUSH_NULL", "RESUME", "COPY_FREE_VARS", "NOP"})
_LOADS = frozenset({"LOAD_ATTR", "LOAD_METHOD"})
_OUTER = frozenset({"LOAD_GLOBAL", "LOAD_NAME"})


def asks_outside(function: FunctionType) -> tuple[str, str] | None:
    """Find what a function's code asks the world for, as far as its names tell: (what, by which name); None if nothing.

    Read are the globals, imports and attributes that the bytecode has, followed through modules and classes of libraries.
    Generators with a seed of their own (``np.random.default_rng(0)``, ``random.Random(0)``) ask for nothing.

    Examples
    --------
    >>> asks_outside(lambda masks: masks[:, 0] * float(open("factor.txt").read()))
    ('a file or folder', 'open')
    >>> asks_outside(lambda masks: masks[:, 0] * float(os.environ["FACTOR"]))
    ('the environment of the process', 'os.environ')
    >>> asks_outside(lambda masks: masks.sum(axis=1)) is None
    True
    """
    cells: dict[str, object] = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            cells[name] = cell.cell_contents
        except ValueError:  # not yet filled
            continue
    return _asks(function.__code__, function.__globals__, cells)


def is_outside(value: object) -> str | None:
    """What a value stands for that is read anew each time: the environment, an input; None for any other.

    Examples
    --------
    >>> is_outside(os.environ), is_outside({}), is_outside(random.random)
    ('the environment of the process', None, 'random numbers')
    """
    name = _name_of(value)
    return None if name is None else kind_of(name)


class _Imported(str):
    """Name of something that an import gives and that is not loaded yet."""


def _asks(code: CodeType, outer: dict[str, object], cells: dict[str, object]) -> tuple[str, str] | None:
    local = dict(cells)  # what local names stand for, as far as imports and assignments in the function tell
    imported = ""
    value: object = None  # what was loaded last
    sees_paths = False
    method: str | None = None  # called on something unknown, and one of pathlib's
    for step in dis.get_instructions(code):
        word = step.argval if isinstance(step.argval, str) else ""
        operation = step.opname
        if operation in _SILENT:
            continue
        if operation == "IMPORT_NAME":
            imported, value = word, sys.modules.get(word) or _Imported(word)
            continue
        if operation.startswith("STORE_"):
            if imported and word == imported.partition(".")[0]:  # "import os.path" gives os
                value = sys.modules.get(word) or _Imported(word)
            local[word], value, imported = value, None, ""
            continue
        if operation == "IMPORT_FROM":
            found = getattr(sys.modules.get(imported), word, None)
            named = f"{imported}.{word}"
            value = _Imported(named) if found is None or kind_of(named) is not None else found
        elif operation in _OUTER:
            value = outer.get(word, getattr(builtins, word, None))
        elif operation.startswith(("LOAD_FAST", "LOAD_DEREF", "LOAD_CLOSURE", "LOAD_CLASSDEREF")):
            value = local.get(word)
        elif operation in _LOADS:
            called = operation == "LOAD_METHOD" or (sys.version_info >= (3, 12) and bool((step.arg or 0) & 1))
            if word in _OF_PATHS or (called and word in _OF_SEEN_PATHS and isinstance(value, PurePath)):
                return "a file or folder", word
            if called and word in _OF_SEEN_PATHS and value is None:
                method = word
            value = _attribute(value, word)
        else:
            value = None
            continue
        name = _name_of(value)
        if name is not None and (kind := kind_of(name)) is not None:
            return kind, name.removeprefix("builtins.").removeprefix("io.")
        sees_paths = sees_paths or (name or "").startswith("pathlib.") or isinstance(value, PurePath)
    if method is not None and (sees_paths or method == "open"):
        return "a file or folder", method
    for constant in code.co_consts:
        if isinstance(constant, CodeType) and (inside := _asks(constant, outer, local)) is not None:
            return inside
    return None


def _attribute(value: object, word: str) -> object:
    """What a module or class of a library has by that name; of a name that is no object, the longer name."""
    if isinstance(value, _Imported):
        return _Imported(f"{value}.{word}")
    owner = _name_of(value)
    if owner is None or not isinstance(value, (ModuleType, type)):
        return None
    return _Imported(f"{owner}.{word}") if kind_of(f"{owner}.{word}") is not None else getattr(value, word, None)


def _name_of(value: object) -> str | None:
    """The full name of what a library gives: a module, class or function, or one of the few objects that stand for the world."""
    if isinstance(value, _Imported):
        return str(value)
    if isinstance(value, ModuleType):
        return value.__name__ if is_library(value.__name__) else None
    if value is os.environ or value is getattr(os, "environb", None):
        return "os.environ"
    if value is sys.stdin:
        return "sys.stdin"
    if isinstance(value, (BuiltinFunctionType, MethodType)) and not isinstance(value.__self__, ModuleType):
        owner = value.__self__
        if owner is getattr(random, "_inst", None):
            return f"random.{value.__name__}"
        if owner is getattr(np.random.mtrand, "_rand", None) and value.__name__ in SHARED:
            return f"numpy.random.{value.__name__}"
        for kind in (datetime.datetime, datetime.date):
            if owner is kind:
                return f"datetime.{kind.__name__}.{value.__name__}"
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if isinstance(value, (type, FunctionType, BuiltinFunctionType)) and is_library(module) and isinstance(name, str):
        return f"{_public(module)}.{name}"
    return None


def _public(module: object) -> str:
    """The module that a name is known by: pathlib's classes and pandas' readers are defined in modules inside these."""
    parts = str(module).split(".")
    if parts[0] in ("pathlib", "pandas", "_io"):
        return {"_io": "io"}.get(parts[0], parts[0])
    return str(module)
