"""A good file of every kind that the library reads, and how it is read and then used."""

import contextlib
import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mutations
import numpy as np
import torch
from PIL import Image

import symbolscope as sy
from symbolscope.alignment.alignment import Alignment, Restart
from symbolscope.cli.image_game import ImageInput
from symbolscope.cli.network_source import NetworkSource
from symbolscope.cli.table_game import TableInput
from symbolscope.emergence.checkpoints import CheckpointFolder, save_checkpoint
from symbolscope.interactions.storage import model_from_bytes, model_to_bytes

TASK = sy.tasks.MultiObject(max_count=3)
PROGRAM = sy.programs.UpDown(TASK)
NETWORK = sy.networks.GRU(TASK.vocabulary, width=4, seed=0)


@dataclass(frozen=True)
class GoodFile:
    """A file, by what it is.

    ``read`` takes a path and reads and uses the file; ``hostile`` takes its bytes and a generator and changes what is in it;
    ``same`` says whether what was read from damaged bytes is what was written: only then may they be accepted.
    """

    kind: str
    content: bytes
    read: Any
    share: float
    hostile: Any = None
    same: bool = False
    name: str = "file"


def _models(folder):
    numbers = np.random.default_rng(0).normal(size=16)
    plain = sy.decompose(numbers, player_names=["a", "b", "ü", "d"])
    views = [
        None,
        sy_view("TableView", (("a", "1", "0"), ("b", "2", "0"), ("ü", "3", "0"), ("d", "4", "0"))),
        sy_view("TextView", (("not", 0), (" ", -1), ("bad", 1), ("x", 2), ("y", 3))),
        sy_view("ImageView", np.zeros((3, 4, 3), np.uint8), np.arange(12).reshape(3, 4) % 4),
    ]
    import dataclasses

    found = [dataclasses.replace(plain, view=view) for view in views]
    wide = sy.Game.from_function(lambda masks: masks[:, 0] * 2.0 - masks[:, 3] * masks[:, 1], 12)
    found.append(sy.explain(wide, method="sparse", max_calls=300, progress=False))
    for model in found:
        yield model_to_bytes(model)


def sy_view(kind, *parts):
    from symbolscope.games import view

    return getattr(view, kind)(*parts)


def _read_model(path):
    model = sy.InteractionModel.load(path)
    model.predict(np.ones((2, model.n_players), dtype=bool))
    model.to_text()
    again = model_from_bytes(model_to_bytes(model), "again")
    assert again.effects.tolist() == model.effects.tolist()
    return model_to_bytes(model)


def _alignments():
    kinds = sy.featurizers
    states = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    for template in (
        kinds.Linear(size=(1, 1)), kinds.RevNet(size=1, blocks=2, hidden=4), kinds.RandomUnits(size=2), kinds.PCA(size=2),
        kinds.SAE(size=2, latents=6, active=2, steps=5), kinds.Boundless(size=1), kinds.Identity(), kinds.Onion(size=1),
    ):  # fmt: skip
        ready = template.initialise(4, seed=0, states=states).eval()
        restarts = (Restart(0, 0.5, 20, (0.25, 0.5), (2.0, 1.5)),)
        variables = ("count", "phase") if isinstance(template, kinds.Linear) else ("count",)
        yield Alignment(
            NETWORK, PROGRAM, TASK, sy.sites.NetworkState(), variables, ready, restarts, 0.75, {"steps": 20}
        )


def _read_alignment(path):
    alignment = Alignment.load(path, NETWORK, program=PROGRAM, task=TASK)
    dtype = next((t.dtype for t in alignment.featurizer.state_dict().values() if t.is_floating_point()), torch.float32)
    with torch.no_grad():
        featurizer = alignment.featurizer
        featurizer.swap(torch.zeros(2, 4, dtype=dtype), torch.ones(2, 4, dtype=dtype))
    str(alignment)


TRAINING = {
    "steps": 3,
    "batch": 4,
    "check_every": 1,
    "n_check": 5,
    "stop_accuracy": 2.0,
    "snapshots": True,
    "progress": False,
}


