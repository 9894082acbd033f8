"""AND and OR interactions of a game known on every mask, and back: the public transforms."""

from typing import TypeVar, overload

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from symbolscope.errors import SymbolscopeError

_MOST_PLAYERS = 26

Array = TypeVar("Array", NDArray[np.float64], torch.Tensor)


@overload
def mobius(values: torch.Tensor) -> torch.Tensor: ...
@overload
def mobius(values: ArrayLike) -> NDArray[np.float64]: ...
def mobius(values: ArrayLike | torch.Tensor) -> NDArray[np.float64] | torch.Tensor:
    """AND interactions (Harsanyi dividends) of every set of players.

    I(S) = sum over L contained in S of (-1)^(|S| - |L|) v(L),        I(empty) = v(empty).

    Parameters
    ----------
    values
        [..., 2^n], the output on every mask in the order of :func:`symbolscope.all_masks`; any leading batch axes.
        A torch tensor is transformed on its own device and a tensor is returned.

    Returns
    -------
    float64 [..., 2^n]: entry j is the effect of the set whose bits are set in j. O(n 2^n) time, O(2^n) memory.

    Raises
    ------
    SymbolscopeError
        If the last axis is not a power of two (up to 2^26), or a value is not a finite number.

    Source: Harsanyi (1963); Ren et al., *Defining and Quantifying the Emergence of Sparse Concepts in DNNs* (2111.06206), Eq. 1.

    Examples
    --------
    >>> mobius([0.0, 1.0, 1.0, 5.0])
    array([0., 1., 1., 3.])

    Two samples at once; the product of all three players is one interaction of order 3:

    >>> import symbolscope as sy
    >>> masks = sy.all_masks(3)
    >>> mobius([masks.all(axis=1), masks[:, 0]])
    array([[0., 0., 0., 0., 0., 0., 0., 1.],
           [0., 1., 0., 0., 0., 0., 0., 0.]])
    """
    return _transformed(values, "values", _mobius)


@overload
def inverse_mobius(effects: torch.Tensor) -> torch.Tensor: ...
@overload
def inverse_mobius(effects: ArrayLike) -> NDArray[np.float64]: ...
def inverse_mobius(effects: ArrayLike | torch.Tensor) -> NDArray[np.float64] | torch.Tensor:
    """Output on every mask from the AND interactions: v(S) = sum over L contained in S of I(L).

    Parameters
    ----------
    effects
        [..., 2^n], as :func:`mobius` returns them.

    Returns
    -------
    float64 [..., 2^n].

    Raises
    ------
    SymbolscopeError
        As for :func:`mobius`.

    Examples
    --------
    >>> inverse_mobius([0.0, 1.0, 1.0, 3.0])
    array([0., 1., 1., 5.])
    """
    return _transformed(effects, "effects", _zeta)


@overload
def or_mobius(values: torch.Tensor) -> torch.Tensor: ...
@overload
def or_mobius(values: ArrayLike) -> NDArray[np.float64]: ...
def or_mobius(values: ArrayLike | torch.Tensor) -> NDArray[np.float64] | torch.Tensor:
    """OR interactions of every set of players.

    I_or(S) = - sum over L contained in S of (-1)^(|S| - |L|) v(N minus L) for S not empty,   I_or(empty) = v(empty).

    An OR is an AND with present and hidden players swapped, so this is :func:`mobius` of the reversed values, with a sign.

    Parameters
    ----------
    values
        [..., 2^n], the output on every mask.

    Returns
    -------
    float64 [..., 2^n].

    Raises
    ------
    SymbolscopeError
        As for :func:`mobius`.

    Source: Ren et al., *Where We Have Arrived in Proving the Emergence of Sparse Symbolic Concepts in AI Models* (2305.01939), App.

    Examples
    --------
    >>> or_mobius([0.0, 1.0, 1.0, 1.0])       # x0 or x1
    array([0., 0., 0., 1.])
    """
    return _transformed(values, "values", _or_mobius)


