"""The page as text: whole, small, escaped, and shut off from the network."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import symbolscope.report.page as page_module
from symbolscope.errors import SymbolscopeError
from symbolscope.games.masks import all_masks
from symbolscope.games.view import ImageView, TableView, TextView
from symbolscope.interactions.model import InteractionModel
from symbolscope.report.page import write_report

HOSTILE = "<script>alert(1)</script>"
BREAKS = [
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</script><!--",
    "a\u2028b & c",
    "{{ 7 * 7 }}",
    "\ud800",
]


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text.append(data)


def parsed(path: Path) -> Tags:
    tags = Tags()
    tags.feed(path.read_text(encoding="utf-8"))
    return tags


def assert_harmless(path: Path, scripts: int) -> None:
    tags = parsed(path).tags
    assert sum(tag == "script" for tag, _ in tags) == scripts
    assert not [tag for tag, _ in tags if tag in ("img", "iframe", "object", "embed", "form", "b", "i")]
    assert not [name for _, attributes in tags for name in attributes if name.startswith("on") or name == "style"]


@pytest.mark.parametrize("kind", ["players", "table", "text"])
def test_every_name_is_escaped_wherever_it_appears(tmp_path, make_model, kind):
    names = [HOSTILE, *BREAKS]
    views = {
        "players": None,
        "table": TableView(tuple((name, name, name) for name in names)),
        "text": TextView((*((name, player) for player, name in enumerate(names)), (HOSTILE, -1))),
    }
    settings = {HOSTILE: HOSTILE, "score": HOSTILE, "target": BREAKS[0], "title": BREAKS[1]}
    model = make_model([((0, 1), "and", 1.0)], names, view=views[kind], settings=settings)
    path = write_report(tmp_path / "page.html", [model, model], title=HOSTILE)
    assert_harmless(path, scripts=3)
    assert HOSTILE in "".join(parsed(path).text)
    assert "49" not in [piece.strip() for piece in parsed(path).text]


def test_names_of_patches_are_escaped_in_attributes(tmp_path, make_model):
    labels = np.repeat(np.arange(4), 4).reshape(4, 4)
    view = ImageView(np.zeros((4, 4, 3), dtype=np.uint8), labels)
    names = [HOSTILE, *BREAKS[:3]]
    path = write_report(tmp_path / "page.html", make_model([((0,), "and", 1.0)], names, view=view))
    assert_harmless(path, scripts=2)
    assert {attributes.get("aria-label") for _, attributes in parsed(path).tags} >= set(names)


def test_policy_names_exactly_the_script_and_style_of_the_page(tmp_path, table_model):
    text = write_report(tmp_path / "page.html", table_model).read_text(encoding="utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1].replace("&#39;", "'")
    rules = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    for rule, pattern in (("script-src", r"<script>(.*?)</script>"), ("style-src", r"<style>(.*?)</style>")):
        (content,) = re.findall(pattern, text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert rules[rule] == f"'sha256-{digest}'"
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["img-src"] == "data:"


def test_page_names_no_address_outside_itself(tmp_path, table_model, text_model, image_model):
    path = write_report(tmp_path / "page.html", [table_model, text_model, image_model])
    assert not re.search(r"https?:|//[a-z]+\.|@import|url\((?!#)", path.read_text(encoding="utf-8"))
    for tag, attributes in parsed(path).tags:
        for name in ("src", "href", "xlink:href", "action"):
            assert (attributes.get(name) or "#").startswith(("#", "data:")), (tag, attributes)


def test_ids_are_unique_in_a_page_of_several_explanations(tmp_path, table_model, text_model, image_model):
    path = write_report(tmp_path / "page.html", [table_model, text_model, image_model, table_model])
    ids = [attributes["id"] for _, attributes in parsed(path).tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in parsed(path).tags:
        for reference in ("aria-labelledby", "for"):
            assert set((attributes.get(reference) or "").split()) <= set(ids)


def test_twelve_players_with_every_interaction_stay_below_400_kilobytes(tmp_path):
    rng = np.random.default_rng(0)
    n, masks = 12, all_masks(12)[1:]
    effects = rng.normal(size=2 * len(masks)) * np.geomspace(1.0, 1e-6, 2 * len(masks))
    model = InteractionModel(
        masks=np.vstack([masks, masks]),
        kinds=np.array(["and"] * len(masks) + ["or"] * len(masks)),
        effects=effects,
        intercept=0.0,
        player_names=tuple(f"player number {i}" for i in range(n)),
        objective=1.0,
        lower_bound=1.0,
        values=rng.normal(size=1 << n),
        settings={},
        view=None,
    )
    path = write_report(tmp_path / "page.html", model)
    assert path.stat().st_size < 400_000


def test_a_large_image_does_not_make_a_large_page(tmp_path, make_model):
    pixels = np.random.default_rng(0).integers(0, 256, (900, 1200, 3)).astype(np.uint8)
    labels = np.broadcast_to(np.arange(1200) // 300, (900, 1200)).astype(np.int64)
    model = make_model([((0,), "and", 1.0)], list("abcd"), view=ImageView(pixels, labels))
    assert write_report(tmp_path / "page.html", model).stat().st_size < 600_000


def test_nothing_is_left_when_writing_fails(tmp_path, table_model, monkeypatch):
    (tmp_path / "page.html").write_text("the old page")

    def fail(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("symbolscope.core.whole_file.os.replace", fail)
    with pytest.raises(SymbolscopeError, match="No space left"):
        write_report(tmp_path / "page.html", table_model)
    assert [file.name for file in tmp_path.iterdir()] == ["page.html"]
    assert (tmp_path / "page.html").read_text() == "the old page"


def test_nothing_is_left_when_interrupted(tmp_path, table_model, monkeypatch):
    def interrupt(self, target):
        raise KeyboardInterrupt

    monkeypatch.setattr("symbolscope.core.whole_file.os.replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_report(tmp_path / "page.html", table_model)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_refused_before_any_work(tmp_path, table_model, monkeypatch):
    def refuse(*_):
        raise AssertionError("work began")

    monkeypatch.setattr(page_module, "render_page", refuse)
    with pytest.raises(SymbolscopeError, match="does not exist"):
        write_report(tmp_path / "missing" / "page.html", table_model)
    with pytest.raises(SymbolscopeError, match="is a folder"):
        write_report(tmp_path, table_model)


def test_what_is_no_explanation_is_refused(tmp_path):
    with pytest.raises(SymbolscopeError, match="empty list"):
        write_report(tmp_path / "page.html", [])
    with pytest.raises(SymbolscopeError, match="item 0 is a str"):
        write_report(tmp_path / "page.html", ["model"])  # type: ignore[list-item]
    with pytest.raises(SymbolscopeError, match="got a int"):
        write_report(tmp_path / "page.html", 7)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("n", [0, 1])
def test_almost_empty_explanations_have_a_page(tmp_path, n):
    model = InteractionModel(
        masks=np.ones((n, n), dtype=np.bool_),
        kinds=np.array(["and"] * n, dtype=np.str_),
        effects=np.ones(n),
        intercept=0.5,
        player_names=("only",) * n,
        objective=float(n),
        lower_bound=float(n),
        values=np.arange(1 << n) + 0.5,
        settings={},
        view=None,
    )
    text = write_report(tmp_path / "page.html", model).read_text(encoding="utf-8")
    assert ("1 interaction reproduces" if n else "No interaction is needed") in text


def test_the_first_sentence_is_honest_when_few_interactions_do_not_suffice(tmp_path, make_model):
    spread = [((player,), "and", 1.0) for player in range(8)]
    many = [((i, j), "and", 1.0) for i in range(8) for j in range(i)]
    model = make_model([*spread, *many], list("abcdefgh"))
    text = write_report(tmp_path / "page.html", model).read_text(encoding="utf-8").replace("\u00a0", " ")
    curve = model.curve()
    needed = int(curve.counts[np.flatnonzero(curve.r2 >= 0.95)[0]])
    assert needed > 30
    assert "The 30 strongest interactions " in text
    assert f"95 % takes {needed}." in text
