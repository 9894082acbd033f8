"""How far states are off the surface that the states around them lie on."""

import numpy as np
from numpy.typing import NDArray

States = NDArray[np.float64]

_SHARE = 0.9  # of the neighbours' variance that their principal directions hold
_CHUNK = 1 << 22  # numbers gathered at a time


def local_residuals(
    states: States, reference: States, distances: NDArray[np.float64], *, n_neighbours: int, negligible: float
) -> NDArray[np.float64]:
    """Part of each state outside the principal directions of its nearest reference states.

    residual = |(1 - V V')(s - mu)|, with mu [d] the mean of the neighbours of s and V [d, r] their leading principal directions,
    the fewest that hold 90 % of their variance.

    Parameters
    ----------
    states
        [m, d].
    reference
        [n, d].
    distances
        [m, n] from the ones to the others.
    n_neighbours
        Reference states that count as near; all where there are fewer.
    negligible
        Length below which neighbours are one point, with no directions, and a residual is 0.

    Returns
    -------
    [m].

    Examples
    --------
    Reference states on the first axis, and a state that is 2 above it:

    >>> reference = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]])
    >>> state = np.array([[5.0, 2.0]])
    >>> distances = np.linalg.norm(state[:, None] - reference, axis=2)
    >>> local_residuals(state, reference, distances, n_neighbours=2, negligible=1e-6)
    array([2.])
    """
    k = min(n_neighbours, len(reference))
    nearest = np.argpartition(distances, k - 1, axis=1)[:, :k]  # [m, k]
    rows = max(1, _CHUNK // (k * reference.shape[1]))
    out = [
        _off_the_plane(states[start : start + rows], reference[nearest[start : start + rows]], negligible)
        for start in range(0, len(states), rows)
    ]
    return np.concatenate(out)


def _off_the_plane(states: States, neighbours: NDArray[np.float64], negligible: float) -> NDArray[np.float64]:
    """Residuals [b] of states [b, d], each beside its own neighbours [b, k, d]."""
    # Seen from one of the neighbours, copies of it lie at exactly 0.
    origin = neighbours[:, 0]
    around = neighbours - origin[:, None]
    mean = around.mean(axis=1)
    centred = around - mean[:, None]
    offset = states - origin - mean  # [b, d]
    _, lengths, directions = np.linalg.svd(centred, full_matrices=False)  # [b, r], [b, r, d]
    variance = lengths**2
    total = variance.sum(axis=1, keepdims=True)
    before = np.cumsum(variance, axis=1) - variance  # held by the directions before each
    spread_out = total > neighbours.shape[1] * negligible**2
    kept = (before < (_SHARE - 1e-9) * total) & spread_out  # [b, r]; the slack keeps rounding from adding a direction
    inside = np.einsum("brd,bd->br", directions, offset) * kept
    residuals = np.linalg.norm(offset - np.einsum("br,brd->bd", inside, directions), axis=1)
    return np.where(residuals > negligible, residuals, 0.0)
