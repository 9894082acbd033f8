"""The conditions of emergence on the page, over a data set."""

from typing import TYPE_CHECKING

import numpy as np

from symbolscope.report.chart import Chart, Line, across, polyline, upward
from symbolscope.report.figures_section import FiguresSection
from symbolscope.report.numerals import percent, plain, several

if TYPE_CHECKING:
    from symbolscope.emergence.emergence_summary import EmergenceSummary, MeanStd

_TABLE_SAMPLES = 30


def data_set_section(summary: "EmergenceSummary", number: int) -> FiguresSection:
    """Lay out the reports of a data set."""
    reports = summary.reports
    low, high = summary.monotone_interval
    figures: tuple[tuple[str, MeanStd], ...] = (
        ("salient interactions, monotone samples", summary.salient_monotone),
        ("salient interactions, other samples", summary.salient_other),
        ("p of order 1, monotone samples", summary.exponent_order1),
        ("p over all pairs, monotone samples", summary.exponent_all),
        ("salient up to order M, where the theorem applies", summary.salient_count),
        ("bound with the exact delta, the same samples", summary.bound_exact),
        ("bound with delta's upper bound, those of them that have one", summary.bound_upper),
    )
    facts = [
        (
            "monotone samples",
            f"{percent(summary.monotone_share)}, 95 % interval {percent(low)} to {percent(high)}; "
            f"{several(len(summary.undecided), 'sample')} undecided",
        )
    ]
    for name, figure in figures:
        kinds: dict[str, int] = {}
        for why in figure.left_out.values():
            kinds[why.split(":")[0]] = kinds.get(why.split(":")[0], 0) + 1
        missing = "; ".join(f"{count:,} left out: {kind}" for kind, count in kinds.items())
        facts.append((name, f"{figure} ({several(figure.count, 'sample')}{'; ' + missing if missing else ''})"))
    if summary.exceeded:
        facts.append(
            (
                "real count above the upper bound",
                f"{several(len(summary.exceeded), 'sample')}: it is a bound only where the conditions hold exactly",
            )
        )
    return FiguresSection(
        ident=f"data-set-{number}",
        name=f"Conditions over {len(reports):,} samples",
        headline=f"The mean output never falls in {percent(summary.monotone_share)} of {several(len(reports), 'sample')}",
        leads=(
            "Three conditions under which few interactions must be salient, checked on every sample; "
            "none is dropped without its reason.",
            "Nothing was controlled here: check an untrained network of the same architecture on the same samples beside it.",
        ),
        charts=tuple(chart for chart in (_curves(summary), _against_bound(summary)) if chart is not None),
        facts=tuple(facts),
    )


def _curves(summary: "EmergenceSummary") -> Chart | None:
    """Mean output of the samples, each over its own value with all players present, mean and spread over samples."""
    n = summary.reports[0].n_players
    alike = [report for report in summary.reports if report.n_players == n]
    kept = [report for report in alike if report.full_output > 0]
    if not kept:
        return None
    shapes = np.stack([report.mean_output / report.full_output for report in kept])
    mean, std = shapes.mean(axis=0), shapes.std(axis=0)
    low, high = float(min(0.0, (mean - std).min())), float((mean + std).max())
    x, y = across(0.0, float(n)), upward(low, high * 1.05)
    orders = [float(order) for order in range(n + 1)]
    return Chart(
        name="mean-outputs",
        title="Mean output by number of players present, over samples",
        description=(
            f"Mean output over that with all players present, mean and one standard deviation over {several(len(kept), 'sample')} "
            f"whose full output exceeds the empty one ({len(alike) - len(kept):,} do not, "
            f"{len(summary.reports) - len(alike):,} have another number of players: they have no place here)."
        ),
        x=x,
        y=y,
        x_label="m: players present",
        y_label="mean output, share of the full one",
        header=("m", "mean", "standard deviation"),
        rows=tuple((str(order), plain(float(mean[order])), plain(float(std[order]))) for order in range(n + 1)),
        lines=(
            Line(polyline(x, y, orders, mean.tolist()), "line", "mean over samples"),
            Line(polyline(x, y, orders, (mean - std).tolist()), "line dashed", "one standard deviation"),
            Line(polyline(x, y, orders, (mean + std).tolist()), "line dashed"),
        ),
        follows_count=False,
    )


def _against_bound(summary: "EmergenceSummary") -> Chart | None:
    """Salient interactions of each sample, sorted, with both bounds."""
    kept = [report for report in summary.reports if report.applies and np.isfinite(report.bound_exact)]
    if not kept:
        return None
    kept.sort(key=lambda report: float(report.counts.sum()))
    real = [float(report.counts.sum()) for report in kept]
    exact = [report.bound_exact for report in kept]
    upper = [report.bound_upper for report in kept]
    there = [index for index, value in enumerate(upper) if np.isfinite(value)]
    ranks = [float(rank) for rank in range(1, len(kept) + 1)]
    x, y = across(0.0, float(len(kept))), upward(0.5, max(*exact, *(upper[index] for index in there)) * 1.4, log=True)
    every = max(1, -(-len(kept) // _TABLE_SAMPLES))
    return Chart(
        name="against-bound",
        title="Salient interactions of each sample, and their bounds",
        description=(
            f"{several(len(kept), 'sample')} that the theorem applies to, by number of salient interactions: from {real[0]:.0f} to "
            f"{real[-1]:.0f}, against the bound with the exact delta and with its upper bound. Logarithmic scale."
        ),
        x=x,
        y=y,
        x_label="samples, sorted by salient interactions",
        y_label="number of interactions",
        header=("sample", "salient", "bound, exact delta", "bound, delta's upper bound"),
        rows=tuple(
            (str(i + 1), f"{real[i]:.0f}", plain(exact[i]), plain(upper[i])) for i in range(0, len(kept), every)
        ),
        lines=(
            Line(polyline(x, y, ranks, [max(value, 0.5) for value in real]), "line", "salient"),
            Line(polyline(x, y, ranks, exact), "line null", "bound, exact delta (always true)"),
            Line(
                polyline(x, y, [ranks[index] for index in there], [upper[index] for index in there]),
                "line null far",
                "bound, delta's upper bound, where there is one",
            ),
        ),
        follows_count=False,
    )
