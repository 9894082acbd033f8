"""Side by side with peers, in one run on one thread: transforms, the split, masked evaluation.

    python benchmarks/interactions.py                 # everything, about ten minutes
    python benchmarks/interactions.py --only split    # one part: transform, split, papers, recovery, evaluation

Prints medians as ratios against a peer or against one in-place pass over memory in the same run, and the machine's load.
"""

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import argparse
import statistics
import time
import tracemalloc
from collections.abc import Callable
from importlib.metadata import version

import numpy as np
import torch
from masked_evaluation import evaluation
from papers_procedure import papers_procedure
from planted_games import planted, trained_network
from rich.console import Console
from rich.table import Table
from scipy.optimize import linprog

import symbolscope as sy

console = Console(width=150)


def median_seconds(call: Callable[[], object], repeats: int) -> float:
    """Median wall time of ``call`` after one call that is not counted."""
    call()
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def table(title: str, *columns: str) -> Table:
    out = Table(title=title, title_justify="left")
    for column in columns:
        out.add_column(column, justify="right")
    return out


def transform() -> None:
    """sy.mobius, checks and copy included, against shapiq's exact computer and against one in-place pass."""
    import shapiq

    out = table("Transform", "n", "sy.mobius ms", "shapiq ms", "shapiq / ours", "one pass ms", "ours in passes")
    for n in (8, 10, 12, 16, 20, 22, 24):
        values = np.random.default_rng(n).normal(size=1 << n)
        repeats = 200 if n <= 12 else 20 if n <= 20 else 7
        ours = median_seconds(lambda values=values: sy.mobius(values), repeats)
        one_pass = median_seconds(lambda values=values: np.add(values, 1.0, out=values), repeats)
        theirs = None
        if n <= 12:
            bits = 1 << np.arange(n)
            computer = shapiq.ExactComputer(lambda rows, v=values, b=bits: v[np.atleast_2d(rows) @ b], n_players=n)
            started = time.perf_counter()
            computer("Moebius", order=n)
            theirs = time.perf_counter() - started
        out.add_row(
            str(n), f"{ours * 1e3:.4f}", f"{theirs * 1e3:.0f}" if theirs else "-", f"{theirs / ours:,.0f}" if theirs else "-",
            f"{one_pass * 1e3:.4f}", f"{ours / one_pass:.1f}" if n >= 16 else "call overhead",
        )  # fmt: skip
    console.print(out)
    console.print(f"shapiq {version('shapiq')}")


def linear_programme(values: np.ndarray, tolerance: float) -> tuple[float, float]:
    """Optimal cost and CPU seconds of HiGHS on the whole problem."""
    n = int(np.log2(len(values)))
    masks = sy.all_masks(n).astype(float)
    order = masks.sum(axis=1)
    shared = masks @ masks.T
    columns = np.hstack([(shared == order)[:, 1:], (shared > 0)[:, order >= 2], np.ones((len(values), 1))]).astype(
        float
    )
    price = np.concatenate([1 + 0.01 * (order[1:] - 1), 1 + 0.01 * (order[order >= 2] - 1), [0.0]])
    signed, cost = np.hstack([columns, -columns]), np.concatenate([price, price])
    started = time.process_time()
    if tolerance == 0:
        result = linprog(cost, A_eq=signed, b_eq=values, bounds=(0, None), method="highs-ipm")
    else:
        limits = np.concatenate([values + tolerance, tolerance - values])
        result = linprog(cost, A_ub=np.vstack([signed, -signed]), b_ub=limits, bounds=(0, None), method="highs-ipm")
    return float(result.fun), time.process_time() - started


