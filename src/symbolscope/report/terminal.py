"""An explanation in the terminal: the strongest interactions with bars, and what the certificate proves."""

import math
from typing import TYPE_CHECKING

import numpy as np

from symbolscope.core.name_list import name_list
from symbolscope.core.printable_text import printable
from symbolscope.core.terminal_output import shown, terminal_console, wide_enough
from symbolscope.games.view import ImageView, TableView, TextView
from symbolscope.report.numerals import effect, several, signed
from symbolscope.report.payload import decimals
from symbolscope.report.sentences import (
    certificate_line,
    default_count,
    evidence_sentence,
    headline,
    known_curve,
    report_of,
    sampled_sentence,
    score_sentence,
    sparsity_sentence,
)

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from symbolscope.evidence.faithfulness import Faithfulness
    from symbolscope.evidence.left_out import NotAssessed
    from symbolscope.interactions.model import InteractionModel

_BAR = 20  # characters of the longest bar
_EIGHTHS = " ▏▎▍▌▋▊▉"


def print_model(
    model: "InteractionModel",
    console: "Console | None" = None,
    *,
    k: int = 10,
    evidence: "Faithfulness | NotAssessed | None" = None,
) -> None:
    """Print the strongest interactions, the input, the score, the certificate, and what the controls say.

    Parameters
    ----------
    model
        The explanation.
    console
        Where to print; standard output if not given.
    k
        How many interactions to list.
    evidence
        What :func:`symbolscope.assess` said of the model, or why it could not; None prints that nothing was controlled.

    Examples
    --------
    >>> import numpy as np, symbolscope as sy
    >>> from rich.console import Console
    >>> print_model(sy.decompose(np.array([0.0, 1.0, 1.0, 4.0])), Console(width=100))
    3 interactions reproduce ...
    """
    with wide_enough(terminal_console() if console is None else console) as out:
        curve = known_curve(model)
        out.print(shown(headline(model, default_count(model, curve), curve), out, style="bold"))
        out.print(shown(_input_line(model), out))
        out.print(shown(score_sentence(model), out))
        out.print(_table(model, k, out))
        left = len(model.effects) - k
        more = f" {several(left, 'weaker one is', 'weaker ones are')} not listed." if left > 0 else ""
        out.print(shown(sparsity_sentence(model) + more, out))
        if learned := sampled_sentence(model):
            out.print(shown(learned, out))
        else:
            out.print(shown(certificate_line(model), out))
        report = report_of(evidence)
        if report is not None and report.sizes:
            out.print(shown(f"Terms for R² of 0.9 / 0.99: {sizes_line(report)}.", out))
        out.print(shown(evidence_sentence(model, evidence), out, style="bold"))
        if report is not None and report.alternatives is not None:
            said = str(report.alternatives)
            out.print(shown(f"Identifiability: {said}.", out))


def sizes_line(evidence: "Faithfulness") -> str:
    """How many terms the network, each null's best restart and each rival basis take."""
    shown: list[str] = []
    for name, counts in evidence.sizes.items():
        best = min(counts, key=lambda one: math.inf if one[0] is None else one[0])
        shown.append(f"{name} " + " / ".join("never" if count is None else f"{count:,}" for count in best))
    return "; ".join(shown)


def _input_line(model: "InteractionModel") -> str:
    view = model.view
    if isinstance(view, TextView):
        return "Input: " + "".join(fragment for fragment, _ in view.fragments).strip()
    if isinstance(view, ImageView):
        height, width = view.labels.shape
        return f"Input: an image of {width} x {height} pixels in {several(model.n_players, 'player')}"
    if isinstance(view, TableView):
        return "Input: " + ", ".join(f"{printable(name)} = {printable(value)}" for name, value, _ in view.rows)
    return f"Input: {several(model.n_players, 'player')}"


def _table(model: "InteractionModel", k: int, out: "Console") -> "Table":
    from rich import box
    from rich.table import Table

    digits = decimals(model)
    largest = float(np.abs(model.effects).max(initial=0.0)) or 1.0
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("#", justify="right", style="dim")
    table.add_column("kind")
    table.add_column("players", overflow="fold", ratio=1)
    table.add_column("effect", justify="right")
    table.add_column("size")
    table.add_column("order", justify="right")
    for row in range(min(k, len(model.effects))):
        size, kind = float(model.effects[row]), str(model.kinds[row])
        style = "blue" if size >= 0 else "dark_orange"
        # Names are shown one by one: a line break in one is none of the table's.
        members = [printable(model.player_names[player]) for player in np.flatnonzero(model.masks[row])]
        names = name_list(members, f" {kind} ")
        table.add_row(
            str(row + 1),
            kind.upper(),
            shown(names, out),
            shown(effect(size, digits), out, style=style),
            shown(_bar(abs(size) / largest, out), out, style=style),
            str(int(model.masks[row].sum())),
        )
    intercept = signed(float(model.intercept), digits)
    table.add_row("", "", "intercept (every player hidden)", shown(intercept, out), "", "", style="dim")
    return table


def _bar(share: float, out: "Console") -> str:
    if out.options.ascii_only:
        return "#" * round(share * _BAR)
    whole, eighths = divmod(round(share * _BAR * 8), 8)
    return "█" * whole + (_EIGHTHS[eighths] if eighths else "")
