"""Alignments in the terminal: a table of accuracies with floors and intervals, and one sentence of what they support."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from symbolscope.report.counting_study import CountingStudy


def print_study(study: "CountingStudy", console: "Console | None" = None) -> None:
    """Print every alignment of a study with its accuracy on fresh pairs, floor, ceiling and restarts."""
    from rich.console import Console
    from rich.text import Text

    from symbolscope.report.reading import reading

    out = Console() if console is None else console
    out.print(alignment_table(study))
    out.print(Text(reading(study), style="bold"))


def alignment_table(study: "CountingStudy") -> "Table":
    """One row per alignment: variable, featurizer, size, trained numbers, IIA with interval, floor, ceiling, held-out IIA."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(
        box=SIMPLE_HEAD,
        title="IIA: share of fresh pairs whose whole answer follows the swapped variable",
        caption="floor: nothing swapped; ceiling: the whole state, against every variable",
        title_justify="left",
        caption_justify="left",
    )
    for column in ("variable", "featurizer"):
        table.add_column(column, no_wrap=True)
    held = bool(study.held_out_results)
    restarts = max(len(alignment.restarts) for alignment in study.alignments)
    headings = ["size", "numbers", "IIA", "95 %", "floor", "ceiling"]
    headings += ["held out"] if held else []
    headings += ["restarts"] if restarts > 1 else []
    for column in headings:
        table.add_column(column, justify="right", no_wrap=True)
    for index, (alignment, iia) in enumerate(zip(study.alignments, study.results, strict=True)):
        low, high = iia.interval
        row = [
            alignment.variables[0],
            type(alignment.featurizer).__name__,
            str(alignment.featurizer.size),
            f"{alignment.complexity:,}",
            f"{iia.value:.3f}",
            f"{low:.2f}-{high:.2f}",
            f"{iia.floor:.3f}",
            f"{iia.ceiling:.3f}",
        ]
        if held:
            row.append(f"{study.held_out_results[index].value:.3f}")
        if restarts > 1:
            row.append(" ".join(f"{restart.validation_iia:.2f}" for restart in alignment.restarts))
        table.add_row(*row)
    return table
