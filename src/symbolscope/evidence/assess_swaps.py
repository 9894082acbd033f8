"""Controls for alignments: the same search where there is nothing to be found, as one batched job."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from symbolscope.core.random_streams import small_seed, stream
from symbolscope.errors import SymbolscopeError
from symbolscope.evidence.bootstrap import difference_interval, share_interval
from symbolscope.evidence.divergence import Divergence, divergence
from symbolscope.evidence.faithfulness import DIVERGENCE, ELSEWHERE, OFF_TARGET, Faithfulness, OffTarget, Rival
from symbolscope.evidence.left_out import Controls
from symbolscope.evidence.null import Null, restart_seed
from symbolscope.evidence.readings import SwapReading
from symbolscope.variation import Variation

Right = NDArray[np.bool_]
# A network that answers so many trials right has learned a task; and what counts as no more than a floor.
_ANSWERS, _NO_MORE = 0.99, 0.05

Wanted = tuple[str, Variation]  # a control's name and what it changes


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
    unsuited = {null.name: why for null, why in nulls.items() if why is not None}
    for key in dict.fromkeys(_place(reading) for reading in readings):
        rows = [row for row, reading in enumerate(readings) if _place(reading) == key]
        mine = [readings[row] for row in rows]
        shared = Controls(unsuited)
        wanted: list[Wanted] = []
        for null in (null for null, why in nulls.items() if why is None):
            drawn = shared.run(null.name, partial(_drawn, null, mine[0], restarts, seed))
            wanted.extend((null.name, variation) for variation in drawn or ())
        for name, (program, variable) in rivals.items():
            wanted.append(
                (name, Variation(program=program, variable=variable, seed=small_seed(seed, "search for a rival")))
            )
        found = _search(mine, wanted, shared, progress=progress)
        if wanted:
            _search_elsewhere(mine, found, shared, seed=seed, progress=progress)
        for row, reading, refits in zip(rows, mine, found, strict=True):
            controls = Controls(shared.left_out)
            reports[row] = _report(reading, refits, controls, nulls, rivals, held_out, restarts, n, seed)
    return [report for report in reports if report is not None]


def _drawn(null: Null, reading: SwapReading, restarts: int, seed: int) -> list[Variation]:
    """Every restart of a null, or none: a margin over fewer would be easier to have."""
    drawn = [null.variation(reading, seed=restart_seed(seed, restart)) for restart in range(restarts)]
    for network in (one.network for one in drawn if null.must_answer):
        assert isinstance(network, nn.Module)
        right, asked = reading.learned(network)
        if right < asked:
            raise SymbolscopeError(
                f"its own network answers {right:.1%} of the trials right, below {asked:.0%}: it has not learned the task, so that "
                "nothing is found there would say nothing"
            )
    return drawn


def _is_trivial(score: float, floor: float, right: float) -> bool:
    """Whether a null's network has not learned the task and its IIA is no more than that alone explains."""
    return right < _ANSWERS and score <= max(floor, right) + _NO_MORE


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
    readings: Sequence[SwapReading], wanted: Sequence[Wanted], controls: Controls, *, progress: bool | None
) -> list[list[tuple[str, SwapReading]]]:
    """All searches as one batched job; where it fails, each control in a job of its own, so that one takes no other with it.

    A rival that is no program of the task is the caller's mistake, and is refused.
    """
    if not wanted:
        return [[] for _ in readings]
    try:
        return _batched(readings, wanted, progress=progress)
    except Exception:
        names = list(dict.fromkeys(name for name, _ in wanted))
        found: list[list[tuple[str, SwapReading]]] = [[] for _ in readings]
        for name in names:
            own = [one for one in wanted if one[0] == name]
            if own[0][1].program is not None:
                refits: list[list[tuple[str, SwapReading]]] | None = _rival(readings, own, controls, progress=progress)
            else:
                refits = controls.run(name, partial(_batched, readings, own, progress=progress))
            for row, more in enumerate(refits or ()):
                found[row].extend(more)
        return found


def _rival(
    readings: Sequence[SwapReading], wanted: Sequence[Wanted], controls: Controls, *, progress: bool | None
) -> list[list[tuple[str, SwapReading]]] | None:
    refused: list[SymbolscopeError] = []

    def searched() -> list[list[tuple[str, SwapReading]]] | None:
        try:
            return _batched(readings, wanted, progress=progress)
        except SymbolscopeError as error:
            refused.append(error)
            return None

    found = controls.run(wanted[0][0], searched)
    if refused:
        raise refused[0]
    return found


def _batched(
    readings: Sequence[SwapReading], wanted: Sequence[Wanted], *, progress: bool | None
) -> list[list[tuple[str, SwapReading]]]:
    per_reading = [[_for_reading(variation, reading) for _, variation in wanted] for reading in readings]
    refit = type(readings[0]).refit_many
    if all(one == per_reading[0] for one in per_reading):
        found = refit(readings, per_reading[0], progress=progress)
    else:  # rivals have other variables
        found = [
            refit([reading], one, progress=progress)[0] for reading, one in zip(readings, per_reading, strict=True)
        ]
    names = [name for name, _ in wanted]
    return [list(zip(names, refits, strict=True)) for refits in found]


