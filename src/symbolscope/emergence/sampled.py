"""The report where the masks are too many to know them all."""

import math

import numpy as np
from numpy.typing import NDArray

from symbolscope.emergence.emergence_report import EmergenceReport, Interval
from symbolscope.emergence.exact import Settings, chosen_order, conditions_fail
from symbolscope.emergence.looked_at import order_statistics
from symbolscope.emergence.mean_output import Exponent, exponent_all, exponent_order1, exponents_of
from symbolscope.emergence.monotone_evidence import monotone_evidence
from symbolscope.emergence.order_fit import OrderFit, fit_order_sums
from symbolscope.emergence.output_rounding import output_rounding
from symbolscope.emergence.sampling import Plan, Samples, sample_game, sampled_differences
from symbolscope.games.game import Game

_LEVEL = 0.95
_DRAWS = 1_000
_RISES = 0.975  # of likely curves
_FEWEST_DIFFERENCES = 8
_NONE: Interval = (math.nan, math.nan)


def sampled_report(
    game: Game, plan: Plan, settings: Settings, generator: np.random.Generator, *, progress: bool | None
) -> EmergenceReport:
    """Everything that a sample of masks can tell, with intervals."""
    n = game.n_players
    asked = chosen_order(settings.max_order, n, default=1)
    samples = sample_game(game, plan, generator, progress=progress)
    reasons: dict[str, str] = {}
    rounding = output_rounding(samples.chains.ravel(), game) * max(abs(samples.low), abs(samples.high))
    means, band = mean_intervals(samples)
    known = np.array([samples.interactions[k].sum() for k in range(1, plan.complete + 1)])
    fit = fit_order_sums(samples.chains, known, samples.exact)
    curve, draws = _curves(fit, samples, generator)

    full = samples.exact[n]
    share = settings.monotone_tolerance
    tolerance = rounding if share is None else max(rounding, share * abs(full))
    found = monotone_evidence(samples, tolerance)
    monotone, drop, drop_at = found.monotone, found.drop, found.at
    # A fitted curve may fall where the data do not, so it never says that they do; but it takes all orders together, so it may say
    # that they rise where single steps are too few to tell.
    if monotone is None and fit.adequate and (np.diff(draws, axis=1) >= -tolerance).all(axis=1).mean() >= _RISES:
        monotone = True
    if found.stretch is not None:
        first_m, last_m = found.stretch
        reasons["monotone"] = (
            f"no single step shows it, but from {first_m} to {last_m} players present the mean output falls from "
            f"{means[first_m]:.4g} to {means[last_m]:.4g}"
        )

    if fit.adequate:
        first, first_interval = _exponent(curve, draws, rounding, samples.exact, every=False)
        every, every_interval = _exponent(curve, draws, rounding, samples.exact, every=True)
    else:
        first, first_interval = exponent_order1(means, rounding), _banded_exponent(samples, means, rounding)
        every = Exponent(math.nan, (0, 0), "the mean outputs are too rough for slopes between neighbouring orders")
        every_interval = _NONE
        if (samples.chains == samples.chains[0]).all():
            every = exponent_all(means, rounding)  # nothing but the number of players matters
            every_interval = (every.value, every.value)
    for name, exponent in (("exponent_order1", first), ("exponent_all", every)):
        if exponent.reason != "ok":
            reasons[name] = exponent.reason

    if why := conditions_fail(
        monotone=monotone, drop=drop, drop_at=drop_at, full=full, xi=settings.xi, exponent=first.value
    ):
        reasons["conditions"] = why

    seen = max(samples.interactions)
    fitted = len(fit.order_sums) if fit.adequate else plan.complete
    highest = max(seen, fitted) if settings.max_order is None else asked
    sums, sums_interval = _order_sums(fit, fitted, highest)
    if fitted < highest:
        reasons["order_sums"] = (
            f"of orders above {fitted} they do not show in the mean output"
            if fit.adequate
            else f"above order {fitted}: the mean output is not a polynomial of low degree in the number of players present"
        )
    largest = max(float(np.abs(effects).max()) for effects in samples.interactions.values())
    tau = settings.threshold * largest
    if largest == 0:
        reasons["threshold"] = "no interaction that was looked at differs from 0"
    per_order = order_statistics(samples, n, tau, highest, generator)
    if seen < highest:
        reasons["counts"] = f"no set of more than {seen} players had its interaction computed"
    if rare := [str(k) for k in range(1, min(seen, highest) + 1) if np.isnan(per_order.strength[k])]:
        reasons["eta"] = f"order {', '.join(rare)}: too few of the sampled sets have an interaction"
    reasons["bound_upper"] = reasons["bound_exact"] = (
        "they take every interaction, so every mask; sampling has not seen them all"
    )
    reasons["share_above"] = "it takes every interaction"
    complete = min(plan.complete, highest)
    bounds = np.full(highest, np.nan)
    bounds[:complete] = per_order.strength[1 : complete + 1] / tau if tau > 0 else 0.0

    difference, difference_interval, count = math.nan, _NONE, 0
    width = samples.high - samples.low
    affordable = plan.differences >> (highest + 1)
    if highest < n and width > 0 and affordable >= _FEWEST_DIFFERENCES:
        spread = sampled_differences(game, highest + 1, affordable, generator, progress=progress) / width
        count, difference = affordable, float(spread.mean())
        half = student_quantile(count - 1) * float(spread.std(ddof=1)) / math.sqrt(count)
        if difference == 0:  # what was not seen may be in this share of the differences, each up to 2^M ranges
            half = _unseen(count) * float(1 << highest)
        difference_interval = (max(0.0, difference - half), difference + half)
    else:
        reasons["difference_above"] = (
            f"{_FEWEST_DIFFERENCES} differences of order {highest + 1} take {_FEWEST_DIFFERENCES << (highest + 1):,} calls; "
            f"{plan.differences:,} were kept for them"
        )
    return EmergenceReport(
        n_players=n,
        max_order=highest,
        sampled=True,
        calls=samples.calls + (count << (highest + 1)),
        mean_output=means,
        mean_output_interval=band,
        monotone=monotone,
        monotone_tolerance=tolerance,
        largest_drop=drop,
        largest_drop_at=drop_at,
        largest_drop_interval=found.interval,
        exponent_order1=first.value,
        exponent_order1_at=first.at,
        exponent_order1_interval=first_interval,
        exponent_all=every.value,
        exponent_all_at=every.at,
        exponent_all_interval=every_interval,
        order_sums=sums,
        order_sums_interval=sums_interval,
        eta=per_order.eta,
        eta_interval=per_order.eta_interval,
        counts=per_order.counts,
        counts_interval=per_order.counts_interval,
        threshold=tau,
        threshold_share=settings.threshold,
        n_salient=math.nan,
        strength_by_order=per_order.strength,
        share_above=math.nan,
        difference_above=difference,
        difference_above_interval=difference_interval,
        difference_sets=count,
        full_output=full,
        xi=settings.xi,
        digits=None,
        bound_exact_by_order=bounds,
        bound_upper_by_order=np.full(highest, np.nan),
        reasons=reasons,
        seed=settings.seed,
    )


