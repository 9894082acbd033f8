"""A section of the page that is read and not poked: headline, sentences, charts, and a table."""

from dataclasses import dataclass

from symbolscope.report.chart import Chart


@dataclass(frozen=True)
class FiguresSection:
    """What the template writes down.

    Attributes
    ----------
    ident
        Its id in the page.
    name
        On its tab.
    headline, leads
        The main sentence and those below it.
    charts
        Figures, each with its table.
    facts
        (name, text) rows: conditions, verdicts, settings.
    """

    ident: str
    name: str
    headline: str
    leads: tuple[str, ...]
    charts: tuple[Chart, ...]
    facts: tuple[tuple[str, str], ...]
