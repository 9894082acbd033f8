"""Files of ours: every flipped bit is seen, contradicting contents are refused, and no small file asks for much memory."""

import json
import resource
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load
from tests.core.resigned import header_of, resigned
from tests.featurizers.instances import KINDS, MAKE, examples

import symbolscope as sy
from symbolscope.alignment.alignment import Alignment, Restart
from symbolscope.cli.reproduction.kept_weights import kept_weights
from symbolscope.core.bounded_json import read_json
from symbolscope.core.checked_tensors import checked_bytes, of_array, of_tensor, read_checked, read_safetensors
from symbolscope.core.checksum import PLACE, check_checksum, with_checksum
from symbolscope.emergence.checkpoints import CheckpointFolder, save_checkpoint
from symbolscope.games.view import ImageView, TableView, TextView
from symbolscope.interactions.storage import model_from_bytes, model_to_bytes

TASK = sy.tasks.MultiObject(max_count=3)
PROGRAM = sy.programs.UpDown(TASK)
TRAINING = {"steps": 2, "batch": 4, "check_every": 1, "n_check": 5, "stop_accuracy": 2.0, "progress": False}


def network(seed=0):
    return sy.networks.GRU(TASK.vocabulary, width=4, seed=seed)


def aligned(featurizer):
    ready = featurizer.initialise(4, seed=0, states=examples(4)).eval()
    restarts = (Restart(0, 0.5, 20, (0.5,), (1.5,)),)
    return Alignment(
        network(), PROGRAM, TASK, sy.sites.NetworkState(), ("count",), ready, restarts, 0.75, {"steps": 20}
    )


def save_alignment(path):
    aligned(sy.featurizers.Linear(size=1)).save(path)


def load_alignment(path):
    return Alignment.load(path, network(), program=PROGRAM, task=TASK)


def save_training(path):
    sy.train(network(), TASK, checkpoint=path, **TRAINING)


def load_training(path):
    sy.train(network(), TASK, checkpoint=path, **TRAINING)


def linear():
    made = torch.nn.Linear(2, 1)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.fill_(0.25)
    return made


def save_recorded(path):
    save_checkpoint(linear(), path.parent, 3, {"train_loss": 0.5}).rename(path)


def load_recorded(path):
    return list(CheckpointFolder(path.parent, torch.nn.Linear(2, 1)))


def train_kept(_):
    return {"accuracy": 0.5}


def save_kept(path):
    kept_weights(path.parent, path.stem, linear(), train_kept)


def load_kept(path):
    def refuse(_):
        raise AssertionError("trained again in silence")

    return kept_weights(path.parent, path.stem, torch.nn.Linear(2, 1), refuse)


FILES = {
    "alignment": (save_alignment, load_alignment),
    "training": (save_training, load_training),
    "checkpoint of a recorder": (save_recorded, load_recorded),
    "kept weights": (save_kept, load_kept),
    "model": (lambda path: sy.decompose(np.arange(8.0)).save(path), sy.InteractionModel.load),
}


@pytest.mark.parametrize(("save", "read"), FILES.values(), ids=FILES)
def test_flipped_bits_are_seen(tmp_path, save, read):
    """Bits of the length, and some of header and numbers; any may be drawn."""
    path = tmp_path / "file-3.safetensors"
    save(path)
    read(path)
    whole = path.read_bytes()
    amount = 40 if read is load_training else 200  # which makes a network each time
    drawn = np.random.default_rng(0).choice(8 * len(whole), size=amount, replace=False)
    for bit in [*range(0, 64, 3), *drawn.tolist()]:
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        with pytest.raises(sy.SymbolscopeError):
            read(path)
    for cut in (0, 1, 8, 9, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:cut])
        with pytest.raises(sy.SymbolscopeError):
            read(path)
    path.write_bytes(whole + b"\0")
    with pytest.raises(sy.SymbolscopeError):
        read(path)


