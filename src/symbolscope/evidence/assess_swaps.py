"""Controls for alignments: the same search where there is nothing to be found, as one batched job."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symbolscope.evidence.bootstrap import difference_interval, share_interval
from symbolscope.evidence.divergence import Divergence, divergence
from symbolscope.evidence.faithfulness import Faithfulness, OffTarget, Rival
from symbolscope.evidence.null import Null, restart_seed
from symbolscope.evidence.readings import SwapReading
from symbolscope.variation import Variation

Right = NDArray[np.bool_]

# The rival that may not touch the features found: the same program somewhere else in the state.
DISJOINT = "features elsewhere"


def assess_swaps(
    readings: Sequence[SwapReading],
    nulls: Mapping[Null, str | None],
    *,
    rivals: Mapping[str, tuple[Any, str | None]],
    held_out: Collection[int] | None,
    restarts: int,
    n: int,
    seed: int,
    progress: bool | None,
) -> list[Faithfulness]:
    """Score and controls of alignments; those of one network share the null networks. See :func:`symbolscope.assess`."""
    reports: list[Faithfulness | None] = [None] * len(readings)
    for key in dict.fromkeys(_place(reading) for reading in readings):
        rows = [row for row, reading in enumerate(readings) if _place(reading) == key]
        mine = [readings[row] for row in rows]
        wanted: list[tuple[str, Variation]] = []
        for null in (null for null, why in nulls.items() if why is None):
            for restart in range(restarts):
                wanted.append((null.name, null.variation(mine[0], seed=restart_seed(seed, restart))))
        for name, (program, variable) in rivals.items():
            wanted.append((name, Variation(program=program, variable=variable, seed=seed)))
        per_reading: list[list[tuple[str, Variation]]] = [
            [(name, _for_reading(variation, reading)) for name, variation in wanted] for reading in mine
        ]
        found = _search(mine, per_reading, progress=progress)
        if wanted:
            _search_elsewhere(mine, found, seed=seed, progress=progress)
        for row, reading, refits in zip(rows, mine, found, strict=True):
            reports[row] = _report(reading, refits, nulls, rivals, held_out, restarts, n, seed)
    return [report for report in reports if report is not None]


def _place(reading: SwapReading) -> tuple[int, int, str]:
    """What readings must share to share null networks: a readout is trained for one site."""
    return id(reading.network), id(reading.task), str(reading.site)


def _for_reading(variation: Variation, reading: SwapReading) -> Variation:
    """The rival's own variable where none is given: the one of the same name, or its first."""
    from dataclasses import replace

    if variation.program is None or variation.variable is not None:
        return variation
    names: tuple[str, ...] = getattr(variation.program, "names", ())
    same = [name for name in reading.variables if name in names]
    return replace(variation, variable=same[0] if same else next(iter(names), None))


def _search(
    readings: Sequence[SwapReading], wanted: Sequence[Sequence[tuple[str, Variation]]], *, progress: bool | None
) -> list[list[tuple[str, SwapReading]]]:
    if not wanted[0]:
        return [[] for _ in readings]
    same = all([variation for _, variation in one] == [variation for _, variation in wanted[0]] for one in wanted)
    refit = type(readings[0]).refit_many
    if same:
        found = refit(readings, [variation for _, variation in wanted[0]], progress=progress)
    else:  # rivals have other variables
        found = [
            refit([reading], [variation for _, variation in one], progress=progress)[0]
            for reading, one in zip(readings, wanted, strict=True)
        ]
    names = [name for name, _ in wanted[0]]
    return [list(zip(names, refits, strict=True)) for refits in found]


def _search_elsewhere(
    readings: Sequence[SwapReading], found: list[list[tuple[str, SwapReading]]], *, seed: int, progress: bool | None
) -> None:
    """Add what features apart from those found reach, where the state has room for as many again."""
    rows = [
        row
        for row, reading in enumerate(readings)
        if 2 * reading.costs["features"] <= reading.costs["size of the state"]
    ]
    if rows:
        elsewhere = Variation(features="disjoint", seed=seed)
        refits = type(readings[0]).refit_many([readings[row] for row in rows], [elsewhere], progress=progress)
        for row, (refit,) in zip(rows, refits, strict=True):
            found[row].append((DISJOINT, refit))


