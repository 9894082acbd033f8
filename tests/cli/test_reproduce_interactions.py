"""The study of interactions as a command: every part at its smallest, going on, refusals, Ctrl-C."""

import json
import re
import signal
import time

import pytest
from tests.cli.test_processes import started

from symbolscope.cli.main import run
from symbolscope.cli.reproduce_interactions import PARTS

QUICK = ("reproduce", "interactions", "--quick", "--folder", "study", "-q")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(capsys):
    captured = capsys.readouterr()
    assert captured.err == ""
    return " ".join(captured.out.split())


def test_the_functions_are_found_and_the_rivals_and_chance_are_beside_them(folder, capsys):
    assert run([*QUICK, "--parts", "functions"]) == 0
    out = said(capsys)
    assert re.search(r"AND \(ours\) 1\.00 1\.00 1\.00 1\.00", out)
    assert re.search(r"AND \(ours\) 1\.00 1\.00 chance 0\.\d\d", out)  # Jaccard
    result = json.loads((folder / "study" / "functions-add-mul-0.json").read_text())["result"]
    for function in result["functions"]:
        assert function["AND"] == 1.0
        assert 0 <= function["chance"] < 1
        assert function["samples"] == function["scored"] + function["nothing true"] == 10


def test_a_finished_part_is_read_and_other_settings_are_refused(folder, capsys):
    arguments = [*QUICK, "--parts", "jaccard"]
    assert run(arguments) == 0
    first = said(capsys)
    assert "jaccard: 1 pieces of work (0 done before)" in first
    stamps = {path.name: path.stat().st_mtime_ns for path in (folder / "study").iterdir()}
    assert {name.rpartition(".")[2] for name in stamps} == {"json", "safetensors"}
    assert run(arguments) == 0
    again = said(capsys)
    assert "jaccard: 1 pieces of work (1 done before)" in again
    tables = re.compile(r"Jaccard similarity of.*(?= \d+ s\. Wrote)")
    assert tables.search(again)[0] == tables.search(first)[0]
    assert {path.name: path.stat().st_mtime_ns for path in (folder / "study").iterdir()} == stamps
    # Without its result a part is done again, from the networks that were kept, with the same numbers.
    results = next((folder / "study").glob("jaccard-*.json"))
    before = json.loads(results.read_text())["result"]
    results.unlink()
    assert run(arguments) == 0
    said(capsys)
    assert json.loads(results.read_text())["result"] == before
    assert run([*arguments, "--samples", "3"]) == 2
    assert "holds results of other settings" in capsys.readouterr().err


def test_the_other_parts_at_their_smallest(folder, capsys):
    parts = [part for part in PARTS if part not in ("functions", "jaccard")]
    assert run([*QUICK, "--parts", ",".join(parts), "--samples", "2"]) == 0
    out = said(capsys)
    for title in (
        "IoU of the true conjuncts",
        "Unfaithfulness on breast cancer, ResMLP-5",
        "Size of the And-Or graph",
        "Sparsity:",
    ):
        assert title in out
    for result in (folder / "study").glob("unfaithfulness-*.json"):
        found = json.loads(result.read_text())["result"]
        exact = found["methods"]["AND, all"]["fair"]
        assert max(exact) <= 1e-12 * max(found["variance"])
        # With v(empty) added the constant is right on the empty mask, so Shapley values are better than without in the mean.
        assert len(found["methods"]["Shapley"]["fair"]) == 2
        sizes = found["equal size"]
        assert sizes["n"]["AND, refitted"][0] <= sizes["n"]["AND"][0] + 1e-12
        assert sizes["n + pairs"]["AND"][0] <= sizes["n"]["AND"][0] + 1e-12
    for result in (folder / "study").glob("sparsity-*.json"):
        found = json.loads(result.read_text())["result"]
        assert len(found["trained"]) == len(found["random weights"])
        for row in found["trained"]:
            assert 0 < row["most"] <= 1
            assert row["curve"] == sorted(row["curve"], reverse=True)


def test_without_captum_its_rows_say_what_to_install(folder, capsys, monkeypatch):
    monkeypatch.setattr("symbolscope.cli.reproduction.part_unfaithfulness.captum_installed", lambda: False)
    assert run([*QUICK, "--parts", "unfaithfulness", "--samples", "1"]) == 0
    out = said(capsys)
    assert "LRP (not installed)" in out
    assert "need captum; type: python -m pip install 'symbolscope[peers]'" in out
    assert "Shapley" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--parts functions,shapes", "--parts functions,shapes: 'shapes' is none of functions, and-or, unfaithfulness"),
        ("--folder no/such/folder", "--folder no/such/folder cannot be made"),
        ("--samples 0", "--samples"),
        ("--seeds 0", "--seeds"),
    ],
)
def test_refusals(folder, capsys, arguments, message):
    assert run(["reproduce", "interactions", *arguments.split()]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert list(folder.iterdir()) == []


def test_the_studies_are_listed_and_an_unknown_one_is_refused(folder, capsys):
    assert run(["reproduce", "--help"]) == 0
    out = said(capsys)
    assert "numbers" in out
    assert "interactions" in out
    assert run(["reproduce"]) == 2
    assert capsys.readouterr().err == "Error: Missing command. See: symbolscope --help\n"
    assert run(["reproduce", "colours"]) == 2
    assert "No such command 'colours'" in capsys.readouterr().err


def test_an_interrupted_study_goes_on(tmp_path):
    arguments = (
        "reproduce",
        "interactions",
        "--quick",
        "--parts",
        "functions",
        "--samples",
        "2000",
        "--folder",
        "study",
    )
    process = started(tmp_path, *arguments)
    deadline = time.monotonic() + 60
    while not (tmp_path / "study" / "settings.json").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.strip().splitlines()[-1].endswith("Interrupted.")
    assert "Traceback" not in err
    assert not list((tmp_path / "study").glob("*.draft"))
    for path in (tmp_path / "study").glob("*.json"):
        json.loads(path.read_text())
