"""Sums of interactions of each order from the mean outputs of a sample: Lemma 2 the other way round."""

from dataclasses import dataclass
from functools import cached_property
from math import comb

import numpy as np
from numpy.typing import NDArray

# Further orders than the highest that shows, as what is too small to show would otherwise bend the sums of lower orders: with 1 the
# intervals of the highest order fitted held the exact value 88 times in 100 instead of 95.
_MARGIN = 2
_HIGHEST_ORDER = 10
# Strict, because as many orders are tested as there are; a false alarm widens every interval and is itself a sum that is not 0.
_SIGNIFICANT = 0.002
# Weight of an order evaluated in full, relative to the best of those sampled.
_EXACT_WEIGHT = 1e4
# Of the largest output; without any scatter over chains this is all that a sum may be off by.
_ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class OrderFit:
    """A(1..D) such that ubar(m) = sum over k of C(m, k) / C(n, k) A(k), fitted to sampled means by weighted least squares.

    It takes interactions of more than D players to be absent in sum, as condition 1 says; D is two more than the highest order
    whose sum differs significantly from 0 when it is fitted last. Every number is a mean over chains, which are independent, so
    its interval is Student's. Measured coverage: benchmarks/emergence.py.

    Attributes
    ----------
    order_sums
        A(1..D), float64 [D].
    covariance
        Of these sums, [D, D]; 0 for orders known exactly.
    degrees
        Of freedom.
    rounding
        Error of the last order sum from rounding of the outputs alone.
    adequate
        False where even the highest order tried is significant, so the curve is not of low degree and the sums mean nothing.
    """

    n_players: int
    order_sums: NDArray[np.float64]
    covariance: NDArray[np.float64]
    degrees: int
    rounding: float
    adequate: bool

    @property
    def errors(self) -> NDArray[np.float64]:
        """Standard errors, float64 [D]; 0 for orders known exactly."""
        return np.sqrt(np.diag(self.covariance))

    @cached_property
    def design(self) -> NDArray[np.float64]:
        """C(m, k) / C(n, k), float64 [n + 1, D]."""
        return lemma2(self.n_players, len(self.order_sums))

    def draws(self, count: int, generator: np.random.Generator) -> NDArray[np.float64]:
        """Mean outputs of curves as likely as the fitted one, float64 [count, n + 1]."""
        scale, vectors = np.linalg.eigh(self.covariance)
        root = vectors * np.sqrt(np.maximum(scale, 0.0))
        heavy = np.sqrt(self.degrees / generator.chisquare(self.degrees, size=(count, 1)))
        sums = self.order_sums + heavy * (generator.normal(size=(count, len(scale))) @ root.T)
        return sums @ self.design.T


def lemma2(n: int, highest: int) -> NDArray[np.float64]:
    """C(m, k) / C(n, k) for m = 0..n and k = 1..highest, float64 [n + 1, highest]: the share of k-sets inside an m-set.

    Examples
    --------
    >>> lemma2(3, 2)
    array([[0.        , 0.        ],
           [0.33333333, 0.        ],
           [0.66666667, 0.33333333],
           [1.        , 1.        ]])
    """
    return np.array([[comb(m, k) / comb(n, k) for k in range(1, highest + 1)] for m in range(n + 1)])


def fit_order_sums(chains: NDArray[np.float64], known: NDArray[np.float64], exact: dict[int, float]) -> OrderFit:
    """Fit A(k) above the orders that are known.

    Parameters
    ----------
    chains
        u along each chain, float64 [chains, n + 1].
    known
        A(1), ..., A(e), float64 [e].
    exact
        Order -> ubar(m), where every set was evaluated.
    """
    n, first = chains.shape[1] - 1, len(known)
    most = min(_HIGHEST_ORDER, n)
    significant = first
    for degree in range(first + 1, most + 1):
        if _p_value(_fit(chains, known, exact, degree)) < _SIGNIFICANT:
            significant = degree
    degree = max(first, min(significant + _MARGIN, most))
    return _fit(chains, known, exact, degree, adequate=significant < most or most == n)


def _fit(
    chains: NDArray[np.float64],
    known: NDArray[np.float64],
    exact: dict[int, float],
    degree: int,
    *,
    adequate: bool = True,
) -> OrderFit:
    """Weighted least squares as a linear map of each chain, whose scatter over chains then gives the covariance."""
    count, n, first = len(chains), chains.shape[1] - 1, len(known)
    design = lemma2(n, degree)
    sums, covariance = np.zeros(degree), np.zeros((degree, degree))
    sums[:first] = known
    rounding = 0.0
    if degree > first:
        rows = np.arange(first + 1, n + 1)
        held = np.array([m in exact for m in rows.tolist()])
        filled = np.where(held, [exact.get(m, 0.0) for m in rows.tolist()], chains[:, rows])  # [chains, rows]
        variance = filled.var(axis=0, ddof=1)
        largest = float(variance.max())
        weight = 1.0 / np.maximum(variance, 1e-3 * largest) if largest > 0 else np.ones(len(rows))
        weight[held] = _EXACT_WEIGHT * weight.max()
        root = np.sqrt(weight)
        solve = np.linalg.pinv(root[:, None] * design[rows, first:]) * root  # [D - e, rows]
        each = (filled - design[rows, :first] @ known) @ solve.T  # [chains, D - e]
        sums[first:] = each.mean(axis=0)
        rounding = _ROUNDING * float(np.abs(chains).max() * np.linalg.norm(solve[-1]))
        covariance[first:, first:] = np.cov(each, rowvar=False).reshape(degree - first, -1) / count
    return OrderFit(n, sums, covariance, count - 1, rounding, adequate)


def _p_value(fit: OrderFit) -> float:
    from scipy.special import stdtr

    error, value = max(float(fit.errors[-1]), fit.rounding), abs(float(fit.order_sums[-1]))
    if error == 0:
        return 1.0 if value == 0 else 0.0
    return float(2 * stdtr(fit.degrees, -value / error))
