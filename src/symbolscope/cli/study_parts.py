"""Task, program, featurizers and site as words on the command line."""

import inspect
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, TypeVar

from symbolscope.cli.network_source import NetworkSource
from symbolscope.cli.user_code import user_code
from symbolscope.errors import SymbolscopeError

if TYPE_CHECKING:
    from symbolscope.featurizers.featurizer import Featurizer
    from symbolscope.programs.program import Program
    from symbolscope.sites.site import Site
    from symbolscope.tasks.task import Task

Kind = TypeVar("Kind")


def task_named(given: str, max_count: int, held_out: tuple[int, ...], void: float) -> "Task":
    """A number task by its name, or the user's own as file.py:name."""
    import symbolscope as sy

    if ".py" in given:
        source = NetworkSource.parse(given)
        found = source.attribute()
        with user_code(source.user_file):
            made: object = found() if callable(found) else found
        if not isinstance(made, sy.tasks.Task):
            raise SymbolscopeError(
                f"--task {given} gives a {type(made).__name__}; it must give a symbolscope.tasks.Task"
            )
        return made
    kinds = {
        "multi-object": sy.tasks.MultiObject, "single-object": sy.tasks.SingleObject, "same-object": sy.tasks.SameObject,
        "mod": sy.tasks.Mod, "round": sy.tasks.Round, "square": sy.tasks.Square,
    }  # fmt: skip
    return _one_of(kinds, given, "--task")(max_count=max_count, held_out=held_out, void_probability=void)


def program_named(given: str, task: "Task") -> "Program":
    """A program by its name, or the user's own class (or function of the task) as file.py:name."""
    import symbolscope as sy

    if ".py" in given:
        source = NetworkSource.parse(given)
        found = source.attribute()
        if not callable(found) or not _takes_one(found):
            raise SymbolscopeError(
                f"--program {given} must be a class, or a function that takes the task and nothing else"
            )
        with user_code(source.user_file):
            made: object = found(task)
        if not isinstance(made, sy.programs.Program):
            raise SymbolscopeError(
                f"--program {given} gives a {type(made).__name__}; it must give a symbolscope.programs.Program"
            )
        return made
    kinds: dict[str, Callable[[Any], Program]] = {
        "up-down": sy.programs.UpDown, "up-up": sy.programs.UpUp, "ctx-distr": sy.programs.CtxDistr,
        "count-up-incr": sy.programs.CountUpIncr, "increment-up-up": sy.programs.IncrementUpUp,
    }  # fmt: skip
    return _one_of(kinds, given, "--program")(task)


def featurizers_named(given: str, sizes: list[int]) -> "list[Featurizer]":
    """Featurizers "linear,orthogonal" of every size."""
    import symbolscope as sy

    kinds = {
        "orthogonal": sy.featurizers.Orthogonal, "linear": sy.featurizers.Linear,
        "reference-linear": sy.featurizers.ReferenceLinear, "rev-net": sy.featurizers.RevNet, "pca": sy.featurizers.PCA,
    }  # fmt: skip
    return [_one_of(kinds, name.strip(), "--featurizer")(size=size) for name in given.split(",") for size in sizes]


def sizes_given(given: str) -> list[int]:
    """Whole numbers "2,8", each once, the smallest first."""
    parts = given.split(",")
    if not all(part.strip().isdecimal() and int(part) >= 1 for part in parts):
        raise SymbolscopeError(f"--sizes {given}: give whole numbers of at least 1, such as --sizes 2,8")
    return sorted({int(part) for part in parts})


def counts_given(given: str | None, option: str) -> tuple[int, ...]:
    """Whole numbers "4,9", or none."""
    if not given:
        return ()
    if not all(part.strip().isdecimal() for part in given.split(",")):
        raise SymbolscopeError(f"{option} {given}: give whole numbers, such as {option} 4,9")
    return tuple(int(part) for part in given.split(","))


def site_named(given: str | None) -> "Site | None":
    """A site such as "state:rnn", "cell:cell", "output:blocks.0" or "input:head"; None is to be found."""
    import symbolscope as sy

    if given is None:
        return None
    kind, colon, path = given.partition(":")
    kinds = {
        "state": sy.sites.RecurrentState, "cell": sy.sites.CellState, "output": sy.sites.Output, "input": sy.sites.Input,
    }  # fmt: skip
    if not colon:
        raise SymbolscopeError(f"--site {given}: give kind:module, such as state:rnn or output:blocks.0")
    return _one_of(kinds, kind, "--site")(path)


def _takes_one(found: Callable[..., object]) -> bool:
    """Whether it can be called with one argument."""
    try:
        inspect.signature(found).bind(None)
    except TypeError:
        return False
    except ValueError:  # a built-in that does not tell
        return True
    return True


def _one_of(kinds: Mapping[str, Kind], given: str, option: str) -> Kind:
    if given not in kinds:
        near = get_close_matches(given, kinds, n=1, cutoff=0.0)
        raise SymbolscopeError(f"{option} {given}: did you mean {near[0]!r}? There are {', '.join(kinds)}")
    return kinds[given]
