"""Effects of chosen atoms by least squares, and which of them are no more than chance."""

import math

import numpy as np
from numpy.typing import NDArray

from symbolscope.interactions.sparse.atoms import Table
from symbolscope.shapes import Effects, Scores

Kept = NDArray[np.float64]  # [kept]


def search_prices(n: int, most_order: int) -> NDArray[np.float64]:
    """Squared standard errors that chance alone reaches among all sets of each order: 2 log C(n, s), and a little more.

    Source: the extended BIC of Chen, Chen, *Extended Bayesian information criteria* (Biometrika 2008), with gamma = 1.
    """
    return np.array([2 * math.log(math.comb(n, s)) + 2 * s if s else 0.0 for s in range(min(n, most_order) + 1)])


def standard_fit(table: Table, values: Scores) -> tuple[Effects, Effects, Scores]:
    """Effects [k] with a free constant, their standard errors [k], and the residual [m]."""
    m, k = table.shape
    mean = table.mean(axis=0, dtype=np.float64)
    gram = (table.T @ table).astype(np.float64) - m * np.outer(mean, mean)  # exact: counts below 2^24
    scale = np.sqrt(np.maximum(np.diag(gram), 1e-12))
    gram /= np.outer(scale, scale)
    gram[np.diag_indices(k)] += 1e-10
    centred = values - values.mean()
    inverse = np.linalg.inv(gram)
    effects = np.zeros(k)
    residual = centred
    for _ in range(3):  # refinement: the normal equations lose half of the digits
        right = (table.T @ residual - mean * residual.sum()) / scale
        effects += inverse @ right / scale
        residual = centred - (table @ effects - mean @ effects)
    noise = float(residual.std()) * math.sqrt(m / max(1, m - k - 1))
    errors = noise * np.sqrt(np.maximum(np.diag(inverse), 0.0)) / scale
    return effects, errors, residual


def prune(table: Table, values: Scores, prices: Effects) -> tuple[list[int], Kept, Kept, Scores]:
    """Columns whose effect is worth its price in squared standard errors; effects, those squared errors, and the residual."""
    effects, errors, residual = standard_fit(table, values)
    keep = effects**2 > prices * errors**2
    if not keep.all():
        effects, errors, residual = standard_fit(table[:, keep], values)
    ratio = np.minimum(np.abs(effects) / np.maximum(errors, 1e-100), 1e100)  # exact effects have no error at all
    return np.flatnonzero(keep).tolist(), effects, ratio**2, residual
