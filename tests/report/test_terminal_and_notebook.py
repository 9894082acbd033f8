"""The same explanation in a terminal and in a notebook cell."""

import io
import re

import pytest
from rich.console import Console

from symbolscope.report.notebook import html_fragment
from symbolscope.report.terminal import print_model


def printed(model, **options):
    out = io.StringIO()
    print_model(model, Console(file=out, width=120), **options)
    return out.getvalue()


def test_terminal_shows_the_strongest_interactions_and_the_certificate(table_model):
    text = printed(table_model, k=4)
    assert "3 interactions reproduce" in text
    assert re.search(r"1\s+AND\s+feature a and feature b\s+\+2\.0000\s+█{20}\s+2", text)
    assert re.search(r"2\s+OR\s+feature c or feature d or feature e\s+−1\.5000\s+█{15}\s+3", text)
    assert "20 weaker ones are not listed" in text
    assert "could cost less than this one by more than 0.05" in text
    assert "feature a = 0" in text
    assert "log-odds" in text


def test_terminal_does_not_obey_names(make_model):
    model = make_model([((0, 1), "and", 1.0)], ["[red]a[/red]", "[/]"], settings={"score": "[bold]s", "target": "[/x]"})
    text = printed(model)
    assert "[red]a[/red] and [/]" in text
    assert "[bold]s" in text
    assert "[/x]" in text


@pytest.mark.parametrize("view", ["table_model", "text_model", "image_model", "plain_model"])
def test_terminal_describes_every_input(request, view):
    assert "Input: " in printed(request.getfixturevalue(view))


def test_fragment_is_escaped_and_has_no_script(plain_model):
    fragment = html_fragment(plain_model)
    assert "<script" not in fragment
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in fragment
    assert fragment.count("<rect") == 12
    assert "10 weaker ones are not listed" in fragment
    assert "http" not in fragment
