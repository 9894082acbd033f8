"""What comes from elsewhere cannot steer a terminal: one function, and everything that is printed."""

import io
import re
import sys
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

import symbolscope as sy
from symbolscope.core.printable_text import printable
from symbolscope.games.progress import ProgressBar
from symbolscope.report.terminal import print_model

# The window's title, a red background, the 8-bit introducer, an override, an isolate, a line separator, a tag, a bell, fillers.
HOSTILE = [
    "\x1b]0;owned\x07", "\x1b[41m", "\x9b2J", "in\u202ecome", "\u2067age\u2069", "a\u2028b", "a\u200bb", "\U000e0041x",
    "\x07", "a\rb", "\u3164", "x\ufeff", "\x00", "two\nlines", "\udc9b",
]  # fmt: skip
ESCAPE = re.compile(r"\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|[nrt])")
JOINERS_AND_NUMBER_SIGNS = set(
    "\u200c\u200d\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u0890\u0891\u08e2\U000110bd\U000110cd"
)


def has_hidden(text, keep="\n"):
    """Whether a text holds a character of the categories that terminals obey or do not show, by Unicode's own table."""
    return [c for c in text if c not in keep and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")]


@given(text=st.text(st.characters(exclude_characters="\\"), max_size=40))
def test_nothing_hidden_is_left_and_everything_can_be_read_back(text):
    shown = printable(text)
    assert set(has_hidden(shown, keep="")) <= JOINERS_AND_NUMBER_SIGNS
    found = ESCAPE.sub(lambda one: one[0].encode().decode("unicode_escape"), shown)
    assert found == text
    assert printable(shown) == shown


@pytest.mark.parametrize(
    "number", [*range(32), *range(0x7F, 0xA0), 0x200E, 0x202A, 0x2066, 0x2029, 0x2060, 0xFEFF, 0xE0001]
)
def test_each_is_written_by_its_number(number):
    shown = printable(f"a{chr(number)}b")
    assert shown.isascii()
    assert shown.isprintable()
    assert shown.encode().decode("unicode_escape") == f"a{chr(number)}b"  # Python reads back what was there


@pytest.mark.parametrize(
    "text",
    [
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",  # a family is one sign
        "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",  # the flag of Scotland
        "می\u200cخواهم",  # Persian has a non-joiner inside words
        "क्\u200dष",
        "höhe 身長 ١٢",
    ],
)
def test_scripts_and_emoji_stay_whole(text):
    assert printable(text) == text


@pytest.mark.parametrize("text", ["pay\u200dpal", "\u200d", "a\u200cb", "\U0001f468\u200d", "\U000e0067"])
def test_joiners_out_of_their_place_are_shown(text):
    assert printable(text).isascii() or "\u200d" not in printable(text)
    assert not has_hidden(printable(text))


def printed(model, **how):
    out = io.StringIO()
    print_model(model, Console(file=out, **how))
    return out.getvalue()


@pytest.fixture(params=HOSTILE, ids=ascii)
def hostile(request):
    return request.param


def test_players_of_any_name_are_printed(hostile):
    model = sy.decompose([0.0, 1.0, 1.0, 4.0], player_names=[hostile, "plain"])
    for text in (printed(model, width=100), repr(model), model.to_text(), str(model.graph()), model._repr_html_()):
        assert not has_hidden(text), ascii(text)
    assert printable(hostile) in repr(model)


def test_errors_are_printed(hostile):
    model = sy.decompose([0.0, 1.0, 1.0, 4.0], player_names=["a", "b"])
    with pytest.raises(sy.SymbolscopeError) as caught:
        sy.audit(model, {hostile: "irrelevant"})
    assert not has_hidden(str(caught.value), keep="\n\t")
    assert not has_hidden(str(sy.SymbolscopeError(f"there is no {hostile}")), keep="\n\t")


def test_games_and_hierarchies_are_printed(hostile):
    def function(masks):
        return 2.0 * masks[:, 0] * masks[:, 1]

    function.__name__ = hostile
    game = sy.Game.from_function(function, 4, [hostile, "b", "c", "d"])
    assert not has_hidden(repr(game))
    found = sy.explain_hierarchy(game, {hostile: [0, 1], "back": [2, 3]}, progress=False)
    assert not has_hidden(found.to_text())


def test_a_progress_bar_is_printed(hostile, monkeypatch):
    out = io.StringIO()
    monkeypatch.setattr(sys, "stderr", out)
    with ProgressBar(2, label=hostile, show=True) as bar:
        bar.update(1, 0.0)
    assert not has_hidden(out.getvalue().replace("\x1b[?25l", "").replace("\x1b[?25h", ""))


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8", "koi8-r"])
def test_streams_of_any_encoding_take_the_whole_result(encoding):
    model = sy.decompose([0.0, 1.0, 1.0, 4.0], player_names=["höhe", "身長"])
    memory = io.BytesIO()
    stream = io.TextIOWrapper(memory, encoding=encoding, errors="strict", newline="\n")
    print_model(model, Console(file=stream, width=100))
    stream.flush()
    said = memory.getvalue().decode(encoding)
    assert "2.0000" in said
    assert printable("身長", encoding=encoding) in said


@pytest.mark.parametrize("width", [0, 1, 2, 5, 19])
def test_a_terminal_without_width_loses_nothing(width):
    model = sy.decompose(np.array([0.0, 1.0, 1.0, 4.0]), player_names=["income", "postcode"])
    said = printed(model, width=width)
    assert "+2.0000" in said
    assert "income and postcode" in said
