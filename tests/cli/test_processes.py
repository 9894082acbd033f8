"""The command line as a process: exit codes, signals and pipes are only real there."""

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PROGRAM = str(Path(sys.executable).with_name("symbolscope"))


def started(folder, *arguments):
    return subprocess.Popen(
        [PROGRAM, *arguments], cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def finished(folder, *arguments):
    process = started(folder, *arguments)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def test_the_demo_end_to_end(tmp_path):
    code, out, err = finished(tmp_path, "demo")
    assert (code, err) == (0, "")
    assert float(re.search(r"others: ([\d.]+)%", out)[1]) > 90
    assert "malignant" in out
    assert "Wrote symbolscope-demo.html" in out
    assert [path.name for path in tmp_path.iterdir()] == ["symbolscope-demo.html"]
    page = (tmp_path / "symbolscope-demo.html").read_text()
    assert "fractal dimension" in page
    assert "What a small network reads in patient 3, and what another counts with" in page
    said = " ".join(out.split())
    assert re.search(
        r"Count \(4 features, Linear\): the answer follows the swapped features in 9\d\.\d% of pairs", said
    )
    assert "the same search reaches at most" in said
    assert "Terms for R² of 0.9 / 0.99: network" in said
    assert len(page) < 1_000_000


def test_help_and_version(tmp_path):
    code, out, _ = finished(tmp_path, "--help")
    assert code == 0
    assert "symbolscope explain model.py:build --data table.csv" in out
    assert finished(tmp_path)[:2] == (0, out)
    code, out, _ = finished(tmp_path, "explain", "--help")
    assert (code, "--tolerance" in out) == (0, True)
    assert finished(tmp_path, "--version")[:2] == (0, "symbolscope 0.1.0\n")
    code, out, err = finished(tmp_path, "explian")
    assert (code, out, err.count("\n")) == (2, "", 1)


def test_json_is_all_there_is_on_standard_output(folder):
    arguments = ("explain", "model.py:build", "--data", "table.csv", "--row", "0", "--drop", "label", "--json")
    code, out, err = finished(folder, *arguments)
    assert (code, err) == (0, "")
    assert len(json.loads(out)["players"]) == 4


@pytest.mark.parametrize("seconds", [4.0, 6.0])
def test_an_interrupted_explanation_leaves_one_line_and_no_file(folder, seconds):
    names = [f"x{i}" for i in range(16)]
    (folder / "wide.csv").write_text(",".join(names) + "\n" + ",".join(["1"] * 16) + "\n" + ",".join("0" * 16) + "\n")
    before = sorted(folder.rglob("*"))
    process = started(folder, "explain", "model.py:slow", "--data", "wide.csv", "--row", "0", "--output", "page.html")
    time.sleep(seconds)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == ""
    assert err.splitlines()[-1] == "Interrupted."
    assert "Traceback" not in err
    assert sorted(folder.rglob("*")) == before


def test_a_closed_pipe_is_no_error(folder):
    arguments = ("explain", "model.py:build", "--data", "table.csv", "--row", "0", "--drop", "label", "--json")
    process = started(folder, *arguments)
    process.stdout.close()
    process.stdout = None
    err = process.communicate(timeout=60)[1]
    assert err == ""
    assert process.returncode == 1


@pytest.mark.parametrize("seconds", [0.3, 0.7, 1.1])
def test_an_interruption_of_the_imports_is_one_line_too(tmp_path, seconds):
    check = "import sys, symbolscope; sys.exit('torch' in sys.modules)"
    if subprocess.run([sys.executable, "-c", check], check=False).returncode:
        pytest.skip("symbolscope imports torch before its command line can run")
    process = started(tmp_path, "demo")
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "Interrupted.\n")
    assert list(tmp_path.iterdir()) == []
