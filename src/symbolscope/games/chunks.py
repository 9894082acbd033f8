"""Masks evaluated in chunks: what is already stored is read, the rest is computed anywhere and kept as it comes."""

import time
from collections.abc import Iterator
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from symbolscope.games.batches import MaskScores, Ordering, refuse_scores
from symbolscope.games.distinct import distinct_masks
from symbolscope.games.executors.executor import ChunkRunner
from symbolscope.games.progress import ProgressBar
from symbolscope.shapes import Masks, Scores

CHUNK_SECONDS = 0.5  # what a crash may cost, and how often the disk is asked to be sure
MOST_ROWS = 1 << 15


@runtime_checkable
class KnownValues(Protocol):
    """Values that need not be computed again; :class:`symbolscope.games.store.StoredValues` is one."""

    def known(self, masks: Masks) -> tuple[Scores, NDArray[np.bool_]]:
        """Values [m] and which of them are known [m]."""
        ...

    def add(self, masks: Masks, values: Scores) -> None:
        """Keep values; when this returns they survive a crash."""
        ...


@runtime_checkable
class Settling(Protocol):
    """Values that may wait to be kept until they were looked at; `SteadyValues` of the store is one."""

    def settle(self) -> None:
        """Keep what waits, or refuse it."""
        ...


def scores_in_chunks(
    source: MaskScores,
    masks: Masks,
    run: ChunkRunner,
    *,
    batch_size: int,
    workers: int,
    player_names: tuple[str, ...],
    store: KnownValues | None,
    progress: bool | None,
) -> Scores:
    """Score masks, each distinct one once, in chunks of whole batches.

    The distinct masks are cut into batches of ``batch_size`` in the order given, or that in which the source is fastest, and a
    chunk is some of these batches. So the rows that share a batch, on which the last bits of a value can depend, are the same
    however the chunks are cut, wherever they run, and in a run that continues an interrupted one. (Where another list of masks
    was stored before, what is left of a batch is put together with the rest of others.)

    Parameters
    ----------
    source
        What is evaluated.
    masks
        bool [m, n].
    run
        Scores chunks, as an executor that is running gives it.
    batch_size
        Masks per batch.
    workers
        How many chunks are computed at the same time.
    player_names
        To name the mask whose score is not finite.
    store
        Where known values are and new ones go; None keeps none.
    progress
        True, False, or None: shown when the terminal is interactive and the work is long.

    Raises
    ------
    SymbolscopeError
        As soon as a chunk holds a score that is NaN or infinite; nothing of it is stored.
    """
    kinds = distinct_masks(masks, source.relevant)
    distinct = masks if kinds is None else masks[kinds[0]]
    order = source.order(distinct) if isinstance(source, Ordering) else None
    if order is not None:
        distinct = distinct[order]
    # Players that change nothing are present in every stored mask, so that all masks with the same input are one.
    stored_as = distinct if source.relevant.all() else distinct | ~source.relevant
    total = len(distinct)
    if store is None:
        values, known = np.full(total, np.nan), np.zeros(total, dtype=np.bool_)
    else:
        values, known = store.known(stored_as)
    rows = _rows_in_batches(known, batch_size)
    if len(rows):
        done = total - len(rows)
        with ProgressBar(total, label="masked inputs", show=progress, done=done) as bar:
            plan = _Plan(distinct, rows, batch_size, max(1, workers))
            for number, scores in run(plan.chunks()):
                here = plan.rows_of(number)
                if not np.isfinite(scores).all():
                    refuse_scores(scores, distinct[here], player_names)
                if store is not None:
                    store.add(stored_as[here], scores)
                values[here] = scores
                done += len(here)
                plan.note(len(here))
                bar.update(done, time.perf_counter())
    if order is not None:
        in_order, values = values, np.empty_like(values)
        values[order] = in_order
    return values if kinds is None else values[kinds[1]]


def _rows_in_batches(known: NDArray[np.bool_], batch_size: int) -> NDArray[np.int64]:
    """Rows still to be computed: whole batches first, as they lie, then what is left of those of which a part is known.

    Examples
    --------
    >>> _rows_in_batches(np.array([True, False, False, False, False]), 2)
    array([2, 3, 4, 1])
    """
    batch = np.arange(len(known)) // batch_size
    untouched = np.bincount(batch, weights=known)[batch] == 0 if len(known) else known
    return np.concatenate([np.flatnonzero(untouched), np.flatnonzero(~known & ~untouched)]).astype(np.int64)


class _Plan:
    """Cuts the rows into chunks as they are asked for, larger ones once it is seen how fast they come back."""

    def __init__(self, masks: Masks, rows: NDArray[np.int64], batch_size: int, workers: int) -> None:
        self._masks, self._rows, self._batch_size, self._workers = masks, rows, batch_size, workers
        self._cut: dict[int, slice] = {}
        self._begun = time.perf_counter()
        self._done = 0
        self._batches = 1

    def chunks(self) -> Iterator[tuple[int, Masks]]:
        """Numbered chunks of masks."""
        start = number = 0
        while start < len(self._rows):
            stop = min(start + self._batches * self._batch_size, len(self._rows))
            self._cut[number] = slice(start, stop)
            yield number, self._masks[self._rows[start:stop]]
            start, number = stop, number + 1

    def rows_of(self, number: int) -> NDArray[np.int64]:
        """Rows of a chunk that has come back."""
        return self._rows[self._cut.pop(number)]

    def note(self, rows: int) -> None:
        """Learn the pace: a worker should be busy with a chunk for :data:`CHUNK_SECONDS`."""
        self._done += rows
        pace = self._done / max(time.perf_counter() - self._begun, 1e-6) / self._workers
        fitting = min(CHUNK_SECONDS * pace, MOST_ROWS) / self._batch_size
        self._batches = max(1, min(int(fitting), 2 * self._batches))
