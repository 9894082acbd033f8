"""Output that AND and OR interactions predict, on some masks or on all of them."""

import numpy as np
from numpy.typing import NDArray

from symbolscope.games.masks import mask_index
from symbolscope.shapes import Effects, Masks, Members, Scores, Vector

# Masks times interactions handled at once: 16 MiB of float32 counts.
_CHUNK = 1 << 22
# Up to this many players a table of all 2^n predictions is cheap enough to look masks up in.
_PLAYERS_TABULATED = 20


def predict_on_all_masks(members: Members, is_or: NDArray[np.bool_], effects: Effects, intercept: float) -> Vector:
    """Prediction on every mask, [2^n], by two butterflies: O(n 2^n + k)."""
    from symbolscope.interactions.decomposition.operators import absent, effect_table, zeta

    size = 1 << members.shape[1]
    index = mask_index(members)
    and_effects = effect_table(index[~is_or], effects[~is_or], size)
    absent_effects = effect_table(index[is_or], -effects[is_or], size)
    # An OR adds its effect wherever it is not wholly hidden: everywhere, minus where its players are all absent.
    return intercept - absent_effects.sum() + zeta(and_effects) + absent(absent_effects)


def predict_on_masks(
    members: Members, is_or: NDArray[np.bool_], effects: Effects, intercept: float, masks: Masks
) -> Scores:
    """Prediction on the given masks, [m].

    An AND of order s is active where s of its players are present, an OR where at least one is.
    """
    n_players, work = members.shape[1], len(masks) * len(members)
    if n_players <= _PLAYERS_TABULATED and work > 4 * n_players << n_players:
        return predict_on_all_masks(members, is_or, effects, intercept)[mask_index(masks)]
    needed = np.where(is_or, 1, members.sum(axis=1)).astype(np.float32)  # [k]
    columns = members.T.astype(np.float32)  # [n, k]
    out = np.empty(len(masks))
    rows = max(1, _CHUNK // max(1, len(members)))
    for start in range(0, len(masks), rows):
        present = masks[start : start + rows].astype(np.float32) @ columns  # [rows, k], number of players present
        out[start : start + rows] = (present >= needed) @ effects
    return out + intercept
