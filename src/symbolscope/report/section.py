"""What the page shows of one explanation, computed before any HTML is written."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from symbolscope.core.effect_text import digits_for
from symbolscope.errors import SymbolscopeError
from symbolscope.evidence.presentation import rows
from symbolscope.games.view import ImageView, TableView, TextView
from symbolscope.report.chart import Chart
from symbolscope.report.charts import accuracy_charts, order_chart, sparsity_charts
from symbolscope.report.graph_figure import GraphFigure, graph_figure
from symbolscope.report.numerals import coarser, effect, several, signed
from symbolscope.report.payload import decimals, output_range, outputs, payload
from symbolscope.report.picture import Picture, draw_picture
from symbolscope.report.sentences import (
    Certificate,
    certificate,
    default_count,
    evidence_sentence,
    headline,
    known_curve,
    report_of,
    score_sentence,
    sparsity_sentence,
)

if TYPE_CHECKING:
    from symbolscope.evidence.faithfulness import Faithfulness
    from symbolscope.evidence.left_out import NotAssessed
    from symbolscope.interactions.fidelity import FidelityCurve
    from symbolscope.interactions.model import InteractionModel

_MOST_BARS = 40


@dataclass(frozen=True)
class Number:
    """A number as it is printed, and in full for whoever computes with it."""

    text: str
    full: str


@dataclass(frozen=True)
class Bar:
    """One interaction in the list."""

    kind: Literal["and", "or"]
    players: tuple[int, ...]
    effect: Number
    order: int
    sign: Literal["positive", "negative"]
    zero: float  # where the bar starts, 0 to 200
    path: str  # an arrow from there, pointing to the effect's side
    used: bool


@dataclass(frozen=True)
class PlayerRow:
    """One player as a line of the input table."""

    player: int
    name: str
    value: str
    hidden: str
    share: Number
    tint: str  # sign and strength of its share, as a CSS class


@dataclass(frozen=True)
class Fragment:
    """A piece of text, a player where ``player`` is 0 or more."""

    text: str
    player: int
    first: bool
    before: str
    after: str


@dataclass(frozen=True)
class Section:
    """One explanation, ready for the template."""

    ident: str
    name: str
    headline: str
    score: str
    sparsity: str
    input_kind: Literal["table", "text", "image", "players"]
    players: tuple[PlayerRow, ...]
    fragments: tuple[Fragment, ...]
    picture: Picture | None
    missing: tuple[int, ...]  # players that the view does not show; they get a button of their own
    network: Number | None
    symbols: Number
    difference: Number | None
    intercept: Number
    ends: tuple[str, str]
    bars: tuple[Bar, ...]
    signs: tuple[bool, bool]  # whether any bar points down, up
    count: int
    chosen: int
    used: str
    graph: GraphFigure | None
    graph_sum: Number | None
    charts: tuple[tuple[Chart, ...], ...]
    certificate: Certificate
    evidence: str
    controls: tuple[tuple[str, ...], ...]
    settings: tuple[tuple[str, str], ...]
    payload: str


def make_section(
    model: "InteractionModel", number: int, evidence: "Faithfulness | NotAssessed | None" = None
) -> Section:
    """Lay out one explanation; ``number`` makes its ids unique in the page, ``evidence`` says what was controlled."""
    said = evidence_sentence(model, evidence)
    evidence = report_of(evidence)
    curve, digits = known_curve(model), decimals(model)
    chosen = default_count(model, curve)
    graph = graph_figure(model, chosen)
    rows = _player_rows(model, digits)
    fragments = _fragments(model.view) if isinstance(model.view, TextView) else ()
    picture = draw_picture(model.view) if isinstance(model.view, ImageView) else None
    shown = {fragment.player for fragment in fragments} | {player for player, _ in (picture.regions if picture else ())}
    kind = _input_kind(model)
    known = outputs(model)
    symbols = float(model.intercept + model.effects[:chosen].sum())  # with every player shown, every interaction is on
    low, high = output_range(model)
    return Section(
        ident=f"model-{number}",
        name=_name(model, number),
        headline=headline(model, chosen, curve),
        score=score_sentence(model),
        sparsity=sparsity_sentence(model),
        input_kind=kind,
        players=rows,
        fragments=fragments,
        picture=picture,
        missing=tuple(row.player for row in rows if row.player not in shown) if kind in ("text", "image") else (),
        network=None if known is None else _number(float(known[-1]), digits),
        symbols=_number(symbols, digits),
        difference=None if known is None else _number(symbols - float(known[-1]), digits),
        intercept=_number(float(model.intercept), digits),
        ends=(signed(low, coarser(digits)), signed(high, coarser(digits))),
        bars=_bars(model, chosen, digits),
        signs=(bool((model.effects < 0).any()), bool((model.effects >= 0).any())),
        count=len(model.effects),
        chosen=chosen,
        used=several(chosen, "interaction"),
        graph=graph,
        graph_sum=None if graph is None else _number(graph.total, digits),
        charts=_charts(model, curve, evidence),
        certificate=certificate(model),
        evidence=said,
        controls=_controls(evidence),
        settings=tuple((str(key), "none" if value is None else str(value)) for key, value in model.settings.items()),
        payload=payload(model, chosen, curve, graph),
    )


def _number(value: float, digits: int) -> Number:
    return Number(signed(value, digits), repr(float(value)))


def _effect(value: float, digits: int) -> Number:
    return Number(effect(value, digits), repr(float(value)))


def _name(model: "InteractionModel", number: int) -> str:
    given = model.settings.get("title") or model.settings.get("target_name") or model.settings.get("target")
    return f"Explanation {number}" if given is None else f"{number} · {given}"


def _input_kind(model: "InteractionModel") -> Literal["table", "text", "image", "players"]:
    if isinstance(model.view, TableView):
        return "table"
    if isinstance(model.view, TextView):
        return "text"
    return "image" if isinstance(model.view, ImageView) else "players"


def _player_rows(model: "InteractionModel", digits: int) -> tuple[PlayerRow, ...]:
    shares = model.shapley_values()
    largest = max(float(np.abs(shares).max(initial=0.0)), 1e-300)
    view = model.view.rows if isinstance(model.view, TableView) else ()
    if view and len(view) != model.n_players:
        raise SymbolscopeError(
            f"the view of an explanation has {several(len(view), 'row')} but its model has "
            f"{several(model.n_players, 'player')}; give one row per player, in their order"
        )
    rows: list[PlayerRow] = []
    for player, name in enumerate(model.player_names):
        share = float(shares[player])
        strength = round(4 * abs(share) / largest)
        tint = f"{'lowers' if share < 0 else 'raises'} tint-{strength}"
        value, hidden = (view[player][1], view[player][2]) if view else ("", "")
        rows.append(PlayerRow(player, name, value, hidden, _effect(share, digits), tint))
    return tuple(rows)


def _fragments(view: TextView) -> tuple[Fragment, ...]:
    seen: set[int] = set()
    pieces: list[Fragment] = []
    for text, player in view.fragments:
        # Space around a word stays outside its button, so that lines break where the text does.
        core = text.strip()
        before = text[: len(text) - len(text.lstrip())] if core else ""
        after = text[len(text.rstrip()) :] if core else ""
        pieces.append(Fragment(core or text, player, player not in seen, before, after))
        seen.add(player)
    return tuple(pieces)


def _bars(model: "InteractionModel", chosen: int, digits: int) -> tuple[Bar, ...]:
    drawn = min(len(model.effects), max(8, chosen + 4), _MOST_BARS)
    below, above = float(-model.effects.min(initial=0.0)), float(model.effects.max(initial=0.0))
    scale = 196.0 / ((below + above) or 1.0)
    zero = round(2.0 + below * scale, 2)
    bars: list[Bar] = []
    for row in range(drawn):
        size = float(model.effects[row])
        tip, players = zero + size * scale, np.flatnonzero(model.masks[row])
        # The arrow's head shows the sign without colour; a short bar is all head.
        neck = tip - math.copysign(min(3.0, abs(tip - zero)), size)
        bars.append(
            Bar(
                kind="or" if model.kinds[row] == "or" else "and",
                players=tuple(int(player) for player in players),
                effect=_effect(size, digits),
                order=len(players),
                sign="positive" if size >= 0 else "negative",
                zero=zero,
                path=f"M{zero} 3H{neck:.2f}L{tip:.2f} 9L{neck:.2f} 15H{zero}Z",
                used=row < chosen,
            )
        )
    return tuple(bars)


def _controls(evidence: "Faithfulness | None") -> tuple[tuple[str, ...], ...]:
    """Every number of the controls: what, value, interval, note."""
    if evidence is None:
        return ()
    shown: list[tuple[str, ...]] = []
    for row in rows(evidence):
        low, high = (digits_for(bound) for bound in row.interval)
        span = "" if math.isnan(row.interval[0]) else f"{low} to {high}"
        value = (
            "–" if math.isnan(row.value) else f"{row.value:,.0f}" if row.section == "terms" else digits_for(row.value)
        )
        shown.append((f"{row.section}: {row.name}", value, span, row.note))
    if evidence.alternatives is not None:
        shown.append(("identifiability", "", "", str(evidence.alternatives)))
    return tuple(shown)


def _charts(
    model: "InteractionModel", curve: "FidelityCurve | None", evidence: "Faithfulness | None"
) -> tuple[tuple[Chart, ...], ...]:
    """Figures of one chart each, or of two that a switch chooses between."""
    if not len(model.effects) or not np.abs(model.effects).max() > 0:
        return ()
    figures: list[tuple[Chart, ...]] = [sparsity_charts(model)]
    if curve is not None:
        figures.extend((chart,) for chart in accuracy_charts(curve, evidence))
    figures.append((order_chart(model),))
    return tuple(figures)
