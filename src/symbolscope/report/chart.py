"""A chart laid out in numbers, which the page's template only has to write as SVG; its table says the same in text."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from symbolscope.report.axis import Axis

WIDTH, HEIGHT = 440.0, 250.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 62.0, 14.0, 26.0, 46.0
_MOST_POINTS = 240


def across(low: float, high: float, *, counts: bool = False) -> Axis:
    """Make the horizontal axis; ``counts`` are stretched near zero when there are many."""
    return Axis(low, high, _LEFT, WIDTH - _RIGHT, "log1p" if counts and high > 40 else "linear", whole=True)


def upward(low: float, high: float, *, log: bool = False) -> Axis:
    """Make the vertical axis (SVG counts downward)."""
    return Axis(low, high, HEIGHT - _BOTTOM, _TOP, "log" if log else "linear")


@dataclass(frozen=True)
class Line:
    """A polyline, or separate points where ``css`` says so; ``name`` appears in the legend."""

    points: str
    css: str
    name: str = ""


@dataclass(frozen=True)
class Block:
    """One bar of a chart."""

    x: float
    y: float
    width: float
    height: float
    css: str


@dataclass(frozen=True)
class Rule:
    """A horizontal line across the chart with a label, such as a threshold."""

    y: float
    label: str


@dataclass(frozen=True)
class Chart:
    """Everything drawn in one SVG, and the table that says the same.

    Parameters
    ----------
    name
        Part of the element's id.
    description
        Text alternative: what the chart shows and its main reading.
    x, y
        Axes.
    x_label, y_label
        Their titles.
    header, rows
        The same data as a table, thinned.
    lines, blocks, rules
        What is drawn.
    follows_count
        Whether the page marks the number of interactions in use on the x axis.
    """

    name: str
    title: str
    description: str
    x: Axis
    y: Axis
    x_label: str
    y_label: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[Line, ...] = ()
    blocks: tuple[Block, ...] = ()
    rules: tuple[Rule, ...] = ()
    follows_count: bool = True
    width: float = WIDTH
    height: float = HEIGHT


def polyline(x: Axis, y: Axis, across_values: Sequence[float], up_values: Sequence[float]) -> str:
    """Write the ``points`` of an SVG polyline, with no more points than the eye can tell apart.

    Examples
    --------
    >>> polyline(Axis(0.0, 1.0, 0.0, 10.0), Axis(0.0, 1.0, 10.0, 0.0), [0.0, 1.0], [0.0, 1.0])
    '0.0,10.0 10.0,0.0'
    """
    keep = thinned(len(across_values), _MOST_POINTS)
    return " ".join(f"{x.place(across_values[index])},{y.place(up_values[index])}" for index in keep)


def thinned(size: int, most: int) -> list[int]:
    """At most about ``most`` indices below ``size``: the first and last, dense at the start, ever sparser after.

    Examples
    --------
    >>> thinned(5, 10), thinned(1000, 6)
    ([0, 1, 2, 3, 4], [0, 3, 15, 62, 250, 999])
    """
    if size <= most:
        return list(range(size))
    spread = np.geomspace(1.0, float(size), most)
    return sorted({round(float(place)) - 1 for place in spread})