def _report(
    reading: SwapReading,
    refits: Sequence[tuple[str, SwapReading]],
    nulls: Mapping[Null, str | None],
    rivals: Mapping[str, tuple[Any, str | None]],
    held_out: Collection[int] | None,
    restarts: int,
    n: int,
    seed: int,
) -> Faithfulness:
    test_seed = seed + 1_000_000_007  # far from the seeds of training pairs
    pairs = [
        reading.pairs(n=n, variable=name, counts=held_out, seed=test_seed + i)
        for i, name in enumerate(reading.variables)
    ]
    own = [reading.iia(one) for one in pairs]
    right = np.concatenate([one.right for one in own])
    floor = np.concatenate([one.floor_right for one in own])
    ceiling = np.concatenate([one.ceiling_right for one in own])
    answers: dict[str, list[Right]] = {}
    floors: dict[str, float] = {}
    for name, refit in refits:
        followed, unswapped = _right(refit, held_out, n, test_seed)
        answers.setdefault(name, []).append(followed)
        floors[name] = float(unswapped.mean())
    score, chance = float(right.mean()), float(floor.mean())
    null_names = [null.name for null, why in nulls.items() if why is None]
    null_scores = {name: tuple(float(one.mean()) for one in answers[name]) for name in null_names}
    best = {name: max(answers[name], key=lambda one: float(one.mean())) for name in null_names}
    competing: dict[str, Rival] = {}
    for name in (*rivals, *((DISJOINT,) if DISJOINT in answers else ())):
        theirs = answers[name][0]
        competing[name] = Rival(
            float(theirs.mean()),
            share_interval(theirs),
            floors[name],
            score - float(theirs.mean()),
            difference_interval(right, theirs),
        )
    corrected = 1.0 - (1.0 - score) / (1.0 - chance) if chance < 1 else float("nan")
    described = ", ".join(reading.variables)
    return Faithfulness(
        subject=f"{described} of {type(reading.program).__name__} in {type(reading.network).__name__}",
        measure=f"IIA over {len(right):,} fresh pairs" + ("" if held_out is None else " of held-out quantities"),
        score=score,
        interval=share_interval(right),
        floor=chance,
        complexity=reading.costs,
        details={"ceiling": float(ceiling.mean()), "chance-corrected": corrected},
        null_scores=null_scores,
        margin={name: score - max(scores) for name, scores in null_scores.items()},
        margin_interval={name: difference_interval(right, theirs) for name, theirs in best.items()},
        rivals=competing,
        skipped={null.name: why for null, why in nulls.items() if why is not None},
        seed=seed,
        restarts=restarts,
        off_target=_off_target(reading, pairs, score),
        divergence=_divergence(reading, pairs, seed),
    )


def _right(refit: SwapReading, held_out: Collection[int] | None, n: int, seed: int) -> tuple[Right, Right]:
    """Which fresh pairs follow the swap, and which would have without."""
    found = [
        refit.iia(refit.pairs(n=n, variable=name, counts=held_out, seed=seed + i))
        for i, name in enumerate(refit.variables)
    ]
    return np.concatenate([one.right for one in found]), np.concatenate([one.floor_right for one in found])


def _off_target(reading: SwapReading, pairs: Sequence[Any], swapped: float) -> OffTarget:
    rest = [reading.rest(one) for one in pairs]
    right = np.concatenate([one.right for one in rest])
    floor = np.concatenate([one.floor_right for one in rest])
    return OffTarget(float(right.mean()), share_interval(right), float(floor.mean()), swapped)


def _divergence(reading: SwapReading, pairs: Sequence[Any], seed: int) -> Divergence:
    found = [reading.states(one) for one in pairs]
    patched, natural = (np.concatenate([one[i].double().cpu().numpy() for one in found]) for i in range(2))
    return divergence(patched, natural, seed=seed)
