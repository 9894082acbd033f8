"""An explanation as a small piece of HTML, for a notebook cell."""

from html import escape
from typing import TYPE_CHECKING

import numpy as np

from symbolscope.core.name_list import name_list
from symbolscope.core.printable_text import printable
from symbolscope.report.numerals import effect, several, signed
from symbolscope.report.payload import decimals
from symbolscope.report.sentences import certificate_line, default_count, evidence_sentence, headline, known_curve

if TYPE_CHECKING:
    from symbolscope.interactions.model import InteractionModel

_UP, _DOWN = "#2f74c5", "#c8661a"  # readable on the white and on the black background of notebooks
_WIDTH = 160  # pixels of the column of bars


def html_fragment(model: "InteractionModel", *, k: int = 12) -> str:
    """Write a table of the strongest interactions with bars: no script, nothing loaded, every name escaped.

    Parameters
    ----------
    model
        The explanation.
    k
        How many interactions to list.

    Examples
    --------
    >>> import numpy as np, symbolscope as sy
    >>> html_fragment(sy.decompose(np.array([0.0, 1.0, 1.0, 4.0])))[:28]
    '<div class="symbolscope-mode'
    """
    digits, curve = decimals(model), known_curve(model)
    below, above = float(-model.effects.min(initial=0.0)), float(model.effects.max(initial=0.0))
    scale = _WIDTH / ((below + above) or 1.0)
    rows: list[str] = []
    for row in range(min(k, len(model.effects))):
        size, kind = float(model.effects[row]), str(model.kinds[row])
        members = [escape(printable(model.player_names[player])) for player in np.flatnonzero(model.masks[row])]
        names = name_list(members, f" <small>{escape(kind)}</small> ")
        start = (below + min(size, 0.0)) * scale
        bar = (
            f'<svg width="{_WIDTH}" height="14" role="img" aria-label="effect {effect(size, digits)}">'
            f'<rect x="{start:.1f}" y="2" width="{max(abs(size) * scale, 1.0):.1f}" height="10" rx="1" '
            f'fill="{_UP if size >= 0 else _DOWN}"/></svg>'
        )
        rows.append(
            f'<tr><td>{escape(kind.upper())}</td><td style="text-align:left">{names}</td><td>{bar}</td>'
            f'<td style="text-align:right">{effect(size, digits)}</td><td>{int(model.masks[row].sum())}</td></tr>'
        )
    left = len(model.effects) - k
    more = f" {several(left, 'weaker one is', 'weaker ones are')} not listed." if left > 0 else ""
    said = headline(model, default_count(model, curve), curve)
    return (
        f'<div class="symbolscope-model"><p><strong>{escape(printable(said))}</strong></p>'
        '<table><thead><tr><th>kind</th><th style="text-align:left">players</th><th>− lowers, raises +</th>'
        f"<th>effect</th><th>order</th></tr></thead><tbody>{''.join(rows)}</tbody></table>"
        f"<p>Intercept {signed(float(model.intercept), digits)}.{more} {escape(printable(certificate_line(model)))}</p>"
        f"<p>{escape(printable(evidence_sentence(model, None)))}</p></div>"
    )
