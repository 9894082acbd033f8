"""The four charts of an explanation: sparsity, accuracy, error, and strength by order."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from symbolscope.report.axis import Axis
from symbolscope.report.chart import Block, Chart, Line, Rule, across, polyline, thinned, upward
from symbolscope.report.numerals import percent, plain, several

if TYPE_CHECKING:
    from symbolscope.evidence.faithfulness import Faithfulness
    from symbolscope.interactions.fidelity import FidelityCurve
    from symbolscope.interactions.model import InteractionModel

SALIENT = 0.05  # of the strongest effect, as the papers draw the line
_TABLE_ROWS = 14
_COMPARED = 200  # terms over which the most favourable restart of a null is chosen


def sparsity_charts(model: "InteractionModel") -> tuple[Chart, Chart]:
    """Size of every effect, strongest first, on a linear and on a logarithmic axis."""
    sizes = np.sort(np.abs(model.effects))[::-1]
    largest = float(sizes[0])
    salient = int((sizes >= SALIENT * largest).sum())
    ranks = [float(rank) for rank in range(1, len(sizes) + 1)]
    # Effects of 1e-15 are rounding: six decades below the strongest are enough to see the fall.
    smallest = max(float(sizes[sizes > 0].min()), largest * 1e-6)
    x = across(0.0, float(len(sizes)), counts=True)
    rows = tuple((f"{index + 1:,}", plain(float(sizes[index]))) for index in thinned(len(sizes), _TABLE_ROWS))
    said = (
        f"The size of {several(len(sizes), 'effect')}, strongest first, from {plain(largest)} to "
        f"{plain(float(sizes[-1]))}. {several(salient, 'effect is', 'effects are')} at least 5\u00a0% of the strongest."
    )

    def draw(name: str, low: float, log: bool) -> Chart:  # noqa: FBT001
        y = upward(low, largest * (1.5 if log else 1.05), log=log)
        return Chart(
            name=name,
            title="Size of the effects, strongest first",
            description=said,
            x=x,
            y=y,
            x_label="rank of the interaction",
            y_label="size of its effect",
            header=("rank", "size of the effect"),
            rows=rows,
            lines=(Line(polyline(x, y, ranks, sizes.tolist()), "line area" if not log else "line"),),
            rules=(Rule(y.place(SALIENT * largest), "5 % of the strongest"),),
        )

    return draw("sparsity", 0.0, False), draw("sparsity-log", min(smallest, SALIENT * largest) * 0.8, True)


def accuracy_charts(curve: "FidelityCurve", evidence: "Faithfulness | None") -> tuple[Chart, Chart]:
    """R^2 on all masks, that of the nulls beside it, and the errors in units of the score, against the number of interactions."""
    counts = [float(count) for count in curve.counts.tolist()]
    x = across(0.0, max(counts[-1], 1.0), counts=True)
    keep = thinned(len(counts), _TABLE_ROWS)
    r2 = [float(value) if np.isfinite(value) else 0.0 for value in curve.r2]
    y = upward(0.0, 1.0)
    enough = next((int(count) for count, value in zip(counts, r2, strict=True) if value >= 0.95), None)
    reading = "95 % is not reached." if enough is None else f"95 % is reached with {several(enough, 'interaction')}."
    others = _other_lines(evidence, x, y)
    controlled = evidence is not None and evidence.controlled
    beside = " The nulls are drawn beside it." if controlled else " Nothing was controlled: no null is drawn."
    accuracy = Chart(
        name="accuracy",
        title="Accuracy of the strongest interactions" + (", and of the nulls'" if controlled else ""),
        description=f"Share of the output's variance over all masks (R²) against the number of interactions. {reading}{beside}",
        x=x,
        y=y,
        x_label="number of interactions used",
        y_label="R² over all masks",
        header=("interactions", "R²", *(name for name, _ in others)),
        rows=tuple(
            (
                f"{counts[index]:,.0f}",
                percent(float(curve.r2[index])),
                *(percent(float(values[min(int(counts[index]), len(values) - 1)])) for _, values in _others(evidence)),
            )
            for index in keep
        ),
        lines=(Line(polyline(x, y, counts, r2), "line area", "this network"), *(line for _, line in others)),
        rules=(Rule(y.place(0.95), "95 %"),),
    )
    typical, worst = np.sqrt(curve.unfaithfulness), curve.largest_error
    y = upward(0.0, max(float(worst.max()), 1e-12) * 1.05)
    error = Chart(
        name="error",
        title="Error of the strongest interactions",
        description=(
            "Largest and root-mean-square difference between network and symbols over all masks, against the number of "
            f"interactions: with all of them {plain(float(worst[-1]), 2)} and {plain(float(typical[-1]), 2)}."
        ),
        x=x,
        y=y,
        x_label="number of interactions used",
        y_label="error, in units of the score",
        header=("interactions", "root mean square", "largest"),
        rows=tuple((f"{counts[i]:,.0f}", plain(float(typical[i]), 3), plain(float(worst[i]), 3)) for i in keep),
        lines=(
            Line(polyline(x, y, counts, worst.tolist()), "line dashed", "largest on any mask"),
            Line(polyline(x, y, counts, typical.tolist()), "line", "root mean square"),
        ),
    )
    return accuracy, error


_STYLES = {
    "network": "line thin",
    "random-init": "line null",
    "permuted-outputs": "line null far",
    "Fourier": "line rival",
}
_LEGENDS = {"network": "this network, split exactly", "Fourier": "in the Fourier basis"}


def _others(evidence: "Faithfulness | None") -> "list[tuple[str, NDArray[np.float64]]]":
    """Curves of exact splits, of the network and of each null's most favourable restart, and of the Fourier basis; 0 at least."""
    if evidence is None:
        return []
    found: list[tuple[str, NDArray[np.float64]]] = []
    exact = ("network",) if evidence.score < 1.0 and evidence.controlled else ()
    for name in (*exact, *evidence.null_scores, *(("Fourier",) if "Fourier" in evidence.curves else ())):
        best = max(evidence.curves[name], key=lambda r2: float(np.mean(r2[:_COMPARED])))
        found.append((name, np.clip(best, 0.0, 1.0)))
    return found


