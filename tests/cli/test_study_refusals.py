"""The commands about hidden states refuse bad input in one line, before any training."""

import pytest

from symbolscope.cli.main import run

MODEL = """
import symbolscope as sy

class Doubling(sy.tasks.MultiObject):
    def answer(self, quantities):
        return 2 * quantities

TASK = Doubling(max_count=3)

class Wrong(sy.programs.UpDown):
    def emit(self, state, generator):
        tokens, scored = super().emit(state, generator)
        return tokens + 100, scored

def oracle():
    return sy.networks.Toy1d(sy.tasks.MultiObject(max_count=5))

def untrained():
    return sy.networks.GRU(sy.tasks.MultiObject(max_count=5).vocabulary, width=6)

def nothing():
    return 3
"""


@pytest.fixture
def model(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text(MODEL)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("count --sizes 2,x", "--sizes 2,x: give whole numbers"),
        ("count --width 8 --sizes 8", "would be all of it"),
        ("count --output no/such/page.html", "the folder no/such does not exist"),
        ("align model.py:oracle --task multi-objects", "--task multi-objects: did you mean 'multi-object'"),
        ("align model.py:oracle --program up-dawn", "did you mean 'up-down'"),
        ("align model.py:oracle --featurizer linaer", "did you mean 'linear'"),
        ("align model.py:oracle --site rnn", "give kind:module, such as state:rnn"),
        ("align model.py:oracle --site state:rnn", "rnn"),
        ("align model.py:oracle --variable cuont --max-count 5", "no variable 'cuont'; did you mean 'count'"),
        ("align model.py:oracle --program model.py:Wrong --max-count 5", "not in the vocabulary"),
        (
            "align model.py:oracle --program model.py:nothing --max-count 5",
            "a function that takes the task and nothing else",
        ),
        ("align model.py:untrained --max-count 5", "has not learned the task"),
        ("align model.py:oracle --max-count 5 --sizes 9", "9"),
        ("align model.py:nothing --max-count 5", "gives a int; symbolscope align needs a torch.nn.Module"),
        ("align model.py:oracle --held-out 1,2,3,4,5 --max-count 5", "held_out leaves nothing"),
        ("align missing.py:f", "there is no such file"),
    ],
)
def test_refusals(model, capsys, arguments, message):
    before = {path.name for path in model.iterdir()}
    assert run([*arguments.split(), "--quiet"]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert {path.name for path in model.iterdir()} == before
