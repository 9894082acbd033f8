import json
import sys

import numpy as np
import pytest
import torch

import symbolscope as sy
from symbolscope.cli.main import run

NUMBERS = ("--data", "table.csv", "--row", "1", "--drop", "label")


def explained(capsys, *arguments):
    assert run(["explain", *arguments, "--json"]) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


def test_a_row_of_a_table_is_explained_as_in_python(folder, capsys):
    found = explained(capsys, "model.py:build", *NUMBERS, "--tolerance", "0", "--target", "2")
    network = sys.modules["symbolscope_model_model"].build()
    baseline = np.array([3.5 / 3, 2, 8 / 3, 4.5], dtype=np.float32)  # of the rows that have a value
    game = sy.Game(network, np.array([2.5, 3, 4, 5], dtype=np.float32), baseline=baseline, target=2)
    model = sy.explain(game)
    assert found["players"] == ["a", "b", "c", "d"]
    assert [entry["effect"] for entry in found["interactions"]] == pytest.approx(model.effects.tolist(), abs=1e-5)
    assert found["r2"] == pytest.approx(1.0)
    assert found["gap"] <= 1e-3
    assert found["objective"] >= found["lower_bound"]
    assert found["settings"]["baseline"] == "mean of 3 rows"
    assert found["settings"]["model"] == "model.py:build"


def test_the_table_is_printed_and_files_are_written(folder, capsys):
    assert run(["explain", "model.py:build", *NUMBERS, "--output", "page.html", "--save", "m.safetensors"]) == 0
    captured = capsys.readouterr()
    assert "interactions" in captured.out
    assert "Wrote page.html" in captured.out
    assert "to within" in captured.out
    assert captured.err == ""
    assert (folder / "page.html").read_text().startswith("<!doctype html>")
    assert sy.InteractionModel.load(folder / "m.safetensors").player_names == ("a", "b", "c", "d")
    assert sorted(path.name for path in folder.iterdir()) == ["m.safetensors", "model.py", "page.html", "table.csv"]