def _other_lines(evidence: "Faithfulness | None", x: "Axis", y: "Axis") -> list[tuple[str, Line]]:
    lines: list[tuple[str, Line]] = []
    for name, r2 in _others(evidence):
        kept = [index for index in thinned(len(r2), 240) if index <= x.high]
        css = _STYLES.get(name, "line null far")
        said = _LEGENDS.get(name, name)
        lines.append((name, Line(polyline(x, y, [float(k) for k in kept], r2[kept].tolist()), css, said)))
    return lines


def order_chart(model: "InteractionModel") -> Chart:
    """Total size of the effects of each order, AND and OR apart."""
    top = int(model.orders.max())
    strengths = {
        kind: np.bincount(model.orders, np.abs(model.effects) * (model.kinds == kind), top + 1).tolist()
        for kind in ("and", "or")
    }
    orders = [order for order in range(top + 1) if strengths["and"][order] + strengths["or"][order] > 0]
    first = min(orders, default=1)
    highest = max(*strengths["and"], *strengths["or"], 1e-12)
    x, y = across(first - 0.5, top + 0.5), upward(0.0, highest * 1.05)
    width = min(34.0, (x.end - x.start) / (top - first + 1) * 0.36)
    blocks: list[Block] = []
    for order in range(first, top + 1):
        for side, kind in enumerate(("and", "or")):
            level = y.place(strengths[kind][order])
            left = x.place(float(order)) + (side - 1) * width
            blocks.append(Block(round(left, 2), level, round(width, 2), round(y.start - level, 2), f"block {kind}"))
    span = range(first, top + 1)
    rows = tuple((str(order), plain(strengths["and"][order]), plain(strengths["or"][order])) for order in span)
    strongest = max(span, key=lambda order: strengths["and"][order] + strengths["or"][order])
    return Chart(
        name="orders",
        title="Strength by order",
        description=(
            "Total size of the effects by how many players an interaction joins, AND and OR apart. "
            f"Order {strongest} is the strongest."
        ),
        x=x,
        y=y,
        x_label="order: number of players joined",
        y_label="total size of effects",
        header=("order", "AND", "OR"),
        rows=rows,
        blocks=tuple(blocks),
        follows_count=False,
    )
