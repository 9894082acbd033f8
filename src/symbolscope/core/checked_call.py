"""Arguments checked at the entrance of a public function, before anything else is done."""

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from symbolscope.core.argument_checks import Argument

P = ParamSpec("P")
R = TypeVar("R")


def takes(arguments: Mapping[str, Argument[Any]]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate a function so that it gets the arguments named as their checkers read them.

    A default is taken as it is, also where the caller wrote it down (so ``None`` is refused only where it is no default); arguments
    without a checker, and names that the function does not have, are left to the function.

    Examples
    --------
    >>> from symbolscope.core.argument_checks import WholeNumber
    >>> @takes({"times": WholeNumber(least=0)})
    ... def repeated(word: str, *, times: int = 2) -> str:
    ...     return word * times
    >>> repeated("ab"), repeated("ab", times=1)
    ('abab', 'ab')
    >>> repeated("ab", times=-1)
    Traceback (most recent call last):
    symbolscope.errors.SymbolscopeError: times must be a whole number of at least 0; got -1
    """

    def decorated(function: Callable[P, R]) -> Callable[P, R]:
        parameters = inspect.signature(function).parameters
        places = list(parameters)
        checked = [(name, places.index(name), parameters[name].default, kind) for name, kind in arguments.items()]

        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            given: list[Any] = list(args)
            for name, place, default, kind in checked:
                if place < len(given):
                    if given[place] is not default:
                        given[place] = kind.read(name, given[place])
                elif name in kwargs and kwargs[name] is not default:
                    kwargs[name] = kind.read(name, kwargs[name])
            return function(*given, **kwargs)  # pyright: ignore[reportCallIssue]  # as many as were given, by the same names

        return call

    return decorated
