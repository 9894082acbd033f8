import os
import pickle
import re
import zipfile

import pytest

DATA = ("--data", "table.csv", "--row", "0")
NUMBERS = (*DATA, "--drop", "label")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("model.py:build", *DATA), r"column 'label' holds 'sick' on line 2 .* --drop \"label\""),
        (("model.py:build", *NUMBERS, "--drop", "lable"), "'lable' is not in table.csv; did you mean 'label'"),
        (("model.py:build", *DATA, "--columns", "a,b,e"), "'e' is not in table.csv"),
        (("model.py:build", *DATA, "--columns", "a,a"), "twice"),
        (("model.py:build", *NUMBERS, "--columns", "a"), "not both"),
        (
            ("model.py:build", "--data", "table.csv", "--row", "3"),
            r"--row 3 is not in table.csv, which has rows 0 \.\. 2",
        ),
        (("model.py:build", "--data", "table.csv", "--row", "2", "--drop", "label"), "'d' has no value in row 2"),
        (("model.py:build", "--data", "table.csv", "--row", "-1"), "Invalid value for '--row'"),
        (("model.py:build", "--data", "table.csv"), "--data needs the row"),
        (("model.py:build", "--data", "nowhere.csv", "--row", "0"), "nowhere.csv: there is no such file"),
        (("model.py:build", *DATA, "--columns", "a,b,c"), "Sequential raised RuntimeError on its first call"),
        (("model.py:build", *NUMBERS, "--baseline", "blur"), "does not suit a table"),
        (("model.py:build", *NUMBERS, "--target", "3"), "target 3 is out of range"),
        (("model.py:build", *NUMBERS, "--target", "cat"), "target must be the index"),
        (("model.py:build", *NUMBERS, "--score", "odds"), "Invalid value for '--score'"),
        (("model.py:build", *NUMBERS, "--tolerance", "lots"), "tolerance must be a number"),
        (("model.py:build", *NUMBERS, "--tolerance", "-1"), "tolerance must be a number"),
        (("model.py:build", *NUMBERS, "--save", "no/such/x.safetensors"), "the folder no/such does not exist"),
        (("model.py:build", *NUMBERS, "--save", "table.csv"), "would overwrite"),
        (("model.py:build", *NUMBERS, "--save", "page.html"), "would overwrite"),
        (("model.py:build", *NUMBERS, "--store", "table.csv"), "--store table.csv would overwrite table.csv"),
        (("model.py:build", *NUMBERS, "--store", "model.py"), "--store model.py would overwrite model.py"),
        (
            ("model.py:build", *NUMBERS, "--store", "no/run.sqlite"),
            "--store no/run.sqlite: the folder no does not exist",
        ),
        (("model.py:build", *NUMBERS, "--target-r2", "1.5"), "Invalid value for '--target-r2'"),
        (("model.py:build", *NUMBERS, "--sampling", "some"), "Invalid value for '--sampling'"),
        (("model.py:build", *NUMBERS, "--seed", "-1"), "Invalid value for '--seed'"),
        (("model.py:build", *NUMBERS, "--grid", "3x3"), "--grid goes with --image"),
        (("model.py:build",), "give one input"),
        (("model.py:build", *NUMBERS, "--text", "not bad"), "got --data and --text"),
        (("model.py:build", "--text", "  "), "--text is empty"),
        (("model.py:build", "--text", "not bad"), r"must return \(network, tokenizer\)"),
        (("model.py:build", "--text", "not bad", "--baseline", "blur"), "does not suit a text"),
        (("model.py:build", "--image", "cat.png"), "cat.png: there is no such file"),
        (("model.py:build", "--image", "table.csv"), "no image that Pillow knows"),
        (("model.py:build", "--image", "table.csv", "--grid", "3"), "such as --grid 3x4"),
        (("model.py:build", "--image", "table.csv", "--size", "0x9"), "such as --size 224x224"),
        (("model.py:build", "--image", "table.csv", "--std", "0"), "greater than 0"),
        (("model.py:shaky", *NUMBERS), r"dropout left on.*network.eval\(\)"),
        (("model.py:undefined", *NUMBERS, "--row", "1", "--target", "0"), r"nan .*hidden \(mask [01]{4}\)"),
        (("model.py:failing", *NUMBERS), r"model.py, line 2\d raised KeyError: 'lost'"),
        (("model.py:fails_later", *NUMBERS), r"model.py, line 3\d raised ValueError: too many rows"),
        (
            ("model.py:fails_at_once", *NUMBERS),
            r"predict raised ValueError on its first call.*: no rows at all \(model.py, line \d+\)",
        ),
        (("model.py:with_arguments", *NUMBERS), r"needs arguments \(width\)"),
        (("model.py:nothing", *NUMBERS), "returns None"),
        (("model.py:biuld", *NUMBERS), "did you mean 'build'"),
        (("model.py", *NUMBERS), "model.py:FUNCTION; its functions are build, shaky"),
        (("model.py:regressor", *NUMBERS, "--score", "log-odds"), "is a regressor; give"),
        (("model.py:named", *DATA, "--columns", "a,b"), "was fitted on the columns c, a, d"),
        (("nowhere.py:build", *NUMBERS), "nowhere.py: there is no such file"),
        (("nowhere.pt2", *NUMBERS), "nowhere.pt2: there is no such file"),
        (("network.onnx", *NUMBERS), "is no kind of network"),
        (("weights.safetensors", *NUMBERS), "holds weights without a network"),
        ((), "Missing argument 'MODEL'"),
        (("model.py:build", *NUMBERS, "--colour"), "No such option: --colour"),
    ],
)
def test_bad_input_is_one_line_exit_code_2_and_nothing_written(refusal, arguments, message):
    assert re.search(message, refusal("explain", *arguments))


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".pkl", ".bin", ".ckpt", ".joblib"])
def test_pickles_are_never_opened(refusal, folder, suffix):
    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(folder / "sprung"),)

    (folder / f"network{suffix}").write_bytes(pickle.dumps(Trap()))
    assert "can run any code" in refusal("explain", f"network{suffix}", *NUMBERS)
    assert not (folder / "sprung").exists()


