"""A vector of effects of all sets of players as an explanation."""

import numpy as np
from numpy.typing import NDArray

from symbolscope.games.masks import all_masks
from symbolscope.interactions.model import InteractionModel
from symbolscope.shapes import Vector

_ROUNDING = 1e-10


def model_of_effects(effects: Vector, *, values: NDArray[np.float64] | None = None) -> InteractionModel:
    """An effect per set of players, read as AND interactions, strongest first; those that are rounding are left out.

    With an index other than the AND interactions themselves the model does not reproduce the network, which is what is measured.

    Parameters
    ----------
    effects
        [2^n] in the order of :func:`symbolscope.all_masks`; the first is the intercept.
    values
        The network's output on every mask, [2^n], where known.

    Examples
    --------
    >>> print(model_of_effects(np.array([0.0, 1.0, 0.0, -2.0])).to_text())
      effect  kind  players
     -2.0000  and   x0, x1
     +1.0000  and   x0
    """
    n = len(effects).bit_length() - 1
    strength = np.abs(effects[1:])
    kept = 1 + np.flatnonzero(strength > _ROUNDING * strength.max(initial=0.0))
    masks = all_masks(n)[kept]
    # Effects that differ by rounding are equal: lower orders and lower players go first.
    rounded = np.round(np.abs(effects[kept]) / max(strength.max(initial=0.0), 1e-300), 9)
    order = np.lexsort((kept, masks.sum(axis=1), -rounded))
    return InteractionModel(
        masks=masks[order],
        kinds=np.full(len(kept), "and", dtype="<U3"),
        effects=np.asarray(effects[kept][order], dtype=np.float64),
        intercept=float(effects[0]),
        player_names=tuple(f"x{i}" for i in range(n)),
        objective=float("nan"),
        lower_bound=float("nan"),
        values=values,
    )
