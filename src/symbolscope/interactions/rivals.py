"""Other bases for the same outputs, on the same footing: how many of their terms reproduce the network how well."""

from collections.abc import Mapping

import numpy as np

from symbolscope.games.masks import all_masks
from symbolscope.interactions.butterflies import orders
from symbolscope.interactions.size_curve import SizeCurve, and_or_curve, from_squared_errors
from symbolscope.interactions.transforms import mobius, or_mobius
from symbolscope.shapes import Vector


def rival_curves(values: Vector) -> Mapping[str, SizeCurve]:
    """Accuracy of the k strongest terms of each rival basis, for every k.

    "AND only": Harsanyi dividends; "OR only": their OR counterparts; "Fourier": parities, v(T) = sum_S f(S) (-1)^|S and T|. Each
    reproduces the values with all its terms. The Fourier basis is orthogonal, so its strongest k terms are also its best.

    Source: O'Donnell, *Analysis of Boolean functions*, chapter 1, for the Fourier basis.

    Examples
    --------
    >>> values = np.array([0.0, 0.0, 0.0, 1.0])                 # one AND
    >>> {name: curve.count_for(0.99) for name, curve in rival_curves(values).items()}
    {'AND only': 1, 'OR only': 3, 'Fourier': 3}
    """
    n = values.size.bit_length() - 1
    order = orders(n)
    masks = all_masks(n)
    found: dict[str, SizeCurve] = {}
    for name, is_or, effects in (
        ("AND only", False, np.asarray(mobius(values), dtype=np.float64)),
        ("OR only", True, np.asarray(or_mobius(values), dtype=np.float64)),
    ):
        rows = np.lexsort((order, -np.abs(effects)))
        rows = rows[order[rows] > 0]  # the constant is free, as the intercept is
        kinds = np.full(len(rows), is_or)
        found[name] = and_or_curve(values, masks[rows], kinds, effects[rows], float(values[0]))
    energy = np.sort((_hadamard(values) / values.size)[1:] ** 2)[::-1]  # Parseval: what each parity explains
    squared = np.concatenate([np.cumsum(energy[::-1])[::-1], [0.0]])
    found["Fourier"] = from_squared_errors(values, squared)
    return found


def _hadamard(vector: Vector) -> Vector:
    """Walsh-Hadamard transform, [2^n]."""
    n = vector.size.bit_length() - 1
    table = vector.reshape((2,) * n) if n else vector
    for axis in range(n):
        zero, one = np.take(table, 0, axis=axis), np.take(table, 1, axis=axis)
        table = np.stack([zero + one, zero - one], axis=axis)
    return np.ascontiguousarray(table).reshape(-1)
