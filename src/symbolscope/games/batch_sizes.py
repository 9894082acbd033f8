"""How many masks to evaluate at once, found while doing real work."""

from dataclasses import dataclass

# A size is judged by its fastest batch: other programs on the machine can only slow a batch down.
ENOUGH_BATCHES = 2
ENOUGH_SECONDS = 0.001
AT_MOST_BATCHES = 4
WORTH_MORE = 1.03  # climb on only for a gain that is not noise; of equal sizes the smaller needs less memory
TOO_SHORT_SECONDS = 0.0001  # shorter batches are mostly overhead: go on at once to four times as many rows


@dataclass
class _Trials:
    rows: int
    batches: int = 0
    rate: float = 0.0  # rows per second of the fastest batch

    @property
    def enough(self) -> bool:
        return self.batches >= AT_MOST_BATCHES or (
            # At the fastest batch's pace: one interrupted batch of a fast network is no reason to stop looking.
            self.batches >= ENOUGH_BATCHES and self.batches * self.rows >= ENOUGH_SECONDS * self.rate
        )


class BatchSizes:
    """Choose batch sizes: climb the powers of two while they pay, then keep the best.

    On a CPU the best size is often 64 to 256 and larger ones lose up to half the throughput to cache misses, so the
    climb goes up from ``start`` and stops at the first size that brings nothing; if the start is best it tries below.

    Parameters
    ----------
    start, smallest, largest
        Sizes in rows.
    careful
        Larger sizes than this are tried only in long work; None tries all at once.

    Examples
    --------
    >>> sizes = BatchSizes(start=64, smallest=32, largest=1024)
    >>> while not sizes.settled:  # a network whose throughput peaks at 256 rows
    ...     size = sizes.next()
    ...     rate = {32: 5e4, 64: 6e4, 128: 8e4, 256: 9e4}.get(size, 7e4)
    ...     sizes.record(size, size / rate)
    >>> sizes.next()
    256
    """

    def __init__(self, *, start: int, smallest: int, largest: int, careful: int | None = None) -> None:
        self._largest = max(1, largest)
        self._smallest = min(smallest, self._largest)
        self._start = min(start, self._largest)
        self._current = self._start
        self._careful = largest if careful is None else careful
        self._done = 0
        self._up = True
        self._trials: dict[int, _Trials] = {}
        self.settled = self._smallest == self._largest

    def next(self, remaining: int | None = None) -> int:
        """Size of the next batch; with too few masks remaining to judge a new size, the best known one."""
        if remaining is not None and self._trials and not self.settled and remaining < ENOUGH_BATCHES * self._current:
            return self._best()
        return self._current

    def record(self, rows: int, seconds: float) -> None:
        """Note how long a batch took; only batches of the size asked for tell something."""
        self._done += rows
        if self.settled or rows != self._current:
            return
        trials = self._trials.setdefault(rows, _Trials(rows))
        trials.batches += 1
        trials.rate = max(trials.rate, rows / max(seconds, 1e-9))
        if self._up and seconds < TOO_SHORT_SECONDS and rows * 4 <= self._largest:
            self._current = rows * 4
        elif trials.enough:
            self._move(trials.rate)

    def too_large(self, rows: int) -> None:
        """Note that a batch of so many rows did not fit into memory."""
        self._largest = max(1, rows // 2)
        self._smallest = min(self._smallest, self._largest)
        self._trials = {size: trials for size, trials in self._trials.items() if size <= self._largest}
        self._settle()

    def _move(self, rate: float) -> None:
        pays = rate > WORTH_MORE * max(
            (t.rate for size, t in self._trials.items() if size != self._current), default=0.0
        )
        larger = self._current * 2
        if self._up and pays and larger <= self._largest:
            # On a CPU there is little to win above the careful size and, where memory goes back to the system after
            # each batch, a quarter to lose: try only once the trial is a small part of the work.
            if larger <= self._careful or self._done >= 16 * larger:
                self._current = larger
        elif (self._up or pays) and self._best() == min(self._trials) and self._best() // 2 >= self._smallest:
            self._up = False
            self._current = self._best() // 2
        else:
            self._settle()

    def _best(self) -> int:
        return max(self._trials, key=lambda size: self._trials[size].rate)

    def _settle(self) -> None:
        self._current = self._best() if self._trials else self._largest
        self.settled = True
