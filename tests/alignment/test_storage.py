"""Alignments on disk: what comes back swaps as before; anything else is refused, and nothing is half-written."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from tests.core.resigned import resigned
from torch import nn

import symbolscope as sy
from symbolscope import featurizers
from symbolscope.alignment.alignment import Alignment, Restart
from symbolscope.sites import CellState, Input, NetworkState, Output, RecurrentState, Site

TASK = sy.tasks.MultiObject(max_count=5)
UP_DOWN = sy.programs.UpDown(TASK)


class Own(nn.Module):
    """A network of a user's own, with a place for every kind of site; states are 4 wide."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(len(TASK.vocabulary), 4)
        self.rnn = nn.GRU(4, 4, batch_first=True)
        self.cell = nn.GRUCell(4, 4)
        self.head = nn.Linear(4, len(TASK.vocabulary))

    def forward(self, tokens):
        return self.head(self.rnn(self.embedding(tokens))[0])


def made(featurizer, *, network=None, site=None, variables=("count",), dtype=torch.float32):
    """An alignment that nobody searched for."""
    network = Own() if network is None else network
    site = RecurrentState("rnn") if site is None else site
    states = torch.randn(50, 4, generator=torch.Generator().manual_seed(0)).to(dtype)
    ready = featurizer.initialise(4, seed=0, states=states).eval()
    restarts = (Restart(0, 0.5, 20, (0.25, 0.5), (2.0, 1.5)), Restart(1_000_003, 0.125, 10, (0.125,), (3.0,)))
    return Alignment(network, UP_DOWN, TASK, site, variables, ready, restarts, 0.75, {"steps": 20, "rate": 0.1})


@pytest.fixture
def saved(tmp_path):
    alignment = made(featurizers.Linear(size=2))
    alignment.save(tmp_path / "count.safetensors")
    return alignment, tmp_path / "count.safetensors"


def loaded(path, alignment, **other):
    given = {"network": alignment.network, "program": alignment.program, "task": alignment.task} | other
    return Alignment.load(path, given.pop("network"), **given)


def refused(message, path, alignment, **other):
    with pytest.raises(sy.SymbolscopeError, match=message):
        loaded(path, alignment, **other)


TEMPLATES = [
    featurizers.Linear(size=2),
    featurizers.Orthogonal(size=3),
    featurizers.ReferenceLinear(size=2),
    featurizers.Boundless(size=2, weight=0.5),
    featurizers.PCA(size=2),
    featurizers.Identity(size=1),
    featurizers.Identity(),
    featurizers.RevNet(size=1, blocks=1, hidden=8),
    featurizers.Onion(size=1),
    featurizers.SAE(size=2, latents=6, active=2, steps=20),
]


@pytest.mark.parametrize("template", TEMPLATES, ids=repr)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["32 bits", "64 bits"])
def test_the_same_swap_comes_back(tmp_path, template, dtype):
    alignment = made(template, dtype=dtype)
    alignment.save(tmp_path / "one")
    again = loaded(tmp_path / "one", alignment)
    target, source = torch.randn(2, 30, 4, generator=torch.Generator().manual_seed(1)).to(dtype)
    assert torch.equal(again.swap(target, source), alignment.swap(target, source))
    assert not again.featurizer.training
    for name in ("variables", "restarts", "network_accuracy", "settings", "site", "complexity", "validation_iia"):
        assert getattr(again, name) == getattr(alignment, name), name
    assert str(again) == str(alignment)


@pytest.mark.parametrize(
    "site",
    [
        NetworkState(),
        RecurrentState("rnn", layer=0, call=0),
        CellState("cell"),
        Output("rnn", call=0),
        Input("head"),
    ],
    ids=lambda site: type(site).__name__,
)
def test_every_kind_of_site_comes_back(tmp_path, site):
    network = sy.networks.GRU(TASK.vocabulary, width=4) if isinstance(site, NetworkState) else Own()
    alignment = made(featurizers.Linear(size=1), network=network, site=site)
    alignment.save(tmp_path / "one")
    again = loaded(tmp_path / "one", alignment).site
    assert type(again) is type(site)
    assert again == site


def test_a_searched_alignment_measures_the_same(tmp_path):
    network = sy.networks.Toy1d(TASK)
    alignment = sy.align(
        network, UP_DOWN, TASK, variable=("count", "phase"), featurizer=featurizers.Linear(size=(1, 1)), steps=30,
        check_every=10, n_pairs=200, restarts=2, progress=False,
    )  # fmt: skip
    alignment.save(tmp_path / "toy")
    again = loaded(tmp_path / "toy", alignment)
    pairs = sy.counterfactual_pairs(network, UP_DOWN, TASK, variable="phase", n=100)
    assert again.iia(pairs).right.tolist() == alignment.iia(pairs).right.tolist()
    assert again.iia(variable="count", n=50).value == alignment.iia(variable="count", n=50).value
    assert again.restarts == alignment.restarts
    assert again.settings == alignment.settings


def test_the_network_is_not_in_the_file(saved):
    _, path = saved
    with safe_open(path, framework="pt") as file:
        assert sorted(file.keys()) == ["u", "v"]


def changed(path, *, header=None, tensors=None, **metadata):
    """Write the file anew with some of its contents exchanged, and a checksum that fits."""
    path.write_bytes(resigned(path.read_bytes(), key="alignment", about=header, tensors=tensors, **metadata))


