"""Other bases for the same outputs, on the same footing: how many of their terms reproduce the network how well."""

from collections.abc import Mapping

import numpy as np

from symbolscope.interactions.butterflies import orders
from symbolscope.interactions.fidelity import FidelityCurve, fidelity_curve
from symbolscope.interactions.transforms import inverse_mobius, inverse_or_mobius, mobius, or_mobius
from symbolscope.shapes import Vector


def rival_curves(values: Vector) -> Mapping[str, FidelityCurve]:
    """Fidelity of the k strongest terms of each rival basis, k = 0, 1, 2, ...

    "AND only": Harsanyi dividends; "OR only": their OR counterparts; "Fourier": parities, v(T) = sum_S f(S) (-1)^|S and T|. Each
    reproduces the values with all its terms. The Fourier basis is orthogonal, so its strongest k terms are also its best.

    Source: O'Donnell, *Analysis of Boolean functions*, chapter 1, for the Fourier basis.

    Examples
    --------
    >>> values = np.array([0.0, 0.0, 0.0, 1.0])                 # one AND
    >>> {name: curve.count_for(0.99) for name, curve in rival_curves(values).items()}
    {'AND only': 1, 'OR only': 3, 'Fourier': 3}
    """
    order = orders(values.size.bit_length() - 1)
    found: dict[str, FidelityCurve] = {}
    for name, forward, back in (
        ("AND only", mobius, inverse_mobius),
        ("OR only", or_mobius, inverse_or_mobius),
        ("Fourier", _fourier, _from_fourier),
    ):
        terms = np.asarray(forward(values), dtype=np.float64)
        strength = np.where(order == 0, np.inf, np.abs(terms))  # the constant is free, as the intercept is
        strongest = np.lexsort((order, -strength))

        def predict(k: int, back=back, terms=terms, strongest=strongest) -> Vector:  # type: ignore[no-untyped-def]
            kept = np.zeros_like(terms)
            kept[strongest[: k + 1]] = terms[strongest[: k + 1]]
            return np.asarray(back(kept), dtype=np.float64)

        found[name] = fidelity_curve(values, values.size - 1, predict)
    return found


def _fourier(values: Vector) -> Vector:
    return _hadamard(values) / values.size


def _from_fourier(terms: Vector) -> Vector:
    return _hadamard(terms)


def _hadamard(vector: Vector) -> Vector:
    """Walsh-Hadamard transform, its own inverse up to 2^n."""
    n = vector.size.bit_length() - 1
    table = vector.reshape((2,) * n) if n else vector
    for axis in range(n):
        zero, one = np.take(table, 0, axis=axis), np.take(table, 1, axis=axis)
        table = np.stack([zero + one, zero - one], axis=axis)
    return np.ascontiguousarray(table).reshape(-1)
