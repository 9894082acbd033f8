"""Folders of finished results: a damaged file is named with what to do, and is never read as a result."""

import json
import random

import pytest
import torch
from torch import nn

import symbolscope as sy
from symbolscope.cli.main import run
from symbolscope.cli.reproduction.kept_weights import kept_weights
from symbolscope.cli.reproduction.results_folder import ResultsFolder

SETTINGS = {"samples": 1, "seeds": 1, "quick": True}
RESULT = {"seconds": 1.5, "result": {"rows": [1, 2.25, None, "höhe"], "n": 3}}
DAMAGES = {
    "truncated": lambda text: text[: len(text) // 2],
    "empty": lambda text: b"",
    "a list": lambda text: b"[1, 2]",
    "null": lambda text: b"null",
    "no text": lambda text: b"\xff\xfe\x00\x01" + text,
    "another number": lambda text: text.replace(b"2.25", b"2.26"),
    "another key": lambda text: text.replace(b'"seconds"', b'"secondz"'),
    "without its checksum": lambda text: text.replace(b'"checksum"', b'"chexksum"'),
    "nested without end": lambda text: b"[" * 200_000,
    "an older file": lambda text: json.dumps(RESULT).encode(),
}


@pytest.fixture
def kept(tmp_path):
    folder = ResultsFolder.opened(tmp_path / "study", SETTINGS)
    folder.write("part-1", RESULT)
    return folder


def test_results_are_read_as_they_were_written(kept):
    assert ResultsFolder.opened(kept.path, SETTINGS).read("part-1") == RESULT
    assert kept.has("part-1")
    assert not kept.has("part-2")


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_damaged_results_are_named(kept, damage):
    path = kept.path / "part-1.json"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(sy.SymbolscopeError, match=r"part-1\.json is damaged .*delete it, and it is computed again"):
        kept.read("part-1")


def test_no_flipped_bit_passes(kept):
    path = kept.path / "part-1.json"
    whole = path.read_bytes()
    for bit in random.Random(0).sample(range(8 * len(whole)), 300):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        try:
            assert kept.read("part-1") == RESULT  # a blank for another blank
        except sy.SymbolscopeError:
            continue


def test_results_of_another_piece_of_work_or_of_other_settings_are_not_taken(kept):
    (kept.path / "part-2.json").write_bytes((kept.path / "part-1.json").read_bytes())
    with pytest.raises(sy.SymbolscopeError, match=r"part-2\.json"):
        kept.read("part-2")
    (kept.path / "settings.json").unlink()
    other = ResultsFolder.opened(kept.path, {**SETTINGS, "seeds": 2})
    with pytest.raises(sy.SymbolscopeError, match="other settings"):
        other.read("part-1")


@pytest.mark.parametrize("content", [b'{"study"', b"", b"\x80", b"[]", b"3", b'{"seed": 1}'])
@pytest.mark.parametrize("study", ["interactions", "emergence", "numbers"])
def test_damaged_settings_are_named_on_the_command_line(tmp_path, content, study, capsys):
    (tmp_path / "settings.json").write_bytes(content)
    assert run(["reproduce", study, "--folder", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "settings.json is damaged" in said
    assert "delete it" in said
    assert said.count("\n") == 1


def test_other_settings_are_told_apart_from_damage(kept):
    with pytest.raises(sy.SymbolscopeError, match="results of other settings"):
        ResultsFolder.opened(kept.path, {**SETTINGS, "seeds": 2})


@pytest.mark.parametrize("damage", ["truncated", "empty", "no text"])
def test_damaged_weights_are_named(tmp_path, damage):
    def train(network):
        with torch.no_grad():
            network.weight.fill_(0.5)
        return {"accuracy": 0.75}

    kept_weights(tmp_path, "one", nn.Linear(2, 1), train)
    path = tmp_path / "one.safetensors"
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    with pytest.raises(sy.SymbolscopeError, match=r"one\.safetensors.*delete it"):
        kept_weights(tmp_path, "one", nn.Linear(2, 1), train)


def test_a_network_whose_width_cannot_be_is_refused_before_any_is_trained(tmp_path, capsys):
    arguments = [
        "reproduce",
        "numbers",
        "--folder",
        str(tmp_path / "grid"),
        "--networks",
        "gru,rope",
        "--width",
        "5",
        "--sizes",
        "2",
    ]
    assert run(arguments) == 2
    assert "width" in capsys.readouterr().err
    assert not (tmp_path / "grid").exists()