def split() -> None:
    """sy.decompose: certified gap, CPU seconds, peak memory in vectors of 2^n; HiGHS beside it up to n = 10."""
    columns = "n, game, tolerance, objective, bound, gap, largest error, CPU s, peak vectors, HiGHS, HiGHS CPU s"
    out = table("Split", *columns.split(", "))
    sy.decompose(planted(10, seed=0, noise=0.01)[0], tolerance=0.1)  # compile
    for n in (8, 10, 12, 14, 16, 18):
        games = {"network": trained_network(n), "planted": planted(n, seed=0, noise=0.01)[0]}
        for name, values in games.items():
            for tolerance in (0.0, "4%", "auto") if n <= 12 else (0.0,):
                if tolerance == "4%" and name == "planted":
                    continue
                started = time.process_time()
                model = sy.decompose(values, tolerance=tolerance)
                seconds = time.process_time() - started
                tracemalloc.start()
                sy.decompose(values, tolerance=tolerance)
                peak = tracemalloc.get_traced_memory()[1] / values.nbytes
                tracemalloc.stop()
                optimum, highs = (
                    linear_programme(values, model.tolerance)
                    if n <= 8 or (n <= 10 and tolerance == 0)
                    else (None, None)
                )
                out.add_row(
                    str(n), name, str(tolerance), f"{model.objective:.4f}", f"{model.lower_bound:.4f}", f"{model.gap:.1e}",
                    f"{model.largest_error:.1e}", f"{seconds:.3f}", f"{peak:.1f}",
                    "-" if optimum is None else f"{optimum:.4f}", "-" if highs is None else f"{highs:.2f}",
                )  # fmt: skip
    console.print(out)


def papers() -> None:
    """sy.decompose against the papers' procedure (10,000 steps, best of four learning rates), same tolerance."""
    columns = "n, game, tolerance, L1 ours, L1 theirs, CPU s ours, CPU s of their best rate, ratio, CPU s of all 4 rates, ratio "
    out = table(
        "Against the papers' procedure, best of four rates (L1 of effects, empty set aside)", *columns.split(", ")
    )
    for n, steps in ((8, 10_000), (10, 10_000)):
        for name, values in {"network": trained_network(n), "planted": planted(n, seed=0, noise=0.01)[0]}.items():
            for tolerance in (0.0, "4%"):
                sy.decompose(values, tolerance=tolerance)
                started = time.process_time()
                model = sy.decompose(values, tolerance=tolerance)
                seconds = time.process_time() - started
                runs = [
                    papers_procedure(values, lr=lr, steps=steps, tolerance=model.tolerance)
                    for lr in (1e-3, 1e-4, 1e-5, 1e-6)
                ]
                best = min(runs, key=lambda run: run.l1)
                total = sum(run.seconds for run in runs)
                out.add_row(
                    str(n), name, str(tolerance), f"{np.abs(model.effects).sum():.3f}", f"{best.l1:.3f}", f"{seconds:.4f}",
                    f"{best.seconds:.1f}", f"{best.seconds / seconds:,.0f}", f"{total:.1f}", f"{total / seconds:,.0f}",
                )  # fmt: skip
    console.print(out)


def recovery() -> None:
    """Planted terms found and spurious among the salient, tolerance="auto" and no other hint."""
    out = table(
        "Recovery of 23 planted terms, noise 0.01", "n", "seed", "found", "spurious", "tolerance", "gap", "CPU s"
    )
    for n in (10, 12):
        for seed in range(5):
            values, terms = planted(n, seed=seed, noise=0.01)
            started = time.process_time()
            model = sy.decompose(values, tolerance="auto")
            seconds = time.process_time() - started
            salient = model.salient()
            found = {
                (str(kind), int(mask @ (1 << np.arange(n))))
                for kind, mask in zip(salient.kinds, salient.masks, strict=True)
            }
            out.add_row(
                str(n), str(seed), str(len(found & terms)), str(len(found - terms)), f"{model.tolerance:.4f}",
                f"{model.gap:.0e}", f"{seconds:.2f}",
            )  # fmt: skip
    console.print(out)


PARTS = {
    "transform": transform,
    "split": split,
    "papers": papers,
    "recovery": recovery,
    "evaluation": lambda: evaluation(console),
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=list(PARTS), help="run one part")
    chosen = parser.parse_args().only
    torch.set_num_threads(1)
    for name, part in PARTS.items():
        if chosen in (None, name):
            part()
            console.print(f"load average {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores\n")
