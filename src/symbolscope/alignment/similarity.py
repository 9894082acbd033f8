"""Representational similarity of two sets of states: CKA and RSA, the correlational baselines of model-to-model alignment."""

import numpy as np
from numpy.typing import NDArray

from symbolscope.errors import SymbolscopeError

States = NDArray[np.float64]


def linear_cka(first: States, second: States) -> float:
    """Linear centred kernel alignment of states of the same runs in two networks.

        CKA = |Y'X|^2 / (|X'X| |Y'Y|)   (Frobenius norms, columns centred)

    0 for unrelated states, 1 for states equal up to rotation and scale. High values do not mean that one network's state can
    take the place of the other's.

    Parameters
    ----------
    first, second
        float [m, d1] and [m, d2]: row i of both belongs to the same run and step.

    Source: Kornblith et al., arXiv 1905.00414, section 3.

    Examples
    --------
    >>> states = np.random.default_rng(0).normal(size=(50, 4))
    >>> rotation = np.linalg.qr(np.random.default_rng(1).normal(size=(4, 4)))[0]
    >>> round(linear_cka(states, 3 * states @ rotation), 6)
    1.0
    >>> linear_cka(states, np.random.default_rng(2).normal(size=(50, 4))) < 0.3
    True
    """
    x, y = _centred(first, second)
    norms = np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y)
    return float(np.linalg.norm(y.T @ x) ** 2 / norms) if norms > 0 else 0.0


def representational_similarity(first: States, second: States) -> float:
    """Spearman correlation of the pairwise cosine dissimilarities of states in two networks (RSA).

    Parameters
    ----------
    first, second
        float [m, d1] and [m, d2]: row i of both belongs to the same run and step. Columns are standardised first.

    Source: Kriegeskorte, Mur, Bandettini, Frontiers in Systems Neuroscience 2008.

    Examples
    --------
    >>> states = np.random.default_rng(0).normal(size=(50, 4))
    >>> representational_similarity(states, 2 * states)
    1.0
    """
    from scipy.stats import rankdata

    x, y = _centred(first, second)
    above = np.triu_indices(len(x), 1)
    dissimilar = [1.0 - _cosines(states)[above] for states in (x, y)]
    ranks = [np.asarray(rankdata(one), dtype=np.float64) for one in dissimilar]
    if min(float(one.std()) for one in ranks) == 0.0:
        return 0.0  # states all alike, or all unlike in one and the same way
    return round(float(np.corrcoef(ranks[0], ranks[1])[0, 1]), 12)


def _centred(first: States, second: States) -> tuple[States, States]:
    if first.ndim != 2 or second.ndim != 2 or len(first) != len(second) or len(first) < 3:
        raise SymbolscopeError(
            f"two arrays of states [m, d1] and [m, d2] of the same m >= 3 runs are needed; got {first.shape} and {second.shape}"
        )
    return first - first.mean(axis=0), second - second.mean(axis=0)


def _cosines(states: States) -> States:
    scaled = states / np.maximum(states.std(axis=0), 1e-12)
    scaled = scaled / np.maximum(np.linalg.norm(scaled, axis=1, keepdims=True), 1e-12)
    return scaled @ scaled.T
