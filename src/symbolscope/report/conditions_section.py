"""The conditions of emergence on the page, of one input."""

import math
from typing import TYPE_CHECKING

import numpy as np

from symbolscope.emergence.verdict import verdict
from symbolscope.report.chart import Block, Chart, Line, across, polyline, upward
from symbolscope.report.figures_section import FiguresSection
from symbolscope.report.numerals import plain, several

if TYPE_CHECKING:
    from symbolscope.emergence.emergence_report import EmergenceReport


def conditions_section(report: "EmergenceReport", number: int) -> FiguresSection:
    """Lay out the report of one input; ``number`` makes its id unique in the page."""
    facts = tuple((line[:17].strip(), line[17:].strip()) for line in verdict(report).splitlines()[1:])
    how = f"{report.calls:,} sampled masks" if report.sampled else f"all {report.calls:,} masks"
    charts = [_mean_output(report)]
    if np.isfinite(report.counts).all() and np.isfinite(report.bound_exact_by_order).all():
        charts.append(_counts(report))
    return FiguresSection(
        ident=f"conditions-{number}",
        name=f"Conditions {number}",
        headline=_headline(report),
        leads=(
            "Three conditions under which few interactions must be salient, "
            f"on one input of {several(report.n_players, 'player')}, from {how}.",
            "An untrained network can meet them too: they say when sparsity follows, not that something was learned.",
        ),
        charts=tuple(charts),
        facts=facts,
    )


def _headline(report: "EmergenceReport") -> str:
    second = {
        True: "The mean output never falls",
        False: "The mean output falls",
        None: "Whether the mean output falls is open",
    }
    p = report.exponent_order1
    third = (
        "and no exponent p bounds it"
        if math.isnan(p)
        else f"and is bounded with p = {p:.2f} ({report.exponent_all:.2f} over all pairs)"
    )
    return f"{second[report.monotone]} as players appear, {third}"


def _mean_output(report: "EmergenceReport") -> Chart:
    n = report.n_players
    ends = report.mean_output_interval
    low = min(0.0, float(np.nanmin(report.mean_output)), float(np.nanmin(ends, initial=0.0)))
    high = max(float(np.nanmax(report.mean_output)), float(np.nanmax(ends, initial=0.0)), low + 1e-12)
    x, y = across(0.0, float(n)), upward(low, high + 0.05 * (high - low))
    orders = [float(order) for order in range(n + 1)]
    lines = [Line(polyline(x, y, orders, report.mean_output.tolist()), "line", "mean output")]
    if report.sampled:
        lines += [
            Line(polyline(x, y, orders, ends[:, side].tolist()), "line dashed", "95 % interval" if side else "")
            for side in (0, 1)
        ]
    p = report.exponent_order1
    if not math.isnan(p) and report.mean_output[1] > 0:
        # From one player on: a power below 0 has no value at 0.
        bound = {order: float(report.mean_output[1]) * order**p for order in orders[1:]}
        inside = [order for order, value in bound.items() if value <= high * 1.05]
        lines.append(
            Line(
                polyline(x, y, inside, [bound[order] for order in inside]),
                "line null",
                f"m^{p:.2f} times its value at m = 1",
            )
        )
    return Chart(
        name="mean-output",
        title="Mean output by number of players present",
        description=(
            f"Mean of v(S) - v(empty) over the sets of m players, from {plain(float(report.mean_output[0]))} at none to "
            f"{plain(float(report.mean_output[-1]))} with all."
        ),
        x=x,
        y=y,
        x_label="m: players present",
        y_label="mean output above the empty input",
        header=("m", "mean output", "95 % interval"),
        rows=tuple(
            (str(order), plain(float(report.mean_output[order])), _span(float(ends[order, 0]), float(ends[order, 1])))
            for order in range(n + 1)
        ),
        lines=tuple(lines),
        follows_count=False,
    )


def _counts(report: "EmergenceReport") -> Chart:
    bounds = report.bound_exact_by_order
    top = max(float(bounds.max(initial=1.0)), 1.0)
    x = across(0.5, report.max_order + 0.5)
    y = upward(0.5, top * 1.4, log=True)
    width = min(34.0, (x.end - x.start) / report.max_order * 0.36)
    blocks: list[Block] = []
    for order in range(1, report.max_order + 1):
        for side, (value, css) in enumerate(
            ((float(report.counts[order - 1]), "block and"), (float(bounds[order - 1]), "block or"))
        ):
            level = y.place(max(value, 0.5))
            left = x.place(float(order)) + (side - 1) * width
            blocks.append(Block(round(left, 2), level, round(width, 2), round(y.start - level, 2), css))
    return Chart(
        name="counts",
        title="Salient interactions by order, and their bound",
        description=(
            f"{report.counts.sum():,.0f} salient interactions in all (left, filled), at most {plain(report.bound_exact)} by "
            "Theorem 3 with the exact delta (right), which is Markov's inequality and always true. Logarithmic scale."
        ),
        x=x,
        y=y,
        x_label="order: number of players joined (left: salient, right: bound)",
        y_label="number of interactions",
        header=("order", "salient", "bound, exact delta", "bound, delta's upper bound"),
        rows=tuple(
            (
                str(order),
                f"{report.counts[order - 1]:,.0f}",
                plain(float(bounds[order - 1])),
                plain(float(report.bound_upper_by_order[order - 1])),
            )
            for order in range(1, report.max_order + 1)
        ),
        blocks=tuple(blocks),
        follows_count=False,
    )


def _span(low: float, high: float) -> str:
    return "exact" if low == high else f"{plain(low)} to {plain(high)}"
