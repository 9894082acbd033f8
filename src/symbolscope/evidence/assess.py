"""Controls for a reading: one call, the same for both halves."""

from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from symbolscope.core.argument_checks import Flag, Seed, WholeNumber
from symbolscope.core.checked_call import takes
from symbolscope.core.error_text import error_text
from symbolscope.core.sequence_checks import Anything, ListOf
from symbolscope.errors import SymbolscopeError
from symbolscope.evidence.assess_masks import assess_masks
from symbolscope.evidence.assess_swaps import assess_swaps
from symbolscope.evidence.faithfulness import Faithfulness
from symbolscope.evidence.null import Null
from symbolscope.evidence.nulls import registry
from symbolscope.evidence.readings import MaskReading, SwapReading

_OF_MASKS = ("random-init", "permuted-outputs")
_OF_SWAPS = ("random-init", "random-core", "permuted-outputs")

Nulls = Sequence[str | Null] | None


@takes(
    {
        "restarts": WholeNumber(),
        "n": WholeNumber(most=10_000_000),
        "seed": Seed(),
        "progress": Flag(),
        "held_out": ListOf(WholeNumber(), "whole numbers", ordered=False),
    }
)
def assess(
    reading: MaskReading | SwapReading,
    *,
    nulls: Nulls = None,
    rivals: Sequence[Any] | Mapping[str, Any] = (),
    held_out: Collection[int] | None = None,
    restarts: int = 2,
    n: int = 1_000,
    seed: int = 0,
    store: Any = None,
    executor: Any = None,
    batch_size: Any = None,
    progress: bool | None = None,
) -> Faithfulness:
    """Assess a reading: its score with interval, floor and complexity, the same procedure on nulls, rivals, off-target, divergence.

    Parameters
    ----------
    reading
        What :func:`symbolscope.explain`, :func:`symbolscope.decompose` or :func:`symbolscope.align` returned.
    nulls
        Names in ``symbolscope.evidence.nulls.registry``, or nulls themselves where they need something of yours, such as
        ``ShuffledLabels(train=...)``. None runs the cheap ones that suit the reading; () runs none, and the report says so.
    rivals
        For an alignment: rival programs, each alone or as (program, variable). Rival bases of interactions are always there.
    held_out
        For an alignment: quantities of the trials it is tested on, such as ``task.held_out``; None is those used in training.
    restarts
        Of each null, each from another draw. All scores are kept, and the margin is over the best of them.
    n
        Fresh pairs per variable and score.
    seed
        Of nulls and pairs.
    store, executor, batch_size
        For interactions, as for :func:`symbolscope.explain`: null networks are asked as often as the network itself, and the
        values of each are kept under its own fingerprint, so an interrupted assessment goes on where it stopped.
    progress
        Show a progress bar; None shows one where the work is long and a person is watching.

    Returns
    -------
    Faithfulness. A control that fails while it runs (a network that cannot be drawn or copied, raises, or answers NaN) is left out
    with its reason in ``skipped``; the sentence says so.

    Raises
    ------
    SymbolscopeError
        For an unknown null, one asked for by name that does not suit the reading, rivals that are no programs, or a reading that
        has no network to be measured against; or as :func:`symbolscope.explain` does where the network that was read is asked.

    Source: Sutter et al. (2507.08802) and Heap et al. (2501.17727) for why a score needs a null; Geiger et al. (2301.04709) for the
    words.

    Examples
    --------
    Five interactions in a planted game, and how many it takes once its outputs are permuted:

    >>> import torch, symbolscope as sy
    >>> planted = sy.networks.Planted.random(8, n_and=3, n_or=2, seed=0)
    >>> game = sy.Game(planted, torch.ones(8, dtype=torch.float64), score="output")
    >>> report = assess(sy.explain(game), nulls=("permuted-outputs",))
    >>> report.sizes["network"][0][1], report.size_ratio["permuted-outputs"][0] > 10
    (5, True)
    """
    (report,) = assess_many(
        [reading], nulls=nulls, rivals=rivals, held_out=held_out, restarts=restarts, n=n, seed=seed, store=store,
        executor=executor, batch_size=batch_size, progress=progress,
    )  # fmt: skip
    return report


