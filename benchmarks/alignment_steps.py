"""Optimiser steps of one alignment search: ours, torch's bare recurrent layer, a loop by hand, pyvene. One thread."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from alignment_loop import Loop, Rows, basis, packed_suffix_pass, rows_of, suffix_pass
from rich.console import Console
from rich.table import Table

import symbolscope as sy
from symbolscope.alignment.frozen import frozen
from symbolscope.alignment.interchange import Interchange
from symbolscope.alignment.pairs import Pairs
from symbolscope.alignment.search import Batch, Material, Run, SearchSettings, search
from symbolscope.networks import GRU
from symbolscope.sites.find_site import find_site
from symbolscope.tasks import MultiObject

BATCH, RATE = 128, 1e-2
_SEED = 0
_STEPS, _PYVENE_STEPS = 100, 4
_RESTARTS = 32  # trained together: what fits into one pass of the search
_SLACK = 1e-4  # by which losses of one batch may differ


def trained_gru(*, width: int, max_count: int, held_out: tuple[int, ...] = ()) -> tuple[GRU, MultiObject]:
    """A GRU that has learned to count; the swap of an untrained one would change nothing that could be compared."""
    task = MultiObject(max_count=max_count, held_out=held_out)
    network = GRU(task.vocabulary, width=width)
    sy.train(network, task, n_check=1_000, progress=False)
    return network, task


@dataclass
class Alignment:
    """Everything the contestants share: the network, the pairs, the first rotation, and the batches our search will draw."""

    network: GRU
    pairs: Pairs
    material: Material
    size: int

    @classmethod
    def of(cls, network: GRU, task: MultiObject, size: int) -> "Alignment":
        """Count, with the pairs that ``sy.align`` draws by default, and their states."""
        training, validation = (
            sy.counterfactual_pairs(
                network, sy.programs.UpDown(task), task, variable="count", n=n, counts=task.trained, seed=seed
            )
            for n, seed in ((10_000, 0), (1_000, 1))
        )
        site = find_site(network)
        return cls(
            network,
            training,
            Material(Interchange.of(network, site, training), Interchange.of(network, site, validation)),
            size,
        )

    def run(self, seed: int = _SEED) -> Run:
        """A fresh start."""
        featurizer = sy.featurizers.Orthogonal(size=self.size).initialise(self.network.width, seed=seed)
        return Run(featurizer, ((0, None),), torch.Generator().manual_seed(seed))

    def batches(self, n: int) -> torch.Tensor:
        """Rows of the first ``n`` steps of ``run()``, int64 [n, batch]."""
        generator = torch.Generator().manual_seed(_SEED)
        return torch.stack([torch.randint(len(self.pairs), (BATCH,), generator=generator) for _ in range(n)])

    def search(self, steps: int, runs: int = 1) -> list[Run]:
        """What ``sy.align`` runs, a validation at every hundredth step included; nothing stops early."""
        made = [self.run(_SEED + number) for number in range(runs)]
        search([Batch([self.material], made, SearchSettings(steps, BATCH, RATE, patience=steps))], progress=False)
        return made


class Pyvene:
    """The same alignment in pyvene, in a process of its own that waits while it is not asked."""

    def __init__(self, python: str, alignment: Alignment, folder: Path) -> None:
        pairs, network = alignment.pairs, alignment.network
        path = folder / "material.npz"
        np.savez(
            path,
            target_tokens=pairs.target_tokens, target_steps=pairs.target_steps, labels=pairs.labels, scored=pairs.scored,
            source_tokens=pairs.source_tokens, source_steps=pairs.source_steps, batches=alignment.batches(_STEPS).numpy(),
            basis=basis(alignment.run().featurizer.columns), size=alignment.size, rate=RATE,
            **{f"network.{name}": weight.numpy() for name, weight in network.state_dict().items()},
        )  # fmt: skip
        script = Path(__file__).with_name("alignment_pyvene.py")
        self.process = subprocess.Popen(
            [python, str(script), str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def steps(self, n: int) -> tuple[float, list[float]]:
        """CPU seconds of ``n`` optimiser steps, and their losses."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{n}\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line.startswith("{"):  # pyvene has things of its own to say
                known = json.loads(line)
                return known["seconds"], known["losses"]
        raise SystemExit("pyvene's process ended; its message is above")

    def close(self) -> None:
        """End the process."""
        self.process.stdin.close()  # type: ignore[union-attr]
        self.process.wait()


def steps_part(console: Console, *, pyvene_python: str | None, repeats: int) -> None:
    """Every contestant takes its turn in every repeat, in an order that rotates; medians of CPU time per optimiser step."""
    python = pyvene_python or (sys.executable if find_spec("pyvene") else None)
    for width, max_count, held_out, size in ((20, 10, (), 8), (48, 20, (4, 9, 14, 17), 16)):
        network, task = trained_gru(width=width, max_count=max_count, held_out=held_out)
        with frozen(network), tempfile.TemporaryDirectory() as folder:
            alignment = Alignment.of(network, task, size)
            pyvene = None if python is None else Pyvene(python, alignment, Path(folder))
            _same_loss(console, alignment, pyvene)
            seconds = _contest(alignment, pyvene, repeats)
            if pyvene is not None:
                pyvene.close()
        console.print(
            _table(f"GRU of width {width}, counts 1..{max_count}, Orthogonal(size={size}), batch {BATCH}", seconds)
        )
        if pyvene is None:
            console.print("[bold red]pyvene: NOT MEASURED. pip install pyvene, or give --pyvene-python PATH[/]")


def _same_loss(console: Console, alignment: Alignment, pyvene: Pyvene | None) -> None:
    """Refuse to time contestants that do not compute one thing: the loss of the first batch, by each."""
    rows = _prepared(alignment, 1)[0]
    run = alignment.run()
    patched = run.featurizer.swap(rows.target, rows.source).detach()
    one = SearchSettings(1, BATCH, RATE, check_every=1)
    search([Batch([alignment.material], [run], one)], progress=False)
    losses = {
        "ours": run.losses[0],
        "bare": suffix_pass(alignment.network, rows, patched).item(),
        "packed": packed_suffix_pass(alignment.network, rows, patched).item(),
        "loop": Loop(alignment.network, alignment.run().featurizer.columns, RATE).step(rows).item(),
    }
    if pyvene is not None:
        losses["pyvene"] = pyvene.steps(1)[1][0]
    console.print("loss of the first batch: " + ", ".join(f"{name} {loss:.6f}" for name, loss in losses.items()))
    unswapped = suffix_pass(alignment.network, rows, rows.target).item()
    console.print(f"with nothing swapped it is {unswapped:.6f}, so that a swap left out would show")
    if max(losses.values()) - min(losses.values()) > _SLACK or abs(unswapped - losses["ours"]) < 10 * _SLACK:
        raise SystemExit(f"the contestants do not compute the same loss to {_SLACK}; nothing is timed")


def _prepared(alignment: Alignment, n: int, *, together: bool = False) -> list[Rows]:
    """The first ``n`` batches, or all of them as one."""
    pairs, batches = alignment.pairs, alignment.batches(n)
    at = pairs.target_steps[:, None] + 1 + np.arange(pairs.labels.shape[1])
    further = np.take_along_axis(pairs.target_tokens, at.clip(max=pairs.target_tokens.shape[1] - 1), axis=1)
    rows = batches.reshape(1, -1) if together else batches
    return [rows_of(alignment.material.training, torch.from_numpy(further), own) for own in rows]


def _contest(alignment: Alignment, pyvene: Pyvene | None, repeats: int) -> dict[str, float]:
    network, prepared = alignment.network, _prepared(alignment, _STEPS)
    loop = Loop(network, alignment.run().featurizer.columns, RATE)
    states = [alignment.run().featurizer.swap(rows.target, rows.source).detach() for rows in prepared]
    (many,) = _prepared(alignment, _RESTARTS, together=True)
    many_states = torch.cat(states[:_RESTARTS])

    def cpu(call: Callable[[], object], steps: int) -> float:
        started = time.process_time()
        call()
        return (time.process_time() - started) / steps

    contestants: dict[str, Callable[[], float]] = {
        "ours": lambda: cpu(lambda: alignment.search(_STEPS), _STEPS),
        f"ours, one of {_RESTARTS} together": lambda: cpu(lambda: alignment.search(20, _RESTARTS), 20 * _RESTARTS),
        "bare": lambda: cpu(
            lambda: [suffix_pass(network, rows, given) for rows, given in zip(prepared, states, strict=True)], _STEPS
        ),
        "bare, packed": lambda: cpu(
            lambda: [packed_suffix_pass(network, rows, given) for rows, given in zip(prepared, states, strict=True)],
            _STEPS,
        ),
        f"bare, {_RESTARTS} batches as one": lambda: cpu(lambda: suffix_pass(network, many, many_states), _RESTARTS),
        "loop": lambda: cpu(lambda: [loop.step(rows) for rows in prepared], _STEPS),
    }
    if pyvene is not None:
        contestants["pyvene"] = lambda: pyvene.steps(_PYVENE_STEPS)[0] / _PYVENE_STEPS
    names = list(contestants)
    times: dict[str, list[float]] = {name: [] for name in names}
    for contestant in contestants.values():
        contestant()  # not counted
    for repeat in range(repeats):
        start = repeat % len(names)
        for name in names[start:] + names[:start]:
            times[name].append(contestants[name]())
    return {name: statistics.median(own) for name, own in times.items()}


def _table(title: str, seconds: dict[str, float]) -> Table:
    """Each contestant beside ours; the last column is the bar that ours is held to."""
    ours, together = seconds["ours"], f"ours, one of {_RESTARTS} together"
    limit = min(seconds["bare"], seconds["bare, packed"])
    bars = {
        "ours": (f"{ours / limit:.2f} x the faster bare pass", "at most 1.5", ours <= 1.5 * limit),
        together: (
            f"{seconds[together] / seconds[f'bare, {_RESTARTS} batches as one']:.2f} x the bare pass of {_RESTARTS} batches",
            "at most 1.5", seconds[together] <= 1.5 * seconds[f"bare, {_RESTARTS} batches as one"],
        ),
        "pyvene": (f"{seconds.get('pyvene', 0) / ours:.1f} x ours", "at least 10", seconds.get("pyvene", 0) >= 10 * ours),
    }  # fmt: skip
    out = Table(title=title, title_justify="left")
    for column in ("contestant", "CPU ms / step", "steps / s", "theirs / ours", "ratio held to a bar", "bar", ""):
        out.add_column(column, justify="right")
    for name, own in seconds.items():
        ratio, bar, met = bars.get(name, ("", "", None))
        verdict = "" if met is None else "met" if met else "[bold red]MISSED[/]"
        out.add_row(name, f"{own * 1e3:.2f}", f"{1 / own:.1f}", f"{own / ours:.2f}", ratio, bar, verdict)
    return out
