"""A walk through every command: no score is shown anywhere without its floor and its nulls, or the words that there are none."""

import contextlib
import inspect
import io
import json
import os
import re
import sys
from html.parser import HTMLParser

import pytest
from tests.cli.conftest import MODEL, TABLE

from symbolscope.cli.application import run_command
from symbolscope.cli.main import run

STUDY = "import symbolscope as sy\ndef oracle():\n    return sy.networks.Toy1d(sy.tasks.MultiObject(max_count=4))\n"
EXPLAIN = ("explain", "model.py:build", "--data", "table.csv", "--row", "1", "--drop", "label")
# Every command that names a score, at its smallest; a new one is a line here, or among those that name none.
WALK = {
    "demo": ("demo",),
    "explain": EXPLAIN,
    "count": ("count", "--max-count", "4", "--width", "8", "--sizes", "2", "--steps", "30", "-q"),
    "align": ("align", "study.py:oracle", "--max-count", "4", "--variable", "count", "--sizes", "1", "--featurizer", "orthogonal",
              "--steps", "60", "-q"),
}  # fmt: skip
WITHOUT_NULLS = {
    "reproduce numbers": ("reproduce", "numbers", "--networks", "gru", "--seeds", "1", "--width", "8", "--max-count", "5",
                          "--sizes", "2", "--steps", "10", "--folder", "grid", "-q"),
}  # fmt: skip
# Chance and networks with random weights stand in the tables themselves, without an option to leave them out.
NULLS_ALWAYS = {
    "reproduce interactions": ("reproduce", "interactions", "--quick", "--folder", "interactions", "-q", "--parts",
                               "functions,and-or,unfaithfulness,jaccard,graphs"),
    "reproduce emergence": ("reproduce", "emergence", "--quick", "--folder", "emergence", "-q", "--parts",
                            "parity,transfer,dynamics,shared"),
}  # fmt: skip
NO_SCORES: set[str] = set()

SCORES = re.compile(r"IIA|R²|R\^2|of the variance|output's variance|[Ii]nterchange intervention accuracy")
FLOORS = ("floor", "nothing swapped", "mean output")
INTERACTIONS, ALIGNMENTS = {"demo", "explain"}, {"demo", "count", "align"}
NULLS = {"demo": ("random-init", "permuted-outputs", "random-core"), "explain": ("random-init", "permuted-outputs"),
         "count": ("random-init", "random-core", "permuted-outputs"), "align": ("random-init", "permuted-outputs")}  # fmt: skip


class Page(HTMLParser):
    """What a reader sees of a page, and its charts: their titles and the classes of their lines."""

    def __init__(self, text):
        super().__init__()
        self.hidden, self.words, self.charts, self.head = [], [], [], []
        self.feed(text)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag in ("script", "style"):
            self.hidden.append(tag)
        if tag == "svg" and "chart" in given.get("class", "").split():
            self.charts.append({"name": given.get("data-chart"), "title": "", "lines": []})
        if self.charts and tag in ("polyline", "path"):
            self.charts[-1]["lines"].append(given.get("class", "").split())
        if tag == "title" and self.charts:
            self.head.append(self.charts[-1])

    def handle_endtag(self, tag):
        if self.hidden and tag == self.hidden[-1]:
            self.hidden.pop()
        if tag == "title" and self.head:
            self.head.pop()

    def handle_data(self, data):
        if self.hidden:
            return
        self.words.append(data)
        if self.head:
            self.head[-1]["title"] += data


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    """Each command run once with nulls and once without: what it printed, and its page."""
    folder, done = tmp_path_factory.mktemp("walk"), {}
    for name, text in (("model.py", MODEL), ("table.csv", TABLE), ("study.py", STUDY)):
        (folder / name).write_text(text)

    def command(name, *, nulls=True):
        if (name, nulls) not in done:
            before = os.getcwd()
            os.chdir(folder)
            try:
                given = (*WALK[name], "--output", "page.html") if name in WALK else (WITHOUT_NULLS | NULLS_ALWAYS)[name]
                out = printed(*given, *(() if nulls else ("--no-nulls",)))
                page = folder / "page.html"
                done[name, nulls] = out, Page(page.read_text(encoding="utf-8")) if page.exists() else None
                page.unlink(missing_ok=True)
            finally:
                os.chdir(before)
        return done[name, nulls]

    return command