@overload
def inverse_or_mobius(effects: torch.Tensor) -> torch.Tensor: ...
@overload
def inverse_or_mobius(effects: ArrayLike) -> NDArray[np.float64]: ...
def inverse_or_mobius(effects: ArrayLike | torch.Tensor) -> NDArray[np.float64] | torch.Tensor:
    """Output on every mask from the OR interactions: v(T) = I(empty) + sum over S sharing a player with T of I(S).

    Parameters
    ----------
    effects
        [..., 2^n], as :func:`or_mobius` returns them.

    Returns
    -------
    float64 [..., 2^n].

    Raises
    ------
    SymbolscopeError
        As for :func:`mobius`.

    Examples
    --------
    >>> inverse_or_mobius([0.0, 0.0, 0.0, 1.0])
    array([0., 1., 1., 1.])
    """
    return _transformed(effects, "effects", _inverse_or_mobius)


class _Mobius:
    """In-place butterflies on rows [batch, 2^n]; the compiled one on the CPU, slices of tensors elsewhere."""

    def __init__(self, beta: float) -> None:
        self.beta = beta

    def numpy(self, rows: NDArray[np.float64]) -> None:
        from symbolscope.interactions.butterflies import shear_rows

        shear_rows(rows, self.beta)

    def torch(self, rows: torch.Tensor) -> None:
        half = 1
        while half < rows.shape[-1]:
            pairs = rows.view(rows.shape[0], -1, 2, half)  # [batch, 2^n / (2 half), 2, half]
            pairs[:, :, 1] += self.beta * pairs[:, :, 0]
            half *= 2


def _apply(rows: Array, beta: float) -> Array:
    butterfly = _Mobius(beta)
    if isinstance(rows, torch.Tensor):
        butterfly.torch(rows)
    else:
        butterfly.numpy(rows)
    return rows


def _reverse(rows: Array) -> Array:
    if isinstance(rows, torch.Tensor):
        return rows.flip(-1)
    return np.ascontiguousarray(rows[:, ::-1])


def _mobius(rows: Array) -> Array:
    return _apply(rows, -1.0)


def _zeta(rows: Array) -> Array:
    return _apply(rows, 1.0)


def _or_mobius(rows: Array) -> Array:
    empty = rows[:, 0] * 1.0
    out = 0.0 - _apply(_reverse(rows), -1.0)  # 0 - 0 is 0, while -0 would print as such
    out[:, 0] = empty
    return out


def _inverse_or_mobius(rows: Array) -> Array:
    empty = rows[:, :1] * 1.0
    rows[:, 0] = 0.0
    total = rows.sum(-1)[:, None]
    return (empty + total) - _reverse(_apply(rows, 1.0))


def _transformed(given, name, transform):  # pyright: ignore  # the overloads above carry the types
    if isinstance(given, torch.Tensor):
        rows = given.detach().to(torch.float64)
        _check_shape(tuple(rows.shape), name)
        if not bool(torch.isfinite(rows).all()):
            raise SymbolscopeError(_not_finite(name, np.argwhere(~torch.isfinite(rows).cpu().numpy())[0]))
        flat = rows.reshape(-1, rows.shape[-1])
        if rows.device.type == "cpu":
            return torch.from_numpy(transform(flat.numpy().copy())).reshape(rows.shape)
        return transform(flat.clone()).reshape(rows.shape)
    try:
        array = np.array(given, dtype=np.float64, order="C")
    except (TypeError, ValueError) as error:
        raise SymbolscopeError(
            f"{name} must be an array of numbers with 2^n entries along the last axis; {error}"
        ) from None
    _check_shape(array.shape, name)
    if not np.isfinite(array).all():
        raise SymbolscopeError(_not_finite(name, np.argwhere(~np.isfinite(array))[0]))
    return transform(array.reshape(-1, array.shape[-1])).reshape(array.shape)


def _check_shape(shape: tuple[int, ...], name: str) -> None:
    entries = shape[-1] if shape else 0
    if entries == 0 or entries & (entries - 1):
        raise SymbolscopeError(
            f"{name} must have 2^n entries along the last axis (one per mask, in the order of sy.all_masks(n)); got {entries}"
        )
    if entries > 1 << _MOST_PLAYERS:
        raise SymbolscopeError(
            f"{name} has 2^{entries.bit_length() - 1} entries; the transforms take up to 2^{_MOST_PLAYERS}"
        )


def _not_finite(name: str, position: NDArray[np.int64]) -> str:
    where = ", ".join(str(int(i)) for i in position)
    return f"{name}[{where}] is not a finite number; every mask needs a finite output"
