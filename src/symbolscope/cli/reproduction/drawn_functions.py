"""And-Or functions drawn at random, of which the published rule of truth holds for the function itself."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import torch

from symbolscope.cli.reproduction.and_or_function import N_VARIABLES, AndOrFunction, and_or_samples
from symbolscope.games.masks import all_masks
from symbolscope.interactions.transforms import mobius

ENOUGH = 0.97  # what the source reports of networks: a function that scores less itself cannot show it
_SAMPLES = 1_000
_SEED = 987_654  # no network is trained or scored on these


def drawn_functions(seed: int) -> Iterator[AndOrFunction]:
    """ORs of two or three ANDs of two to four of the eight variables, none of which contains another; all equally likely.

    Examples
    --------
    >>> print(next(drawn_functions(0)))
    x1 & x2 & x3 | x1 & x6 | x2 & x3 & x5 & x6
    """
    generator = np.random.default_rng(seed)
    while True:
        conjuncts: list[tuple[int, ...]] = []
        for _ in range(int(generator.integers(2, 4))):
            order = int(generator.integers(2, 5))
            conjuncts.append(tuple(sorted(int(i) for i in generator.choice(N_VARIABLES, order, replace=False))))
        if not any(set(a) <= set(b) or set(b) <= set(a) for a, b in combinations(conjuncts, 2)):
            yield AndOrFunction(tuple(sorted(conjuncts)))


def score_of_itself(function: AndOrFunction, *, baseline: float, samples: int = _SAMPLES) -> float:
    """Intersection over union of the conjuncts true of a sample with as many of the function's own strongest interactions.

    The function takes the network's place: its output is 1 or -1, its hidden variables hold ``baseline``, and its truth is that of
    :meth:`AndOrFunction.truth`. Mean over Gaussian samples that have a true conjunct. Of equal effects the lower order comes first.

    Examples
    --------
    >>> score_of_itself(AndOrFunction(((0, 1), (2, 3, 4, 5))), baseline=-1.0) > score_of_itself(
    ...     AndOrFunction(((0, 1), (0, 2), (0, 3))), baseline=-1.0
    ... )
    True
    """
    masks = all_masks(N_VARIABLES)
    by_order = np.argsort(masks.sum(axis=1), kind="stable")[1:]  # the empty set is no interaction
    places = np.empty(len(masks), dtype=np.int64)
    places[by_order] = np.arange(len(by_order))
    shares: list[float] = []
    for sample in and_or_samples(20 * samples, seed=_SEED):
        true = function.truth(sample)
        if not true:
            continue
        inputs = torch.where(torch.from_numpy(masks), sample, torch.full((N_VARIABLES,), baseline))  # [2^n, n]
        effects = mobius(2.0 * function(inputs).double().numpy() - 1.0)[by_order]
        found = set(np.argsort(-np.abs(effects), kind="stable")[: len(true)].tolist())
        wanted = {int(places[sum(1 << i for i in conjunct)]) for conjunct in true}
        shares.append(len(found & wanted) / len(found | wanted))
        if len(shares) == samples:
            break
    return float(np.mean(shares))
