"""Where sample and baseline are equal nothing was ever hidden: that is said, and nothing is said of the network."""

import io

import numpy as np
import pytest
import torch
from rich.console import Console

import symbolscope as sy
from symbolscope.cli.main import run
from symbolscope.report.notebook import html_fragment
from symbolscope.report.page import render_page
from symbolscope.report.terminal import print_model

NAMES = ["age", "dose", "sex", "height"]


def network():
    torch.manual_seed(0)
    return torch.nn.Linear(4, 2)


# Sample, baseline, and the names of the players that are equal in both, as the network's type sees them.
GIVEN = {
    "zeros": ([0.0, 1.0, 0.0, 2.0], "zero", ["age", "sex"]),
    "all zeros": ([0.0, 0.0, 0.0, 0.0], "zero", NAMES),
    "its own row": ([1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0], NAMES),
    "one value": ([1.0, 2.0, 3.0, 4.0], [9.0, 2.0, 9.0, 9.0], ["dose"]),
    "equal in single precision": ([1.0, 2.0, 3.0, 1.0], [0.0, 0.0, 0.0, 1.0 + 1e-12], ["height"]),
    "a number": ([5.0, 5.0, 1.0, 5.0], 5.0, ["age", "dose", "height"]),
    "none": ([1.0, 2.0, 3.0, 4.0], "zero", []),
}


def shown(model):
    out = io.StringIO()
    print_model(model, Console(file=out, width=300))
    return {"terminal": out.getvalue(), "notebook": html_fragment(model), "page": render_page([model], "page")}


@pytest.mark.parametrize("case", GIVEN)
@pytest.mark.parametrize("method", ["exact", "sparse"])
def test_players_that_equal_their_baseline_are_named(case, method, tmp_path):
    sample, baseline, equal = GIVEN[case]
    game = sy.Game(network(), sample, baseline=baseline, target=1, player_names=NAMES)
    assert list(game.unchanged) == equal
    # By the definition: hiding one of them leaves the score as it is, whatever else is hidden.
    masks = sy.all_masks(4)
    for player, name in enumerate(NAMES):
        without = masks.copy()
        without[:, player] = False
        assert bool((game(masks) == game(without)).all()) == (name in equal)
    model = sy.explain(game, method=method)
    model.save(tmp_path / "model.safetensors")
    for one in (model, sy.InteractionModel.load(tmp_path / "model.safetensors")):
        said = one.settings.get("equals_baseline", "")
        assert said == ("every player" if len(equal) == 4 else ", ".join(equal))
        assert ("baseline" in repr(one)) == bool(equal)
        for place, text in shown(one).items():
            assert "does not depend" not in text, place
            assert not (equal and place != "notebook") or "equal" in text, place


def test_what_truly_does_not_depend_is_still_said():
    with torch.no_grad():
        same = torch.nn.Linear(4, 2)
        same.weight.fill_(0.0)
    model = sy.explain(sy.Game(same, [1.0, 2.0, 3.0, 4.0], target=1))
    assert "does not depend" in shown(model)["terminal"]
    assert "equals_baseline" not in model.settings


@pytest.mark.parametrize("baseline", ["zero", "mean", "typical"])
def test_a_table_of_one_row(baseline, tmp_path, monkeypatch, capsys):
    (tmp_path / "model.py").write_text(
        "import torch\ndef build():\n    torch.manual_seed(0)\n    return torch.nn.Linear(3, 2)\n"
    )
    (tmp_path / "table.csv").write_text("a,b,c\n1,2,3\n")
    monkeypatch.chdir(tmp_path)
    arguments = ["explain", "model.py:build", "--data", "table.csv", "--row", "0", "--baseline", baseline, "--no-nulls"]
    refused = baseline != "zero"
    assert run(arguments) == (2 if refused else 0)
    said = capsys.readouterr()
    assert ("one row" in said.err) == refused
    assert "does not depend" not in said.out


def test_hundreds_are_counted():
    image = np.zeros((1, 16, 16), dtype=np.float32)
    image[0, 4, 4] = 1.0
    pixels = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(256, 2))
    game = sy.Game(pixels, image, players=(16, 16), target=0)
    assert len(game.unchanged) == 255
    assert "247 more" in str(game.settings["equals_baseline"])


def test_the_evidence_says_that_hiding_changes_nothing():
    model = sy.explain(sy.Game(network(), [0.0, 0.0, 0.0, 0.0], target=1))
    said = sy.assess(model).sentence
    assert "hiding players changes nothing" in said
    assert "depend" not in said


@pytest.mark.parametrize("shape", [(8, 4), (2, 3, 16, 16), (5, 2)])
def test_a_batch_in_place_of_a_sample_is_named(shape):
    with pytest.raises(sy.SymbolscopeError, match=f"batch of {shape[0]}"):
        sy.Game(network(), torch.ones(shape))
