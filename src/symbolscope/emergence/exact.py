"""The report where every mask is known."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from symbolscope.emergence.emergence_report import EmergenceReport
from symbolscope.emergence.high_orders import mean_absolute_difference
from symbolscope.emergence.mean_output import exponent_all, exponent_order1, largest_drop, mean_by_order
from symbolscope.emergence.theorem import OrderSumDigits, order_sum_digits
from symbolscope.errors import SymbolscopeError
from symbolscope.interactions.transforms import mobius
from symbolscope.shapes import Vector


@dataclass(frozen=True)
class Settings:
    """The arguments of :func:`symbolscope.check_emergence`, checked."""

    max_order: int | None
    threshold: float
    xi: float
    monotone_tolerance: float | None
    seed: int


# How far p may be below a whole number for rounding alone, per share of rounding of the outputs: p is a difference of logarithms.
_EXPONENT_PER_ROUNDING = 4.0


@dataclass(frozen=True, eq=False)
class Bounds:
    """Theorem 3 by order, and why what is missing is missing."""

    digits: OrderSumDigits | None
    exact: NDArray[np.float64]
    upper: NDArray[np.float64]
    reasons: dict[str, str]


def exact_report(
    values: Vector, settings: Settings, generator: np.random.Generator, *, calls: int, rounding_share: float
) -> EmergenceReport:
    """Everything from the outputs on all 2^n masks; rounding can make ``rounding_share`` of the largest."""
    size = len(values)
    n = size.bit_length() - 1
    orders = np.bitwise_count(np.arange(size, dtype=np.uint32)).astype(np.int64)
    largest_value = float(np.abs(values).max())
    rounding = rounding_share * largest_value
    u = values - values[0]
    effects = _without_rounding(mobius(u), orders, largest_value)
    sizes = np.abs(effects)
    strength = np.bincount(orders, weights=sizes, minlength=n + 1).astype(np.float64)
    sums = np.bincount(orders, weights=effects, minlength=n + 1).astype(np.float64)
    largest = float(sizes.max())
    tau = settings.threshold * largest
    salient = (sizes >= tau) & (sizes > 0)
    counts = np.bincount(orders[salient], minlength=n + 1).astype(np.int64)
    highest = chosen_order(settings.max_order, n, default=int(orders[salient].max(initial=1)))
    up_to = slice(1, highest + 1)

    mean = mean_by_order(u, orders)
    drop, drop_at = largest_drop(mean)
    full = float(u[-1])
    share = settings.monotone_tolerance
    tolerance = rounding if share is None else max(rounding, share * abs(full))
    monotone = drop <= tolerance
    first, every = exponent_order1(mean, rounding), exponent_all(mean, rounding)
    reasons: dict[str, str] = {}
    if largest == 0:
        reasons["threshold"] = "the output is the same on every mask, so there is no interaction"
    for name, exponent in (("exponent_order1", first), ("exponent_all", every)):
        if exponent.reason != "ok":
            reasons[name] = exponent.reason
    bounds = bound_orders(
        sums[up_to], strength[up_to], tau, n, float(mean[1]), first.value, slack=_EXPONENT_PER_ROUNDING * rounding_share
    )
    reasons |= bounds.reasons
    if why := conditions_fail(
        monotone=monotone, drop=drop, drop_at=drop_at, full=full, xi=settings.xi, exponent=first.value
    ):
        reasons["conditions"] = why

    spread, n_sets, complete = np.zeros(1), 0, True
    if highest < n:
        spread, complete = mean_absolute_difference(values, highest + 1, generator)
        n_sets = len(spread)
        if (width := float(values.max() - values.min())) > 0:
            spread = spread / width
    difference = float(spread.mean())
    half = 0.0 if complete else 1.96 * float(spread.std(ddof=1)) / math.sqrt(n_sets)
    with np.errstate(invalid="ignore"):
        eta = sums[up_to] / strength[up_to]
    total = float(strength[1:].sum())
    return EmergenceReport(
        n_players=n,
        max_order=highest,
        sampled=False,
        calls=calls,
        mean_output=mean,
        mean_output_interval=_point(mean),
        monotone=monotone,
        monotone_tolerance=tolerance,
        largest_drop=drop,
        largest_drop_at=drop_at,
        largest_drop_interval=(drop, drop),
        exponent_order1=first.value,
        exponent_order1_at=first.at,
        exponent_order1_interval=(first.value, first.value),
        exponent_all=every.value,
        exponent_all_at=every.at,
        exponent_all_interval=(every.value, every.value),
        order_sums=sums[up_to],
        order_sums_interval=_point(sums[up_to]),
        eta=eta,
        eta_interval=_point(eta),
        counts=counts[up_to],
        counts_interval=_point(counts[up_to].astype(np.float64)),
        threshold=tau,
        threshold_share=settings.threshold,
        n_salient=float(counts.sum()),
        strength_by_order=strength,
        share_above=float(strength[highest + 1 :].sum()) / total if total > 0 else 0.0,
        difference_above=difference,
        difference_above_interval=(max(0.0, difference - half), difference + half),
        difference_sets=n_sets,
        full_output=full,
        xi=settings.xi,
        digits=bounds.digits,
        bound_exact_by_order=bounds.exact,
        bound_upper_by_order=bounds.upper,
        reasons=reasons,
        seed=settings.seed,
    )


def chosen_order(given: int | None, n: int, *, default: int) -> int:
    """M as asked for, or the default."""
    if given is not None and not 1 <= given <= n:
        raise SymbolscopeError(f"max_order must be 1 to {n}, the number of players; got {given}")
    return default if given is None else given


def bound_orders(
    sums: NDArray[np.float64],
    strength: NDArray[np.float64],
    tau: float,
    n: int,
    mean_first: float,
    exponent: float,
    *,
    slack: float,
) -> Bounds:
    """Theorem 3's bound on the salient interactions of each order, with the exact delta and with its upper bound.

    R(k) <= ubar(1) / (tau |eta(k)|) | lambda(k) n^(p + delta) + sum_i a(k)_i n^i |. With the exact delta the right side is
    |A(k)| / (tau |eta(k)|) = sum over |S| = k of |I(S)| / tau, which also holds where A(k), and with it eta(k), is 0.
    """
    markov = strength / tau if tau > 0 else np.zeros_like(strength)
    missing = np.full_like(markov, np.nan)
    if math.isnan(exponent):
        why = "it takes the exponent p of order 1, which there is none of"
        return Bounds(None, markov, missing, {"bound_upper": why})
    digits = order_sum_digits(sums, n, mean_first=mean_first, exponent=exponent, slack=slack)
    if digits.reason != "ok":
        return Bounds(digits, markov, missing, {"bound_upper": digits.reason})
    grown = np.abs(digits.order_sums(digits.delta_upper))
    there = sums != 0
    # An order whose effects cancel exactly has no part in delta: its bound stays Markov's.
    upper = np.where(there, markov * grown / np.where(there, np.abs(sums), 1.0), markov)
    return Bounds(digits, markov, upper, {})


def conditions_fail(
    *, monotone: bool | None, drop: float, drop_at: int, full: float, xi: float, exponent: float
) -> str:
    """Why the theorem does not apply to this input; empty where it does."""
    why: list[str] = []
    if monotone is None:
        why.append("sampling cannot tell whether the mean output is monotone")
    elif not monotone:
        why.append(
            f"the mean output is not monotone: it falls by {drop:.4g} from {drop_at} to {drop_at + 1} players present"
        )
    if full <= xi:
        why.append(f"u(N) = {full:.4g} is not above xi = {xi:.4g}")
    if math.isnan(exponent):
        why.append("there is no exponent p")
    return ", and ".join(why)


def _without_rounding(effects: Vector, orders: NDArray[np.int64], largest_value: float) -> Vector:
    """Effects that rounding of the outputs alone can make are 0: independent errors e of outputs make 2^(|S| / 2) e of I(S)."""
    limit = 4 * np.finfo(np.float64).eps * largest_value * 2.0 ** (orders / 2)
    return np.where(np.abs(effects) > limit, effects, 0.0)


def _point(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Intervals of no width, [..., 2]."""
    return np.stack([values, values], axis=1)
