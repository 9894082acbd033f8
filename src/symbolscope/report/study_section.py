"""A study of counting laid out in numbers, which the page's template only has to write down."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from symbolscope.alignment.frozen import frozen
from symbolscope.core.random_streams import stream
from symbolscope.evidence.presentation import rows
from symbolscope.report.alignment_table import best_null_and_margin
from symbolscope.report.axis import Axis
from symbolscope.report.counting_study import CountingStudy
from symbolscope.report.reading import headline, reading
from symbolscope.report.swap_table import SwapTable, swap_table
from symbolscope.tasks.number_task import NumberTask

_STATES = 400


@dataclass(frozen=True)
class Point:
    """One alignment in the chart of accuracies: its place, whisker and floor in drawing units, and its row of the table."""

    x: float
    y: float
    low: float
    high: float
    floor: float
    ceiling: float
    null: float | None
    label: str
    css: str
    row: tuple[str, ...]


@dataclass(frozen=True)
class Square:
    """One cell of the heat map."""

    x: float
    y: float
    size: float
    share: float
    title: str


@dataclass(frozen=True)
class Dot:
    """One state among the principal components; ``css`` tells its phase, ``tone`` its count."""

    x: float
    y: float
    first: bool
    tone: str
    title: str


@dataclass(frozen=True)
class StudySection:
    """Everything that the page shows of one study."""

    ident: str
    name: str
    headline: str
    reading: str
    facts: tuple[tuple[str, str], ...]
    points: tuple[Point, ...]
    groups: tuple[tuple[float, str], ...]
    accuracy: Axis
    width: float
    heat_of: str
    squares: tuple[Square, ...]
    heat_x: tuple[tuple[float, str], ...]
    heat_y: tuple[tuple[float, str], ...]
    heat_size: float
    heat_rows: tuple[tuple[str, ...], ...]
    dots: tuple[Dot, ...]
    explained: tuple[str, str]
    coloured_by: str
    curves: tuple[tuple[str, str, str], ...]
    curve_x: Axis | None
    curve_rows: tuple[tuple[str, ...], ...]
    head: tuple[str, ...]
    controlled: bool
    nulls: tuple[tuple[str, ...], ...]
    explorer: SwapTable
    payload: str


def make_study_section(study: CountingStudy, number: int) -> StudySection:
    """Lay out one study."""
    points, groups, width = _points(study)
    main = study.results[0].variables[0]
    rows = [index for index, one in enumerate(study.results) if one.variables[0] == main]
    best = max(rows, key=lambda index: study.results[index].value)
    iia = study.results[best]
    squares, heat_x, heat_y, heat_size = _heat(iia)
    dots, explained, coloured = _dots(study)
    curves, curve_x, curve_rows = _curves(study)
    explorer = swap_table(study)
    alignment = study.alignments[best]
    return StudySection(
        ident=f"study-{number}",
        name=f"{type(study.network).__name__} on {type(study.task).__name__}",
        headline=headline(study),
        reading=reading(study),
        facts=_facts(study),
        points=points,
        groups=groups,
        accuracy=_ACCURACY,
        width=width,
        heat_of=f"{iia.variables[0]}, {alignment.featurizer.size} features ({type(alignment.featurizer).__name__})",
        squares=squares,
        heat_x=heat_x,
        heat_y=heat_y,
        heat_size=heat_size,
        heat_rows=tuple(
            (f"{cell.key[0]:g}", f"{cell.value:.3f}", f"{cell.floor:.3f}", f"{cell.n:,}")
            for cell in iia.table("source")
        ),
        dots=dots,
        explained=explained,
        coloured_by=coloured,
        curves=curves,
        curve_x=curve_x,
        curve_rows=curve_rows,
        head=_head(study),
        controlled=study.controlled,
        nulls=_nulls(study),
        explorer=explorer,
        payload=explorer.to_json(),
    )


_ACCURACY = Axis(0.0, 1.0, 226.0, 16.0)
_LEFT, _STEP = 62.0, 46.0


def _points(study: CountingStudy) -> tuple[tuple[Point, ...], tuple[tuple[float, str], ...], float]:
    """Dots with whiskers, grouped by variable, featurizer by featurizer and by size."""
    order = sorted(
        range(len(study.results)),
        key=lambda index: (
            list(dict.fromkeys(one.variables[0] for one in study.results)).index(study.results[index].variables[0]),
            list(dict.fromkeys(type(one.featurizer).__name__ for one in study.alignments)).index(
                type(study.alignments[index].featurizer).__name__
            ),
            study.alignments[index].featurizer.size,
        ),
    )
    kinds = list(dict.fromkeys(type(one.featurizer).__name__ for one in study.alignments))
    points: list[Point] = []
    spans: dict[str, list[float]] = {}
    x, before = _LEFT + 0.5 * _STEP, ""
    for index in order:
        alignment, iia = study.alignments[index], study.results[index]
        variable, kind = iia.variables[0], type(alignment.featurizer).__name__
        if before and before != variable:
            x += 0.6 * _STEP
        before = variable
        low, high = iia.interval
        held = study.held_out_results[index] if study.held_out_results else None
        report = study.evidence[index] if study.controlled else None
        row = (
            variable, f"{kind} {alignment.featurizer.size}", f"{iia.value:.3f}", f"{low:.3f} to {high:.3f}", f"{iia.floor:.3f}",
            *(best_null_and_margin(report) if report is not None else ()),
            f"{iia.ceiling:.3f}",
            *((f"{held.value:.3f} ({held.floor:.2f})",) if held is not None else ()),
            f"{alignment.complexity:,}",
        )  # fmt: skip
        points.append(
            Point(
                x=round(x, 1),
                y=_ACCURACY.place(iia.value),
                low=_ACCURACY.place(low),
                high=_ACCURACY.place(high),
                floor=_ACCURACY.place(iia.floor),
                ceiling=_ACCURACY.place(iia.ceiling),
                null=None if report is None or not report.controlled else _ACCURACY.place(report.best_null),
                label=f"{kind[:2]}{alignment.featurizer.size}",
                css=f"kind-{kinds.index(kind) % 4}",
                row=row,
            )
        )
        spans.setdefault(variable, []).append(x)
        x += _STEP
    groups = tuple((round(sum(places) / len(places), 1), name.replace("_", " ")) for name, places in spans.items())
    return tuple(points), groups, max(440.0, x + 10.0)


def _heat(iia: Any) -> tuple[tuple[Square, ...], tuple[tuple[float, str], ...], tuple[tuple[float, str], ...], float]:
    """Accuracy by source value (across) and target value (up)."""
    cells = iia.table("source and target")
    across, up = (sorted({cell.key[i] for cell in cells}) for i in (0, 1))
    size = round(min(34.0, 360.0 / max(len(across), len(up), 1)), 2)
    place = {("x", value): 50.0 + size * index for index, value in enumerate(across)}
    place |= {("y", value): 10.0 + size * (len(up) - 1 - index) for index, value in enumerate(up)}
    squares = tuple(
        Square(
            x=round(place["x", cell.key[0]], 2),
            y=round(place["y", cell.key[1]], 2),
            size=size,
            share=round(cell.value, 3),
            title=f"source {cell.key[0]:g}, target {cell.key[1]:g}: {cell.value:.0%} of {cell.n} pairs",
        )
        for cell in cells
    )
    half = size / 2
    every = max(1, len(across) // 12)
    ticks_x = tuple((round(place["x", v] + half, 1), f"{v:g}") for v in across[::every])
    ticks_y = tuple((round(place["y", v] + half + 4, 1), f"{v:g}") for v in up[::every])
    return squares, ticks_x, ticks_y, size * max(len(across), len(up))


def _dots(study: CountingStudy) -> tuple[tuple[Dot, ...], tuple[str, str], str]:
    """States of some runs on their first two principal components."""
    task = study.task.without_void() if isinstance(study.task, NumberTask) else study.task
    trials = task.sample(60, seed=stream(0, "trials shown of a study"), counts=task.trained)
    trace = study.program.trace(trials.tokens, trials.quantities)
    allowed = np.arange(trials.tokens.shape[1]) < trials.lengths[:, None] - 1
    allowed[:, 0] = False
    rows, steps = np.nonzero(allowed)
    chosen = stream(0, "states shown of a study").permutation(len(rows))[:_STATES]
    rows, steps = rows[chosen], steps[chosen]
    site = study.alignments[0].site
    device = next((parameter.device for parameter in study.network.parameters()), torch.device("cpu"))
    with frozen(study.network), torch.no_grad():
        read = site.read(study.network, torch.from_numpy(trials.tokens[rows]).to(device), torch.from_numpy(steps))
    states = read.double().cpu().numpy()
    centred = states - states.mean(axis=0)
    _, spread, directions = np.linalg.svd(centred, full_matrices=False)
    share = spread**2 / max(float((spread**2).sum()), 1e-12)
    directions = directions[:2] if len(directions) > 1 else np.vstack([directions, np.zeros_like(directions)])
    plane = centred @ directions.T
    low, high = plane.min(axis=0), plane.max(axis=0)
    x, y = (
        Axis(float(low[0]), float(high[0]) or 1.0, 16.0, 424.0),
        Axis(float(low[1]), float(high[1]) or 1.0, 234.0, 16.0),
    )
    names = study.program.names
    colour = names[0]
    values = {name: trace[name][rows, steps].astype(float) for name in names}
    largest = max(float(np.abs(values[colour]).max()), 1e-9)
    first = values["phase"] < 0 if "phase" in values else np.ones(len(rows), dtype=np.bool_)
    dots = tuple(
        Dot(
            x=x.place(float(plane[i, 0])),
            y=y.place(float(plane[i, 1])),
            first=bool(first[i]),
            tone=_tone(float(values[colour][i]) / largest),
            title=", ".join(f"{name.replace('_', ' ')} {values[name][i]:g}" for name in names),
        )
        for i in range(len(rows))
    )
    explained = (f"{share[0]:.0%}", f"{share[1]:.0%}" if len(share) > 1 else "0%")
    return dots, explained, colour.replace("_", " ")


def _tone(share: float) -> str:
    """A colour from blue (0) over violet to orange (1), readable on light and dark."""
    low, high = np.array([58, 110, 200]), np.array([226, 120, 30])
    red, green, blue = (int(x) for x in np.round(low + (high - low) * min(max(share, 0.0), 1.0)))
    return f"#{red:02x}{green:02x}{blue:02x}"


def _curves(study: CountingStudy) -> tuple[tuple[tuple[str, str, str], ...], Axis | None, tuple[tuple[str, ...], ...]]:
    """Accuracy on fresh trials, on held-out quantities, and IIA, over the steps of training."""
    if study.history is None or not study.history.checks:
        return (), None, ()
    checks = study.history.checks
    x = Axis(0.0, float(checks[-1].step), 62.0, 426.0)

    def line(steps: list[int], values: list[float]) -> str:
        return " ".join(
            f"{x.place(float(step))},{_ACCURACY.place(value)}" for step, value in zip(steps, values, strict=True)
        )

    steps = [check.step for check in checks]
    curves = [("trials right", "line", line(steps, [check.accuracy for check in checks]))]
    held = [check.held_out_accuracy for check in checks]
    if all(value is not None for value in held):
        curves.append(
            ("right with held-out quantities", "line dashed", line(steps, [float(value or 0) for value in held]))
        )
    if study.moments:
        times = [moment.step for moment in study.moments]
        curves.append(
            (f"IIA of {study.program.names[0]}", "line strong", line(times, [moment.iia for moment in study.moments]))
        )
    rows = tuple(
        (f"{moment.step:,}", f"{moment.accuracy:.3f}", f"{moment.iia:.3f}", f"{moment.floor:.3f}")
        for moment in study.moments
    )
    return tuple(curves), x, rows


def _facts(study: CountingStudy) -> tuple[tuple[str, str], ...]:
    alignment = study.alignments[0]
    facts = [
        (
            "network",
            f"{type(study.network).__name__}, {sum(p.numel() for p in study.network.parameters()):,} parameters",
        ),
        ("trials right", f"{alignment.network_accuracy:.2%}"),
        ("task", repr(study.task)),
        ("program", type(study.program).__name__),
        ("site", str(alignment.site)),
        (
            "nulls",
            f"{', '.join(dict.fromkeys(name for report in study.evidence for name in report.null_scores))}; starts of each: "
            f"{study.evidence[0].restarts}"
            if study.controlled
            else f"nothing was controlled: {study.not_assessed or 'none was run to its end'}"
            if study.evidence or study.not_assessed
            else "none searched: nothing was controlled",
        ),
    ]
    for key, value in alignment.settings.items():
        facts.append((key.replace("_", " "), f"{value:,}" if isinstance(value, int) else str(value)))
    if study.history is not None:
        facts.insert(1, ("training", str(study.history)))
    return tuple(facts)


def _head(study: CountingStudy) -> tuple[str, ...]:
    """Names of the columns of the table of accuracies."""
    return (
        *("variable", "features", "IIA", "interval", "floor"),
        *(("best null", "margin") if study.controlled else ()),
        "ceiling",
        *(("held-out counts (floor)",) if study.held_out_results else ()),
        "numbers",
    )


def _nulls(study: CountingStudy) -> tuple[tuple[str, ...], ...]:
    """Every number of the controls, a row each: alignment, what, value, interval, note."""
    shown: list[tuple[str, ...]] = []
    for alignment, report in zip(study.alignments, study.evidence, strict=bool(study.evidence)):
        name = f"{alignment.variables[0]}, {type(alignment.featurizer).__name__} {alignment.featurizer.size}"
        for row in rows(report):
            if row.section in ("null", "margin", "rival", "off-target", "divergence", "identifiability"):
                span = "" if math.isnan(row.interval[0]) else f"{row.interval[0]:.3f} to {row.interval[1]:.3f}"
                value = "not run" if math.isnan(row.value) else f"{row.value:.3f}"
                shown.append((name, f"{row.section}: {row.name}", value, span, row.note))
    return tuple(shown)
