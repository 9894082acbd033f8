"""Standard output that is full, closed, narrow or of another alphabet: one line at most, an exit code of its own, nothing lost."""

import os
import resource
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from symbolscope.cli.main import UNWRITABLE, run
from symbolscope.cli.say import say
from symbolscope.core.printable_text import printable

PROGRAM = [sys.executable, "-c", "import sys; from symbolscope.cli.main import run; sys.exit(run())"]
EXPLAIN = ("explain", "model.py:build", "--data", "table.csv", "--row", "0", "--no-nulls")


@pytest.fixture
def made(tmp_path):
    (tmp_path / "model.py").write_text(
        "import torch\n\ndef build():\n    torch.manual_seed(0)\n    return torch.nn.Linear(2, 2)\n"
    )
    (tmp_path / "table.csv").write_text("a,b\n1,2\n3,1\n")
    return tmp_path


def files_hold_nothing():
    """No file may grow in this process, as on a full disk; Python ignores the signal that goes with it."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


@pytest.mark.parametrize(
    "arguments", [("--help",), ("--version",), ("explain", "--help"), (*EXPLAIN, "--json")], ids=" ".join
)
def test_a_full_disk_is_one_line_and_a_code_of_its_own(made, arguments):
    with (made / "full.txt").open("w") as full:
        done = subprocess.run(
            [*PROGRAM, *arguments],
            cwd=made,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=files_hold_nothing,
            check=False,
        )
    assert done.returncode == UNWRITABLE
    assert done.stderr.count("\n") == 1
    assert "cannot be written" in done.stderr
    assert (made / "full.txt").read_text() == ""


@pytest.mark.parametrize("arguments", ["--help", "--version", " ".join(EXPLAIN), " ".join((*EXPLAIN, "--json"))])
@pytest.mark.parametrize("closed", [">&-", ">&- 2>&-", "2>&- >&- <&-"])
def test_a_closed_standard_output_is_found_before_the_work(made, arguments, closed):
    command = " ".join([sys.executable, "-c", f"'{PROGRAM[2]}'", arguments, closed])
    done = subprocess.run(command, shell=True, cwd=made, capture_output=True, text=True, check=False)
    assert done.returncode == UNWRITABLE
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == (0 if "2>&-" in closed else 1)


def test_a_closed_standard_error_loses_no_result(made):
    command = " ".join([sys.executable, "-c", f"'{PROGRAM[2]}'", *EXPLAIN, "2>&-"])
    done = subprocess.run(command, shell=True, cwd=made, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "intercept" in done.stdout


def test_a_reader_that_has_enough_ends_it_quietly(made):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([*PROGRAM, *EXPLAIN], cwd=made, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize("columns", ["0", "1", "-5", "19", "many"])
def test_a_terminal_without_columns_loses_nothing(made, columns, monkeypatch, capsys):
    monkeypatch.chdir(made)
    monkeypatch.setenv("COLUMNS", "80")
    assert run(EXPLAIN) == 0
    usual = capsys.readouterr().out
    monkeypatch.setenv("COLUMNS", columns)
    assert run(EXPLAIN) == 0
    assert capsys.readouterr().out == usual
    assert os.environ["COLUMNS"] == columns


@pytest.mark.parametrize("encoding", ["ascii"])
def test_an_alphabet_without_bars_gets_substitutes(made, encoding):
    done = subprocess.run(
        [*PROGRAM, *EXPLAIN],
        cwd=made,
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert b"intercept" in done.stdout


@pytest.mark.parametrize("name", ["\x1b[2J", "\x9b31m", "\u202eabc", "a\u200bb", "\x07", "\u2066x"])
def test_columns_paths_and_errors_cannot_steer_the_terminal(made, name, monkeypatch, capsys):
    monkeypatch.chdir(made)
    Path("table.csv").write_text(f"{name},b\n1,2\n3,1\n", encoding="utf-8")
    assert run([*EXPLAIN, "--output", f"{name}.html"]) == 0
    assert run([*EXPLAIN, "--drop", f"{name}c"]) == 2
    assert run(["explain", f"{name}.py:build", "--data", "table.csv"]) == 2
    assert run([f"{name}"]) == 2
    shown = capsys.readouterr()
    for text in (shown.out, shown.err):
        hidden = [one for one in text if one != "\n" and unicodedata.category(one) in ("Cc", "Cf", "Zl", "Zp")]
        assert not hidden, ascii(text)
        assert printable(name) in text


def test_lines_of_a_command_are_shown(capsys):
    say("Wrote \x1b[2Jpage.html:\nopen it")
    assert capsys.readouterr().out == "Wrote \\x1b[2Jpage.html:\nopen it\n"
