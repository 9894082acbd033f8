"""Checkers for several things at once: lists of a kind, names, groups given by name."""

from collections.abc import Collection, Iterable, KeysView, Mapping, Sequence, Set, ValuesView
from dataclasses import dataclass
from typing import TypeVar, cast

import numpy as np

from symbolscope.core.argument_checks import Argument, described
from symbolscope.errors import SymbolscopeError

T = TypeVar("T")

_MOST_SHOWN = 6


@dataclass(frozen=True)
class ListOf(Argument[tuple[T, ...]]):
    """A list, tuple, range, array or column of a kind of thing; no text, no dict, no generator, and a set only if order is nothing.

    Examples
    --------
    >>> from symbolscope.core.argument_checks import WholeNumber
    >>> ListOf(WholeNumber(), "whole numbers").read("counts", np.array([1, 2]))
    (1, 2)
    >>> ListOf(WholeNumber(), "whole numbers").read("counts", 3)
    Traceback (most recent call last):
    symbolscope.errors.SymbolscopeError: counts must be a list of whole numbers; got 3: type [...] around a single one
    """

    kind: Argument[T]
    what: str
    least: int = 0
    ordered: bool = True

    def read(self, name: str, given: object) -> tuple[T, ...]:
        listed = listed_things(given, ordered=self.ordered)
        if listed is None:
            raise SymbolscopeError(f"{name} must be a list of {self.what}; got {described(given)}{_instead(given)}")
        if len(listed) < self.least:
            raise SymbolscopeError(f"{name} must be a list of at least {self.least} {self.what}; got {len(listed)}")
        return tuple(self.kind.read(f"{name}[{place}]", one) for place, one in enumerate(listed))


@dataclass(frozen=True)
class Names(Argument[tuple[str, ...]]):
    """A list of different texts. A single text is none: "cpu" is not the three names c, p and u.

    Examples
    --------
    >>> Names().read("names", ["age", np.str_("sex")])
    ('age', 'sex')
    >>> Names().read("names", "cpu")
    Traceback (most recent call last):
    symbolscope.errors.SymbolscopeError: names must be a list of different names; got 'cpu': type ['cpu'] for a single name
    """

    distinct: bool = True
    numbers: bool = False  # whether whole numbers, such as the columns of a table without names, are names too

    def read(self, name: str, given: object) -> tuple[str, ...]:
        wanted = "a list of different names" if self.distinct else "a list of names"
        listed = listed_things(given, ordered=True)
        if listed is None:
            raise SymbolscopeError(f"{name} must be {wanted}; got {described(given)}{_instead(given)}")
        for place, one in enumerate(listed):
            number = self.numbers and isinstance(one, int | np.integer) and not isinstance(one, bool)
            if not isinstance(one, str) and not number:
                raise SymbolscopeError(f"{name} must be {wanted}, as texts; {name}[{place}] is {described(one)}")
        found = tuple(str(one) for one in listed)
        if self.distinct and len({*found}) != len(found):
            twice = next(one for place, one in enumerate(found) if one in found[:place])
            raise SymbolscopeError(f"{name} must be a list of different names; {described(twice)} is there twice")
        return found


@dataclass(frozen=True)
class Anything(Argument[object]):
    """What the function itself reads."""

    def read(self, name: str, given: object) -> object:
        return given


def is_iterable(given: object) -> bool:
    """Whether it can be gone through: an array or tensor without axes has the method, and fails."""
    return isinstance(given, Iterable) and getattr(given, "ndim", 1) != 0


def listed_things(given: object, *, ordered: bool) -> list[object] | None:
    """What was given, one by one; None where it is no list: a text, a dict, an iterator, an array without axes, a set."""
    if isinstance(given, str | bytes | bytearray | memoryview | Mapping) or getattr(given, "ndim", 1) == 0:
        return None
    if isinstance(given, KeysView | ValuesView):
        return list(cast("Collection[object]", given))
    if isinstance(given, Set):
        return None if ordered else sorted(cast("Collection[object]", given), key=repr)
    like_array = hasattr(given, "shape") and hasattr(given, "dtype") and not hasattr(given, "columns")
    if isinstance(given, Sequence) or like_array:
        try:
            return [one.item() if isinstance(one, np.str_) else one for one in cast("Iterable[object]", given)]
        except Exception:  # an array-like without entries, such as a tensor on the meta device
            return None
    return None


def _instead(given: object) -> str:
    if isinstance(given, str):
        return f": type [{described(given)}] for a single name"
    if isinstance(given, Mapping | Set) or (isinstance(given, Iterable) and hasattr(given, "__next__")):
        return ": type list(...)"
    return "" if given is None or isinstance(given, Iterable) else ": type [...] around a single one"