@pytest.mark.parametrize(("save", "read"), FILES.values(), ids=FILES)
def test_two_saves_are_the_same_bytes_and_any_reader_reads_them(tmp_path, save, read):
    contents = []
    for place in ("a", "b"):
        (tmp_path / place).mkdir()
        save(tmp_path / place / "file-3.safetensors")
        contents.append((tmp_path / place / "file-3.safetensors").read_bytes())
    if save is not save_training:  # whose seconds differ
        assert contents[0] == contents[1]
    tensors = load(contents[0])
    assert {name: list(tensor.shape) for name, tensor in tensors.items()} == {
        name: entry["shape"] for name, entry in header_of(contents[0])[0].items() if name != "__metadata__"
    }


MODEL = sy.decompose(np.random.default_rng(0).normal(size=8), player_names=["a", "b", "c"])


def with_view(view):
    import dataclasses

    return model_to_bytes(dataclasses.replace(MODEL, view=view))


IMAGE = ImageView(np.zeros((2, 3, 3), np.uint8), np.array([[0, 1, 2], [-1, -1, -1]]))
TEXT = TextView((("x", 0), (" ", -1), ("y", 2)))
TABLE = TableView((("a", "1", "0"), ("b", "1", "0"), ("c", "1", "0")))
CONTRADICTIONS = {
    "a name too many": (MODEL, lambda h: h | {"player_names": ["a", "b", "c", "d", "e", "f", "g", "h", "i"]}),
    "a name too few": (MODEL, lambda h: h | {"player_names": ["a", "b"]}),
    "a name that is a number": (MODEL, lambda h: h | {"player_names": ["a", "b", 3]}),
    "names in a text": (MODEL, lambda h: h | {"player_names": "abc"}),
    "settings in a list": (MODEL, lambda h: h | {"settings": [["tolerance", 0]]}),
    "settings in a text": (MODEL, lambda h: h | {"settings": "tolerance"}),
    "a setting that is a mapping": (MODEL, lambda h: h | {"settings": {"tolerance": {"a": {"b": 1}}}}),
    "no view": (MODEL, lambda h: {name: part for name, part in h.items() if name != "view"}),
    "a view of a kind unknown": (MODEL, lambda h: h | {"view": {"kind": "sound"}}),
    "an image without pixels": (MODEL, lambda h: h | {"view": {"kind": "image"}}),
    "pixels without an image": (IMAGE, lambda h: h | {"view": None}),
    "fragments of others": (TEXT, lambda h: h | {"view": {"kind": "text", "fragments": [["x", 3]]}}),
    "fragments of half a player": (TEXT, lambda h: h | {"view": {"kind": "text", "fragments": [["x", 0.5]]}}),
    "a table of two rows": (
        TABLE,
        lambda h: h | {"view": {"kind": "table", "rows": [["a", "1", "0"], ["b", "1", "0"]]}},
    ),
    "a table of numbers": (TABLE, lambda h: h | {"view": {"kind": "table", "rows": [["a", 1, 0]] * 3}}),
    "a fit without laws": (MODEL, lambda h: h | {"sampled": {"calls": 3}}),
    "infinite calls": (MODEL, lambda h: h | {"sampled": {"calls": float("inf")}}),
    "a header in a list": (MODEL, lambda h: [h]),
}


