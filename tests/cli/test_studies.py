"""The commands about hidden states from end to end, at small sizes."""

import csv
import json
import signal
import time

import pytest
from tests.cli.test_processes import started

from symbolscope.cli.main import run

SMALL = ("--max-count", "4", "--width", "12", "--sizes", "2,4", "--steps", "100")
GRID = (
    "reproduce", "numbers", "--networks", "gru", "--seeds", "1", "--width", "12", "--max-count", "5", "--sizes", "2,4",
    "--steps", "40", "--folder", "grid", "-q",
)  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text(
        "import symbolscope as sy\n"
        "def oracle():\n    return sy.networks.Toy1d(sy.tasks.MultiObject(max_count=5))\n"
        "def task():\n    return sy.tasks.MultiObject(max_count=5)\n"
        "class Mine(sy.programs.UpDown):\n    pass\n"
    )
    return tmp_path


def test_count_trains_aligns_and_writes_a_page(folder, capsys):
    assert run(["count", *SMALL, "-q"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert "Trained a GRU with a state of 12 numbers" in captured.out
    assert "floor" in captured.out
    assert captured.out.count("Orthogonal") >= 4  # two variables, two sizes
    page = (folder / "symbolscope-count.html").read_text()
    assert page.startswith("<!doctype html>")
    assert len(page) < 3_000_000


def test_a_network_task_and_program_of_ones_own_are_aligned(folder, capsys):
    given = ["align", "model.py:oracle", "--task", "model.py:task", "--program", "model.py:Mine", "--sizes", "1"]
    files = ("--output", "own.html", "--save", "count.safetensors")
    assert run([*given, "--variable", "count", "--steps", "60", *files, "-q"]) == 0, capsys.readouterr().err
    out = capsys.readouterr().out
    assert "with nothing swapped" in " ".join(out.split())
    assert "Wrote own.html" in out
    assert {path.name for path in folder.iterdir()} == {"model.py", "own.html", "count.safetensors"}


def test_a_grid_is_written_and_gone_on_with(folder, capsys):
    assert run(GRID) == 0, capsys.readouterr().err
    first = capsys.readouterr().out
    assert "1/1 multi-object-gru-0" in first
    found = json.loads((folder / "grid" / "multi-object-gru-0.json").read_text())
    assert found["accuracy"] > 0.9
    with (folder / "grid" / "numbers.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 2 * 2 * 2  # programs, variables, featurizers, sizes
    assert {row["variable"] for row in rows} == {"count", "phase", "demo_count", "response_count"}
    for row in rows:
        assert 0 <= float(row["floor"]) <= float(row["ceiling"]) <= 1
        assert float(row["low"]) <= float(row["iia"]) <= float(row["high"])
    stamp = (folder / "grid" / "multi-object-gru-0.json").stat().st_mtime_ns
    assert run(GRID) == 0
    assert "done before" in capsys.readouterr().out
    assert (folder / "grid" / "multi-object-gru-0.json").stat().st_mtime_ns == stamp
    assert run([*GRID, "--networks", "gru,nope"]) == 0
    assert "after a whole-state swap" in " ".join(capsys.readouterr().out.split())
    assert run([*GRID, "--steps", "41"]) == 2
    assert "other settings" in capsys.readouterr().err


@pytest.mark.parametrize("seconds", [5.0, 9.0])
def test_an_interrupted_count_leaves_one_line_and_no_file(tmp_path, seconds):
    process = started(tmp_path, "count", "--max-count", "20", "--width", "64")
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.strip().splitlines()[-1].endswith("Interrupted.")
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []
