"""How many of a network's salient interactions are salient in another network on the same sample."""

import numpy as np
from numpy.typing import NDArray

from symbolscope.emergence.effect_table import effect_table
from symbolscope.emergence.interval import Band, bootstrap_band, spread_band
from symbolscope.emergence.random_sets import random_sets
from symbolscope.emergence.transferability import Transferability
from symbolscope.errors import SymbolscopeError
from symbolscope.interactions.model import InteractionModel


def transfer_across_networks(
    first: tuple[InteractionModel, ...],
    second: tuple[InteractionModel, ...],
    *,
    thresholds: tuple[float, ...],
    other_threshold: float,
    restarts: int,
    generator: np.random.Generator,
) -> Transferability:
    """The gamma of :func:`symbolscope.emergence.transferability`."""
    n = len(first)
    table = effect_table([*first, *second], least=[min(thresholds)] * n + [other_threshold] * n)
    explained = np.stack([table.salient(one, slice(0, n)) for one in thresholds])  # [t, samples, m]
    other = table.salient(other_threshold, slice(n, 2 * n))
    kept = explained.any(axis=(0, 2))
    if not kept.any():
        raise SymbolscopeError(
            f"none of the {n} samples has a salient interaction in the first network, so nothing can transfer; look at the games: "
            "is the output the same on all masks?"
        )
    explained, other = explained[:, kept], other[kept]
    sizes = explained.sum(axis=2)  # at least 1: the strongest is salient at every threshold
    m = other.shape[1]

    def shared(sets: NDArray[np.bool_]) -> NDArray[np.float64]:
        return ((explained & sets).sum(axis=2) / sizes).T  # [samples, t]

    def control(classes: NDArray[np.int64], possible: dict[int, int]) -> Band:
        means: list[NDArray[np.float64]] = []
        for renaming in random_sets(classes, possible, draws=restarts, generator=generator):
            renamed = np.zeros((len(other), m + 1), dtype=np.bool_)
            renamed[:, renaming] = other  # several land in column m, which is cut off
            means.append(shared(renamed[:, :m]).mean(axis=0))
        draws = np.stack(means)
        return spread_band(draws.mean(axis=0), draws)

    per_sample = shared(other)
    return Transferability(
        across="networks",
        at=np.array(thresholds),
        score=bootstrap_band(per_sample, generator, bounds=(0.0, 1.0)),
        uniform=control(np.zeros(m, dtype=np.int64), {0: table.universe}),
        matched=control(table.classes, table.class_sizes),
        per_sample=per_sample,
        without=int((~kept).sum()),
    )
