"""An executor by name."""

from symbolscope.errors import SymbolscopeError
from symbolscope.games.executors.executor import Executor
from symbolscope.games.executors.local import Local
from symbolscope.games.executors.processes import Processes
from symbolscope.games.executors.ray_tasks import Ray

_NAMED = {"local": Local, "processes": Processes, "ray": Ray}


def chosen_executor(given: object) -> Executor:
    """Take an executor as it is, or make the named one with its defaults.

    Parameters
    ----------
    given
        "local", "processes", "ray" or an :class:`Executor`.

    Raises
    ------
    SymbolscopeError
        If it is none of these.

    Examples
    --------
    >>> chosen_executor("local")
    Local(threads=1)
    >>> chosen_executor(Processes(workers=4)).workers
    4
    """
    if isinstance(given, Executor):
        return given
    if isinstance(given, str) and given in _NAMED:
        return _NAMED[given]()
    names = ", ".join(repr(name) for name in _NAMED)
    if isinstance(given, type) and issubclass(given, Executor):
        raise SymbolscopeError(f"executor must be an executor, not its class: type {given.__name__}()")
    raise SymbolscopeError(f"executor must be one of {names} or an sy.executors.Executor; got {given!r}")
