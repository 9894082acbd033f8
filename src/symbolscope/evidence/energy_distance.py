"""How far two sets of states are apart as distributions: the energy distance, and a permutation test of it."""

import numpy as np
from numpy.typing import NDArray

Distances = NDArray[np.float64]

# Energies closer than this share of the distances they are made of are equal but for rounding.
_ROUNDING = 1e-12


def mean_distance(within: Distances) -> float:
    """Mean distance of two different states of one set, from its distance matrix [m, m]; nan for a single state.

    Examples
    --------
    >>> mean_distance(np.array([[0.0, 2.0], [2.0, 0.0]]))
    2.0
    """
    m = len(within)
    return float(within.sum() / (m * (m - 1))) if m > 1 else float("nan")


def energy_distance(between: Distances, within_first: Distances, within_second: Distances) -> float:
    """Energy distance 2 E|X - Y| - E|X - X'| - E|Y - Y'| from distance matrices [m, n], [m, m] and [n, n].

    Means are over pairs of different states (a U-statistic), so the expectation is 0 where the distributions are equal, and the
    estimate may fall below; it is above 0 for any two that differ. nan where a set has a single state.

    Source: Szekely, Rizzo, *Energy statistics: a class of statistics based on distances*, J. Stat. Plann. Inference 143, 2013.

    Examples
    --------
    >>> line = np.array([0.0, 1.0])
    >>> far = line + 10.0
    >>> within = abs(line[:, None] - line)
    >>> energy_distance(abs(line[:, None] - far), within, within)
    18.0
    """
    return 2.0 * float(between.mean()) - mean_distance(within_first) - mean_distance(within_second)


def permutation_p(
    within_first: Distances,
    between: Distances,
    within_second: Distances,
    *,
    first_to_third: NDArray[np.float64],
    second_to_third: NDArray[np.float64],
    n_permutations: int,
    generator: np.random.Generator,
) -> float:
    """Whether the first set is further from a third one than the second is: p-value of its energy distance to the third.

    The two sets are pooled and m of the pool relabelled as the first, at random; p = (1 + number of relabellings with an energy
    distance at least as large) / (1 + n_permutations). It is exact where first and second are exchangeable.

    Parameters
    ----------
    within_first, between, within_second
        Distance matrices [m, m], [m, h] and [h, h].
    first_to_third, second_to_third
        [m] and [h]: mean distance of each state to the states of the third set.
    n_permutations
        Number of relabellings.
    generator
        Draws them.

    Returns
    -------
    p, or nan where the first set has a single state.

    Examples
    --------
    >>> zeros, ones = np.zeros((20, 20)), np.ones((20, 20))
    >>> p = permutation_p(
    ...     zeros, ones, zeros, first_to_third=np.ones(20), second_to_third=np.zeros(20),
    ...     n_permutations=99, generator=np.random.default_rng(0),
    ... )
    >>> p
    0.01
    """
    m, h = between.shape
    if m < 2:
        return float("nan")
    chosen = np.zeros((1 + n_permutations, m + h))
    chosen[:, :m] = 1.0
    chosen[1:] = generator.permuted(chosen[1:], axis=1)  # row 0 are the labels as they are
    first, second = chosen[:, :m], chosen[:, m:]  # [1 + permutations, m] and [.., h]
    # Sum of distances over pairs of chosen states, block by block: no matrix of the whole pool is made.
    pairs = ((first @ within_first) * first).sum(axis=1)
    pairs += 2.0 * ((first @ between) * second).sum(axis=1)
    pairs += ((second @ within_second) * second).sum(axis=1)
    to_third = (first @ first_to_third + second @ second_to_third) / m
    # The spread of the third set is the same for all labels, and left out.
    energies = 2.0 * to_third - pairs / (m * (m - 1))  # [1 + permutations]
    slack = _ROUNDING * float(np.abs(to_third).max())
    return float((1 + (energies[1:] >= energies[0] - slack).sum()) / (1 + n_permutations))