def test_too_many_columns_name_the_memory(refusal, folder):
    names = [f"x{i}" for i in range(30)]
    (folder / "wide.csv").write_text(",".join(names) + "\n" + ",".join(["1"] * 30) + "\n" + ",".join(["2"] * 30) + "\n")
    (folder / "wide.py").write_text("import torch\ndef build():\n    return torch.nn.Linear(30, 2)\n")
    assert "GiB" in refusal("explain", "wide.py:build", "--data", "wide.csv", "--row", "0", "--method", "exact")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("a,b\n", "no rows below its header"),
        ("1,2\n3,4\n", "must name the columns"),
        ("a,b\n1,2\n3\n", "line 3 has 1 cells"),
        ("a,b\n1,nan\n", "'b' has no value"),
        ("a,b\n1,inf\n", "only finite numbers"),
        ('a,b\n1,"2\n', "cannot be read as CSV"),
        (b"a,b\n\xff\xfe,1\n", "not UTF-8"),
        ("a,a\n1,2\n", "2 columns named 'a'"),
    ],
)
def test_bad_tables(refusal, folder, content, message):
    (folder / "bad.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    assert message in refusal("explain", "model.py:build", "--data", "bad.csv", "--row", "0", "--columns", "a,b")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("def build(:\n", "line 1 raised SyntaxError"),
        ("x = 1\n\n1 / 0\ndef build(): pass\n", "line 3 raised ZeroDivisionError"),
        ("import no_such_package\ndef build(): pass\n", "line 1 raised ModuleNotFoundError"),
        ("def build(): pass\nimport sys\nsys.exit(1)\n", "calls sys.exit(1)"),
        ("def build(): raise SystemExit(3)\n", "calls sys.exit(3)"),
        ("def build(): return 5\n", "got int"),
        ("build = 5\n", "'build' in bad.py is a int"),
        ("from neighbour import build\n", "neighbour.py, line 2 raised RuntimeError: beside"),
    ],
)
def test_model_files_that_fail(refusal, folder, content, message):
    (folder / "bad.py").write_text(content)
    (folder / "neighbour.py").write_text("def build():\n    raise RuntimeError('beside')\n")
    assert message in refusal("explain", "bad.py:build", *NUMBERS)


def test_damaged_programs(refusal, folder):
    (folder / "damaged.pt2").write_bytes(b"no zip at all")
    assert "damaged" in refusal("explain", "damaged.pt2", *NUMBERS)
    with zipfile.ZipFile(folder / "other.pt2", "w") as archive:
        archive.writestr("hello.txt", "hello")
    assert "damaged or no exported program" in refusal("explain", "other.pt2", *NUMBERS)
    with zipfile.ZipFile(folder / "library.pt2", "w") as archive:
        archive.writestr("network/data/aotinductor/model/model.so", "code")
    assert "runs code" in refusal("explain", "library.pt2", *NUMBERS)
    assert "needs a tokenizer" in refusal("explain", "library.pt2", "--text", "not bad")


def test_the_demo_refuses_too(refusal):
    assert "0 .. 170" in refusal("demo", "--patient", "171")
    assert "tolerance must be" in refusal("demo", "--tolerance", "much")
    assert "does not exist" in refusal("demo", "--output", "no/page.html")


def test_a_read_only_folder(refusal, folder, monkeypatch):
    """Root may write to any folder, so the answer of the operating system is made here."""
    (folder / "locked").mkdir(mode=0o500)
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: os.path.basename(path) != "locked" and allowed(path, mode))
    assert "cannot be written" in refusal("demo", "--output", "locked/page.html")