def test_damaged_files(saved):
    alignment, path = saved
    whole = path.read_bytes()
    for content in (b"", whole[:7], whole[:100], whole[:-5], b"\xff" * 200, bytes(range(200))):
        path.write_bytes(content)
        refused("is not an alignment saved by symbolscope, or is damaged", path, alignment)
    refused("there is no file", path.with_name("nothing"), alignment)
    refused("there is no file", path.parent, alignment)


@pytest.mark.parametrize(
    "header",
    [
        lambda header: {},
        lambda header: [],
        lambda header: header | {"featurizer": None},
        lambda header: header | {"featurizer": header["featurizer"] | {"configuration": "size"}},
        lambda header: header | {"restarts": [{"seed": 0}]},
        lambda header: header | {"restarts": 3},
        lambda header: header | {"site": {"kind": "Elsewhere"}},
        lambda header: header | {"site": {"kind": "Output", "pth": ""}},
        lambda header: header | {"site": "rnn"},
        lambda header: header | {"network_accuracy": "good"},
        lambda header: header | {"featurizer": header["featurizer"] | {"configuration": {"size": 3}}},
    ],
)
def test_headers_that_make_no_sense(saved, header):
    alignment, path = saved
    changed(path, header=header)
    refused("is damaged", path, alignment)


def test_a_header_or_weights_that_are_not_there(saved):
    alignment, path = saved
    changed(path, alignment="{")
    refused("is damaged: its JSON cannot be read", path, alignment)
    alignment.save(path)
    changed(path, tensors=lambda name, entry, part: [(name, entry, part)] if name == "u" else [])
    refused("is damaged: tensor v must have shape", path, alignment)


def test_an_unknown_featurizer(saved):
    alignment, path = saved
    changed(path, header=lambda header: header | {"featurizer": header["featurizer"] | {"name": "Liner"}})
    refused(r"there is no featurizer 'Liner'; the nearest is 'Linear'", path, alignment)


def test_foreign_files(saved, tmp_path):
    alignment, path = saved
    save_file({"weight": torch.zeros(3)}, tmp_path / "foreign")
    refused("safetensors file but not an alignment saved by symbolscope", tmp_path / "foreign", alignment)
    changed(path, format="symbolscope.InteractionModel")
    refused("safetensors file but not an alignment", path, alignment)


@pytest.mark.parametrize("version", ["2", "17", "new", ""])
def test_newer_versions(saved, version):
    alignment, path = saved
    changed(path, version=version)
    shown = version or "unknown"
    refused(f"has format version {shown}; this symbolscope reads up to 1. Install a newer one", path, alignment)


def test_another_program_task_or_network(saved):
    alignment, path = saved
    up_up = sy.programs.UpUp(TASK)
    refused(
        r"made with program UpDown on MultiObject\(max_count=5.*; got UpUp on .*Pass the same",
        path,
        alignment,
        program=up_up,
    )
    other = sy.tasks.MultiObject(max_count=6)
    refused(r"on MultiObject\(max_count=5.*; got UpDown on MultiObject\(max_count=6", path, alignment, task=other)
    wider = Own()
    wider.rnn = nn.GRU(4, 7, batch_first=True)
    refused(
        "made for states of width 4; those of this Own have width 7. Pass the network", path, alignment, network=wider
    )
    strange = sy.networks.GRU(sy.tasks.SingleObject().vocabulary, width=4)
    refused("the network's vocabulary .* is not the task's", path, alignment, network=strange)
    refused("has no module 'rnn'", path, alignment, network=nn.Sequential(nn.Linear(2, 2)))


class Full:
    """A file on a disk that is full after five bytes."""

    def __init__(self, file):
        self.file = file

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def write(self, content):
        self.file.write(content[:5])
        raise OSError("the disk is full")


@pytest.mark.parametrize("breaks", ["write", "replace"])
def test_nothing_is_half_written(saved, monkeypatch, breaks):
    alignment, path = saved
    before = path.read_bytes()

    def fails(*arguments):
        raise OSError("the disk is full")

    if breaks == "replace":
        monkeypatch.setattr(os, "replace", fails)
    else:
        opened = Path.open

        monkeypatch.setattr(Path, "open", lambda self, *arguments: Full(opened(self, *arguments)))
    with pytest.raises(sy.SymbolscopeError, match="the disk is full"):
        made(featurizers.Orthogonal(size=1)).save(path)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    np.testing.assert_array_equal(loaded(path, alignment).featurizer.u.detach(), alignment.featurizer.u.detach())


def test_an_existing_file_is_replaced(saved):
    alignment, path = saved
    made(featurizers.Orthogonal(size=1)).save(str(path))
    assert loaded(path, alignment).featurizer.size == 1


def test_a_folder_that_does_not_exist(saved):
    alignment, path = saved
    with pytest.raises(
        sy.SymbolscopeError, match=r"cannot write .*: the folder .*nowhere does not exist; create it first"
    ):
        alignment.save(path.parent / "nowhere" / "count")


def test_a_site_of_ones_own_cannot_be_saved(tmp_path):
    class Elsewhere(Site):
        def observe(self, network, inputs, steps):
            raise NotImplementedError

        def run(self, network, inputs, steps, states):
            raise NotImplementedError

    alignment = made(featurizers.Linear(size=1), site=Elsewhere("rnn"))
    with pytest.raises(
        sy.SymbolscopeError, match=r"only the sites of symbolscope \(CellState.*\) can be saved; got Elsewhere"
    ):
        alignment.save(tmp_path / "one")
    assert not list(tmp_path.iterdir())
