"""A function that the user gave, called so that its own failure is told as one."""

from collections.abc import Callable
from typing import TypeVar

import torch

from symbolscope.core.error_text import error_text
from symbolscope.errors import SymbolscopeError

R = TypeVar("R")


def call_users_function(what: str, function: Callable[..., R], *arguments: object) -> R:
    """Return what ``function`` returns; an error of its own, also one of the number of its arguments, is kept as the cause.

    Raises
    ------
    SymbolscopeError
        If the function fails. A SymbolscopeError of its own, a lack of memory, and an interruption come through as they are.

    Examples
    --------
    >>> call_users_function("the score function", abs, -2)
    2
    >>> try:
    ...     call_users_function("the score function", lambda: 0, 1)
    ... except SymbolscopeError as error:
    ...     print(str(error)[:54], type(error.__cause__).__name__)
    the score function was given 1 argument and raised Typ TypeError
    """
    try:
        return function(*arguments)
    except (SymbolscopeError, MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:
        given = f"{len(arguments)} argument{'' if len(arguments) == 1 else 's'}"
        raise SymbolscopeError(f"{what} was given {given} and raised {error_text(error)}") from error