def test_quiet_prints_nothing(folder, capsys):
    assert run(["explain", "model.py:build", *NUMBERS, "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")


def test_what_the_model_file_prints_stays_out_of_the_json(folder, capsys):
    (folder / "loud.py").write_text("print('hello')\nimport torch\ndef build():\n    return torch.nn.Linear(4, 2)\n")
    assert run(["explain", "loud.py:build", *NUMBERS, "--json"]) == 0
    captured = capsys.readouterr()
    json.loads(captured.out)
    assert captured.err == "hello\n"


def test_the_path_is_left_as_it_was_and_neighbours_can_be_imported(folder, capsys):
    (folder / "neighbour_of_model.py").write_text("WIDTH = 4\n")
    (folder / "with_neighbour.py").write_text(
        "from neighbour_of_model import WIDTH\nimport torch\nnetwork = torch.nn.Linear(WIDTH, 2)\n"
    )
    path = list(sys.path)
    assert len(explained(capsys, "with_neighbour.py:network", *NUMBERS)["players"]) == 4
    assert sys.path == path
    assert not (folder / "__pycache__").exists()


def test_an_estimator_takes_its_columns_by_name(folder, capsys):
    found = explained(capsys, "model.py:named", "--data", "table.csv", "--row", "1", "--target", "well")
    assert found["players"] == ["c", "a", "d"]
    assert found["settings"]["target_name"] == "well"


def test_a_regressor_is_read_by_its_output(folder, capsys):
    found = explained(capsys, "model.py:regressor", *NUMBERS, "--baseline", "zero")
    assert found["settings"]["score"] == "output"
    assert found["outputs"]["all_shown"] == pytest.approx(2.5 + 6 - 5)


@pytest.mark.parametrize("text", ["a;b\n1.5;2\n", "a\tb\r\n1.5\t2\r\n\r\n", "\ufeffa,b\n1.5,2\n", "a,b\n1.5,true\n"])
def test_tables_as_other_programs_write_them(folder, capsys, text):
    (folder / "other.csv").write_text(text, encoding="utf-8")
    (folder / "two.py").write_text("import torch\ndef build():\n    return torch.nn.Linear(2, 2)\n")
    found = explained(capsys, "two.py:build", "--data", "other.csv", "--row", "0", "--baseline", "0.5")
    assert found["players"] == ["a", "b"]


@pytest.mark.parametrize("dynamic", [True, False])
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
def test_an_exported_program_gives_what_the_code_gives(folder, capsys, dynamic):
    from symbolscope.cli.network_source import NetworkSource

    network = NetworkSource.parse("model.py:build").load()
    batch = {0: torch.export.Dim("batch", min=1, max=4096)}
    program = torch.export.export(network.eval(), (torch.zeros(3, 4),), dynamic_shapes=(batch,) if dynamic else None)
    torch.export.save(program, folder / "network.pt2")
    code, exported = (explained(capsys, model, *NUMBERS) for model in ("model.py:build", "network.pt2"))
    assert exported["outputs"]["all_shown"] == pytest.approx(code["outputs"]["all_shown"], abs=1e-5)
    assert exported["objective"] == pytest.approx(code["objective"], rel=1e-3)


@pytest.mark.parametrize("baseline", ["blur", "zero", "mean", "0.5"])
def test_an_image_is_cut_into_patches(folder, capsys, baseline):
    from PIL import Image

    pixels = np.random.default_rng(0).integers(0, 256, size=(24, 30, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(folder / "cat.png")
    arguments = ("model.py:picture", "--image", "cat.png", "--grid", "2x3", "--size", "12x12", "--baseline", baseline)
    found = explained(capsys, *arguments, "--mean", "0.5,0.4,0.3", "--std", "0.2", "--save", "cat.safetensors")
    assert found["players"] == ["r0c0", "r0c1", "r0c2", "r1c0", "r1c1", "r1c2"]
    assert found["settings"]["baseline"] == baseline
    view = sy.InteractionModel.load(folder / "cat.safetensors").view
    resized = np.asarray(Image.open(folder / "cat.png").resize((12, 12), Image.Resampling.BILINEAR))
    assert np.abs(view.pixels.astype(int) - resized).max() <= 1  # shown before normalisation


def test_image_options_that_do_not_fit_the_image(refusal, folder):
    from PIL import Image

    Image.new("L", (5, 4)).save(folder / "small.png")
    assert "does not fit" in refusal("explain", "model.py:picture", "--image", "small.png", "--grid", "5x5")
    assert "3 channels" in refusal("explain", "model.py:picture", "--image", "small.png", "--mean", "0.1,0.2")
    Image.new("I;16", (5, 4)).save(folder / "deep.png")
    assert "8 bits" in refusal("explain", "model.py:picture", "--image", "deep.png")


def test_a_text(folder, capsys):
    (folder / "bert.py").write_text(
        """
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

def build():
    vocabulary = {"[UNK]": 0, "[MASK]": 1, "[PAD]": 2, "not": 3, "bad": 4, "at": 5, "all": 6}
    words = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, mask_token="[MASK]", unk_token="[UNK]", pad_token="[PAD]")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        config = BertConfig(vocab_size=7, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8)
        return BertForSequenceClassification(config).eval(), tokenizer
"""
    )
    found = explained(capsys, "bert.py:build", "--text", "not bad at all", "--baseline", "pad", "--target", "LABEL_1")
    assert found["players"] == ["not", "bad", "at", "all"]
    assert found["settings"]["baseline"] == "pad token (2)"
    assert found["settings"]["target"] == 1
    assert run(["explain", "bert.py:build", "--text", "not bad", "--quiet", "--output", "page.html"]) == 0
    assert "not" in (folder / "page.html").read_text()


def test_one_player_works(folder, capsys):
    (folder / "one.py").write_text("import torch\ndef build():\n    return torch.nn.Linear(1, 2)\n")
    assert explained(capsys, "one.py:build", "--data", "table.csv", "--row", "0", "--columns", "b")["players"] == ["b"]


def test_an_error_of_ours_keeps_its_traceback(folder, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError("ours")

    monkeypatch.setattr("symbolscope.interactions.explain.decompose_game", broken)
    with pytest.raises(ZeroDivisionError, match="ours"):
        run(["explain", "model.py:build", *NUMBERS])


OWN_CLASS = """
import torch
import sizes_of_own_class
from package_of_own_class.layers import Doubled

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.weights = torch.nn.Parameter(torch.randn(sizes_of_own_class.WIDTH, 2, generator=generator))
        self.doubled = Doubled()

    def forward(self, rows):
        print("in forward")
        return self.doubled(rows @ self.weights)[:, :sizes_of_own_class.classes()]

def build():
    return Net()
"""


@pytest.fixture
def own_class(folder):
    """A model file that defines a class, prints, and imports a module and a package beside it."""
    (folder / "own_class.py").write_text(OWN_CLASS)
    (folder / "sizes_of_own_class.py").write_text("WIDTH = 4\ndef classes():\n    return 2\n")
    package = folder / "package_of_own_class"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "layers.py").write_text(
        "import torch\nclass Doubled(torch.nn.Module):\n    def forward(self, rows):\n        return 2 * rows\n"
    )
    return "own_class.py:build"


def test_workers_get_the_classes_of_the_model_file_and_print_nothing_into_the_json(own_class, capfd):
    here = explained(capfd, own_class, *NUMBERS, "--executor", "local")
    assert run(["explain", own_class, *NUMBERS, "--executor", "processes", "--no-nulls", "--json"]) == 0
    captured = capfd.readouterr()
    assert json.loads(captured.out)["interactions"] == here["interactions"]
    assert "in forward" in captured.err


WIDE = "import torch\ndef build():\n    return lambda rows: torch.stack([rows[:, 0] * rows[:, 1], rows.sum(1)], 1)\n"


@pytest.fixture
def wide(folder):
    """A table of 20 columns and a function on them."""
    (folder / "wide.csv").write_text(",".join(f"x{i}" for i in range(20)) + "\n" + ",".join(["1.5"] * 20) + "\n")
    (folder / "wide.py").write_text(WIDE)
    return ("wide.py:build", "--data", "wide.csv", "--row", "0", "--baseline", "zero", "--target", "0")


def test_options_of_the_sparse_method_reach_it(wide, capsys):
    wide = (*wide, "--score", "output")
    found = explained(capsys, *wide, "--target-r2", "0.9", "--sampling", "size", "--seed", "3", "--max-calls", "600")
    game = sy.Game(lambda rows: rows[:, :1] * rows[:, 1:2], np.full(20, 1.5, dtype=np.float32), score="output")
    model = sy.explain(game, target_r2=0.9, sampling="size", seed=3, max_calls=600, kinds="and-or")
    assert found["settings"]["sampling"] == model.settings["sampling"] == "size"
    assert found["settings"]["seed"] == model.settings["seed"] == 3
    assert [entry["effect"] for entry in found["interactions"]] == pytest.approx(model.effects.tolist(), abs=1e-5)


def test_options_of_the_other_method_are_said_to_have_no_effect(wide, folder, capsys):
    arguments = ("explain", *wide, "--max-calls", "600", "--no-nulls", "--score", "output")
    assert run([*arguments, "--tolerance", "0"]) == 0
    assert capsys.readouterr().err.startswith("--tolerance has no effect: the masks are drawn here, and not all")
    for quiet in (arguments, (*arguments, "--tolerance", "0", "--quiet")):
        assert run([*quiet]) == 0
        assert "no effect" not in capsys.readouterr().err
    assert run(["explain", "model.py:build", *NUMBERS, "--sampling", "size", "--target-r2", "0.9"]) == 0
    assert capsys.readouterr().err.splitlines() == [
        f"{option} has no effect: all masks are evaluated here; give --method sparse to draw some."
        for option in ("--target-r2", "--sampling")
    ]
    assert run(["explain", "model.py:build", *NUMBERS, "--tolerance", "0"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("option", ["--save", "--output"])
@pytest.mark.parametrize("name", ["run.sqlite", "./run.sqlite", "run.sqlite-wal", "other.name"])
def test_the_store_is_not_overwritten(folder, capsys, option, name):
    assert run(["explain", "model.py:build", *NUMBERS, "--store", "run.sqlite", "--quiet"]) == 0
    if name == "other.name":
        (folder / name).hardlink_to(folder / "run.sqlite")
    before = (folder / "run.sqlite").read_bytes()
    assert run(["explain", "model.py:build", *NUMBERS, "--store", "run.sqlite", option, name]) == 2
    assert f"{option} {name.removeprefix('./')} would overwrite run.sqlite" in capsys.readouterr().err
    assert (folder / "run.sqlite").read_bytes() == before


PIPELINE = """
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

def build():
    texts = ["good film", "bad film", "not bad at all", "awful", "great plot", "boring plot"]
    return make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, ["yes", "no", "yes", "no", "yes", "no"])

def service():
    def lengths(texts):
        return np.array([[len(text), 1.0] for text in texts])
    return lengths
"""


def test_a_pipeline_that_takes_strings(folder, capsys):
    (folder / "strings.py").write_text(PIPELINE)
    found = explained(capsys, "strings.py:build", "--text", "not bad film", "--target", "yes", "--tolerance", "0")
    assert found["players"] == ["not", "bad", "film"]
    assert found["settings"]["target_name"] == "yes"
    assert found["settings"]["baseline"] == "removed"
    classifier = sys.modules["symbolscope_model_strings"].build()
    model = sy.explain(sy.Game.from_text(classifier, None, "not bad film", target="yes"))
    assert [entry["effect"] for entry in found["interactions"]] == pytest.approx(model.effects.tolist(), abs=1e-9)
    found = explained(capsys, "strings.py:service", "--text", "not bad", "--score", "output", "--target", "0")
    assert found["players"] == ["not", "bad"]
    assert run(["explain", "strings.py:build", "--text", "not bad", "--baseline", "mask"]) == 2
    assert "removed" in capsys.readouterr().err
    assert run(["explain", "strings.py:build", "--text", "not bad", "--text-pair", "film"]) == 2
    assert "pair" in capsys.readouterr().err


def test_a_pair_of_texts(folder, capsys):
    (folder / "pairs.py").write_text(
        """
import torch
from tests.games.text_networks import classifier, pair_tokenizer

def build():
    return classifier("bert"), pair_tokenizer()
"""
    )
    found = explained(capsys, "pairs.py:build", "--text", "it rains", "--text-pair", "it is wet", "--no-nulls")
    assert found["players"] == ["text 1: it", "text 1: rains", "text 2: it", "text 2: is", "text 2: wet"]
    assert "it is wet" in found["settings"]["input"]
    assert run(["explain", "pairs.py:build", "--text-pair", "it is wet"]) == 2
    assert "--text" in capsys.readouterr().err
    assert run(["explain", "model.py:build", *NUMBERS, "--text-pair", "it is wet"]) == 2
    assert "--text-pair goes with --text" in capsys.readouterr().err
