"""Files that a user of the command line might have."""

import pytest

from symbolscope.cli.main import run

MODEL = """
import torch

def build():
    generator = torch.Generator().manual_seed(0)
    first = torch.nn.Linear(4, 16)
    second = torch.nn.Linear(16, 3)
    with torch.no_grad():
        for parameter in (*first.parameters(), *second.parameters()):
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    return torch.nn.Sequential(first, torch.nn.ReLU(), second)

def shaky():
    return torch.nn.Sequential(torch.nn.Linear(4, 16), torch.nn.Dropout(0.5), torch.nn.Linear(16, 3))

def undefined():
    def predict(rows):
        outputs = torch.stack([rows[:, 0], rows[:, 1]], dim=1).float()
        return torch.where((rows[:, :1] > 2.0) & (rows[:, 1:2] < 3.5), torch.nan, outputs)
    return predict

def failing():
    weights = {}
    return weights["lost"]

def fails_later():
    return stumble

def stumble(rows):
    if len(rows) > 4:
        raise ValueError("too many rows")
    return rows[:, :2]

def fails_at_once():
    def predict(rows):
        raise ValueError("no rows at all")
    return predict

def picture():
    generator = torch.Generator().manual_seed(1)
    class Mean(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weights = torch.nn.Parameter(torch.randn(3 * 12 * 12, 2, generator=generator))
        def forward(self, images):
            return torch.tanh(images.flatten(1) @ self.weights)
    return Mean()

def slow():
    import time
    def predict(rows):
        time.sleep(0.05)
        return torch.stack([rows.sum(dim=1), rows[:, 0] * rows[:, 1]], dim=1)
    return predict

def with_arguments(width):
    return torch.nn.Linear(width, 2)

def nothing():
    pass

def regressor():
    import numpy
    from sklearn.linear_model import LinearRegression
    rows = numpy.random.default_rng(0).normal(size=(20, 4))
    return LinearRegression().fit(rows, rows @ [1.0, 2.0, 0.0, -1.0])

def named():
    import pandas, numpy
    from sklearn.linear_model import LogisticRegression
    rows = pandas.DataFrame(numpy.random.default_rng(0).normal(size=(60, 3)), columns=["c", "a", "d"])
    return LogisticRegression().fit(rows, numpy.where(rows["a"] > 0, "sick", "well"))
"""

TABLE = """a,b,c,d,label
1,2,3,4,sick
2.5,3,4,5,well
0,1,1,,sick
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a model file and a table, which is the working directory."""
    (tmp_path / "model.py").write_text(MODEL)
    (tmp_path / "table.csv").write_text(TABLE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def refusal(folder, capsys):
    """Run a command that must be refused: its one line, after checking that nothing was written."""

    def refused(*arguments):
        before = sorted(folder.rglob("*"))
        code = run([*arguments, "--output", "page.html"] if arguments[0] == "explain" else list(arguments))
        captured = capsys.readouterr()
        assert code == 2, captured
        assert captured.out == ""
        assert captured.err.startswith("Error: ")
        assert captured.err.count("\n") == 1
        assert captured.err.endswith("\n")
        assert sorted(folder.rglob("*")) == before
        return captured.err

    return refused
