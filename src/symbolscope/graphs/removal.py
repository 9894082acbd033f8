"""The greedy order in which interactions are removed, and what each size is worth."""

import numpy as np
from numpy.typing import NDArray

from symbolscope.games.masks import mask_index
from symbolscope.games.progress import ProgressBar
from symbolscope.graphs.indicator_products import indicator_means
from symbolscope.interactions.model import InteractionModel
from symbolscope.interactions.prediction import predict_on_all_masks
from symbolscope.shapes import Effects, Vector

# Products are computed afresh this many times, so that rounding does not add up over 100,000 removals.
_REFRESHED = 32
# Updates of the error table above which the largest errors of further sizes are left out: about ten seconds.
_MOST_UPDATES = 1 << 34


def removal_order(
    model: InteractionModel, reference: Vector | None, bar: ProgressBar
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Rows of the model in the order of their removal [k], and the mean squared error after 0 .. k removals [k + 1].

    ``reference`` [2^n] is what the interactions should predict; None takes what all of them predict, of which no table is made.
    """
    from time import perf_counter

    from symbolscope.graphs.removal_steps import remove

    n, total = model.n_players, model.complexity
    words = _packed(model.masks)
    orders, is_or, effects = model.orders.copy(), np.ascontiguousarray(model.is_or.copy()), model.effects.copy()
    norms = indicator_means(model.masks, model.is_or)
    products, rows = np.zeros(total), np.arange(total, dtype=np.int64)
    halves = np.exp2(-np.arange(n + 1, dtype=np.float64))
    removed, squared = np.empty(total, dtype=np.int64), np.zeros(total + 1)
    left, per_turn = total, max(1, -(-total // _REFRESHED))
    while True:
        done = total - left
        if reference is not None:
            kept = rows[:left]
            error = reference - predict_on_all_masks(
                model.masks[kept], model.is_or[kept], model.effects[kept], model.intercept
            )
            squared[done] = float(np.mean(error**2))
            products[:left] = table_products(error, model.masks[kept], model.is_or[kept])
        if left == 0:
            break
        steps = min(per_turn, left)
        left = int(
            remove(
                words, orders, is_or, effects, norms, products, rows, left, halves,
                removed[done : done + steps], squared[done : done + steps + 1],
            )
        )  # fmt: skip
        bar.update(total - left, perf_counter())
    return removed, np.maximum(squared, 0.0)  # below zero by rounding where nothing is missed


def errors_by_size(
    model: InteractionModel, reference: Vector, added: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean squared and largest absolute error with the first 0 .. k of the rows ``added``, [k + 1] each.

    Not a number from the size on where updating the table of 2^n errors would take too long.
    """
    from symbolscope.graphs.removal_steps import add_back

    squared, largest = np.full(len(added) + 1, np.nan), np.full(len(added) + 1, np.nan)
    error, shift = reference - model.intercept, 0.0
    squared[0], largest[0] = float(np.mean(error**2)), float(np.abs(error).max())
    affordable = min(len(added), _MOST_UPDATES // error.size)
    per_turn = max(1, (1 << 28) // error.size)  # between turns an interruption is heard
    for start in range(0, affordable, per_turn):
        rows = added[start : min(start + per_turn, affordable)]
        shift = float(
            add_back(
                error, shift, mask_index(model.masks[rows]), model.is_or[rows], model.effects[rows],
                squared[start + 1 : start + 1 + len(rows)], largest[start + 1 : start + 1 + len(rows)],
            )
        )  # fmt: skip
    return squared, largest


def table_products(table: Vector, masks: NDArray[np.bool_], is_or: NDArray[np.bool_]) -> Effects:
    """Mean over all masks of ``table`` [2^n] times each interaction's indicator, [k], by two zeta transforms.

    An AND of S is active on the masks T that contain S, those whose complement avoids it; an OR on all but those that avoid S.
    """
    from symbolscope.interactions.decomposition.operators import zeta, zeta_transpose

    sets, size = mask_index(masks), table.size
    within = zeta(table)[(size - 1) ^ sets]  # over masks that avoid S
    containing = zeta_transpose(table)[sets]
    return np.where(is_or, table.sum() - within, containing) / size


def _packed(masks: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Players as bits, [k, n] -> [k, words of 64]."""
    packed = np.packbits(masks, axis=1, bitorder="little")  # [k, ceil(n / 8)]
    words = max(1, -(-packed.shape[1] // 8))
    padded = np.zeros((len(masks), 8 * words), dtype=np.uint8)
    padded[:, : packed.shape[1]] = packed
    return padded.view("<u8").astype(np.uint64)
