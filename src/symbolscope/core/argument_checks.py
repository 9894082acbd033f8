"""One checker per kind of argument: whole numbers, numbers, seeds, flags, choices, functions, networks, text, paths.

Each reads what a caller gave into one plain Python type, or refuses it with the argument's name, what was expected, and what was
given. Sequences and names are in :mod:`symbolscope.core.sequence_checks`, arrays in :mod:`symbolscope.core.array_checks`, and
:mod:`symbolscope.core.checked_call` applies them at the entrance of a public function.
"""

import math
import operator
import os
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, SupportsIndex, TypeVar

import numpy as np

from symbolscope.errors import SymbolscopeError

if TYPE_CHECKING:
    from torch import nn

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

LARGEST_SEED = (1 << 64) - 1  # what torch takes
LARGEST_COUNT = (
    1 << 31
) - 1  # nobody waits for more steps, rows or samples, and products of two still fit into 64 bits
_SHOWN = 60


class Argument(ABC, Generic[T_co]):
    """A kind of argument."""

    @abstractmethod
    def read(self, name: str, given: object) -> T_co:
        """What was given as the argument ``name``, in its plain type; or raise SymbolscopeError."""


@dataclass(frozen=True)
class WholeNumber(Argument[int]):
    """A whole number: Python's, NumPy's, or an array or tensor of one; neither a bool nor a float, also not 3.0.

    Examples
    --------
    >>> WholeNumber(least=1).read("workers", np.int64(3))
    3
    >>> WholeNumber(least=1).read("workers", 2.5)
    Traceback (most recent call last):
    symbolscope.errors.SymbolscopeError: workers must be a whole number of at least 1; got 2.5 (type int(...))
    """

    least: int | None = None
    most: int = LARGEST_COUNT

    def read(self, name: str, given: object) -> int:
        found: int | None = None
        if isinstance(given, SupportsIndex) and not is_flag(given):
            with suppress(Exception):  # arrays and tensors have the method, also those that hold no whole number
                found = operator.index(given)
        least = "" if self.least is None else f" of at least {self.least}"
        if found is None or (self.least is not None and found < self.least):
            raise SymbolscopeError(f"{name} must be a whole number{least}; got {described(given)}{_cast(given)}")
        if found > self.most:
            raise SymbolscopeError(f"{name} must be a whole number of at most {self.most:,}; got {described(found)}")
        return found


@dataclass(frozen=True)
class Number(Argument[float]):
    """A real number within bounds, finite if nothing else is said; an array or tensor without axes is one, bool and text are none.

    Examples
    --------
    >>> Number(least=0, most=1).read("share", np.float32(0.5))
    0.5
    >>> Number(above=0).read("rate", float("nan"))
    Traceback (most recent call last):
    symbolscope.errors.SymbolscopeError: rate must be a finite number above 0; got nan
    """

    least: float | int | None = None
    most: float | int | None = None
    above: float | int | None = None
    below: float | int | None = None
    finite: bool = True
    expected: str = ""  # what to say in a message, instead of the bounds

    def read(self, name: str, given: object) -> float:
        found = real_number(given)
        if found is None or (self.finite and not math.isfinite(found)) or not self._within(found):
            raise SymbolscopeError(f"{name} must be {self.expected or self._expected()}; got {described(given)}")
        return found

    def _within(self, found: float) -> bool:
        return (
            (self.least is None or found >= self.least)
            and (self.most is None or found <= self.most)
            and (self.above is None or found > self.above)
            and (self.below is None or found < self.below)
        )

    def _expected(self) -> str:
        low = (
            f"at least {self.least:g}"
            if self.least is not None
            else f"above {self.above:g}"
            if self.above is not None
            else ""
        )
        high = (
            f"at most {self.most:g}"
            if self.most is not None
            else f"below {self.below:g}"
            if self.below is not None
            else ""
        )
        return (
            "a finite number"
            + (f" {low}" if low else "")
            + (" and" if low and high else "")
            + (f" {high}" if high else "")
        )


@dataclass(frozen=True)
class NumberAsGiven(Argument[int | float]):
    """A number that stays an int where it is one, such as a value of a variable; nan and infinity are refused."""

    def read(self, name: str, given: object) -> int | float:
        number = Number().read(name, given)
        return int(number) if is_whole_number(given) else number


