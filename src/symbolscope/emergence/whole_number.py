"""Whole numbers as they are given: python's, numpy's, a tensor of one."""

import operator
from contextlib import suppress
from typing import TYPE_CHECKING, SupportsIndex, TypeAlias

import numpy as np

from symbolscope.core.argument_checks import LARGEST_COUNT, described
from symbolscope.errors import SymbolscopeError

if TYPE_CHECKING:
    GivenInteger: TypeAlias = SupportsIndex
else:
    GivenInteger = object  # refused below, with a message of its own


def whole_number(name: str, given: object, *, least: int | None = None, of: str = "") -> int:
    """The number as an int; refuses floats, booleans, text, and numbers below ``least``.

    Examples
    --------
    >>> import numpy as np, torch
    >>> whole_number("step", np.int64(3)), whole_number("step", torch.tensor(4))
    (3, 4)
    """
    found: int | None = None
    if isinstance(given, SupportsIndex) and not isinstance(given, bool | np.bool_):
        with suppress(TypeError):  # a tensor of floats has the method, too
            found = operator.index(given)
    if found is None or (least is not None and found < least):
        kind = "an integer" if least is None else f"at least {least}"
        shown = f"{described(given)}, {_article(type(given).__name__)}" if found is None else described(found)
        raise SymbolscopeError(f"{name} must be {kind}{of and ' ' + of}; got {shown}{_hint(found, least)}")
    if found > LARGEST_COUNT:
        raise SymbolscopeError(f"{name} must be at most {LARGEST_COUNT:,}; got {described(found)}")
    return found


def _hint(found: int | None, least: int | None) -> str:
    return ", and it must be an integer; type int(...)" if found is None and least is not None else ""


def _article(word: str) -> str:
    return f"{'an' if word[0] in 'aeiouAEIOU' else 'a'} {word}"
