"""What was found of the conditions under which sparse symbolic interactions must emerge, for one input."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.printable_text import printable
from symbolscope.emergence.theorem import OrderSumDigits

if TYPE_CHECKING:
    import pandas

Interval = tuple[float, float]


@dataclass(frozen=True, eq=False, repr=False)
class EmergenceReport:
    """Conditions, exponents, and salient interactions against their bounds; made by :func:`symbolscope.check_emergence`.

    u(S) = v(S) - v(empty); I(S) are the AND interactions of u; M is ``max_order``. Intervals are 95 % ones, of no width where every
    mask is known, and nan where there is none.

    Attributes
    ----------
    n_players, max_order
        n and M. Arrays over orders k = 1..M have M entries.
    sampled
        False where every mask is known.
    calls
        Distinct masks whose output was used.
    mean_output, mean_output_interval
        ubar(m), the mean of u over the sets of m players, float64 [n + 1]; and [n + 1, 2].
    monotone
        Condition 2: ubar never falls by more than ``monotone_tolerance``; None where sampling cannot tell.
    monotone_tolerance
        In units of the score: rounding alone, unless a share of |u(N)| was asked for.
    largest_drop, largest_drop_at, largest_drop_interval
        Largest ubar(m) - ubar(m + 1) (negative where it rises at every step), its m, and its interval.
    exponent_order1, exponent_order1_at, exponent_order1_interval
        p = max over m >= 2 of ln(ubar(m) / ubar(1)) / ln m, the orders (1, m) it is attained at, and its interval.
    exponent_all, exponent_all_at, exponent_all_interval
        p over all pairs m' < m: condition 3 as it is stated. At least ``exponent_order1``.
    order_sums, order_sums_interval
        A(k) = sum over |S| = k of I(S), float64 [M] and [M, 2].
    eta, eta_interval
        eta(k) = A(k) / sum over |S| = k of |I(S)|, in [-1, 1]; nan where all interactions of the order are 0.
    counts, counts_interval
        R(k), the number of sets of k players with |I(S)| >= ``threshold``, [M] and [M, 2].
    threshold, threshold_share
        tau = threshold_share * max |I(S)| over the sets that are not empty. Sampled: of the largest seen, a lower bound of the
        true.
    n_salient
        Salient interactions of every order, those above M too; nan where sampled.
    strength_by_order
        sum over |S| = k of |I(S)|, float64 [n + 1]; nan for orders that were not looked at.
    share_above
        Condition 1: share of all strength that lies above order M.
    difference_above, difference_above_interval, difference_sets
        Condition 1 looked at another way: mean |Delta_S v(L)| over sets S of M + 1 players and contexts L disjoint from S, over the
        range of v; its interval; and the number of sets (exact) or of pairs of a set and a context (sampled).
    full_output, xi
        u(N), and what it must exceed for the theorem to be applied.
    digits
        Theorem 2's account of the order sums: lambda(k), digits, delta, the bounds on delta for every m0; None where there is none.
    bound_exact_by_order, bound_exact
        Theorem 3's bound on R(k) with the exact delta, [M] and in total. It is Markov's, sum |I(S)| / tau, whatever the conditions.
    bound_upper_by_order, bound_upper
        The same with delta's upper bound. It holds only if the three conditions hold exactly; where interactions above M are small
        instead of absent it can be below the real count.
    reasons
        Name of a number that could not be had, or "conditions" -> why. Empty where all is well.
    seed
        Of sampling; -1 where a generator was given.

    Examples
    --------
    >>> import symbolscope as sy
    >>> from symbolscope.emergence.check_emergence import check_emergence
    >>> report = check_emergence([0.0, 1.0, 1.0, 4.0])
    >>> report.status, report.counts
    ('ok', array([2, 1]))
    """

    n_players: int
    max_order: int
    sampled: bool
    calls: int
    mean_output: NDArray[np.float64]
    mean_output_interval: NDArray[np.float64]
    monotone: bool | None
    monotone_tolerance: float
    largest_drop: float
    largest_drop_at: int
    largest_drop_interval: Interval
    exponent_order1: float
    exponent_order1_at: tuple[int, int]
    exponent_order1_interval: Interval
    exponent_all: float
    exponent_all_at: tuple[int, int]
    exponent_all_interval: Interval
    order_sums: NDArray[np.float64]
    order_sums_interval: NDArray[np.float64]
    eta: NDArray[np.float64]
    eta_interval: NDArray[np.float64]
    counts: NDArray[np.int64] | NDArray[np.float64]
    counts_interval: NDArray[np.float64]
    threshold: float
    threshold_share: float
    n_salient: float
    strength_by_order: NDArray[np.float64]
    share_above: float
    difference_above: float
    difference_above_interval: Interval
    difference_sets: int
    full_output: float
    xi: float
    digits: OrderSumDigits | None
    bound_exact_by_order: NDArray[np.float64]
    bound_upper_by_order: NDArray[np.float64]
    reasons: Mapping[str, str]
    seed: int

    @property
    def status(self) -> str:
        """All ``reasons`` why a number could not be had or the theorem does not apply; "ok" where there are none."""
        return "; ".join(f"{name}: {why}" for name, why in self.reasons.items()) or "ok"

    @property
    def bound_exact(self) -> float:
        """Sum of ``bound_exact_by_order``: never below the number of salient interactions up to order M."""
        return float(self.bound_exact_by_order.sum())

    @property
    def bound_upper(self) -> float:
        """Sum of ``bound_upper_by_order``: a bound only if the conditions hold exactly."""
        return float(self.bound_upper_by_order.sum())

    @property
    def delta(self) -> float:
        """Exact delta of Theorem 2; nan where there is none."""
        return float("nan") if self.digits is None else self.digits.delta

    @property
    def delta_upper(self) -> float:
        """The least of Theorem 2's bounds on delta over all m0; nan where there is none."""
        return float("nan") if self.digits is None else self.digits.delta_upper

    @property
    def applies(self) -> bool:
        """Whether the sample is one the paper's Table 2 counts: monotone for certain, u(N) > xi, and with an exponent p."""
        return self.monotone is True and self.full_output > self.xi and not math.isnan(self.exponent_order1)

    def to_text(self) -> str:
        """The verdict: which conditions hold, both exponents, counts against bounds, and what is not certain."""
        from symbolscope.emergence.verdict import verdict

        return verdict(self)

    def to_frame(self) -> "pandas.DataFrame":
        """One row per order 0..n. Needs pandas.

        Columns: order, mean_output with low and high, order_sum with low and high, strength, eta, count, bound_exact, bound_upper;
        nan where an order has no such number.
        """
        from symbolscope.emergence.frame import frame_of

        n = self.n_players

        def padded(column: NDArray[np.float64] | NDArray[np.int64]) -> NDArray[np.float64]:
            return np.concatenate([[np.nan], column, np.full(n - len(column), np.nan)])

        return frame_of(
            {
                "order": np.arange(n + 1),
                "mean_output": self.mean_output,
                "mean_output_low": self.mean_output_interval[:, 0],
                "mean_output_high": self.mean_output_interval[:, 1],
                "order_sum": padded(self.order_sums),
                "order_sum_low": padded(self.order_sums_interval[:, 0]),
                "order_sum_high": padded(self.order_sums_interval[:, 1]),
                "strength": self.strength_by_order,
                "eta": padded(self.eta),
                "count": padded(self.counts),
                "bound_exact": padded(self.bound_exact_by_order),
                "bound_upper": padded(self.bound_upper_by_order),
            }
        )

    def __repr__(self) -> str:
        return printable(self.to_text(), keep="\n")
