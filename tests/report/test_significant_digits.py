"""Effects print with digits that count, in every place and in whatever unit the score is."""

import io
import json
import re

import numpy as np
import pytest
from rich.console import Console
from tests.graphs.instances import by_hand

import symbolscope as sy
from symbolscope.cli.as_json import as_json
from symbolscope.core.effect_text import digits_for, effect_decimals, effect_text, magnitude, table_decimals
from symbolscope.emergence.order_strength import strength_by_order_and_sign
from symbolscope.report.notebook import html_fragment
from symbolscope.report.numerals import MINUS, effect, signed
from symbolscope.report.page import render_page
from symbolscope.report.terminal import print_model

SCALES = [3e-300, 7.5e-17, 3e-12, 2.5e-7, 4e-4, 0.03, 1.0, 480.0, 6e5, 9e11, 1e250]
NUMBER = re.compile(r"[-+\u2212]\d[\d.]*(?:e[-+]?\d+)?")


def model_of(scale):
    """Three interactions whose effects are as 1 to -0.5 to 0.25; the intercept has their scale."""
    effects = [("and", (0, 1), scale), ("or", (1, 2), -0.5 * scale), ("and", (2,), 0.25 * scale)]
    return by_hand(3, effects)


def terminal(model):
    out = io.StringIO()
    print_model(model, Console(file=out, width=200))
    return out.getvalue()


def page(model):
    return render_page([model], "page")


def drawing(model):
    return " ".join(sy.AndOrGraph.from_interactions(model).layout().effects)


def graph_text(model):
    return sy.AndOrGraph.from_interactions(model).to_text()


PLACES = {
    "text": lambda model: model.to_text(),
    "repr": repr,
    "terminal": terminal,
    "notebook": html_fragment,
    "page": lambda model: " ".join(re.findall(r'class="right effect" data-value="[^"]*">([^<]*)<', page(model))),
    "shares of the page": lambda model: " ".join(re.findall(r'data-role="symbols"[^>]*>([^<]*)<', page(model))),
    "graph's picture": drawing,
    "graph's text": graph_text,
}


def numbers(text):
    return [float(one.replace(MINUS, "-")) for one in NUMBER.findall(text)]


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("place", PLACES)
def test_an_effect_is_read_back_to_three_digits(place, scale):
    shown = numbers(PLACES[place](model_of(scale)))
    wanted = [0.75 * scale] if place == "shares of the page" else [scale, -0.5 * scale, 0.25 * scale]
    for one in wanted:
        assert any(abs(number - one) <= 6e-3 * abs(one) for number in shown), (one, shown)


@pytest.mark.parametrize("scale", SCALES)
def test_an_effect_that_is_not_zero_never_reads_as_zero(scale):
    """Beside a far stronger one too."""
    model = by_hand(2, [("and", (0, 1), 1.0), ("and", (0,), -min(scale, 0.5))])
    for shown in (model.to_text(), terminal(model), html_fragment(model), PLACES["page"](model)):
        least = min(numbers(shown))
        assert least < 0
        assert least == pytest.approx(-min(scale, 0.5), rel=6e-3)


@pytest.mark.parametrize("scale", SCALES[1:-1])
def test_errors_of_the_controls_have_digits(scale):
    """Unfaithfulness is in squared units of the score, and was 0.000 for small ones."""
    values = scale * np.array([0.0, 1.0, 1.0, 4.0])
    report = sy.assess(sy.decompose(values).top(1), nulls=())
    error = report.details["largest error"]
    line = next(line for line in repr(report).splitlines() if "largest error" in line)
    assert float(line.split()[-1].replace(",", "")) == pytest.approx(error, rel=0.1)
    shown = next(row for row in report._repr_html_().split("<tr>") if "largest error" in row)
    assert "<td>0.000</td>" not in shown


def test_outputs_whose_squares_overflow_are_refused():
    with pytest.raises(sy.SymbolscopeError, match="variance"):
        sy.assess(sy.decompose(1e250 * np.array([0.0, 1.0, 1.0, 4.0])), nulls=())


def test_what_was_readable_stays_as_it_was():
    """Four digits after the point in text as long as they show the effect."""
    assert model_of(3.0).to_text().splitlines()[1] == " +3.0000  and   x0, x1"
    assert model_of(480.0).to_text().splitlines()[1].split()[0] == "+480.0000"
    assert [effect_decimals(scale) for scale in (3.2, 250.0, 0.004, 0.0)] == [4, 2, 7, 4]
    assert (signed(-0.0001, 2), effect(0.0, 4), digits_for(0.0)) == ("0.00", "0.0000", "0.000")


@pytest.mark.parametrize(
    ("value", "decimals", "shown"),
    [
        (3e-7, -4, "+3.0000e-7"),
        (-3e-7, 4, "-3.00e-7"),
        (2e15, effect_decimals(2e15), "+2.0000e+15"),
        (-0.00005, 4, "-0.0001"),  # half a unit is rounded by Python's own rule
        (5e-324, -4, "+4.9407e-324"),
        (float("inf"), 4, "+inf"),
    ],
)
def test_text_of_effects(value, decimals, shown):
    assert effect_text(value, decimals) == shown.replace("-0.0001", f"{value:+.4f}")


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("value", [1.0, -0.731, 0.001, 0.0, -1e-9])
def test_page_and_python_write_alike(scale, value):
    """What the page's script does with the same number of decimals: toFixed, or toExponential below 0."""
    decimals = effect_decimals(scale)
    number = value * scale
    text = magnitude(number, decimals)
    if decimals >= 0:
        assert text == f"{abs(number):.{decimals}f}"
    elif number == 0.0:
        assert text == "0"
    else:
        assert re.fullmatch(r"\d\.\d{4}e[+-][1-9]\d*|\d\.\d{4}e\+0", text)
        assert float(text) == pytest.approx(abs(number), rel=1e-4)


def test_json_keeps_every_bit():
    model = model_of(2.5e-7 / 3)
    written = json.loads(as_json(model, {}))
    assert [one["effect"] for one in written["interactions"]] == model.effects.tolist()


@pytest.mark.parametrize("scale", [3e-9, 2e-5, 1.0])
def test_strength_by_order_has_digits(scale):
    found = numbers(strength_by_order_and_sign(model_of(scale)).to_text())
    assert any(abs(one - scale) <= 0.02 * scale for one in found)


@pytest.mark.parametrize("scale", [1e-9, 3e-4, 0.5, 1e10])
def test_table_decimals_never_hide_the_largest(scale):
    assert float(magnitude(scale, table_decimals(scale))) == pytest.approx(scale, rel=0.06)
