"""What a Python function does, as far as it can be read: its bytecode and all that the bytecode refers to."""

import builtins
import dis
import functools
import importlib.util
import sys
from contextlib import nullcontext
from types import CodeType, FunctionType, ModuleType

from symbolscope.games.store.digest import Digest, UnreadableError
from symbolscope.games.store.libraries import is_library
from symbolscope.games.store.outside_names import RANDOM
from symbolscope.games.store.outside_world import asks_outside

# Called when an object is made, shown or saved, not when it computes.
MAKING = """
__init__ __new__ __init_subclass__ __del__ __repr__ __str__ __format__ __dir__ __reduce__ __reduce_ex__ __getstate__ __setstate__
__subclasshook__ __class_getitem__ __sklearn_tags__ __sklearn_clone__ __deepcopy__ __copy__ extra_repr train state_dict
load_state_dict fit fit_transform partial_fit
"""
# Of every class, or what the interpreter notes about one.
NOTED = """
__module__ __doc__ __dict__ __weakref__ __qualname__ __annotations__ __parameters__ __firstlineno__ __static_attributes__
__orig_bases__ __abstractmethods__ _abc_impl __dataclass_fields__ __dataclass_params__ __match_args__ __slots__ __annotate__
"""
NOT_COMPUTING, NOT_CONTENT = frozenset(MAKING.split()), frozenset(NOTED.split())
PARTIAL = (functools.partial, functools.partialmethod)


def read_function(digest: Digest, function: FunctionType, where: str, *, method: bool = False) -> None:
    """Read a function: code, defaults, closure, attributes, and the globals and imports its code uses.

    One that asks for files, the environment, the clock or random numbers is refused: it consists of the same when these have
    changed. Methods may name random numbers: networks drop layers while they are trained, and are asked twice before their values
    are kept.
    """
    name = f"the function {function.__qualname__!r}"
    asked = asks_outside(function)
    if asked is not None and not (method and asked[0] == RANDOM):
        raise UnreadableError(f"{asked[0]}, which {name} asks for by {asked[1]!r}")
    attributes = names_used(function.__code__)
    digest.names |= attributes
    digest.token("function")
    read_code(digest, function.__code__, name)
    digest.read(function.__defaults__, f"a default of {name}")
    digest.read(function.__kwdefaults__, f"a default of {name}")
    for variable, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            held = cell.cell_contents
        except ValueError:
            digest.token("empty")
            continue
        _read_outer(digest, held, attributes, f"{variable!r}, which {name} uses")
    if function.__dict__:
        digest.read({k: v for k, v in function.__dict__.items() if k != "__wrapped__"}, f"an attribute of {name}")
    for variable in sorted(_globals_used(function.__code__)):
        digest.token("global", variable)
        if variable in function.__globals__:
            _read_outer(digest, function.__globals__[variable], attributes, f"{variable!r}, which {name} uses")
        elif not hasattr(builtins, variable):
            digest.token("missing")
    package = function.__globals__.get("__package__") or ""
    for imported, level in sorted(_imports(function.__code__)):
        module_name = importlib.util.resolve_name("." * level + imported, str(package)) if level else imported
        digest.token("import", module_name)
        if not is_library(module_name):
            if module_name not in sys.modules:
                raise UnreadableError(f"the module {module_name!r}, which {name} imports when it is called")
            _read_outer(digest, sys.modules[module_name], attributes, f"{module_name!r}, which {name} imports")


def read_code(digest: Digest, code: CodeType, where: str) -> None:
    """Read bytecode: instructions, constants and names, but no line numbers or file names."""
    digest.token("code", code.co_code)
    digest.token("exceptions", code.co_exceptiontable)
    digest.token("arguments", f"{code.co_argcount} {code.co_posonlyargcount} {code.co_kwonlyargcount} {code.co_flags}")
    for names in (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars):
        digest.token("names", "\0".join(names))
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            read_code(digest, constant, where)
        else:
            digest.read(constant, f"a constant of {where}")