def _search_elsewhere(
    readings: Sequence[SwapReading],
    found: list[list[tuple[str, SwapReading]]],
    controls: Controls,
    *,
    seed: int,
    progress: bool | None,
) -> None:
    """Add what features apart from those found reach, where the state has room for as many again."""
    rows = [
        row
        for row, reading in enumerate(readings)
        if 2 * reading.costs["features"] <= reading.costs["size of the state"]
    ]
    if not rows:
        return
    elsewhere = Variation(features="disjoint", seed=small_seed(seed, "search elsewhere in the state"))
    refit = partial(type(readings[0]).refit_many, [readings[row] for row in rows], [elsewhere], progress=progress)
    for row, (one,) in zip(rows, controls.run(ELSEWHERE, refit) or (), strict=False):
        found[row].append((ELSEWHERE, one))


def _report(
    reading: SwapReading,
    refits: Sequence[tuple[str, SwapReading]],
    controls: Controls,
    nulls: Mapping[Null, str | None],
    rivals: Mapping[str, tuple[Any, str | None]],
    held_out: Collection[int] | None,
    restarts: int,
    n: int,
    seed: int,
) -> Faithfulness:
    pairs = [
        reading.pairs(n=n, variable=name, counts=held_out, seed=_of_the_test(seed, i))
        for i, name in enumerate(reading.variables)
    ]
    own = [reading.iia(one) for one in pairs]
    right = np.concatenate([one.right for one in own])
    floor = np.concatenate([one.floor_right for one in own])
    ceiling = np.concatenate([one.ceiling_right for one in own])
    answers: dict[str, list[Right]] = {}
    floors: dict[str, float] = {}
    accuracy: dict[str, tuple[float, ...]] = {}
    for name in dict.fromkeys(name for name, _ in refits):
        own_refits = [refit for other, refit in refits if other == name]
        tested = controls.run(name, partial(_tested, own_refits, held_out, n, seed))
        if tested is not None:
            answers[name] = [followed for followed, _ in tested]
            floors[name] = float(tested[-1][1].mean())
            if all(refit.network is not reading.network for refit in own_refits):
                accuracy[name] = tuple(refit.network_accuracy for refit in own_refits)
    score, chance = float(right.mean()), float(floor.mean())
    null_names = [null.name for null in nulls if null.name in answers]
    null_scores = {name: tuple(float(one.mean()) for one in answers[name]) for name in null_names}
    best = {name: max(answers[name], key=lambda one: float(one.mean())) for name in null_names}
    competing: dict[str, Rival] = {}
    for name in (one for one in (*rivals, ELSEWHERE) if one in answers):
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
    off_target = controls.run(OFF_TARGET, lambda: _off_target(reading, pairs, score))
    moved = controls.run(DIVERGENCE, lambda: _divergence(reading, pairs, seed))
    return Faithfulness(
        subject=f"{described} of {type(reading.program).__name__} in {type(reading.network).__name__}",
        measure=f"IIA over {len(right):,} fresh pairs" + ("" if held_out is None else " of held-out quantities"),
        score=score,
        interval=share_interval(right),
        floor=chance,
        complexity=reading.costs,
        details={"ceiling": max(float(ceiling.mean()), score), "chance-corrected": corrected},
        null_scores=null_scores,
        null_accuracy={name: accuracy[name] for name in null_names if name in accuracy},
        trivial=tuple(
            name
            for name in null_names
            if name in accuracy and _is_trivial(max(null_scores[name]), floors[name], max(accuracy[name]))
        ),
        margin={name: score - max(scores) for name, scores in null_scores.items()},
        margin_interval={name: difference_interval(right, theirs) for name, theirs in best.items()},
        rivals=competing,
        skipped=controls.left_out,
        seed=seed,
        restarts=restarts,
        off_target=off_target,
        divergence=moved,
    )


def _tested(
    refits: Sequence[SwapReading], held_out: Collection[int] | None, n: int, seed: int
) -> list[tuple[Right, Right]]:
    return [_right(refit, held_out, n, seed) for refit in refits]


def _right(refit: SwapReading, held_out: Collection[int] | None, n: int, seed: int) -> tuple[Right, Right]:
    """Which fresh pairs follow the swap, and which would have without."""
    found = [
        refit.iia(refit.pairs(n=n, variable=name, counts=held_out, seed=_of_the_test(seed, i)))
        for i, name in enumerate(refit.variables)
    ]
    return np.concatenate([one.right for one in found]), np.concatenate([one.floor_right for one in found])


def _of_the_test(seed: int, variable: int) -> np.random.Generator:
    """What the fresh pairs of one variable are drawn from: the same for the reading and for every control."""
    return stream(seed, "test pairs of assess", variable)


def _off_target(reading: SwapReading, pairs: Sequence[Any], swapped: float) -> OffTarget:
    rest = [reading.rest(one) for one in pairs]
    right = np.concatenate([one.right for one in rest])
    floor = np.concatenate([one.floor_right for one in rest])
    return OffTarget(float(right.mean()), share_interval(right), float(floor.mean()), swapped)


def _divergence(reading: SwapReading, pairs: Sequence[Any], seed: int) -> Divergence:
    found = [reading.states(one) for one in pairs]
    patched, natural = (np.concatenate([one[i].double().cpu().numpy() for one in found]) for i in range(2))
    return divergence(patched, natural, seed=seed)
