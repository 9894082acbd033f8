"""Masks evaluated batch by batch."""

import time
from contextlib import AbstractContextManager
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray

from symbolscope.core.array_checks import plain_masks
from symbolscope.errors import SymbolscopeError
from symbolscope.games.batch_sizes import BatchSizes
from symbolscope.games.distinct import distinct_masks
from symbolscope.games.masked_network import hidden_players
from symbolscope.games.progress import ProgressBar
from symbolscope.shapes import Masks, Scores

SHORT_SECONDS = 1e-3
WAITING_ROWS = 2048


@runtime_checkable
class MaskScores(Protocol):
    """What can be evaluated on masks; MaskedNetwork and MaskedFunction are."""

    relevant: NDArray[np.bool_]  # False for players whose hiding changes nothing
    outputs_stay: bool  # whether the outputs of a batch are still there after the next one

    def evaluating(self) -> AbstractContextManager[None]:
        """Be ready to evaluate, and put everything back afterwards."""
        ...

    def outputs(self, masks: Masks) -> torch.Tensor:
        """Return the outputs [m, ...] of one batch."""
        ...

    def scores(self, outputs: list[torch.Tensor]) -> Scores:
        """Score the outputs of some batches."""
        ...

    def batch_sizes(self) -> BatchSizes:
        """Return the batch sizes to try."""
        ...


@runtime_checkable
class Ordering(Protocol):
    """A source that is faster in some order of the masks; MaskedNetwork is, where it shares prefixes."""

    def order(self, masks: Masks) -> NDArray[np.int64] | None:
        """Return the order to evaluate masks in, int64 [m], or None if any will do."""
        ...


def scores_in_batches(
    source: MaskScores,
    masks: Masks,
    sizes: BatchSizes,
    *,
    player_names: tuple[str, ...],
    batch_size: int | None,
    progress: bool | None,
) -> Scores:
    """Score masks, each distinct one once, in the order given.

    Parameters
    ----------
    source
        What is evaluated.
    masks
        bool [m, n].
    sizes
        Batch sizes, tuned on the way and kept for the next call.
    player_names
        To name the mask whose score is not finite.
    batch_size
        Fixed number of masks per batch; None lets ``sizes`` choose.
    progress
        True, False, or None: shown when the terminal is interactive and the work is long.

    Raises
    ------
    SymbolscopeError
        As soon as a batch holds a score that is NaN or infinite.
    """
    kinds = distinct_masks(masks, source.relevant)
    distinct = masks if kinds is None else masks[kinds[0]]
    order = source.order(distinct) if isinstance(source, Ordering) else None
    if order is not None:
        distinct = distinct[order]
    total = len(distinct)
    values = np.empty(total, dtype=np.float64)
    if total:
        with source.evaluating(), ProgressBar(total, label="masked inputs", show=progress) as bar:
            scored = start = 0
            waiting: list[torch.Tensor] = []
            while start < total:
                begun = time.perf_counter()
                stop = min(start + (batch_size or sizes.next(total - start)), total)
                try:
                    waiting.append(source.outputs(distinct[start:stop]))
                    # Reading scores costs a tiny network's batch several percent, so a few batches wait for each other.
                    short = source.outputs_stay and time.perf_counter() - begun < SHORT_SECONDS
                    if stop == total or stop - scored >= WAITING_ROWS or not short:
                        scores = source.scores(waiting)
                        if not np.isfinite(scores).all():
                            refuse_scores(scores, distinct[scored:stop], player_names)
                        values[scored:stop] = scores
                        scored = stop
                        waiting.clear()
                except RuntimeError as error:
                    if batch_size is not None or stop - start == 1 or not _out_of_memory(error):
                        raise
                    sizes.too_large(stop - start)
                    waiting.clear()
                    start = scored
                    continue
                now = time.perf_counter()
                sizes.record(stop - start, now - begun)
                start = stop
                bar.update(start, now)
    if order is not None:
        in_order, values = values, np.empty_like(values)
        values[order] = in_order
    return values if kinds is None else values[kinds[1]]


def check_masks(masks: object, n_players: int) -> Masks:
    """Read masks as bool [m, n]: an array, a torch tensor or nested lists of booleans.

    Examples
    --------
    >>> check_masks([[True, False]], 2)
    array([[ True, False]])
    """
    given = plain_masks("masks", masks, n_players)
    if given.ndim != 2 or given.shape[1] != n_players:
        hint = "; a single mask needs a first axis: masks[None]" if given.shape == (n_players,) else ""
        raise SymbolscopeError(
            f"masks must have shape [m, {n_players}], one column per player; got shape {given.shape}{hint}"
        )
    if given.dtype != np.bool_:
        raise SymbolscopeError(f"masks must be boolean (True = present); got {given.dtype}. Type masks.astype(bool)")
    return np.ascontiguousarray(given)


def refuse_scores(scores: Scores, masks: Masks, player_names: tuple[str, ...]) -> None:
    """Say which mask has a score that is not finite."""
    row = int(np.flatnonzero(~np.isfinite(scores))[0])
    listed = "".join("1" if present else "0" for present in masks[row])
    raise SymbolscopeError(
        f"the score is {scores[row]} {hidden_players(masks[row], player_names)} (mask {listed}); "
        "scores must be finite: look at the network's output on this input, or give another baseline"
    )


def _out_of_memory(error: RuntimeError) -> bool:
    message = str(error)
    return isinstance(error, torch.OutOfMemoryError) or "out of memory" in message or "can't allocate memory" in message