def printed(*arguments):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert run(list(arguments)) == 0
    return " ".join(out.getvalue().split())


@pytest.fixture(autouse=True)
def smaller_demo(monkeypatch):
    """The demo's two parts at sizes of seconds; the command is the same."""
    module = sys.modules["symbolscope.cli.demo"]
    for name, value in {"_FEATURES": 6, "_MAX_COUNT": 4, "_WIDTH": 8, "_SIZE": 2, "_STEPS": 30}.items():
        monkeypatch.setattr(module, name, value)


def commands(monkeypatch):
    """Every command that the program has."""
    import typer

    found = {}

    def group(app):
        made = build(app)
        for name, command in made.commands.items():
            inner = getattr(command, "commands", None)
            found.update({name: command} if inner is None else {f"{name} {one}": inner[one] for one in inner})
        return made

    build = typer.main.get_command
    monkeypatch.setattr(typer.main, "get_command", group)
    with contextlib.redirect_stdout(io.StringIO()):
        run_command(["--version"])
    return found


def test_every_command_is_walked(monkeypatch):
    """One that is not in the lists could show a score alone; one that names none must really name none."""
    found = commands(monkeypatch)
    assert set(found) == {*WALK, *WITHOUT_NULLS, *NULLS_ALWAYS, *NO_SCORES}
    for name, command in found.items():
        function = inspect.unwrap(command.callback)
        options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        assert ({"--nulls", "--no-nulls"} <= options) == (name in WALK)
        if name in NO_SCORES:
            assert not SCORES.search(inspect.getsource(sys.modules[function.__module__]))


@pytest.mark.parametrize("nulls", [True, False], ids=["nulls", "no-nulls"])
@pytest.mark.parametrize("name", WALK)
def test_a_score_has_its_floor_and_its_nulls_beside_it(walked, name, nulls):
    out, page = walked(name, nulls=nulls)
    for text in (out, page.text):
        assert SCORES.search(text)
        if nulls or name in ALIGNMENTS:
            assert any(word in text for word in FLOORS) or all(null in text for null in NULLS[name])
        if nulls:
            assert "othing was controlled" not in text
            for null in NULLS[name]:
                assert null in text
        else:
            assert "nothing was controlled" in text.lower()
            assert "best of 2" not in text
            assert not re.search(r"\d+ (to \d+ )?(in the same network untrained|once its outputs are permuted)", text)
            for null in ("random-init", "random-core", "permuted-outputs", "the same search reaches"):
                assert null not in text


@pytest.mark.parametrize("name", sorted(ALIGNMENTS))
def test_the_table_of_accuracies_has_a_null_and_a_margin(walked, name):
    heads = [
        re.search(r"variable features .*?(?=─)", walked(name, nulls=nulls)[0])[0].split() for nulls in (True, False)
    ]
    assert heads[0] == ["variable", "features", "IIA", "95", "%", "floor", "ceiling", "null", "margin"]
    assert heads[1] == heads[0][:-2]
    row = re.search(r"count Orthogonal \d \(\d+\)((?: [-+.\d]+)+)", walked(name)[0])[1].split()
    iia, _, floor, ceiling, null, margin = row
    assert float(margin) <= float(iia) - float(floor) + 1.0
    assert 0 <= float(null) <= 1
    assert 0 <= float(floor) <= float(ceiling) <= 1
    page = walked(name)[1].text
    for column in ("best null", "margin", "floor", "interval", "nothing swapped"):
        assert column in page
    assert "best null" not in walked(name, nulls=False)[1].text


@pytest.mark.parametrize("name", sorted(INTERACTIONS))
def test_sizes_are_beside_those_of_the_nulls(walked, name):
    out, page = walked(name)
    assert re.search(r"Terms for R² of 0\.9 / 0\.99: network \d+ / (\d+|never); random-init ", out)
    assert "Fourier" in out
    assert "Identifiability: " in out
    for text in (out, page.text):
        assert "of the output's variance over all masks" in text
        assert re.search(r"interactions? gives? R² of 0\.9, against ", text)
    for word in (
        "margin: over random-init",
        "null: permuted-outputs",
        "score: floor",
        "the mean output",
        "terms: network",
    ):
        assert word in page.text
    assert "Terms for R²" not in walked(name, nulls=False)[0]


