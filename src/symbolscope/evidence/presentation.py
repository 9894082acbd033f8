"""A report as text, as a table in the terminal, as HTML for a notebook, and as a data frame: one list of rows for all."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from symbolscope.core.effect_text import digits_for
from symbolscope.core.printable_text import printable
from symbolscope.errors import SymbolscopeError
from symbolscope.evidence.faithfulness import ALTERNATIVES, DIVERGENCE, ELSEWHERE, OFF_TARGET, RIVALS, Faithfulness

if TYPE_CHECKING:
    import pandas
    from rich.table import Table
    from rich.text import Text

_NONE = (float("nan"), float("nan"))

# Sections of the controls that are no nulls, where they were left out.
_LEFT_OUT = {
    RIVALS: "rival", ELSEWHERE: "rival", OFF_TARGET: "off-target", DIVERGENCE: "divergence", ALTERNATIVES: "identifiability",
    "exact split": "terms",
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One number of a report, with its interval, and what there is to say about it."""

    section: str
    name: str
    value: float
    interval: tuple[float, float] = _NONE
    note: str = ""


def rows(report: Faithfulness) -> Iterator[Row]:
    """Every number of a report."""
    yield Row("score", report.measure, report.score, report.interval)
    yield Row("score", "floor", report.floor, note="nothing swapped" if report.off_target else "the mean output")
    for name, value in report.details.items():
        yield Row("score", name, value)
    for name, scores in report.null_scores.items():
        mean = sum(scores) / len(scores)
        each = ", ".join(f"{score:.3f}" for score in scores)
        yield Row(
            "null",
            name,
            max(scores),
            note=f"best of {len(scores)}; mean {mean:.3f}; all {each}{_answering(report, name)}",
        )
        yield Row("margin", f"over {name}", report.margin[name], report.margin_interval[name])
        if name in report.size_ratio:
            ratios = " / ".join("never" if math.isnan(ratio) else f"{ratio:.1f}" for ratio in report.size_ratio[name])
            yield Row(
                "margin",
                f"size, {name}",
                report.size_ratio[name][0],
                note=f"terms over the network's, R² 0.9 / 0.99: {ratios}",
            )
    for name, why in report.skipped.items():
        yield Row(_LEFT_OUT.get(name, "null"), name, float("nan"), note=f"not run: {why}")
    for name, counts in report.sizes.items():
        said = "; ".join(" / ".join("never" if count is None else f"{count:,}" for count in one) for one in counts)
        first = counts[0][0]
        yield Row("terms", name, float("nan") if first is None else float(first), note=f"for R² of 0.9 / 0.99: {said}")
    for name, rival in report.rivals.items():
        low, high = rival.margin_interval
        yield Row(
            "rival",
            name,
            rival.score,
            rival.interval,
            f"floor {rival.floor:.3f}; margin {rival.margin:+.3f} ({low:+.3f} to {high:+.3f})",
        )
    if report.off_target is not None:
        test = report.off_target
        yield Row(
            "off-target",
            "rest swapped, variable stays",
            test.value,
            test.interval,
            f"variable swapped too {test.floor:.3f}",
        )
    if report.divergence is not None:
        moved = report.divergence
        yield Row(
            "divergence",
            "energy distance",
            moved.energy,
            note=f"natural states {moved.energy_baseline:.3g}, p {moved.energy_p:.3f}",
        )
        yield Row(
            "divergence",
            "nearest natural state",
            moved.neighbour,
            note=f"natural states {moved.neighbour_baseline:.3g}",
        )
        yield Row(
            "divergence", "off the local plane", moved.residual, note=f"natural states {moved.residual_baseline:.3g}"
        )
    for name, value in report.complexity.items():
        yield Row("complexity", name, value)


def _answering(report: Faithfulness, name: str) -> str:
    """What the networks of a null answer themselves."""
    if name not in report.null_accuracy:
        return ""
    each = ", ".join(f"{share:.1%}" for share in report.null_accuracy[name])
    return f"; its own trials right {each}" + ("; trivial" if name in report.trivial else "")


def text(report: Faithfulness) -> str:
    """A plain table and the sentence."""
    lines = [f"Faithfulness of {report.subject}"]
    for row in rows(report):
        lines.append(
            f"  {row.section:<11}{row.name:<34}{_number(row.value):>10}  {_span(row.interval)}{row.note}".rstrip()
        )
    if report.alternatives is not None:
        lines.append(f"  identifiability: {report.alternatives}")
    return "\n".join(printable(line) for line in [*lines, report.sentence])


def rich_table(report: Faithfulness) -> "Table":
    """The same for the terminal."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    caption = (
        report.sentence if report.alternatives is None else f"Identifiability: {report.alternatives}. {report.sentence}"
    )
    table = Table(
        box=SIMPLE_HEAD, title=_shown(f"Faithfulness of {report.subject}"), caption=_shown(caption), title_justify="left",
        caption_justify="left", pad_edge=False,
    )  # fmt: skip
    for name, justify in (("", "left"), ("what", "left"), ("value", "right"), ("95 %", "right"), ("", "left")):
        table.add_column(name, justify=justify, overflow="fold")  # type: ignore[arg-type]
    before = ""
    for row in rows(report):
        table.add_row(
            "" if row.section == before else row.section, _shown(row.name), _number(row.value), _span(row.interval).strip(),
            _shown(row.note),
        )  # fmt: skip
        before = row.section
    return table


def _shown(text: str) -> "Text":
    from rich.text import Text

    return Text(printable(text))


def html(report: Faithfulness) -> str:
    """A table for a notebook: no script, nothing loaded, every name escaped."""
    body = "".join(
        f"<tr><td>{escape(printable(row.section))}</td><td style='text-align:left'>{escape(printable(row.name))}</td>"
        f"<td>{escape(_number(row.value))}</td><td>{escape(_span(row.interval).strip())}</td>"
        f"<td style='text-align:left'>{escape(printable(row.note))}</td></tr>"
        for row in rows(report)
    )
    other = (
        "" if report.alternatives is None else f"<p>Identifiability: {escape(printable(str(report.alternatives)))}.</p>"
    )
    return (
        f"<div class='symbolscope-evidence'><p><strong>{escape(printable(report.sentence))}</strong></p>"
        "<table><thead><tr><th></th><th>what</th><th>value</th><th>95 %</th><th></th></tr></thead>"
        f"<tbody>{body}</tbody></table>{other}</div>"
    )


def frame(report: Faithfulness) -> "pandas.DataFrame":
    """One row per number: section, name, value, low, high, note."""
    try:
        import pandas
    except ImportError:
        raise SymbolscopeError(
            "to_frame needs pandas: pip install 'symbolscope[frames]'; repr gives the same without"
        ) from None
    return pandas.DataFrame(
        [
            {
                "section": row.section, "name": row.name, "value": row.value, "low": row.interval[0],
                "high": row.interval[1], "note": row.note,
            }
            for row in rows(report)
        ]
    )  # fmt: skip


def _number(value: float) -> str:
    if math.isnan(value):
        return "-"
    if value == int(value) and abs(value) >= 2:
        return f"{int(value):,}"
    return digits_for(value) if abs(value) < 100 else f"{value:,.1f}"


def _span(interval: tuple[float, float]) -> str:
    return "" if math.isnan(interval[0]) else f"[{digits_for(interval[0])}, {digits_for(interval[1])}]  "
