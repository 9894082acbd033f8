"""Controls for interactions: what any network, and any table of the same outputs, would have given."""

from collections.abc import Mapping
from functools import partial

import numpy as np

from symbolscope.errors import SymbolscopeError
from symbolscope.evidence.bootstrap import r2_interval
from symbolscope.evidence.faithfulness import ALTERNATIVES, RIVALS, Faithfulness, Rival
from symbolscope.evidence.left_out import Controls, finite_score
from symbolscope.evidence.null import Null, restart_seed
from symbolscope.evidence.readings import AccuracyBySize, MaskReading
from symbolscope.variation import Variation

LEVELS = (0.9, 0.99)


def assess_masks(reading: MaskReading, nulls: Mapping[Null, str | None], *, restarts: int, seed: int) -> Faithfulness:
    """Score and controls of one model of masked inputs; see :func:`symbolscope.assess`.

    Raises
    ------
    SymbolscopeError
        If the network's output is not known on every mask and there is no game to ask for others.
    """
    checked = reading.checked()
    values, prediction, k = checked.values, checked.prediction, reading.complexity
    error = values - prediction
    with np.errstate(over="ignore", invalid="ignore"):
        variance = float(np.var(values))
        squared = float(np.mean(error**2))
    if not np.isfinite([variance, squared]).all():
        raise SymbolscopeError(
            f"outputs of up to {np.abs(values).max():.3g} have no finite variance, so there is no R^2; rescale the score, such as "
            "score=lambda output: output / 1e200"
        )
    score = 1.0 - squared / variance if variance > 0 else float(squared == 0)
    controls = Controls({null.name: why for null, why in nulls.items() if why is not None})
    wanted = [null for null, why in nulls.items() if why is None]
    # Sizes are compared between exact splits, the network's and the nulls' alike; of fresh masks between fits of as many calls.
    exact: MaskReading | None = reading
    if score != 1.0 and checked.exhaustive:
        exact = controls.run("exact split", lambda: reading.refit(variation=Variation()))
    if exact is None:
        why = f"sizes are compared with the network's own exact split, which failed: {controls.left_out['exact split']}"
        controls.leave_out([null.name for null in wanted], why)
        exact, wanted = reading, []
    curves: dict[str, list[AccuracyBySize]] = {"network": [exact.size_curve()]}
    null_scores: dict[str, tuple[float, ...]] = {}
    for null in wanted:
        drawn = controls.run(null.name, partial(_restarts, reading, null, k, restarts, seed))
        if drawn is not None:
            null_scores[null.name] = tuple(one for one, _ in drawn)
            curves[null.name] = [curve for _, curve in drawn]
    interval = r2_interval(values, prediction, drawn=not checked.exhaustive)
    rivals: dict[str, Rival] = {}
    for name, curve in (controls.run(RIVALS, reading.rival_curves) or {}).items():
        curves[name] = [curve]
        other = _within(curve, k)
        rivals[name] = Rival(other, (other, other), 0.0, score - other, (interval[0] - other, interval[1] - other))
    alternatives = controls.run(ALTERNATIVES, exact.alternatives)
    sizes = {
        name: tuple((curve.count_for(LEVELS[0]), curve.count_for(LEVELS[1])) for curve in drawn)
        for name, drawn in curves.items()
    }
    margin = {name: score - max(scores) for name, scores in null_scores.items()}
    return Faithfulness(
        subject=f"{k:,} interaction{'' if k == 1 else 's'} of {reading.n_players} player{'' if reading.n_players == 1 else 's'}",
        measure=f"R^2 over {checked.described}",
        score=score,
        interval=interval,
        floor=0.0,
        complexity=reading.costs,
        details={"unfaithfulness": squared, "largest error": float(np.abs(error).max())},
        null_scores=null_scores,
        margin=margin,
        margin_interval={
            name: (interval[0] - max(scores), interval[1] - max(scores)) for name, scores in null_scores.items()
        },
        rivals=rivals,
        skipped=controls.left_out,
        seed=seed,
        restarts=restarts,
        sizes=sizes,
        size_ratio={name: _ratio(sizes["network"][0], sizes[name]) for name in null_scores},
        curves={name: tuple(curve.r2 for curve in drawn) for name, drawn in curves.items()},
        alternatives=alternatives,
    )


def _restarts(reading: MaskReading, null: Null, k: int, restarts: int, seed: int) -> list[tuple[float, AccuracyBySize]]:
    """Score at the reading's size, and accuracy at every size, of each restart of a null: all of them or none.

    The margin is over the best of a given number of restarts, so a null of which some failed would be easier to beat.
    """
    found: list[tuple[float, AccuracyBySize]] = []
    for restart in range(restarts):
        drawn = reading.refit(variation=null.variation(reading, seed=restart_seed(seed, restart)))
        curve = drawn.size_curve()
        if not np.isfinite(curve.r2).all():
            raise SymbolscopeError("its outputs overflow, so the sizes of its splits cannot be compared")
        found.append((max(0.0, finite_score(drawn.fitted_r2(k))), curve))
    return found


def _within(curve: AccuracyBySize, k: int) -> float:
    """The best that at most k terms give; no term at all leaves the mean output."""
    return max(0.0, float(np.max(curve.r2[: k + 1])))


def _ratio(
    own: tuple[int | None, int | None], others: tuple[tuple[int | None, int | None], ...]
) -> tuple[float, float]:
    """Terms that the most favourable restart takes over those of the network, at each level."""
    found: list[float] = []
    for level in range(len(LEVELS)):
        mine = own[level]
        theirs = [one[level] for one in others]
        least = min((count for count in theirs if count is not None), default=None)
        if mine is None or least is None:
            found.append(float("nan"))
        else:
            found.append(1.0 if mine == least else least / max(mine, 1))  # no term at all is as many as no term
    return found[0], found[1]
