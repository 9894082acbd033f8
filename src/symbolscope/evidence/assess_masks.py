"""Controls for interactions: what any network, and any table of the same outputs, would have given."""

from collections.abc import Mapping

import numpy as np

from symbolscope.evidence.bootstrap import r2_interval
from symbolscope.evidence.faithfulness import Faithfulness, Rival
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
    variance = float(np.var(values))
    squared = float(np.mean(error**2))
    score = 1.0 - squared / variance if variance > 0 else float(squared == 0)
    # Sizes are compared between exact splits, the network's and the nulls' alike; of fresh masks between fits of as many calls.
    exact = reading if score == 1.0 or not checked.exhaustive else reading.refit(variation=Variation())
    curves: dict[str, list[AccuracyBySize]] = {"network": [exact.size_curve()]}
    null_scores: dict[str, tuple[float, ...]] = {}
    for null in (null for null, why in nulls.items() if why is None):
        drawn = [
            reading.refit(variation=null.variation(reading, seed=restart_seed(seed, restart)))
            for restart in range(restarts)
        ]
        curves[null.name] = [one.size_curve() for one in drawn]
        null_scores[null.name] = tuple(max(0.0, one.fitted_r2(k)) for one in drawn)
    interval = r2_interval(values, prediction)
    rivals: dict[str, Rival] = {}
    for name, curve in reading.rival_curves().items():
        curves[name] = [curve]
        other = _within(curve, k)
        rivals[name] = Rival(other, (other, other), 0.0, score - other, (interval[0] - other, interval[1] - other))
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
        skipped={null.name: why for null, why in nulls.items() if why is not None},
        seed=seed,
        restarts=restarts,
        sizes=sizes,
        size_ratio={name: _ratio(sizes["network"][0], sizes[name]) for name in null_scores},
        curves={name: tuple(curve.r2 for curve in drawn) for name, drawn in curves.items()},
        alternatives=exact.alternatives(),
    )


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