def read_class(digest: Digest, kind: type, where: str) -> None:
    """Read a class: its methods, with what they refer to, and its data.

    A method computes if a library may call it (it is special, ``forward``, or overrides a library's) or if the code of one that
    computes names it. Of the others, such as a training step, what cannot be read is passed over, unless other code has their
    name; of ``__init__`` and the like only the code itself is read. All data is read, as any method or other code may use it;
    what cannot be read is passed over in the same way, unless it is special or overrides a library's.
    """
    digest.token("class", kind.__qualname__)
    members: list[tuple[str, object]] = []  # of all own bases: a method may call the one it overrides
    inherited: set[str] = set()
    for base in reversed(kind.__mro__):
        if is_library(base.__module__):
            digest.token("base", f"{base.__module__}.{base.__qualname__}")
            inherited.update(vars(base))
            continue
        digest.token("base", base.__qualname__)
        members += sorted(((name, value) for name, value in vars(base).items() if name not in NOT_CONTENT), key=_name)
    own: dict[str, list[FunctionType]] = {name: [] for name, _ in members}
    for name, value in members:
        own[name] += _functions(value)
    computing = {
        name
        for name in own
        if (name in inherited or name in ("forward", "__call__") or _is_special(name)) and name not in NOT_COMPUTING
    }
    waiting = list(computing)
    while waiting:
        for function in own[waiting.pop()]:
            reached = (names_used(function.__code__) & own.keys()) - computing
            computing |= reached
            waiting += reached
    for name, value in members:
        digest.token("member", name)
        functions = _functions(value)
        if functions:
            digest.token("kind", type(value).__name__)
        for function in functions:
            if name not in NOT_COMPUTING:
                _read_method(digest, function, where, computing=name in computing)
            read_code(digest, function.__code__, f"{kind.__qualname__}.{name}")
        data = (value.args, value.keywords) if isinstance(value, PARTIAL) else value
        if not functions or isinstance(value, PARTIAL):
            with nullcontext() if name in computing else digest.passing_over(name):
                _read_data(digest, data, f"{kind.__qualname__}.{name}")


def checked_function(function: FunctionType) -> object:
    """Return the function that beartype or jaxtyping wrapped into one which checks its types; None of any other."""
    made_by = str(function.__globals__.get("__name__", "")).partition(".")[0]
    checks = made_by in ("beartype", "jaxtyping") or function.__code__.co_filename.startswith("<@beartype")
    return getattr(function, "__wrapped__", None) if checks else None


def _read_method(digest: Digest, function: FunctionType, where: str, *, computing: bool) -> None:
    with nullcontext() if computing else digest.passing_over(function.__name__), digest.once(function) as unread:
        if unread:
            read_function(digest, function, where, method=True)


def _read_data(digest: Digest, value: object, where: str) -> None:
    """Read into a hash of its own, so that what is passed over leaves nothing behind."""
    holder = [value]
    with digest.once(holder):
        digest.read(value, where)


def names_used(code: CodeType) -> frozenset[str]:
    """Names of globals and attributes in the bytecode, that of functions inside it included."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= names_used(constant)
    return frozenset(names)


def _read_outer(
    digest: Digest, value: object, attributes: frozenset[str], where: str, *, inside: tuple[ModuleType, ...] = ()
) -> None:
    """Read what code takes from outside; of a module of the caller's own, only the names that the code has."""
    if not isinstance(value, ModuleType) or is_library(value.__name__):
        digest.read(value, where)
    elif value not in inside:
        for name in sorted(attributes & vars(value).keys()):
            digest.token("attribute", name)
            _read_outer(digest, vars(value)[name], attributes, f"{value.__name__}.{name}", inside=(*inside, value))


def _functions(member: object) -> list[FunctionType]:
    """Python functions in a member of a class: a method, static or class method, or property."""
    if isinstance(member, FunctionType):
        checked = checked_function(member)
        return [checked if isinstance(checked, FunctionType) else member]
    if isinstance(member, (staticmethod, classmethod)):
        return _functions(member.__func__)
    if isinstance(member, property):
        return [f for f in (member.fget, member.fset, member.fdel) if isinstance(f, FunctionType)]
    inner: object = None
    if isinstance(member, (*PARTIAL, functools.cached_property)):
        inner = member.func
    elif is_library(type(member).__module__):
        inner = getattr(member, "__wrapped__", None)  # lru_cache, numba.njit
    return [inner] if isinstance(inner, FunctionType) else []


def _name(member: tuple[str, object]) -> str:
    return member[0]


def _is_special(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _globals_used(code: CodeType) -> set[str]:
    used = {str(step.argval) for step in dis.get_instructions(code) if step.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            used |= _globals_used(constant)
    return used


def _imports(code: CodeType) -> set[tuple[str, int]]:
    """Modules imported inside the function: name and how many packages up."""
    found: set[tuple[str, int]] = set()
    steps = list(dis.get_instructions(code))
    for position, step in enumerate(steps):
        if step.opname == "IMPORT_NAME":
            level = steps[position - 2].argval  # pushed before the names that are taken
            found.add((str(step.argval), level if isinstance(level, int) else 0))
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found |= _imports(constant)
    return found