def student_quantile(degrees: int, tail: float = (1 - _LEVEL) / 2) -> float:
    """Quantile of Student's distribution that leaves ``tail`` above it."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, 1 - tail))


def _unseen(count: int) -> float:
    """Largest share of a population, at 95 %, that ``count`` draws may have missed altogether."""
    return 1 - ((1 - _LEVEL) / 2) ** (1 / count)


def mean_intervals(samples: Samples) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """ubar(m) [n + 1] and its Student intervals [n + 1, 2]: the chains are independent, each of its masks uniform for its order.

    Where all sampled masks of an order give the same, a share of 1 - 0.025^(1 / chains) of that order's masks may still give
    anything between the least and the largest output seen.
    """
    chains = samples.chains
    count = len(chains)
    means = chains.mean(axis=0)
    half = student_quantile(count - 1) * chains.std(axis=0, ddof=1) / math.sqrt(count)
    unseen = _unseen(count)
    same = chains.max(axis=0) == chains.min(axis=0)
    low = means - np.where(same, unseen * (means - (samples.low - samples.empty)), half)
    high = means + np.where(same, unseen * (samples.high - samples.empty - means), half)
    band = np.stack([low, high], axis=1)
    for m, value in samples.exact.items():
        means[m], band[m] = value, value
    return means, band


def _curves(
    fit: OrderFit, samples: Samples, generator: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fitted mean output [n + 1], and as likely ones [draws, n + 1], with what is known exactly in place."""
    curve, draws = fit.design @ fit.order_sums, fit.draws(_DRAWS, generator)
    for m, value in samples.exact.items():
        curve[m], draws[:, m] = value, value
    return curve, draws


def _exponent(
    curve: NDArray[np.float64],
    draws: NDArray[np.float64],
    rounding: float,
    exact: dict[int, float],
    *,
    every: bool,
) -> tuple[Exponent, Interval]:
    """An exponent of the fitted curve, and its percentile interval over as likely curves.

    The largest of many uncertain slopes is too large on average; by as much as the draws exceed the curve they come from the
    lower end is lowered, but not below the slopes between orders that are known exactly.
    """
    found = exponent_all(curve, rounding) if every else exponent_order1(curve, rounding)
    if found.reason != "ok":
        return found, _NONE
    values = exponents_of(draws, rounding, every=every)
    if np.isnan(values).mean() > (1 - _LEVEL) / 2:
        return found, _NONE
    low, high = (float(end) for end in np.nanpercentile(values, [2.5, 97.5]))
    low -= max(0.0, float(np.nanmean(values)) - found.value)
    known = sorted(m for m in exact if m > 0)
    least = max(
        math.log(exact[b] / exact[a]) / math.log(b / a) for a in (known if every else known[:1]) for b in known if a < b
    )
    return found, (min(max(low, least), found.value), max(high, found.value))


def _banded_exponent(samples: Samples, means: NDArray[np.float64], rounding: float) -> Interval:
    """Interval of p from bands that hold at all orders together: wide, but without any model of the curve."""
    count, n = len(samples.chains), len(means) - 1
    half = student_quantile(count - 1, (1 - _LEVEL) / (2 * n)) * samples.chains.std(axis=0, ddof=1) / math.sqrt(count)
    half[list(samples.exact)] = 0.0
    low, high = means - half, means + half
    if low[1] <= rounding or n < 2:
        return _NONE
    m = np.arange(2, n + 1)
    lowest = np.log(np.maximum(low[2:], 1e-300) / low[1]) / np.log(m)
    highest = np.log(np.maximum(high[2:], 1e-300) / low[1]) / np.log(m)
    return float(lowest.max()), float(highest.max())


def _order_sums(fit: OrderFit, fitted: int, highest: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A(k) [M] and intervals [M, 2]; nan above the orders that were fitted."""
    sums, band = np.full(highest, np.nan), np.full((highest, 2), np.nan)
    last = min(fitted, highest)
    sums[:last] = fit.order_sums[:last]
    half = student_quantile(fit.degrees) * fit.errors[:last]
    band[:last] = np.stack([sums[:last] - half, sums[:last] + half], axis=1)
    return sums, band