@takes(
    {
        "restarts": WholeNumber(),
        "n": WholeNumber(most=10_000_000),
        "seed": Seed(),
        "progress": Flag(),
        "held_out": ListOf(WholeNumber(), "whole numbers", ordered=False),
    }
)
def assess_many(
    readings: Sequence[MaskReading | SwapReading],
    *,
    nulls: Nulls = None,
    rivals: Sequence[Any] | Mapping[str, Any] = (),
    held_out: Collection[int] | None = None,
    restarts: int = 2,
    n: int = 1_000,
    seed: int = 0,
    store: Any = None,
    executor: Any = None,
    batch_size: Any = None,
    progress: bool | None = None,
) -> list[Faithfulness]:
    """:func:`assess` for several readings; alignments of one network share the null networks and one batched job.

    Examples
    --------
    >>> import symbolscope as sy
    >>> models = [sy.decompose([0.0, 1.0, 1.0, 4.0]), sy.decompose([0.0, 0.0, 0.0, 1.0])]
    >>> [report.score for report in assess_many(models, nulls=())]
    [1.0, 1.0]
    """
    if restarts < 1 or n < 1:
        raise SymbolscopeError(f"restarts and n must be at least 1; got {restarts} and {n}")
    swaps: list[SwapReading] = []
    masks: list[MaskReading] = []
    readings = ListOf(Anything(), "readings").read("readings", readings)  # pyright: ignore[reportAssignmentType]
    for reading in readings:
        if isinstance(reading, SwapReading) and not isinstance(reading, type):
            swaps.append(reading)
        elif isinstance(reading, MaskReading) and not isinstance(reading, type):  # pyright: ignore[reportUnnecessaryIsInstance]
            masks.append(reading)
        else:
            raise SymbolscopeError(
                "assess takes what sy.explain, sy.decompose or sy.align returned: a reading that predicts, says its complexity "
                f"and can be repeated on another network; got {type(reading).__name__}"
            )
    if not isinstance(rivals, Mapping):
        rivals = ListOf(Anything(), "rival programs").read("rivals", rivals)
    if masks and (rivals or held_out is not None):
        raise SymbolscopeError(
            "rivals and held_out are for alignments; interactions always have their rival bases, and are tested on every mask"
        )
    found: dict[int, Faithfulness] = {}
    if swaps and not (store is None and executor is None and batch_size is None):
        raise SymbolscopeError(
            "store, executor and batch_size are for interactions; alignments swap states in this process"
        )
    named = _named(rivals)
    for group in _by_network(swaps):
        suited = _suited(nulls, _OF_SWAPS, group[0])  # what suits one network may not suit another
        if taken := [null.name for null in suited if null.name in named]:
            raise SymbolscopeError(f"the rival {taken[0]!r} has the name of a null; give it another")
        reports = assess_swaps(
            group,
            suited,
            rivals=named,
            held_out=held_out,
            restarts=restarts,
            n=n,
            seed=seed,
            progress=progress,
        )
        found |= {id(reading): report for reading, report in zip(group, reports, strict=True)}
    for reading in masks:
        suited = _suited(nulls, _OF_MASKS, reading)
        asked = reading.asked_with(store=store, executor=executor, batch_size=batch_size, progress=progress)
        found[id(reading)] = assess_masks(asked, suited, restarts=restarts, seed=seed)
    return [found[id(reading)] for reading in readings]


def check_controls(nulls: Nulls, rivals: Sequence[Any] | Mapping[str, Any]) -> None:
    """Refuse names of nulls and rivals that mean nothing, before the work whose result they are to control.

    Raises
    ------
    SymbolscopeError
        For an unknown null, one that is given twice, or two rivals of one name.
    """
    _chosen(nulls, ())
    _named(rivals)


def _by_network(readings: Sequence[SwapReading]) -> list[list[SwapReading]]:
    groups: dict[tuple[int, int], list[SwapReading]] = {}
    for reading in readings:
        groups.setdefault((id(reading.network), id(reading.task)), []).append(reading)
    return list(groups.values())


def _suited(nulls: Nulls, usual: tuple[str, ...], reading: MaskReading | SwapReading) -> dict[Null, str | None]:
    """Nulls to be run, each with the reason why it cannot be, if it is one that nobody asked for by name."""
    chosen: dict[Null, str | None] = {}
    for null in _chosen(nulls, usual):
        try:
            why = null.unsuited(reading)
        except Exception as error:  # a null of the user's
            chosen[null] = error_text(error)
            continue
        if why is not None and nulls is not None:
            raise SymbolscopeError(f"the null {null.name!r} cannot be run: {why}")
        chosen[null] = why
    return chosen


def _chosen(nulls: Nulls, usual: tuple[str, ...]) -> list[Null]:
    """The nulls named or given, each once."""
    if isinstance(nulls, str):
        raise SymbolscopeError(f"nulls must be a list of names; type nulls=({nulls!r},)")
    listed = usual if nulls is None else ListOf(Anything(), "nulls, by name or made").read("nulls", nulls)
    chosen = [_null(given) for given in listed]  # pyright: ignore[reportArgumentType]
    names = [null.name for null in chosen]
    if len(set(names)) < len(names):
        raise SymbolscopeError(f"each null once; got {', '.join(names)}")
    return chosen


def _null(given: str | Null) -> Null:
    if isinstance(given, Null):
        return given
    if not isinstance(given, str) or given not in registry:  # pyright: ignore[reportUnnecessaryIsInstance]
        near = get_close_matches(str(given)[:100], registry, n=1, cutoff=0.0)
        raise SymbolscopeError(
            f"there is no null {given!r}; did you mean {near[0]!r}? There are: {', '.join(sorted(registry))}"
        )
    return registry[given]()


def _named(rivals: Sequence[Any] | Mapping[str, Any]) -> dict[str, tuple[Any, str | None]]:
    """Rival programs by name, each with the variable to look for, if one is given."""
    if isinstance(rivals, Mapping):
        return {str(name): _pair(given) for name, given in rivals.items()}
    named: dict[str, tuple[Any, str | None]] = {}
    for given in ListOf(Anything(), "rival programs").read("rivals", rivals):
        program, variable = _pair(given)
        name = type(program).__name__ + ("" if variable is None else f" {variable}")
        if name in named:
            raise SymbolscopeError(f"two rivals are called {name!r}; name them: rivals={{'one': ..., 'other': ...}}")
        named[name] = (program, variable)
    return named


def _pair(given: Any) -> tuple[Any, str | None]:
    return (given[0], str(given[1])) if isinstance(given, tuple) and len(given) == 2 else (given, None)
