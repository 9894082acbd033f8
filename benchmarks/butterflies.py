"""Why numba is a core dependency: the butterfly in numpy, in torch and compiled, and what importing costs.

python benchmarks/butterflies.py
"""

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from symbolscope.interactions.butterflies import kron, shear

ROTATION = (0.8, -0.6, 0.6, 0.8)


def in_numpy(x: np.ndarray, m: tuple[float, float, float, float]) -> None:
    half = 1
    while half < x.size:
        pairs = x.reshape(-1, 2, half)
        if m == (1.0, 0.0, -1.0, 1.0):
            pairs[:, 1] -= pairs[:, 0]
        else:
            low, high = m[0] * pairs[:, 0] + m[1] * pairs[:, 1], m[2] * pairs[:, 0] + m[3] * pairs[:, 1]
            pairs[:, 0], pairs[:, 1] = low, high
        half *= 2


def in_torch(x: torch.Tensor, m: tuple[float, float, float, float]) -> None:
    half = 1
    while half < x.numel():
        pairs = x.view(-1, 2, half)
        if m == (1.0, 0.0, -1.0, 1.0):
            pairs[:, 1] -= pairs[:, 0]
        else:
            low, high = m[0] * pairs[:, 0] + m[1] * pairs[:, 1], m[2] * pairs[:, 0] + m[3] * pairs[:, 1]
            pairs[:, 0], pairs[:, 1] = low, high
        half *= 2


def median_ms(call: Callable[[], object], repeats: int) -> float:
    call()
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return 1e3 * statistics.median(times)


def import_seconds(module: str) -> float:
    code = f"import torch, time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    runs = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout) for _ in range(5)
    ]
    return statistics.median(runs)


if __name__ == "__main__":
    torch.set_num_threads(1)
    console = Console(width=120)
    moebius = (1.0, 0.0, -1.0, 1.0)
    columns = "n, matrix, numpy ms, torch ms, compiled ms, numpy / compiled, torch / compiled, one pass ms, compiled in passes"
    table = Table(title="In-place butterfly of 2^n float64, one thread", title_justify="left")
    for column in columns.split(", "):
        table.add_column(column, justify="right")
    for n in (8, 12, 16, 20, 24):
        x = np.zeros(1 << n)
        tensor = torch.zeros(1 << n, dtype=torch.float64)
        repeats = 300 if n <= 12 else 15 if n <= 20 else 5
        one_pass = median_ms(lambda x=x: np.add(x, 0.0, out=x), repeats)
        for name, m in (("Moebius", moebius), ("rotation", ROTATION)):
            numpy_ms = median_ms(lambda x=x, m=m: in_numpy(x, m), repeats)
            torch_ms = median_ms(lambda t=tensor, m=m: in_torch(t, m), repeats)
            compiled = shear if m == moebius else kron
            ours = median_ms(lambda x=x, f=compiled, a=-1.0 if m == moebius else m: f(x, a), repeats)
            table.add_row(
                str(n), name, f"{numpy_ms:.4f}", f"{torch_ms:.4f}", f"{ours:.4f}", f"{numpy_ms / ours:.1f}",
                f"{torch_ms / ours:.1f}", f"{one_pass:.4f}", f"{ours / one_pass:.1f}",
            )  # fmt: skip
    console.print(table)
    for module in ("symbolscope", "numba"):
        console.print(f"import {module} after torch: {import_seconds(module):.3f} s")
    console.print(f"load average {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores")
