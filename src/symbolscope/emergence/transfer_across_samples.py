"""The most frequent interactions of a class as a dictionary, and how much of each sample it holds."""

import numpy as np
from numpy.typing import NDArray

from symbolscope.emergence.effect_table import EffectTable, effect_table
from symbolscope.emergence.interval import Band, bootstrap_band, spread_band
from symbolscope.emergence.random_sets import random_sets
from symbolscope.emergence.transferability import Transferability
from symbolscope.errors import SymbolscopeError
from symbolscope.interactions.model import InteractionModel


def transfer_across_samples(
    models: tuple[InteractionModel, ...],
    *,
    threshold: float,
    k: int | None,
    restarts: int,
    generator: np.random.Generator,
) -> Transferability:
    """The rho(k) of :func:`symbolscope.emergence.transferability`."""
    table = effect_table(models, least=threshold)
    salient = table.salient(threshold)
    kept = salient.any(axis=1)
    if kept.sum() < 2:
        raise SymbolscopeError(
            f"fewer than 2 of {len(models)} samples have a salient interaction, so nothing can transfer between them; look at "
            "the games: is the output the same on all masks?"
        )
    salient = salient[kept]
    sizes = salient.sum(axis=1)
    m = int(salient.any(axis=0).sum())  # all: the table holds salient ones alone
    largest = int(sizes.max()) if k is None else min(k, m)
    # Column m holds nothing: what is not among the known interactions is salient in no sample.
    padded = np.concatenate([salient, np.zeros((len(salient), 1), dtype=np.bool_)], axis=1)
    counts = salient.sum(axis=0)
    shared = np.tile(_most_frequent(counts, largest), (len(salient), 1))
    held_out = np.stack([_most_frequent(counts - own, largest) for own in salient])

    def covered(dictionaries: NDArray[np.int64]) -> NDArray[np.float64]:
        """Share of each sample's interactions in the first k of its dictionary, [samples, K]."""
        found = np.take_along_axis(padded, dictionaries, axis=1)
        return np.cumsum(found, axis=1) / sizes[:, None]

    def control(classes: NDArray[np.int64], possible: dict[int, int]) -> Band:
        replaced = random_sets(classes, possible, draws=restarts, generator=generator)
        renamed = np.concatenate([replaced, np.full((restarts, 1), m)], axis=1)
        means = np.stack([covered(renaming[held_out]).mean(axis=0) for renaming in renamed])
        return spread_band(means.mean(axis=0), means)

    per_sample = covered(held_out)
    listed = shared[0][shared[0] < m]
    return Transferability(
        across="samples",
        at=np.arange(1.0, largest + 1),
        score=bootstrap_band(per_sample, generator, bounds=(0.0, 1.0)),
        own_included=bootstrap_band(covered(shared), generator, bounds=(0.0, 1.0)),
        uniform=control(np.zeros(m, dtype=np.int64), {0: table.universe}),
        matched=control(table.classes, table.class_sizes),
        per_sample=per_sample,
        shares=counts[listed] / len(salient),
        dictionary=tuple(_named(table, models[0].player_names, int(one)) for one in listed),
        without=int((~kept).sum()),
    )


def _most_frequent(counts: NDArray[np.int64], k: int) -> NDArray[np.int64]:
    """Positions of the k largest counts (ties: first in the table), filled with m where fewer occur at all, [k]."""
    m = len(counts)
    order = np.argsort(-counts, kind="stable")
    order = order[counts[order] > 0][:k]
    return np.concatenate([order, np.full(k - len(order), m)]).astype(np.int64)


def _named(table: EffectTable, names: tuple[str, ...], row: int) -> tuple[str, tuple[str, ...]]:
    return "or" if table.is_or[row] else "and", tuple(names[i] for i in np.flatnonzero(table.masks[row]))
