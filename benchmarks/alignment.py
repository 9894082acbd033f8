"""Alignment search side by side with torch's own layers, a loop by hand and pyvene; a grid of 96; counterfactual pairs.

    python benchmarks/alignment.py                                    # optimiser steps, a few minutes
    python benchmarks/alignment.py --pyvene-python VENV/bin/python    # the same with pyvene 0.1.8 from an environment of its own
    python benchmarks/alignment.py --only grid                        # 96 alignments in one call, twice
    python benchmarks/alignment.py --only pairs                       # 10,000 counterfactual pairs

Prints medians of CPU time, the contestants taking turns, as ratios within the run; the load; and whether each bar is met.
"""

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import argparse
import platform
import statistics
import time
from pathlib import Path

import torch
from alignment_steps import steps_part, trained_gru
from rich.console import Console
from rich.table import Table

import symbolscope as sy
from symbolscope.alignment.align import align_many

console = Console(width=150)

_GRID_SECONDS, _GRID_CORES, _GRID_STEPS = 480, 2, 1_000
_PAIRS_SECONDS = 2.0


def table(title: str, *columns: str) -> Table:
    out = Table(title=title, title_justify="left")
    for column in columns:
        out.add_column(column, justify="right")
    return out


def met(*, yes: bool) -> str:
    return "met" if yes else "[bold red]MISSED[/]"


def grid(*, threads: int, steps: int) -> None:
    """Count and phase x sizes 2, 4, 8, 16 x two kinds x 3 restarts x 2 seeds, 1,000 steps each, in one call."""
    torch.set_num_threads(threads)
    task = sy.tasks.MultiObject(max_count=20, held_out=(4, 9, 14, 17))
    kinds = sy.featurizers.Orthogonal, sy.featurizers.Linear
    featurizers = [kind(size=size) for kind in kinds for size in (2, 4, 8, 16)]
    restarts = 3 * 2
    rows = {
        "untrained, none may stop": (sy.networks.GRU(task.vocabulary, width=48), steps),
        "trained, align's own patience": (trained_gru(width=48, max_count=20, held_out=task.held_out)[0], 10),
    }
    columns = "network, alignments, stopped early, steps in all, wall s, CPU s, s / alignment, CPU ms / step, mean IIA, bar 480 s"
    title = f"Grid: GRU of width 48, counts 1..20; {threads} of {os.cpu_count()} cores asked for"
    out = table(title, *columns.split(", "))
    for name, (network, patience) in rows.items():
        started, cpu = time.perf_counter(), time.process_time()
        found = align_many(
            network, sy.programs.UpDown(task), task, variables=("count", "phase"), featurizers=featurizers, steps=steps,
            restarts=restarts, patience=patience, force=True, progress=False,
        )  # fmt: skip
        wall, cpu = time.perf_counter() - started, time.process_time() - cpu
        done = [restart for alignment in found for restart in alignment.restarts]
        total = sum(restart.steps for restart in done)
        early = sum(restart.steps < steps for restart in done)
        held = patience == steps == _GRID_STEPS and threads <= _GRID_CORES
        verdict = met(yes=wall <= _GRID_SECONDS and early == 0) if held else "not held to it"
        out.add_row(
            name, str(len(done)), str(early), f"{total:,}", f"{wall:.0f}", f"{cpu:.0f}", f"{wall / len(done):.2f}",
            f"{cpu / total * 1e3:.2f}", f"{statistics.mean(restart.validation_iia for restart in done):.2f}", verdict,
        )  # fmt: skip
        console.print(f"{name}: {wall:.0f} s, CPU {cpu:.0f} s; load average {os.getloadavg()[0]:.2f}")
    console.print(out)
    torch.set_num_threads(1)


def pairs() -> None:
    """10,000 stratified pairs, with the runs in which nothing and everything is swapped."""
    task = sy.tasks.MultiObject(max_count=20, held_out=(4, 9, 14, 17))
    network, program = sy.networks.GRU(task.vocabulary, width=48), sy.programs.UpDown(task)
    out = table(
        "10,000 pairs, MultiObject 1..20", "variable", "CPU s", "microseconds / pair", f"bar {_PAIRS_SECONDS} s"
    )
    for variable in ("count", "phase"):
        times: list[float] = []
        for seed in range(8):
            started = time.process_time()
            sy.counterfactual_pairs(network, program, task, variable=variable, n=10_000, counts=task.trained, seed=seed)
            times.append(time.process_time() - started)
        seconds = statistics.median(times[1:])
        out.add_row(variable, f"{seconds:.3f}", f"{seconds * 100:.1f}", met(yes=seconds < _PAIRS_SECONDS))
    console.print(out)


def machine() -> str:
    known = Path("/proc/cpuinfo")
    lines = known.read_text().splitlines() if known.exists() else []
    names = {line.split(":")[1].strip() for line in lines if line.startswith("model name")}
    return f"{' '.join(names) or platform.processor()}, {os.cpu_count()} cores, torch {torch.__version__}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=("steps", "grid", "pairs"), default="steps", help="the part to run")
    parser.add_argument("--pyvene-python", metavar="PATH", help="Python that has pyvene 0.1.8 and torch")
    parser.add_argument("--repeats", type=int, default=15, help="turns of each contestant in steps")
    parser.add_argument(
        "--threads", type=int, default=2, help="of the search, in grid; each takes a group of the alignments"
    )
    parser.add_argument(
        "--steps", type=int, default=_GRID_STEPS, help="of each alignment in grid; the bar is for 1,000"
    )
    given = parser.parse_args()
    torch.set_num_threads(1)
    console.print(f"{machine()}; load average {os.getloadavg()[0]:.2f} before")
    if given.only == "steps":
        steps_part(console, pyvene_python=given.pyvene_python, repeats=given.repeats)
    elif given.only == "grid":
        grid(threads=given.threads, steps=given.steps)
    else:
        pairs()
    console.print(f"load average {os.getloadavg()[0]:.2f}")