@dataclass(frozen=True)
class Seed(Argument[int]):
    """A seed: a whole number from 0 to 2^64 - 1, which both NumPy and torch take.

    Examples
    --------
    >>> Seed().read("seed", np.uint8(7))
    7
    """

    def read(self, name: str, given: object) -> int:
        if isinstance(given, np.random.Generator):
            raise SymbolscopeError(
                f"{name} must be a whole number here, since it is used more than once; got a Generator"
            )
        return WholeNumber(least=0, most=LARGEST_SEED).read(name, given)


@dataclass(frozen=True)
class SeedOrGenerator(Argument[int | np.random.Generator]):
    """A seed, or a NumPy generator, which is then advanced."""

    def read(self, name: str, given: object) -> int | np.random.Generator:
        if isinstance(given, np.random.Generator):
            return given
        if type(given).__module__.startswith(("numpy.random", "torch", "random")) and not isinstance(
            given, SupportsIndex
        ):
            raise SymbolscopeError(
                f"{name} must be a whole number or a NumPy generator, numpy.random.default_rng(0); got {described(given)}"
            )
        return Seed().read(name, given)


@dataclass(frozen=True)
class Flag(Argument[bool]):
    """True or False, Python's or NumPy's; 0, 1 and "yes" are neither."""

    def read(self, name: str, given: object) -> bool:
        if is_flag(given) and getattr(given, "ndim", 0) == 0:
            return bool(given)
        raise SymbolscopeError(f"{name} must be True or False; got {described(given)}")


@dataclass(frozen=True)
class OneOf(Argument[str]):
    """One of a few names; the nearest one is proposed.

    Examples
    --------
    >>> OneOf(("teacher-forced", "self-fed")).read("mode", "teacher_forced")
    Traceback (most recent call last):
    symbolscope.errors.SymbolscopeError: mode must be "teacher-forced" or "self-fed"; got 'teacher_forced'. Type "teacher-forced"
    """

    names: tuple[str, ...]

    def read(self, name: str, given: object) -> str:
        if isinstance(given, str) and given in self.names:
            return str(given)
        quoted = [f'"{one}"' for one in self.names]
        listed = " or ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)
        near = get_close_matches(given, self.names, n=1, cutoff=0.6) if isinstance(given, str) else []
        raise SymbolscopeError(
            f"{name} must be {listed}; got {described(given)}" + (f'. Type "{near[0]}"' if near else "")
        )


@dataclass(frozen=True)
class OrNone(Argument[T | None]):
    """A kind of argument, or None where None is no default."""

    kind: Argument[T]

    def read(self, name: str, given: object) -> T | None:
        return None if given is None else self.kind.read(name, given)


@dataclass(frozen=True)
class Text(Argument[str]):
    """Text that is not empty."""

    what: str = "a text"

    def read(self, name: str, given: object) -> str:
        if isinstance(given, str) and given:
            return str(given)
        raise SymbolscopeError(f"{name} must be {self.what}; got {described(given)}")


@dataclass(frozen=True)
class FilePath(Argument[Path]):
    """The path of a file or folder, as text or pathlib's; whether it exists is another question."""

    def read(self, name: str, given: object) -> Path:
        found = os.fspath(given) if isinstance(given, os.PathLike) else given
        if not isinstance(found, str) or not found or "\0" in found:
            raise SymbolscopeError(
                f'{name} must be the path of a file, such as "result.safetensors"; got {described(given)}'
            )
        try:
            os.fsencode(found)
        except UnicodeError:
            raise SymbolscopeError(
                f"{name} holds half a character, which no file name can: {ascii(found)[:_SHOWN]}"
            ) from None
        return Path(found)


@dataclass(frozen=True)
class Function(Argument[Callable[..., Any]]):
    """Something that can be called."""

    what: str = "a function"

    def read(self, name: str, given: object) -> Callable[..., Any]:
        if callable(given):
            return given
        raise SymbolscopeError(f"{name} must be {self.what}; got {described(given)}")


