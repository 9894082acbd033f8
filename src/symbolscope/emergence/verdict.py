"""An emergence report in words."""

import math

from symbolscope.emergence.emergence_report import EmergenceReport, Interval

_BECAUSE = {
    "monotone": "one step that falls",
    "exponent_order1": "p (order 1)",
    "exponent_all": "p (all pairs)",
    "threshold": "tau",
    "conditions": "the theorem",
    "bound_upper": "bound with delta's upper bound",
    "bound_exact": "bound with the exact delta",
    "share_above": "strength above M",
    "difference_above": "differences above M",
    "order_sums": "order sums",
}


def verdict(report: EmergenceReport) -> str:
    """A few lines: conditions, exponents, counts and bounds, what is uncertain or missing."""
    n, most = report.n_players, report.max_order
    how = f"{report.calls:,} masks sampled" if report.sampled else f"all {report.calls:,} masks"
    lines = [f"Emergence of sparse interactions: {_players(n)}, {how}"]
    lines += [
        _line("condition 1", f"no interactions of more than M = {_players(most)}: {_above(report)}"),
        _line("condition 2", f"mean output never falls: {_monotone(report)}"),
        _line("condition 3", f"mean output bounded by m^p: {_exponents(report)}"),
        _line("salient", _salient(report)),
    ]
    if report.sampled:
        lines.append(_line("order sums", _sums(report)))
        rests = "p, sums of sampled orders, and condition 2 where it holds but single steps cannot tell"
        lines.append(_line("rests on", f"a curve of low degree through the mean outputs: {rests}"))
    else:
        lines.append(
            _line(
                "bounds",
                f"{_number(report.bound_exact)} with the exact delta (Markov's sum |I| / tau, always true); "
                f"{_number(report.bound_upper)} with delta's upper bound ({_licence(report)})",
            )
        )
    for name, why in report.reasons.items():
        lead = "does not apply" if name == "conditions" else "not had"
        lines.append(_line(lead, f"{_BECAUSE.get(name, name)}: {why}"))
    return "\n".join(lines)


def _players(count: int) -> str:
    return "1 player" if count == 1 else f"{count} players"


def _line(name: str, text: str) -> str:
    return f"  {name:<15}{text}"


def _above(report: EmergenceReport) -> str:
    if report.max_order == report.n_players:
        return "nothing can lie above, so this asks nothing"
    parts: list[str] = []
    if not math.isnan(report.share_above):
        parts.append(f"{100 * report.share_above:.2g} % of all strength lies above")
    if not math.isnan(report.difference_above):
        share = f"{100 * report.difference_above:.2g}{_percent_span(report)} % of the output's range on average"
        parts.append(f"differences of order {report.max_order + 1} are {share}")
    return "; ".join(parts) or "not known"


def _monotone(report: EmergenceReport) -> str:
    at = report.largest_drop_at
    step = f"{report.largest_drop:.4g} from {at} to {at + 1} players present"
    if report.monotone is None:
        return f"undecided; largest drop seen {step}{_span(report.largest_drop_interval)}"
    if report.monotone:
        within = not report.sampled and report.largest_drop > 0
        return "holds" + (f" within {report.monotone_tolerance:.3g}" if within else "")
    return f"fails, by {step}{_span(report.largest_drop_interval) if report.sampled else ''}"


def _exponents(report: EmergenceReport) -> str:
    if math.isnan(report.exponent_order1) and math.isnan(report.exponent_all):
        return "fails: there is no p"
    first, every = _number(report.exponent_order1), _number(report.exponent_all)
    if report.sampled:
        first += _span(report.exponent_order1_interval)
        every += _span(report.exponent_all_interval)
    return f"p = {first} from order 1, {every} over all pairs of orders"


def _salient(report: EmergenceReport) -> str:
    each = ", ".join(
        f"{k}: {_number(float(count))}{_span(tuple(interval.tolist())) if report.sampled else ''}"
        for k, (count, interval) in enumerate(zip(report.counts, report.counts_interval, strict=True), 1)
    )
    largest = "largest seen, so tau may be too low" if report.sampled else "largest"
    rule = f"|I| >= {report.threshold:.4g} ({100 * report.threshold_share:g} % of the {largest})"
    if report.sampled:
        return f"of {rule}, by order {each}"
    beyond = report.n_salient - float(report.counts.sum())
    more = f", and {beyond:.0f} above M" if beyond > 0 else ""
    return f"{report.counts.sum():,} of {rule}{more}; by order {each}"


def _sums(report: EmergenceReport) -> str:
    return ", ".join(
        f"{k}: {_number(float(total))}{_span(tuple(interval.tolist()))}"
        for k, (total, interval) in enumerate(zip(report.order_sums, report.order_sums_interval, strict=True), 1)
    )


def _licence(report: EmergenceReport) -> str:
    if "conditions" in report.reasons or math.isnan(report.bound_upper):
        return "not a bound here: the conditions do not hold"
    if report.share_above > 0:
        return "no guarantee: interactions above M are small, not absent"
    return "the theorem's"


def _number(value: float) -> str:
    if math.isnan(value):
        return "-"
    return f"{value:,.0f}" if value == round(value) and abs(value) < 1e9 else f"{value:,.4g}"


def _span(interval: Interval) -> str:
    low, high = interval
    return "" if math.isnan(low) or low == high else f" [{_number(low)}, {_number(high)}]"


def _percent_span(report: EmergenceReport) -> str:
    low, high = report.difference_above_interval
    return "" if math.isnan(low) or low == high else f" [{100 * low:.2g}, {100 * high:.2g}]"
