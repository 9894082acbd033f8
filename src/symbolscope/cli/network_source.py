"""Where the network comes from: a function in the user's Python file, or an exported program."""

import ast
import difflib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from symbolscope.cli.destinations import existing_file
from symbolscope.cli.exported_program import load_exported_program
from symbolscope.cli.user_code import user_code
from symbolscope.errors import SymbolscopeError

PICKLES = frozenset((".pt", ".pth", ".pkl", ".pickle", ".bin", ".ckpt", ".joblib"))
_REMEDY = "write a file.py with a function that builds the network, loads the weights and returns it"


@dataclass(frozen=True)
class NetworkSource:
    """A network that can be loaded: MODEL as the user gave it, checked.

    Parameters
    ----------
    given
        What the user typed.
    path
        The file.
    function
        Name of the function in a Python file; None for an exported program.
    """

    given: str
    path: Path
    function: str | None

    @classmethod
    def parse(cls, given: str) -> "NetworkSource":
        """Read MODEL and check that its file is there, without running anything.

        Raises
        ------
        SymbolscopeError
            If the file is missing, pickled or of another kind, or has no such function.

        Examples
        --------
        >>> NetworkSource.parse("weights.pt")
        Traceback (most recent call last):
        symbolscope.errors.SymbolscopeError: weights.pt is a pickled file, ...
        """
        name, colon, function = given.rpartition(":")
        if not colon or "/" in function or "\\" in function:
            name, function = given, ""
        path = Path(name)
        suffix = path.suffix.lower()
        if suffix == ".py":
            return cls(given, existing_file(path, "MODEL"), _checked_function(path, function))
        if suffix in PICKLES:
            raise SymbolscopeError(
                f"{name} is a pickled file, which can run any code when it is loaded, so symbolscope never opens one; "
                f"{_REMEDY}, and give MODEL as file.py:function. Or give an exported program (torch.export.save) .pt2, "
                "which is looked through for code, but load one only from whom you trust"
            )
        if suffix == ".pt2":
            return cls(given, existing_file(path, "MODEL"), None)
        what = "holds weights without a network" if suffix == ".safetensors" else "is no kind of network that is known"
        raise SymbolscopeError(
            f"MODEL {given} {what}; {_REMEDY}, and give MODEL as file.py:function, or give an exported program .pt2"
        )

    @property
    def user_file(self) -> Path | None:
        """The user's Python file, if the network is code."""
        return self.path if self.function is not None else None

    def load(self) -> object:
        """Load the network: call the function, or read the program.

        Raises
        ------
        SymbolscopeError
            If the user's code raises, or the program is damaged or would run code.
        """
        if self.function is None:
            return load_exported_program(self.path)
        with user_code(self.path), _folder_on_path(self.path.resolve().parent):
            try:
                return _built(_imported(self.path), self.function, self.path)
            finally:
                _send_by_value(self.path.resolve().parent)

    def attribute(self) -> object:
        """What the name after the colon stands for in the user's file: a class, a function or an object.

        Raises
        ------
        SymbolscopeError
            If it is no Python file, or the user's code raises.
        """
        if self.function is None:
            raise SymbolscopeError(f"{self.given} must be Python code, file.py:name")
        with user_code(self.path), _folder_on_path(self.path.resolve().parent):
            found: object = getattr(_imported(self.path), self.function, None)
        if found is None:
            raise SymbolscopeError(f"{self.path} has no {self.function!r}")
        return found


def _checked_function(path: Path, function: str) -> str:
    """Check for a function by reading the file's text, so that a slip costs no import."""
    try:
        tree = ast.parse(path.read_bytes(), filename=str(path))
    except SyntaxError as error:
        raise SymbolscopeError(f"{path.name}, line {error.lineno} raised SyntaxError: {error.msg}") from None
    except (
        ValueError,
        OSError,
        RecursionError,
        MemoryError,
    ) as error:  # the last two of brackets and signs without end
        raise SymbolscopeError(f"{path} is no Python file: {type(error).__name__}: {error}") from None
    defined = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    listed = f"its functions are {', '.join(defined)}" if defined else "it defines none"
    if not function:
        raise SymbolscopeError(f"MODEL {path} needs the function that returns the network, {path}:FUNCTION; {listed}")
    if not function.isidentifier():
        raise SymbolscopeError(f"MODEL {path}:{function}: {function!r} is no name of a function; {listed}")
    everything = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        for alias in getattr(node, "names", ())
        if isinstance(alias, ast.alias)
    }
    if function not in {*defined, *everything, *imported} and "*" not in imported:
        near = difflib.get_close_matches(function, defined, 1)
        raise SymbolscopeError(
            f"{path} has no function {function!r}; " + (f"did you mean {near[0]!r}?" if near else listed)
        )
    return function


def _imported(path: Path) -> ModuleType:
    name = f"symbolscope_model_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and torch look their classes' module up
    try:
        spec.loader.exec_module(module)
    except SystemExit as stop:
        del sys.modules[name]
        raise SymbolscopeError(
            f"{path} calls sys.exit({stop.code!r}) when it is imported; put that under if __name__ == '__main__'"
        ) from None
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _send_by_value(folder: Path) -> None:
    """Let worker processes get the code of the user's file and of its neighbours: they cannot import it themselves."""
    import cloudpickle

    from symbolscope.games.store.libraries import is_library

    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if "." in name or name == "__main__" or is_library(name) or not isinstance(file, str):
            continue
        place = Path(file).parent if Path(file).name == "__init__.py" else Path(file)
        if place.resolve().parent == folder:  # of a package the top is enough
            cloudpickle.register_pickle_by_value(module)


def _built(module: ModuleType, function: str, path: Path) -> object:
    found: object = getattr(module, function, None)
    if found is None:
        raise SymbolscopeError(f"{path} has no function {function!r}")
    if not callable(found):
        raise SymbolscopeError(
            f"{function!r} in {path} is a {type(found).__name__}; give a function that returns the network"
        )
    if not (inspect.isfunction(found) or inspect.isclass(found)) and _is_network(found):
        return found  # a network at the top level of the file
    if required := _required(found):
        raise SymbolscopeError(
            f"{function} in {path} needs arguments ({', '.join(required)}), but is called without; write a function "
            "without arguments that returns the network"
        )
    try:
        network = found()
    except SystemExit as stop:
        raise SymbolscopeError(f"{function} in {path} calls sys.exit({stop.code!r})") from None
    if network is None:
        raise SymbolscopeError(f"{function} in {path} returns None; let it return the network")
    return network


def _is_network(found: object) -> bool:
    import torch

    return isinstance(found, torch.nn.Module)


def _required(function: Callable[..., object]) -> list[str]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in parameters if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]


@contextmanager
def _folder_on_path(folder: Path) -> Generator[None, None, None]:
    """Let the user's file import its neighbours, and leave no compiled files beside it."""
    path, compiles = list(sys.path), sys.dont_write_bytecode
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.path[:] = path
        sys.dont_write_bytecode = compiles