@dataclass(frozen=True)
class InstanceOf(Argument[T]):
    """An object of a class, or of one of several; ``instead`` is what to type for one.

    Examples
    --------
    >>> InstanceOf(dict, "a dict", "dict(a=1)").read("losses", None)
    Traceback (most recent call last):
    symbolscope.errors.SymbolscopeError: losses must be a dict; got None. Type dict(a=1)
    """

    kind: type[T] | tuple[type[T], ...]
    what: str
    instead: str = ""

    def read(self, name: str, given: object) -> T:
        if isinstance(given, self.kind) and not isinstance(
            given, type
        ):  # a class has the methods that a protocol asks for
            return given
        if isinstance(given, type) and _is_kind_of(given, self.kind):
            raise SymbolscopeError(
                f"{name} must be {self.what}, not the class {given.__name__}: type {given.__name__}(...)"
            )
        raise SymbolscopeError(
            f"{name} must be {self.what}; got {described(given)}" + (f". Type {self.instead}" if self.instead else "")
        )


def _is_kind_of(given: type, kind: type | tuple[type, ...]) -> bool:
    try:
        return issubclass(given, kind)
    except TypeError:  # a protocol with attributes
        return False


@dataclass(frozen=True)
class Network(Argument["nn.Module"]):
    """A torch module."""

    def read(self, name: str, given: object) -> "nn.Module":
        from torch import nn

        return InstanceOf[nn.Module](nn.Module, "a torch.nn.Module").read(name, given)


SECONDS = Number(above=0, expected="a number of seconds above 0")
GENERATOR = InstanceOf(np.random.Generator, "a NumPy generator", "numpy.random.default_rng(0)")


def is_flag(given: object) -> bool:
    """Whether something is a bool: Python's, NumPy's, or what an array or tensor of them holds."""
    return isinstance(given, bool | np.bool_) or str(getattr(given, "dtype", "")) in ("bool", "torch.bool", "boolean")


def is_whole_number(given: object) -> bool:
    """Whether something is a whole number of Python or NumPy: neither a bool nor a span of time, which NumPy counts among integers.

    Examples
    --------
    >>> is_whole_number(np.int8(3)), is_whole_number(True), is_whole_number(np.timedelta64(1, "s")), is_whole_number(2.0)
    (True, False, False, False)
    """
    return isinstance(given, int | np.integer) and not isinstance(given, bool | np.bool_ | np.timedelta64)


def real_number(given: object) -> float | None:
    """A real number as a float, which may be infinite or nan; None where it is no number (a bool and a text are none).

    Examples
    --------
    >>> real_number(np.float32(0.5)), real_number("0.5"), real_number(True), real_number(1j)
    (0.5, None, None, None)
    """
    if (
        isinstance(given, str | bytes | complex | np.complexfloating)
        or is_flag(given)
        or getattr(given, "ndim", 0) != 0
    ):
        return None
    plain = getattr(given, "detach", lambda: given)()  # of a tensor with a gradient torch warns
    dtype = str(getattr(plain, "dtype", ""))
    if (
        not hasattr(type(plain), "__float__")
        or "complex" in dtype
        or dtype.startswith(("datetime", "timedelta", "<U", "|S"))
    ):
        return None
    with suppress(Exception):  # too large for a float, a tensor without data, an object array of something else
        return float(plain)  # type: ignore[arg-type]
    return None


def described(given: object) -> str:
    """What was given, in a few words for a message; never an error of its own, never long.

    Examples
    --------
    >>> described("abc"), described(np.zeros((2, 3))), described([1]), described(10**5000)
    ("'abc'", 'an array of float64 [2, 3]', 'a list', 'a whole number of 16610 bits')
    """
    if isinstance(given, int) and not isinstance(given, bool) and given.bit_length() > 200:
        return f"a whole number of {given.bit_length()} bits"
    if given is None or isinstance(given, bool | int | float | complex | str | bytes | np.generic):
        shown = repr(given.item() if isinstance(given, np.number) else given)
        return shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 3]}..."
    if isinstance(given, type):
        return f"the class {given.__name__}"
    kind = type(given).__name__
    shape, dtype = getattr(given, "shape", None), getattr(given, "dtype", None)
    if isinstance(shape, tuple) and dtype is not None:
        what = "an array" if isinstance(given, np.ndarray) else f"a {kind}"
        return f"{what} of {str(dtype).removeprefix('torch.')} {list(shape)}"
    return f"{'an' if kind[0] in 'aeiouAEIOU' else 'a'} {kind}"


def _cast(given: object) -> str:
    return " (type int(...))" if isinstance(given, float | np.floating) and math.isfinite(given) else ""
