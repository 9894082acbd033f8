"""The interactions of a training on the page: mean order, orders, and the gap of the losses on one axis of steps."""

import itertools
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from symbolscope.report.axis import Axis
from symbolscope.report.chart import Chart, Line, Rule, across, polyline, upward
from symbolscope.report.figures_section import FiguresSection
from symbolscope.report.numerals import plain, several

if TYPE_CHECKING:
    from symbolscope.emergence.dynamics import InteractionDynamics

_GROUPS = ("line", "line rival", "line null")


def dynamics_section(dynamics: "InteractionDynamics", number: int) -> FiguresSection:
    """Lay out the course of a training; ``number`` makes its id unique in the page."""
    *_, conclusion = dynamics.conclusions()
    change = dynamics.phase_change
    headline = (
        "The mean order of the interactions does not fall and rise again"
        if change.step is None
        else f"The mean order of the interactions falls until step {change.step:,}, then rises"
    )
    x = _steps(dynamics)
    charts = [_mean_order(dynamics, x), _shares(dynamics, x)]
    if np.isfinite(dynamics.gap).sum() >= 2:
        charts.append(_losses(dynamics, x))
    players = dynamics.positive.shape[2] - 1
    return FiguresSection(
        ident=f"dynamics-{number}",
        name=f"Training {number}",
        headline=headline,
        leads=(
            f"{several(len(dynamics.steps), 'checkpoint')}, {several(dynamics.n_samples, 'sample')} of "
            f"{several(players, 'player')}.",
            f"{conclusion[:1].upper()}{conclusion[1:]}.",
        ),
        charts=tuple(charts),
        facts=(
            *((f"finding {index}", line) for index, line in enumerate(dynamics.conclusions(), start=1)),
            ("kinds", dynamics.kinds),
            ("tolerance", str(dynamics.tolerance)),
            ("salient from", f"{dynamics.threshold:g} of the largest effect"),
        ),
    )


def _steps(dynamics: "InteractionDynamics") -> Axis:
    return across(0.0, max(float(dynamics.steps[-1]), 1.0), counts=True)


def _mean_order(dynamics: "InteractionDynamics", x: Axis) -> Chart:
    band, steps = dynamics.mean_order, [float(step) for step in dynamics.steps]
    known = np.concatenate([band.mean, band.low, band.high])
    known = known[np.isfinite(known)] if np.isfinite(known).any() else np.array([0.0, 1.0])
    low, high = float(known.min()), float(known.max())
    y = upward(max(0.0, low - 0.15 * (high - low)), high + 0.15 * (high - low) + 1e-9)
    first = float(band.mean[0])
    start = "untrained" if dynamics.steps[0] == 0 else "first checkpoint"
    return Chart(
        name="mean-order",
        title="Mean order of the interactions",
        description=(
            "Mean order, weighted by strength, over the steps of training, with its 95 % interval: "
            f"{plain(first, 3)} at first, {plain(float(band.mean[-1]), 3)} at last."
        ),
        x=x,
        y=y,
        x_label="steps of training",
        y_label="mean order",
        header=("step", "mean order", "95 % interval", "salient"),
        rows=tuple(
            (
                f"{step:,.0f}",
                plain(float(band.mean[row]), 3),
                f"{plain(float(band.low[row]), 3)} to {plain(float(band.high[row]), 3)}",
                plain(float(dynamics.n_salient[row].mean()), 3),
            )
            for row, step in enumerate(steps)
        ),
        lines=(
            _line(x, y, steps, band.mean, "line", "mean over samples"),
            _line(x, y, steps, band.low, "line dashed", "95 % interval"),
            _line(x, y, steps, band.high, "line dashed", ""),
        ),
        rules=(Rule(y.place(first), start),) if np.isfinite(first) else (),
        follows_count=False,
    )


def _shares(dynamics: "InteractionDynamics", x: Axis) -> Chart:
    by_order = dynamics.shares.sum(axis=2)[:, 1:]  # [t, n]
    n = by_order.shape[1]
    cuts = sorted({0, min(2, n), min(5, n), n})
    groups = [(low + 1, high, by_order[:, low:high].sum(axis=1)) for low, high in itertools.pairwise(cuts)]
    steps = [float(step) for step in dynamics.steps]
    y = upward(0.0, 1.0)
    names = [f"order {low}" if low == high else f"orders {low} to {high}" for low, high, _ in groups]
    return Chart(
        name="order-shares",
        title="Share of the strength by order",
        description="Share of the summed size of effects by how many players they join, over the steps of training.",
        x=x,
        y=y,
        x_label="steps of training",
        y_label="share of all strength",
        header=("step", *names),
        rows=tuple(
            (f"{step:,.0f}", *(plain(float(values[row]), 3) for _, _, values in groups))
            for row, step in enumerate(steps)
        ),
        lines=tuple(
            _line(x, y, steps, values, css, name)
            for css, name, (_, _, values) in zip(_GROUPS, names, groups, strict=False)
        ),
        follows_count=False,
    )


def _losses(dynamics: "InteractionDynamics", x: Axis) -> Chart:
    steps = [float(step) for step in dynamics.steps]
    top, last = float(np.nanmax(dynamics.losses)), float(dynamics.gap[np.isfinite(dynamics.gap)][-1])
    y = upward(min(0.0, float(np.nanmin(dynamics.gap))), top * 1.05)
    return Chart(
        name="losses",
        title="Loss in training and test, and the gap",
        description=f"Losses over the steps of training; the gap is {plain(last, 3)} at last.",
        x=x,
        y=y,
        x_label="steps of training",
        y_label="loss",
        header=("step", "training", "test", "gap"),
        rows=tuple(
            (f"{step:,.0f}", *(plain(float(value), 3) for value in (*dynamics.losses[row], dynamics.gap[row])))
            for row, step in enumerate(steps)
        ),
        lines=(
            _line(x, y, steps, dynamics.losses[:, 1], "line", "test"),
            _line(x, y, steps, dynamics.losses[:, 0], "line rival", "training"),
            _line(x, y, steps, dynamics.gap, "line dashed", "gap: test minus training"),
        ),
        follows_count=False,
    )


def _line(x: Axis, y: Axis, steps: list[float], values: NDArray[np.float64], css: str, name: str) -> Line:
    known = [row for row in range(len(steps)) if np.isfinite(values[row])]
    return Line(polyline(x, y, [steps[row] for row in known], [float(values[row]) for row in known]), css, name)
