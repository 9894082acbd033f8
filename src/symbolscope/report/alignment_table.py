"""Alignments in the terminal: a table of accuracies with floors and intervals, and one sentence of what they support."""

from typing import TYPE_CHECKING

from symbolscope.core.terminal_output import shown, terminal_console, wide_enough
from symbolscope.evidence.left_out import left_out_text

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from symbolscope.alignment.iia import IIA
    from symbolscope.evidence.faithfulness import Faithfulness
    from symbolscope.report.counting_study import CountingStudy


def print_study(study: "CountingStudy", console: "Console | None" = None) -> None:
    """Print every alignment of a study with its accuracy on fresh pairs, floor, ceiling and restarts."""
    from symbolscope.report.reading import reading

    with wide_enough(terminal_console() if console is None else console) as out:
        out.print(alignment_table(study))
        out.print(shown(reading(study), out, style="bold"))


def alignment_table(study: "CountingStudy") -> "Table":
    """One row per alignment: features, trained numbers, IIA with interval, floor, ceiling, held-out IIA, best null, margin."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(
        box=SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        title="IIA: share of fresh pairs whose whole answer follows the swapped variable",
        caption=_caption(study),
        title_justify="left",
        caption_justify="left",
    )
    table.add_column("variable", no_wrap=True)
    table.add_column("features", no_wrap=True)
    restarts = max(len(alignment.restarts) for alignment in study.alignments)
    headings = ["IIA", "95 %", "floor", "ceiling"]
    headings += ["null", "margin"] if study.controlled else []
    headings += ["restarts"] if restarts > 1 else []
    for column in headings:
        table.add_column(column, justify="right", no_wrap=True)
    for index, (alignment, iia) in enumerate(zip(study.alignments, study.results, strict=True)):
        features = f"{type(alignment.featurizer).__name__} {alignment.featurizer.size} ({alignment.complexity:,})"
        row = [alignment.variables[0], features, *_accuracy(iia)]
        if study.controlled:
            report = study.evidence[index]
            row += best_null_and_margin(report)
        if restarts > 1:
            row.append(" ".join(f"{restart.validation_iia:.2f}" for restart in alignment.restarts))
        table.add_row(*row)
        if study.held_out_results:
            table.add_row("  held out", "", *_accuracy(study.held_out_results[index]), style="dim")
    return table


def best_null_and_margin(report: "Faithfulness") -> tuple[str, str]:
    """The highest score of any null and what is left over it; dashes where every null was left out."""
    if not report.controlled:
        return "-", "-"
    return f"{report.best_null:.3f}", f"{min(report.margin.values()):+.3f}"


def _accuracy(iia: "IIA") -> list[str]:
    low, high = iia.interval
    return [f"{iia.value:.3f}", f"{low:.2f}-{high:.2f}", f"{iia.floor:.3f}", f"{iia.ceiling:.3f}"]


def _caption(study: "CountingStudy") -> str:
    said = "features: swapped (trained numbers); floor: nothing swapped; ceiling: the whole state, against all that it holds"
    said += "; held out: the same on quantities never trained on" if study.held_out_results else ""
    left_out = {name: why for report in study.evidence for name, why in report.skipped.items()}
    missing = f"\n{left_out_text(left_out)}" if left_out else ""
    if not study.controlled:
        why = study.not_assessed or "no null was searched"
        return f"{said}\nNothing was controlled: {why}.{missing}"
    names = dict.fromkeys(name for report in study.evidence for name in report.null_scores)
    restarts = study.evidence[0].restarts
    return f"{said}\nnull: the same search on {', '.join(names)}, {_restarts(restarts)}; margin: what is left over it{missing}"


def _restarts(n: int) -> str:
    return "one start each" if n == 1 else f"best of {n} starts each"