def _read_training(path):
    sy.train(sy.networks.GRU(TASK.vocabulary, width=4, seed=0), TASK, checkpoint=path, **TRAINING)


def _read_checkpoint(path):
    for _, network in CheckpointFolder(path.parent, torch.nn.Linear(3, 2)):
        network(torch.ones(1, 3))


def _read_table(path):
    table = TableInput.parse(path, 1, None, ("label",), "mean").table
    chosen = table.choose(None, ("label",), None)
    table.numbers(chosen)
    table.means(chosen)


def _read_image(path):
    ImageInput.parse(path, "2x2", None, None, None, None, gray=False)


def _read_store(path):
    masks = np.eye(3, dtype=bool)
    with sy.RunFile.open(path) as run_file:
        values = run_file.values("a1b2", 3, about="Linear, 3 players")
        values.known(masks)
        values.add(np.ones((1, 3), dtype=bool), np.array([4.0]))


def good_files(folder: Path) -> list[GoodFile]:
    """All of them."""
    found: list[GoodFile] = []
    models = list(_models(folder))

    def by_model(key):
        return lambda content, generator: mutations.hostile_tensors(content, key, generator)

    found += [
        GoodFile("model", content, _read_model, 0.4 / len(models), by_model("model"), same=True) for content in models
    ]
    alignments = list(_alignments())
    for alignment in alignments:
        alignment.save(folder / "alignment")
        content = (folder / "alignment").read_bytes()
        found.append(GoodFile("alignment", content, _read_alignment, 0.12 / len(alignments), by_model("alignment")))
    _read_training(folder / "training")
    found.append(GoodFile("training", (folder / "training").read_bytes(), _read_training, 0.1, by_model("training")))
    path = save_checkpoint(torch.nn.Linear(3, 2), folder / "run", 7, {"train_loss": 0.5})
    found.append(
        GoodFile(
            "checkpoint", path.read_bytes(), _read_checkpoint, 0.1, by_model("checkpoint"), name="step-7.safetensors"
        )
    )
    table = "a,b,c,label\n" + "".join(f'{i},{i * 0.5},"{i}",{i % 2}\n' for i in range(6))
    numbers = "a;b;label\n" + "".join(f"{i};{i * 0.25};{i % 2}\n" for i in range(6))
    found += [GoodFile("table", text.encode(), _read_table, 0.06) for text in (table, numbers)]
    pixels = np.random.default_rng(0).integers(0, 256, (12, 10, 3)).astype(np.uint8)
    encoded = {}
    for kind in (
        "PNG",
        "JPEG",
        "GIF",
        "BMP",
        "TIFF",
        "WEBP",
        "DDS",
        "ICO",
        "TGA",
        "JPEG2000",
        "PCX",
        "SGI",
        "AVIF",
        "PPM",
    ):
        made = io.BytesIO()
        with contextlib.suppress(KeyError, OSError):
            Image.fromarray(pixels).save(made, kind)
            encoded[kind] = made.getvalue()
    found += [GoodFile("image", content, _read_image, 0.1 / len(encoded)) for content in encoded.values()]
    with sy.RunFile.open(folder / "run.sqlite") as run_file:
        run_file.values("a1b2", 3, about="Linear, 3 players").add(np.eye(3, dtype=bool), np.array([0.5, 1.0, 2.0]))
    found.append(GoodFile("store", (folder / "run.sqlite").read_bytes(), _read_store, 0.04, name="run.sqlite"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shapes = ({0: torch.export.Dim("b", min=2, max=64)},)
        program = torch.export.export(torch.nn.Linear(4, 2), (torch.ones(4, 4),), dynamic_shapes=shapes)
        torch.export.save(program, folder / "good.pt2")
    content = (folder / "good.pt2").read_bytes()

    def read_program(path):
        NetworkSource.parse(str(path)).load()

    found.append(GoodFile("program", content, read_program, 0.02, mutations.hostile_archive, name="program.pt2"))
    return found
