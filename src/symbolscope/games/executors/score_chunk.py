"""The values of one chunk of masks: the same computation wherever it runs."""

from collections.abc import Generator
from contextlib import contextmanager

import numpy as np
import torch

from symbolscope.games.batches import MaskScores
from symbolscope.shapes import Masks, Scores


def score_chunk(source: MaskScores, masks: Masks, *, batch_size: int, threads: int | None = 1) -> Scores:
    """Score masks in batches of exactly ``batch_size`` rows from the first on; the last may be shorter.

    values[j] = v(x_{S_j}). The last bits of a value can depend on how many rows share its batch and on how many
    threads add them up. Both are fixed here, unless ``threads`` is None. So equal chunks give equal bits in every
    process, and so does any cut of the same masks into chunks whose lengths are multiples of ``batch_size``, the last
    one excepted. Every mask is computed, also one that occurs twice.

    Parameters
    ----------
    source
        What is evaluated.
    masks
        bool [m, n].
    batch_size
        Masks per batch, at least 1.
    threads
        Threads of torch and of numpy's linear algebra; None leaves them as they are, and the last bits then depend on them.

    Returns
    -------
    float64 array [m], not checked for NaN or infinity.

    Examples
    --------
    >>> import symbolscope as sy
    >>> game = sy.Game.from_function(lambda masks: masks.sum(axis=1), 2)
    >>> score_chunk(game.source, sy.all_masks(2), batch_size=3)
    array([0., 1., 1., 2.])

    The chunks 0..3 and 4..7 have the bits of the chunk 0..7:

    >>> game = sy.Game(torch.nn.Linear(3, 2), [1.0, 2.0, 3.0], target=1)
    >>> whole = score_chunk(game.source, sy.all_masks(3), batch_size=2)
    >>> halves = [score_chunk(game.source, part, batch_size=2) for part in np.split(sy.all_masks(3), 2)]
    >>> np.array_equal(whole, np.concatenate(halves))
    True
    """
    values = np.empty(len(masks), dtype=np.float64)
    with only_threads(threads), source.evaluating():
        for start in range(0, len(masks), batch_size):
            stop = start + batch_size
            values[start:stop] = source.scores([source.outputs(masks[start:stop])])
    return values


@contextmanager
def only_threads(threads: int | None) -> Generator[None, None, None]:
    """So many threads for torch and for numpy's linear algebra inside, as many as before outside; None changes nothing."""
    if threads is None:
        yield
        return
    from threadpoolctl import threadpool_limits

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with threadpool_limits(threads, user_api="blas"):
            yield
    finally:
        torch.set_num_threads(before)
