"""AND and OR interactions of a game known on every mask, and back: the public transforms."""

from collections.abc import Callable
from typing import overload

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from symbolscope.core.array_checks import DenseTensor, plain_numbers
from symbolscope.errors import SymbolscopeError

_MOST_PLAYERS = 26

Rows = NDArray[np.float64] | torch.Tensor


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


def _butterfly(rows: Rows, beta: float) -> Rows:
    """[[1, 0], [beta, 1]] along every player of rows [batch, 2^n], in place: compiled on the CPU, slices of tensors elsewhere."""
    if isinstance(rows, np.ndarray):
        from symbolscope.interactions.butterflies import shear

        rows = np.ascontiguousarray(rows)  # arithmetic keeps the order of axes of what was given
        for row in rows:
            shear(row, beta)
        return rows
    half = 1
    while half < rows.shape[-1]:
        pairs = rows.view(rows.shape[0], -1, 2, half)  # [batch, 2^n / (2 half), 2, half]
        pairs[:, :, 1] += beta * pairs[:, :, 0]
        half *= 2
    return rows


# Each of the four below leaves its argument alone: the copy it must make anyway does the reversal and the sign.


def _mobius(rows: Rows) -> Rows:
    return _butterfly(1.0 * rows, -1.0)


def _zeta(rows: Rows) -> Rows:
    return _butterfly(1.0 * rows, 1.0)


def _or_mobius(rows: Rows) -> Rows:
    out = _butterfly(0.0 - _reversed(rows), -1.0)
    out[:, :1] = rows[:, :1]  # pyright: ignore[reportArgumentType]  # both are arrays or both are tensors
    return out


def _inverse_or_mobius(rows: Rows) -> Rows:
    out = 1.0 * rows
    out[:, :1] = 0.0
    constant = rows[:, :1] + out.sum(-1)[:, None]
    return constant - _reversed(_butterfly(out, 1.0))


def _reversed(rows: Rows) -> Rows:
    return rows[:, ::-1] if isinstance(rows, np.ndarray) else rows.flip(-1)


def _transformed(given: ArrayLike | torch.Tensor, name: str, transform: Callable[[Rows], Rows]) -> Rows:
    if isinstance(given, torch.Tensor):
        if given.is_complex():
            raise SymbolscopeError(f"{name} must hold real numbers; got {given.dtype}")
        tensor = DenseTensor().read(name, given).detach().to(torch.float64)
        _check_shape(tuple(tensor.shape), name)
        if tensor.device.type == "cpu":
            return torch.from_numpy(_transformed(tensor.numpy(), name, transform))
        _check_finite(bool(torch.isfinite(tensor).all()), tensor.cpu().numpy, name)
        return transform(tensor.reshape(-1, tensor.shape[-1])).reshape(tensor.shape)
    array = plain_numbers(name, given)
    _check_shape(array.shape, name)
    out = transform(array.reshape(-1, array.shape[-1])).reshape(array.shape)
    # Anything not finite in the input reaches the sum of the output, so one pass is enough to know that all is well.
    with np.errstate(invalid="ignore", over="ignore"):
        total = out.sum()
    _check_finite(bool(np.isfinite(total)), lambda: array, name)
    return out


def _check_finite(finite: bool, array: Callable[[], NDArray[np.float64]], name: str) -> None:  # noqa: FBT001
    if not finite and len(bad := np.argwhere(~np.isfinite(array()))) > 0:
        where = ", ".join(str(int(i)) for i in bad[0])
        raise SymbolscopeError(f"{name}[{where}] is not a finite number; every mask needs a finite output")


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
