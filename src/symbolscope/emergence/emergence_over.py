"""The conditions checked on every sample of a data set."""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np

from symbolscope.core.argument_checks import Flag, Function, Seed, described
from symbolscope.core.checked_call import takes
from symbolscope.core.random_streams import stream
from symbolscope.core.sequence_checks import is_iterable
from symbolscope.core.users_function import call_users_function
from symbolscope.emergence.check_emergence import check_emergence
from symbolscope.emergence.emergence_report import EmergenceReport
from symbolscope.emergence.emergence_summary import EmergenceSummary
from symbolscope.errors import SymbolscopeError
from symbolscope.games.progress import ProgressBar

if TYPE_CHECKING:
    from symbolscope.games.game import Game
    from symbolscope.games.given import GivenArray
    from symbolscope.interactions.model import InteractionModel

    GivenReports: TypeAlias = Iterable[EmergenceReport]
    GivenSamples: TypeAlias = Iterable[InteractionModel | Game | GivenArray] | GivenArray
    GivenNames: TypeAlias = Sequence[object] | None
else:
    GivenReports = GivenSamples = GivenNames = object  # refused below, with a message of its own


def summarise_emergence(reports: GivenReports, *, names: GivenNames = None) -> EmergenceSummary:
    """Put the reports of many samples together; every figure says which samples are left out of it, and why.

    Parameters
    ----------
    reports
        From :func:`symbolscope.check_emergence`, one or more.
    names
        A list, one per sample, all different (each is made a str); "0", "1", ... if not given.

    Raises
    ------
    SymbolscopeError
        If there is no report, something else is among them, or the names do not fit.

    Source: Tables 1 and 2, Figure 5b of 2305.01939, whose scripts drop samples that fail in silence.

    Examples
    --------
    >>> import numpy as np
    >>> games = np.abs(np.random.default_rng(0).normal(size=(20, 64))).cumsum(axis=1)
    >>> summary = summarise_emergence([check_emergence(values) for values in games])
    >>> summary.bound_exact.count + len(summary.bound_exact.left_out)
    20
    """
    given = _listed(reports)
    kept = tuple(report for report in given if isinstance(report, EmergenceReport))
    if not kept or len(kept) < len(given):
        what = ", ".join(sorted({type(one).__name__ for one in given})) or "none"
        raise SymbolscopeError(f"reports must be one or more that check_emergence returned; got {what}")
    return EmergenceSummary(kept, _checked_names(names, len(kept)))


@takes({"seed": Seed(), "progress": Flag(), "on_report": Function()})
def emergence_over(
    values_or_games: GivenSamples,
    *,
    names: GivenNames = None,
    max_order: int | None = None,
    threshold: float = 0.05,
    xi: float = 0.0,
    monotone_tolerance: float | None = None,
    max_calls: int | None = None,
    seed: int = 0,
    progress: bool | None = None,
    on_report: Callable[[EmergenceReport], None] | None = None,
) -> EmergenceSummary:
    """:func:`symbolscope.check_emergence` of every sample, summarised; the reports are ``summary.reports``.

    Parameters
    ----------
    values_or_games
        [samples, 2^n], or a list of games, models or values [2^n].
    names
        As for :func:`summarise_emergence`.
    max_order, threshold, xi, monotone_tolerance, max_calls
        As for :func:`symbolscope.check_emergence`.
    seed
        Each sample has a stream of its own.
    progress
        Show a progress bar over the samples; None shows one where the work is long and a person is watching.
    on_report
        Called with each report once it is finished, such as a list's ``append``: what is done then outlives Ctrl-C.

    Raises
    ------
    SymbolscopeError
        As the two; a sample that is refused is named.
    KeyboardInterrupt
        On Ctrl-C; no report is left half done.

    Examples
    --------
    >>> summary = emergence_over([[0.0, 1.0, 1.0, 4.0], [0.0, 1.0, 1.0, 0.5]], names=["rising", "falling"])
    >>> list(summary.bound_upper.left_out)
    ['falling']

    Random networks of eight inputs, one sample each:

    >>> import numpy as np, symbolscope as sy
    >>> generator = np.random.default_rng(0)
    >>> hidden = np.maximum(sy.all_masks(8) @ generator.normal(size=(25, 8, 16)) + 0.2, 0)
    >>> summary = emergence_over((hidden * np.abs(generator.normal(size=16))).sum(axis=-1))
    >>> summary.monotone_interval[0] < summary.monotone_share < summary.monotone_interval[1]
    True
    """
    if not isinstance(values_or_games, Iterable) or getattr(values_or_games, "ndim", 1) == 0:
        raise SymbolscopeError(
            "emergence_over takes values [samples, 2^n] or a list of games; got one "
            f"{type(values_or_games).__name__}. Type check_emergence(...) for a single sample"
        )
    given = list[object](values_or_games)
    if not given:
        raise SymbolscopeError(
            "emergence_over needs one or more samples, values [samples, 2^n] or a list of games; got none"
        )
    if all(_is_number(one) for one in given):
        raise SymbolscopeError(
            "emergence_over takes values [samples, 2^n] or a list of games; got a row of numbers. Is it one sample? type "
            "sy.check_emergence(values)"
        )
    named = _checked_names(names, len(given))
    reports: list[EmergenceReport] = []
    with ProgressBar(len(given), label="samples", show=progress) as bar:
        for row, (sample, name) in enumerate(zip(given, named, strict=True)):
            try:
                report = check_emergence(
                    sample,  # pyright: ignore[reportArgumentType]  # check_emergence refuses what it cannot use
                    max_order=max_order,
                    threshold=threshold,
                    xi=xi,
                    monotone_tolerance=monotone_tolerance,
                    max_calls=max_calls,
                    seed=stream(seed, "masks of emergence_over", row),
                    progress=False,
                )
            except SymbolscopeError as error:
                raise SymbolscopeError(f"sample {name}: {error}") from None
            reports.append(report)
            if on_report is not None:
                call_users_function("on_report", on_report, report)
            bar.update(row + 1, time.perf_counter())
    return summarise_emergence(reports, names=named)


def _is_number(given: object) -> bool:
    return isinstance(given, int | float | np.number) or getattr(given, "shape", None) == ()


def _checked_names(names: object, count: int) -> tuple[str, ...]:
    given = range(count) if names is None else names
    if isinstance(given, str) or not isinstance(given, Sequence | np.ndarray) or getattr(given, "ndim", 1) == 0:
        raise SymbolscopeError(
            f'names must be a list of {count} different names, such as ["first", "second"]; got {described(given)}'
        )
    chosen = tuple(str(one) for one in list[object](given))
    if len(chosen) != count or len({*chosen}) != count:
        raise SymbolscopeError(
            f"names must be {count} different names, one per sample; got {len(chosen)}, {len({*chosen})} different"
        )
    return chosen


def _listed(given: object) -> list[object]:
    """What was given one by one; a single thing is a list of it."""
    return list[object](cast("Iterable[object]", given)) if is_iterable(given) else [given]
