"""``symbolscope count`` with any state that can be: sizes fit it, or are refused before anything is trained."""

import pytest

import symbolscope as sy
from symbolscope.cli.count import _checked_sizes as sizes_of
from symbolscope.cli.main import run
from symbolscope.errors import SymbolscopeError


@pytest.fixture
def nothing_trained(monkeypatch):
    def train(*arguments, **options):
        pytest.fail("a network was trained")

    monkeypatch.setattr("symbolscope.train", train)


@pytest.mark.parametrize("width", range(2, 12))
def test_sizes_nobody_asked_for_fit_the_state(width):
    found = sizes_of("2,8", width)
    assert found == sorted({min(2, width - 1), min(8, width - 1)})
    assert found[-1] < width


@pytest.mark.parametrize(("sizes", "width"), [("2", 2), ("7", 7), ("1,5", 4), ("9", 8), ("2,8,20", 20)])
def test_sizes_that_are_all_of_the_state_are_refused(sizes, width):
    with pytest.raises(SymbolscopeError, match="a state of"):
        sizes_of(sizes, width)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--width", "7", "--network", "lstm"],
        ["--width", "6", "--sizes", "6"],
        ["--width", "1"],
        ["--sizes", "0"],
        ["--sizes", "two"],
        ["--max-count", "2"],
        ["--output", "no/such/folder/page.html"],
        ["--steps", "0"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_is_said_before_any_training(arguments, nothing_trained, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["count", "-q", *arguments]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("width", [2, 6])
def test_the_moments_of_training_swap_less_than_a_small_state(width):
    task = sy.tasks.MultiObject(max_count=3)
    network = sy.networks.GRU(task.vocabulary, width=width)
    history = sy.train(network, task, steps=4, check_every=2, snapshots=True, progress=False)
    study = sy.study_counting(
        network,
        sy.programs.UpDown(task),
        task,
        variables=("count",),
        featurizers=[sy.featurizers.Linear(size=1)],
        history=history,
        n_moments=1,
        steps=2,
        n_pairs=100,
        n_test=50,
        nulls=(),
        force=True,
        progress=False,
    )
    assert [0.0 <= moment.iia <= 1.0 for moment in study.moments] == [True]
