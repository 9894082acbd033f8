"""What outputs mean, on the command line: asked in the words of its options, settable, and shown."""

import json

import numpy as np
import pytest

from symbolscope.cli.main import run

CODE = """
import torch
def temperature():
    torch.manual_seed(0)
    network = torch.nn.Linear(3, 1)
    with torch.no_grad():
        network.bias.fill_(-50.0)
    return network
def labels():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Sigmoid())
"""
ROW = ("--data", "table.csv", "--row", "0", "--no-nulls", "--baseline", "zero")


@pytest.fixture
def said(tmp_path, monkeypatch, capsys):
    (tmp_path / "model.py").write_text(CODE)
    (tmp_path / "table.csv").write_text("a,b,c\n0.5,-1,2\n1,2,3\n")
    monkeypatch.chdir(tmp_path)

    def explain(function, *more):
        code = run(["explain", f"model.py:{function}", *ROW, *more])
        shown = capsys.readouterr()
        return code, shown.out, " ".join(shown.err.split())

    return explain


def own_output(function):
    import torch

    namespace = {}
    exec(CODE, namespace)
    return namespace[function]()(torch.tensor([[0.5, -1.0, 2.0]])).detach().double().numpy()[0]


def test_the_question_is_asked_in_options(said):
    code, _, error = said("temperature")
    assert code == 2
    assert "--outputs value" in error
    assert "outputs='value'" not in error


@pytest.mark.parametrize("option", [("--outputs", "value"), ("--score", "output")])
def test_a_number_is_read_as_it_is(said, option):
    code, out, _ = said("temperature", *option, "--json", "--tolerance", "0")
    assert code == 0
    found = json.loads(out)
    full = found["intercept"] + sum(one["effect"] for one in found["interactions"])
    assert full == pytest.approx(own_output("temperature")[0], abs=1e-4)
    assert found["settings"]["score"] == "output"


def test_labels_are_read_apart_and_the_meaning_is_shown(said):
    code, out, _ = said("labels", "--target", "2", "--json", "--tolerance", "0")
    assert code == 0
    found = json.loads(out)
    p = own_output("labels")[2]
    full = found["intercept"] + sum(one["effect"] for one in found["interactions"])
    assert full == pytest.approx(np.log(p / (1 - p)), abs=1e-4)
    assert "independent" in found["settings"]["outputs"]
    _, shown, _ = said("labels", "--target", "2")
    assert "independent probabilities" in " ".join(shown.split())


def test_unknown_meanings_and_false_ones_are_refused(said):
    assert said("temperature", "--outputs", "celsius")[0] == 2
    code, _, error = said("temperature", "--outputs", "probabilities")
    assert code == 2
    assert "range from" in error