@pytest.mark.parametrize(("view", "change"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_parts_that_contradict_one_another(view, change):
    content = model_to_bytes(MODEL) if view is MODEL else with_view(view)
    model_from_bytes(resigned(content, key="model", about=lambda header: header), "file")
    with pytest.raises(sy.SymbolscopeError, match="damaged"):
        model_from_bytes(resigned(content, key="model", about=change), "file")


INFINITE, NEGATIVE = np.array([np.inf]).tobytes(), np.array([0, 1, 0, -1.0]).tobytes()
ARRAYS = {
    "an infinite effect": lambda name, entry, part: [
        (name, entry, np.full(len(part) // 8, np.inf).tobytes() if name == "effects" else part)
    ],
    "a kind of 2": lambda name, entry, part: [(name, entry, b"\2" * len(part) if name == "is_or" else part)],
    "a player beyond the last": lambda name, entry, part: [
        (name, entry, b"\xff" * len(part) if name == "masks" else part)
    ],
    "a negative tolerance": lambda name, entry, part: [
        (name, entry, np.array([0, 1, 0, -1.0]).tobytes() if name == "scalars" else part)
    ],
    "effects of 32 bits": lambda name, entry, part: [
        (name, entry | {"dtype": "F32", "shape": [2 * entry["shape"][0]]} if name == "effects" else entry, part)
    ],
    "values of another shape": lambda name, entry, part: [
        (name, entry | {"shape": [4, 2]} if name == "values" else entry, part)
    ],
    "an array of no model": lambda name, entry, part: [(f"{name}2" if name == "values" else name, entry, part)],
    "no effects": lambda name, entry, part: [] if name == "effects" else [(name, entry, part)],
    "masks in one row": lambda name, entry, part: [
        (name, entry | {"shape": [1, len(part)]} if name == "masks" else entry, part)
    ],
}


@pytest.mark.parametrize("change", ARRAYS.values(), ids=ARRAYS)
def test_arrays_that_no_model_has(change):
    with pytest.raises(sy.SymbolscopeError, match="damaged"):
        model_from_bytes(resigned(model_to_bytes(MODEL), tensors=change), "file")


def bombs():
    """Small files that ask for much: names, values, masks, blocks, snapshots."""
    names = {"player_names": ["a"] * 300_000, "settings": {}, "view": None}
    arrays = {
        "masks": np.zeros((30_000, 1), np.uint8),
        "is_or": np.zeros(30_000, np.uint8),
        "effects": np.zeros(30_000),
        "scalars": np.zeros(4),
    }
    tensors = {name: of_array(array) for name, array in arrays.items()}
    yield checked_bytes(tensors, kind="symbolscope.InteractionModel", version=1, key="model", about=names)
    wide = {
        "masks": np.zeros((0, 8), np.uint8),
        "is_or": np.zeros(0, np.uint8),
        "effects": np.zeros(0),
        "scalars": np.zeros(4),
    }
    tensors = {name: of_array(array) for name, array in (wide | {"values": np.zeros(3)}).items()}
    for n in (62, 63, 64):
        about = {"player_names": ["a"] * n, "settings": {}, "view": None}
        yield checked_bytes(tensors, kind="symbolscope.InteractionModel", version=1, key="model", about=about)
    yield resigned(
        model_to_bytes(MODEL), header=lambda head: head | {"effects": head["effects"] | {"shape": [1 << 60]}}
    )


@pytest.mark.parametrize("content", list(bombs()), ids=["names", "62", "63", "64", "shape"])
def test_a_small_file_asks_for_little(content):
    tracemalloc.start()
    try:
        with pytest.raises(sy.SymbolscopeError):
            model_from_bytes(content, "bomb")
        assert tracemalloc.get_traced_memory()[1] < 40 * len(content) + (1 << 20)
    finally:
        tracemalloc.stop()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 4 << 20


FEATURIZERS = {
    "blocks": (sy.featurizers.RevNet(size=1, blocks=1, hidden=4), {"blocks": 1 << 40}),
    "hidden": (sy.featurizers.RevNet(size=1, blocks=1, hidden=4), {"hidden": 1 << 40}),
    "half a block": (sy.featurizers.RevNet(size=1, blocks=1, hidden=4), {"blocks": 1.5}),
    "symbols": (sy.featurizers.Onion(size=1), {"symbols": 1 << 40}),
    "latents": (sy.featurizers.SAE(size=1, latents=6, active=2, steps=5), {"latents": 1 << 40}),
    "size": (sy.featurizers.Linear(size=1), {"size": 1 << 40}),
    "sizes": (sy.featurizers.Linear(size=1), {"size": [1] * 10_000}),
    "another setting": (sy.featurizers.Linear(size=1), {"blocks": 3}),
}


@pytest.mark.parametrize(("featurizer", "change"), FEATURIZERS.values(), ids=FEATURIZERS)
def test_an_alignment_is_compared_before_it_is_built(tmp_path, featurizer, change):
    path = tmp_path / "file"
    aligned(featurizer).save(path)
    whole = path.read_bytes()

    def changed(header):
        header["featurizer"]["configuration"] |= change
        return header

    path.write_bytes(resigned(whole, key="alignment", about=changed))
    with pytest.raises(sy.SymbolscopeError, match="damaged"):
        load_alignment(path)

    def widened(header):
        header["featurizer"]["width"] = 1 << 40
        return header

    path.write_bytes(resigned(whole, key="alignment", about=widened))
    with pytest.raises(sy.SymbolscopeError, match="damaged"):
        load_alignment(path)


@pytest.mark.parametrize("value", [0.0, 1.0, 1e30, 1e-30, np.nan])
def test_weights_that_swap_nothing(tmp_path, value):
    """Columns that are all alike have no inverse, and numbers that large overflow."""
    path = tmp_path / "file"
    aligned(sy.featurizers.Linear(size=2)).save(path)
    change = lambda name, entry, part: [(name, entry, np.full(len(part) // 4, value, np.float32).tobytes())]  # noqa: E731
    path.write_bytes(resigned(path.read_bytes(), tensors=change))
    with pytest.raises(sy.SymbolscopeError, match="damaged"):
        load_alignment(path)


@pytest.mark.parametrize("units", [[0, 1, 2, 7], [0, 1, 2, 2], [-1, 1, 2, 3], [1 << 40, 0, 1, 2], [0, 2, 1, 3]])
def test_units_that_are_no_order(tmp_path, units):
    path = tmp_path / "file"
    aligned(sy.featurizers.RandomUnits(size=2)).save(path)
    change = lambda name, entry, part: [(name, entry, np.array(units).tobytes() if name == "order" else part)]  # noqa: E731
    path.write_bytes(resigned(path.read_bytes(), tensors=change))
    with pytest.raises(sy.SymbolscopeError, match="order"):
        load_alignment(path)


@pytest.mark.parametrize("dtype", ["F16", "BF16", "I16", "U8", "BOOL", "F64", "I32"])
def test_weights_of_another_dtype_are_not_cast(tmp_path, dtype):
    """A training and a state dict of another program, with the same numbers of another dtype."""
    width = {"F16": 2, "BF16": 2, "I16": 2, "U8": 1, "BOOL": 1, "F64": 8, "I32": 4}[dtype]

    def cast(name, entry, part):
        entries = int(np.prod(entry["shape"]))
        plain = name.startswith("network.") or name in ("weight", "bias")
        return [(name, entry | {"dtype": dtype}, bytes(entries * width)) if plain else (name, entry, part)]

    for save, read in ((save_training, load_training), (save_recorded, load_recorded)):
        folder = tmp_path / save.__name__
        folder.mkdir()
        path = folder / "file-3.safetensors"
        save(path)
        path.write_bytes(resigned(path.read_bytes(), tensors=cast))
        with pytest.raises(sy.SymbolscopeError, match="float32"):
            read(path)


@pytest.mark.parametrize("kind", KINDS)
def test_featurizers_know_their_tensors(kind):
    for width, size in ((4, 1), (6, 3)):
        featurizer = MAKE[kind](size).initialise(width, seed=0, states=examples(width))
        implied = dict(MAKE[kind](size).tensor_shapes(width))
        assert implied == {name: tuple(tensor.shape) for name, tensor in featurizer.state_dict().items()}


DTYPES = [
    torch.float16,
    torch.bfloat16,
    torch.float32,
    torch.float64,
    torch.int64,
    torch.bool,
    torch.complex64,
    torch.uint16,
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 3), (2, 3)])
def test_tensors_come_back(dtype, shape):
    made = (torch.arange(int(np.prod(shape)), dtype=torch.float32).reshape(shape) % 2).to(dtype)
    given = {"a": made, "b": made.mT if made.ndim > 1 else made}
    content = checked_bytes(
        {name: of_tensor(one) for name, one in given.items()}, kind="k", version=1, key="x", about={}
    )
    found = read_checked(content, "file", kind="k", version=1, key="x", what="k")
    for name, one in given.items():
        again = found.tensors[name].tensor()
        assert again.dtype == dtype
        assert torch.equal(again, one)


@pytest.mark.parametrize(
    "text",
    [
        "", "{", '{"a": 1, "a": 2}', "[" * 100_000, '{"a":' * 50_000, "1e999", "-1e999", "9" * 5000, "\ud800",
        '"\\ud8', b"\xff\xfe", b"\x80",
        "nul", "[1,]", "01", "0x10", "'a'",
    ],
)  # fmt: skip
def test_json_that_is_none(text):
    with pytest.raises(sy.SymbolscopeError, match="JSON"):
        read_json(text, "file")


@pytest.mark.parametrize("value", [[1, 2.5, None], {"a": {"b": []}}, "é\u2028", -0.0, 1 << 63, float("inf"), True])
def test_json_that_is_some(value):
    assert read_json(json.dumps(value), "file") == value


def _header(**entries):
    text = json.dumps(entries).encode()
    return len(text).to_bytes(8, "little") + text + bytes(16)


WHOLE = {"dtype": "F64", "shape": [2], "data_offsets": [0, 16]}
HEADERS = {
    "an overlap": _header(a=WHOLE, b=WHOLE),
    "a gap": _header(a={"dtype": "F32", "shape": [2], "data_offsets": [8, 16]}),
    "bytes of none": _header(a={"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}),
    "a shape beyond": _header(a=WHOLE | {"shape": [1 << 40]}),
    "a negative shape": _header(a=WHOLE | {"shape": [-2]}),
    "a broken shape": _header(a=WHOLE | {"shape": [2.0]}),
    "a true shape": _header(a=WHOLE | {"shape": [True, 2]}),
    "places backwards": _header(a=WHOLE | {"data_offsets": [16, 0]}),
    "three places": _header(a=WHOLE | {"data_offsets": [0, 8, 16]}),
    "a dtype of none": _header(a=WHOLE | {"dtype": "F6_E2M3"}),
    "a dtype in a list": _header(a=WHOLE | {"dtype": ["F64"]}),
    "a tensor in a list": _header(a=[WHOLE]),
    "metadata of numbers": _header(a=WHOLE, __metadata__={"a": 1}),
    "no metadata but null": _header(a=WHOLE, __metadata__=None),
    "a list": (2).to_bytes(8, "little") + b"[]" + bytes(16),
    "a length beyond": (1 << 62).to_bytes(8, "little") + b"{}",
    "nothing": b"",
}


@pytest.mark.parametrize("content", HEADERS.values(), ids=HEADERS)
def test_headers_of_no_safetensors_file(content):
    with pytest.raises(sy.SymbolscopeError, match="no file"):
        read_safetensors(content, "no file")


def test_a_checksum_counts_every_byte_and_its_own():
    text = with_checksum(b'{"format":"x","sha256":"' + PLACE.encode() + b'","a":[1,2]}')
    check_checksum(text, "file")
    for place in range(len(text)):
        for bit in range(8):
            changed = bytearray(text)
            changed[place] ^= 1 << bit
            with pytest.raises(sy.SymbolscopeError):
                check_checksum(bytes(changed), "file")


def test_state_dicts_of_other_programs_are_still_read(tmp_path):
    from safetensors.torch import save_file

    made = torch.nn.Linear(2, 1)
    for metadata in (None, {"format": "pt"}, {"note": "mine"}):
        save_file(made.state_dict(), tmp_path / "step-3.safetensors", metadata)
        ((step, found),) = load_recorded(Path(tmp_path / "step-3.safetensors"))
        assert step == 3
        assert torch.equal(found.weight, made.weight)
