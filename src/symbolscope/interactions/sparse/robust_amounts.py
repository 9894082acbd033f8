"""Amounts of atoms that leave nothing on most rows, whatever the others hold."""

import math

import numpy as np
from numpy.typing import NDArray

from symbolscope.shapes import Effects, Scores


def least_share(count: int, of: int) -> float:
    """Lower end of Wilson's interval of two standard errors."""
    if count <= 0:
        return 0.0
    share, square = count / of, 4 / of
    return (share + square / 2 - 2 * math.sqrt(share * (1 - share) / of + square / (4 * of))) / (1 + square)


def robust_amounts(table: NDArray[np.float64], values: Scores, threshold: float) -> Effects:
    """Amounts that leave exactly 0 on many rows: least absolute errors, least trimmed squares, then atoms of few rows."""
    weights = np.ones(len(values))
    error = np.empty(0)
    for step in range(60):
        root = np.sqrt(weights)
        error = np.abs(values - table @ np.linalg.lstsq(table * root[:, None], values * root, rcond=None)[0])
        weights = 1 / (error + 0.8**step * error.mean() + 1e-300)
        weights /= weights.max()
    rows = np.empty(0, dtype=np.int64)
    amounts: Effects = np.zeros(table.shape[1])
    for _ in range(20):
        chosen = np.sort(np.argsort(error, kind="stable")[: math.ceil(len(values) / 2)])
        if np.array_equal(chosen, rows):
            break
        rows = chosen
        amounts = np.asarray(np.linalg.lstsq(table[rows], values[rows], rcond=None)[0], dtype=np.float64)
        error = np.abs(values - table @ amounts)
    # An atom that is 0 on these rows is given what most of its own rows agree on.
    left = values - table @ amounts
    for column in range(1, table.shape[1]):
        own = left[table[:, column] > 0]
        middle = float(np.median(own)) if len(own) else 0.0
        if abs(middle) > threshold and 2 * (np.abs(own - middle) <= threshold).sum() > len(own):
            amounts[column] += middle
            left -= middle * table[:, column]
    return amounts
