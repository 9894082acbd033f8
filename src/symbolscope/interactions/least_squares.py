"""The best that given interactions can do: their effects fitted to the values on all masks by least squares."""

import numpy as np
from numpy.typing import NDArray

from symbolscope.games.masks import all_masks
from symbolscope.shapes import Effects, Members, Vector

# Entries of the design matrix above which the fit would cost more memory than the split itself.
_MOST_ENTRIES = 1 << 26


def fitted_effects(values: Vector, masks: Members, is_or: NDArray[np.bool_]) -> tuple[float, Effects]:
    """Intercept and effects [k] that minimise the squared error over all masks of interactions of ``masks`` bool [k, n]."""
    solved, _ = _solve(values, masks, is_or)
    return float(solved[0]), solved[1:]


def fitted_r2(values: Vector, masks: Members, is_or: NDArray[np.bool_]) -> float | None:
    """R^2 of the best effects; None where the fit would not fit into memory."""
    variance = float(np.var(values))
    if variance == 0 or len(masks) == 0:
        return float(variance == 0)
    # One interaction of every set, AND or OR, is a basis: in the order of inclusion each is the AND of its set plus smaller ones.
    if len(masks) >= values.size - 1 and len(np.unique(_codes(masks))) == values.size - 1:
        return 1.0
    if len(masks) * values.size > _MOST_ENTRIES:
        return None
    _, prediction = _solve(values, masks, is_or)
    return 1.0 - float(np.mean((values - prediction) ** 2)) / variance


def _solve(values: Vector, masks: Members, is_or: NDArray[np.bool_]) -> tuple[NDArray[np.float64], Vector]:
    """Intercept and effects [k + 1], and their prediction [2^n]."""
    everything = all_masks(masks.shape[1])
    present = everything.astype(np.float32) @ masks.T.astype(np.float32)  # players of each set that are there, [2^n, k]
    atoms = np.where(is_or, present > 0, present == masks.sum(axis=1)).astype(np.float64)
    design = np.column_stack([np.ones(len(atoms)), atoms])
    solved = np.linalg.lstsq(design, values, rcond=None)[0].astype(np.float64)
    return solved, (design @ solved).astype(np.float64)


def _codes(masks: Members) -> NDArray[np.int64]:
    return masks.astype(np.int64) @ (np.int64(1) << np.arange(masks.shape[1], dtype=np.int64))