@pytest.mark.parametrize("nulls", [True, False], ids=["nulls", "no-nulls"])
@pytest.mark.parametrize("name", WALK)
def test_every_chart_of_accuracy_has_its_nulls(walked, name, nulls):
    charts = walked(name, nulls=nulls)[1].charts
    r2 = [chart for chart in charts if chart["name"] == "accuracy"]
    iia = [chart for chart in charts if "intervention accuracy" in chart["title"]]
    assert len(r2) == (name in INTERACTIONS)
    assert len(iia) == (name in ALIGNMENTS)
    for chart in (*r2, *iia):
        assert any("null" in line for line in chart["lines"]) == nulls
    for chart in iia:
        assert sum("floor" in line for line in chart["lines"]) >= 1


@pytest.mark.parametrize("nulls", [True, False], ids=["nulls", "no-nulls"])
def test_json_has_the_evidence_or_null(tmp_path, monkeypatch, nulls):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text(MODEL)
    (tmp_path / "table.csv").write_text(TABLE)
    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert run([*EXPLAIN, "--json", *(() if nulls else ("--no-nulls",))]) == 0
    found = json.loads(out.getvalue())
    assert isinstance(found["r2"], float)
    if not nulls:
        assert found["evidence"] is None
        return
    evidence = found["evidence"]
    assert evidence["score"] == pytest.approx(found["r2"])
    assert evidence["floor"] == 0.0
    for name in NULLS["explain"]:
        assert len(evidence["null_scores"][name]) == 2
        assert evidence["margin"][name] == pytest.approx(evidence["score"] - max(evidence["null_scores"][name]))
        assert len(evidence["terms_for_r2_of_0.9_and_0.99"][name]) == 2
    assert "R² of 0.9" in evidence["sentence"]


@pytest.mark.parametrize("name", WITHOUT_NULLS)
def test_commands_without_nulls_have_floors_and_say_so(walked, name):
    """The grid has floors and no nulls, searches none in secret, and says that nothing was controlled."""
    out, page = walked(name)
    assert page is None
    assert SCORES.search(out)
    assert "floor: nothing swapped" in out
    assert re.search(r"variable features IIA seeds floor", out)
    assert "nothing was controlled" in out.lower()
    assert "random-init" not in out


# The tables of a study in their order, and what stands beside the scores of each.
BESIDE = {
    "reproduce interactions": (
        ("Known functions: IoU", "chance "), ("Add-Mul with coefficients: Jaccard", "chance "),
        ("Learned And-Or functions", "AND, random weights "), ("Unfaithfulness on", "v(empty) alone "),
        ("Jaccard similarity of two networks", "random weights"), ("Size of the And-Or graph", "random weights "),
    ),
    "reproduce emergence": (
        ("Parity of ten bits", "random weights, "), ("Transfer across samples", "MLP-5 untrained "),
        ("Transfer across networks", "ResMLP-5 untrained "), ("Discrimination:", "MLP-5 untrained "),
        ("Dynamics: breast cancer, 25 % flipped", "0 (untrained) "), ("Dynamics: mean order of", "untrained "),
        ("Dynamics: % of all strength", "untrained "), ("Shared: share of", "untrained ResMLP-5 "),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NULLS_ALWAYS)
def test_a_study_has_chance_or_a_null_in_every_table_of_scores(walked, name):
    out, page = walked(name)
    assert page is None
    places = [out.index(title) for title, _ in BESIDE[name]]
    assert places == sorted(places)
    for (title, word), start, end in zip(BESIDE[name], places, [*places[1:], len(out)], strict=True):
        assert word in out[start:end], title
        assert "paper" in out[start:end], title
    for accuracy in re.finditer(r"accuracy \d+\.\d %", out):
        assert out[accuracy.end() :].lstrip().startswith("(commoner class")
