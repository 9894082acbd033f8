"""Checkers for arrays: real numbers as float64, whole numbers as int64, without a silent cast."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.argument_checks import Argument, described
from symbolscope.errors import SymbolscopeError

if TYPE_CHECKING:
    import torch


def plain_array(name: str, given: object) -> NDArray[Any]:
    """What was given as a NumPy array of its own type: nested lists, arrays, tensors (also with gradients), columns of a table.

    Refused are complex numbers (whose imaginary part a cast would lose), text, dates, dicts and sets, lists of unequal lengths,
    sparse tensors and tensors without data, and masked arrays with hidden entries (whose mask a cast would lose).

    Examples
    --------
    >>> import torch
    >>> plain_array("values", torch.ones(2, requires_grad=True))
    array([1., 1.], dtype=float32)
    >>> plain_array("values", [1.0, 2.0j])
    Traceback (most recent call last):
    symbolscope.errors.SymbolscopeError: values must hold real numbers; got complex128
    """
    given = _of_tensor(name, given)
    if np.ma.isMaskedArray(given) and np.ma.getmaskarray(given).any():
        raise SymbolscopeError(
            f"{name} is a masked array with hidden entries; fill them first: type {name}.filled(...)"
        )
    try:
        array = np.asarray(given)
    except Exception as error:  # whatever an object's own __array__ raises
        raise SymbolscopeError(f"{name} must be an array of numbers; got {described(given)}: {error}") from None
    if array.dtype == np.object_:
        array = _of_objects(name, given, array)
    if np.iscomplexobj(array):
        raise SymbolscopeError(f"{name} must hold real numbers; got {array.dtype}")
    if not (np.issubdtype(array.dtype, np.number) or array.dtype == np.bool_) or array.dtype.kind == "m":
        raise SymbolscopeError(f"{name} must be an array of numbers; got {described(given)} with {array.dtype}")
    return native(array)


def native(array: NDArray[Any]) -> NDArray[Any]:
    """The array in the byte order of this machine, which torch and compiled code ask for; files often keep the other."""
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def plain_masks(name: str, given: object, n_players: int) -> NDArray[Any]:
    """Masks of players as an array of its own type; whatever is no array of numbers is told what masks are."""
    try:
        return plain_array(name, given)
    except SymbolscopeError as error:
        raise SymbolscopeError(
            f"{name} must be bool [m, {n_players}], a bool array with one column per player, True = present: {error}"
        ) from error


def plain_numbers(name: str, given: object) -> NDArray[np.float64]:
    """What was given as float64, as :func:`plain_array` takes it; nan and infinity stay."""
    with np.errstate(over="ignore"):
        return plain_array(name, given).astype(np.float64)


@dataclass(frozen=True)
class RealArray(Argument[NDArray[np.float64]]):
    """Finite real numbers, as float64; flags count as 0 and 1.

    Attributes
    ----------
    axes
        Numbers of axes that are taken; None is any, also none.
    shape
        What to say of the shape in a message, such as "[2^n]".
    """

    axes: tuple[int, ...] | None = None
    shape: str = ""

    def read(self, name: str, given: object) -> NDArray[np.float64]:
        array = plain_array(name, given)
        with np.errstate(over="ignore"):  # a long double may be too large; that is told below
            numbers = array.astype(np.float64)
        if self.axes is not None and numbers.ndim not in self.axes:
            raise SymbolscopeError(
                f"{name} must be an array {self.shape or _axes(self.axes)}; got shape {list(numbers.shape)}"
            )
        if not np.isfinite(numbers).all():
            where = ", ".join(str(int(place)) for place in np.argwhere(~np.isfinite(numbers))[0])
            raise SymbolscopeError(
                f"{name}[{where}] is not a finite number" if where else f"{name} is not a finite number"
            )
        return numbers


@dataclass(frozen=True)
class WholeArray(Argument[NDArray[np.int64]]):
    """Whole numbers, as int64; no flags and no floats.

    Examples
    --------
    >>> WholeArray().read("labels", [[0, 1], [1, -1]])
    array([[ 0,  1],
           [ 1, -1]])
    """

    axes: tuple[int, ...] | None = None
    what: str = "whole numbers"
    least: int = 0  # how many

    def read(self, name: str, given: object) -> NDArray[np.int64]:
        array = plain_array(name, given)
        if not np.issubdtype(array.dtype, np.integer):
            raise SymbolscopeError(f"{name} must be {self.what}, as integers; got {array.dtype}")
        if array.dtype.kind == "u" and array.size and int(array.max()) > np.iinfo(np.int64).max:
            raise SymbolscopeError(f"{name} must be {self.what} within 64 bits; got {int(array.max())}")
        if self.axes is not None and array.ndim not in self.axes:
            raise SymbolscopeError(f"{name} must be an array {_axes(self.axes)}; got shape {list(array.shape)}")
        if array.size < self.least:
            raise SymbolscopeError(f"{name} must be at least {self.least} of {self.what}; got none")
        return array.astype(np.int64)


@dataclass(frozen=True)
class DenseTensor(Argument["torch.Tensor"]):
    """A torch tensor that holds its numbers, with its gradient if it has one; NumPy arrays are told what to type.

    Attributes
    ----------
    axes
        Numbers of axes that are taken; None is any.
    whole
        Whether it must hold int64, as ids of tokens and rows do.
    """

    axes: tuple[int, ...] | None = None
    whole: bool = False

    def read(self, name: str, given: object) -> "torch.Tensor":
        import torch

        if not isinstance(given, torch.Tensor):
            raise SymbolscopeError(
                f"{name} must be a torch tensor; got {described(given)}. Type torch.as_tensor({name})"
            )
        if given.layout != torch.strided or given.device.type == "meta" or given.is_quantized:
            raise SymbolscopeError(
                f"{name} must be a dense tensor that holds its numbers; got {described(given)} on {given.device}"
            )
        if self.axes is not None and given.ndim not in self.axes:
            raise SymbolscopeError(f"{name} must be a tensor {_axes(self.axes)}; got {described(given)}")
        if self.whole and given.dtype != torch.int64:
            raise SymbolscopeError(
                f"{name} must hold int64; got {str(given.dtype).removeprefix('torch.')} {list(given.shape)}. "
                f"Type {name}.long()"
            )
        return given


class Columns(dict[str, NDArray[Any]]):
    """Arrays by name; one that is not there is named together with those that are."""

    def __missing__(self, name: str) -> NDArray[Any]:
        raise SymbolscopeError(f"there is no {name!r} among the columns {', '.join(map(repr, self))}")


@dataclass(frozen=True)
class NamedColumns(Argument[Columns]):
    """A dict of arrays with equally many rows, [n, ...] each, such as the state of a program.

    Attributes
    ----------
    least
        How many arrays there must be: none where nothing has to be set.
    """

    least: int = 1

    def read(self, name: str, given: object) -> Columns:
        if not isinstance(given, Mapping) or not all(isinstance(key, str) for key in given):
            raise SymbolscopeError(
                f"{name} must be a dict of arrays by name, [n] or [n, k] each; got {described(given)}"
            )
        if len(given) < self.least:
            raise SymbolscopeError(f"{name} must hold at least {self.least} array by name; got an empty dict")
        columns = Columns({str(key): plain_array(f"{name}[{key!r}]", one) for key, one in given.items()})
        lengths = {key: len(one) if one.ndim else None for key, one in columns.items()}
        if len({*lengths.values()}) > 1 or None in lengths.values():
            raise SymbolscopeError(f"{name} must hold arrays with equally many rows; got {lengths}")
        return columns


def row_numbers(name: str, given: object, n: int) -> NDArray[np.int64]:
    """Which of n rows are meant: their numbers, counted from 0 (from the end below 0), or one flag per row; int64 [k].

    Examples
    --------
    >>> row_numbers("rows", [0, -1], 3), row_numbers("rows", [True, False, True], 3)
    (array([0, 2]), array([0, 2]))
    """
    array = np.atleast_1d(plain_array(name, given))
    if array.dtype == np.bool_:
        if array.shape != (n,):
            raise SymbolscopeError(
                f"{name} must be one flag for each of {n} rows, or numbers of rows; got {list(array.shape)} flags"
            )
        return np.flatnonzero(array)
    if array.size == 0 and array.ndim == 1:
        return np.zeros(0, dtype=np.int64)
    rows = WholeArray(axes=(1,), what="numbers of rows").read(name, array)
    if rows.min() < -n or rows.max() >= n:
        wrong = rows[(rows < -n) | (rows >= n)][0]
        raise SymbolscopeError(
            f"{name} must be numbers of rows, 0 to {n - 1}; got {wrong}" if n else f"there are no rows; got {wrong}"
        )
    return rows % n


def _of_tensor(name: str, given: object) -> object:
    """The numbers of a torch tensor; of a list with tensors in it, those of each."""
    if isinstance(given, list | tuple) and any(hasattr(one, "detach") for one in given):
        return [_of_tensor(name, one) for one in given]
    if not (hasattr(given, "detach") and hasattr(given, "numpy")):
        return given
    import torch

    assert isinstance(given, torch.Tensor)
    try:
        plain = given.detach().cpu().resolve_conj().resolve_neg()
        return (
            plain.to(torch.float64) if plain.dtype.is_floating_point and plain.dtype.itemsize < 4 else plain
        ).numpy()
    except Exception as error:  # sparse, quantised, nested, or without data
        raise SymbolscopeError(
            f"{name} must be a dense tensor that holds its numbers; got {described(given)}: {error}"
        ) from None


def _of_objects(name: str, given: object, array: NDArray[Any]) -> NDArray[Any]:
    """Python numbers that NumPy keeps as objects (fractions, decimals, large integers) as float64."""
    if any(isinstance(one, complex | np.complexfloating) for one in array.flat):
        raise SymbolscopeError(f"{name} must hold real numbers; got complex ones")
    if any(isinstance(one, str | bytes | bytearray) or one is None for one in array.flat):
        raise SymbolscopeError(f"{name} must hold numbers; got {described(given)} with text or nothing in it")
    try:
        return array.astype(np.float64)
    except Exception as error:
        raise SymbolscopeError(f"{name} must be an array of numbers; got {described(given)}: {error}") from None


def _axes(axes: tuple[int, ...]) -> str:
    return f"with {' or '.join(map(str, axes))} axes" if axes != (1,) else "with 1 axis"
