"""A progress bar on stderr, only where someone is watching and the work is long."""

import math
import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

from symbolscope.core.printable_text import printable
from symbolscope.core.random_state import random_state_kept
from symbolscope.core.terminal_output import terminal_console

if TYPE_CHECKING:
    from rich.progress import Progress

PATIENCE_SECONDS = 1.0
_REDRAWN_SECONDS = 0.1


class ProgressBar:
    """How much of a long piece of work is done.

    Parameters
    ----------
    total
        Number of units, such as distinct masks; None where it is not known beforehand.
    label
        What is counted.
    show
        True shows it at once, False never, None once a second has passed and if stderr is a terminal.
    done
        Units that were done before.
    """

    def __init__(self, total: int | None, *, label: str, show: bool | None, done: int = 0) -> None:
        self._total = total
        self._done_before = done
        self._label = printable(label)
        self._shown = show if show is not None else None
        self._begun = time.perf_counter()
        self._drawn = -math.inf
        self._bar: "Progress | None" = None  # noqa: UP037 - rich is imported only when shown

    def __enter__(self) -> "ProgressBar":
        if self._shown:
            self._open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            with random_state_kept():
                self._bar.stop()  # also after Ctrl-C: the cursor comes back and the line is closed

    def update(self, done: int, now: float) -> None:
        """Note how many units are done at what time of ``time.perf_counter()``."""
        if self._bar is None:
            if self._shown is not None or now - self._begun < PATIENCE_SECONDS or done == self._total:
                return
            self._shown = sys.stderr is not None and sys.stderr.isatty()  # pyright: ignore[reportUnnecessaryComparison]
            if not self._shown:
                return
            self._open()
        if self._bar is not None and (now - self._drawn >= _REDRAWN_SECONDS or done == self._total):
            self._drawn = now
            with random_state_kept():
                self._bar.update(self._bar.task_ids[0], completed=done, refresh=True)

    def _open(self) -> None:
        with random_state_kept():  # rich draws from Python's own random numbers, when imported and whenever it draws
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn(self._label), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._bar = Progress(*columns, console=terminal_console(stderr=True), transient=True, auto_refresh=False)
            self._bar.add_task(self._label, total=self._total, completed=self._done_before)
            self._bar.start()
