"""How often the intervals of a sampled emergence report hold the exact value.

    python benchmarks/emergence.py --only sampled                  # 100 planted games of 40 players, 5,000 calls each
    python benchmarks/emergence.py --only sampled --seeds 20

Two kinds of game with 30 AND interactions of orders 1 to 6 each, whose mean outputs, order sums and counts have a closed
form: mostly positive effects (the exponent is then attained at the full input, always evaluated), and saturating ones (attained
between). Prints, per quantity, the share of intervals that hold the exact value, over how many, and their mean width.
"""

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import argparse
import time
from math import comb

import numpy as np
from rich.console import Console
from rich.table import Table

import symbolscope as sy
from symbolscope.emergence.check_emergence import check_emergence
from symbolscope.emergence.mean_output import exponent_all, exponent_order1

console = Console(width=150)


def planted(n: int, seed: int, *, saturating: bool) -> tuple[np.ndarray, np.ndarray]:
    """Members bool [30, n] and effects [30]: orders 1..6 in turn, sizes 0.5 to 2, 85 % positive or saturating."""
    generator = np.random.default_rng([seed, n, 7])
    members: dict[tuple[int, ...], None] = {}
    while len(members) < 30:
        members[tuple(sorted(generator.choice(n, 1 + len(members) % 6, replace=False).tolist()))] = None
    rows = np.zeros((30, n), dtype=bool)
    for row, players in enumerate(members):
        rows[row, list(players)] = True
    signs = np.where(generator.random(30) < 0.85, 1.0, -1.0)
    if saturating:
        signs = np.where(rows.sum(axis=1) <= 2, 1.0, -0.35)
    return rows, signs * generator.uniform(0.5, 2.0, 30)


class Coverage:
    """Intervals counted by quantity."""

    def __init__(self) -> None:
        self.hits: dict[str, list[bool]] = {}
        self.widths: dict[str, list[float]] = {}

    def add(self, quantity: str, interval: tuple[float, float] | np.ndarray, exact: float) -> None:
        """Count one interval."""
        low, high = float(interval[0]), float(interval[1])
        slack = 1e-9 * max(1.0, abs(exact))
        self.hits.setdefault(quantity, []).append(low - slack <= exact <= high + slack)
        self.widths.setdefault(quantity, []).append(high - low)


def sampled(seeds: int, n: int, calls: int) -> None:
    for saturating in (False, True):
        coverage, decided, right, spent, begun = Coverage(), 0, 0, [], time.perf_counter()
        for seed in range(seeds):
            members, effects = planted(n, seed, saturating=saturating)
            orders, columns = members.sum(axis=1), members.T.astype(float)
            sums = np.bincount(orders, weights=effects, minlength=n + 1)[1:]
            mean = np.array([sum(comb(m, k) / comb(n, k) * sums[k - 1] for k in range(1, n + 1)) for m in range(n + 1)])
            game = sy.Game.from_function(
                lambda masks, c=columns, o=orders, e=effects: (masks @ c >= o - 0.5) @ e + 1.5, n
            )
            report = check_emergence(game, max_calls=calls, seed=seed, progress=False)
            spent.append(report.calls)
            for m in range(n + 1):
                if np.ptp(report.mean_output_interval[m]) > 0:
                    coverage.add("mean_output, sampled orders", report.mean_output_interval[m], mean[m])
            for name, least, interval in (
                ("exponent_order1", exponent_order1, report.exponent_order1_interval),
                ("exponent_all", exponent_all, report.exponent_all_interval),
            ):
                exact = least(mean, 1e-12)
                if exact.reason == "ok" and not np.isnan(interval[0]):
                    known = "known exactly" if np.ptp(interval) < 1e-12 else "sampled"
                    coverage.add(f"{name}, {known}", interval, exact.value)
                    coverage.add(name, interval, exact.value)
            counts = np.bincount(orders[np.abs(effects) >= report.threshold], minlength=n + 1)[1:]
            for k in range(1, report.max_order + 1):
                if np.ptp(report.order_sums_interval[k - 1]) > 0:
                    coverage.add("order_sums, sampled orders", report.order_sums_interval[k - 1], sums[k - 1])
                    coverage.add(f"  order {k}", report.order_sums_interval[k - 1], sums[k - 1])
                if np.ptp(report.counts_interval[k - 1]) > 0:
                    coverage.add("counts, sampled orders", report.counts_interval[k - 1], counts[k - 1])
            decided += report.monotone is not None
            right += report.monotone is bool((np.diff(mean) >= -1e-12).all())
        kind = "saturating" if saturating else "mostly positive"
        table = Table(
            title=f"{seeds} {kind} games of {n} players, {np.mean(spent):,.0f} calls each, "
            f"{(time.perf_counter() - begun) / seeds:.2f} s each; condition 2 decided {decided}, rightly {right}",
            title_justify="left",
        )
        for column in ("quantity", "intervals", "hold the exact value", "mean width"):
            table.add_column(column, justify="left" if column == "quantity" else "right")
        for quantity in sorted(
            coverage.hits, key=lambda name: (not name.startswith("mean"), name.startswith("  "), name)
        ):
            hits = coverage.hits[quantity]
            width = np.mean(coverage.widths[quantity])
            table.add_row(quantity, str(len(hits)), f"{100 * np.mean(hits):.1f} %", f"{width:.4g}")
        console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=["sampled"], default="sampled")
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--players", type=int, default=40)
    parser.add_argument("--calls", type=int, default=5_000)
    given = parser.parse_args()
    console.print(f"load {os.getloadavg()[0]:.1f}")
    sampled(given.seeds, given.players, given.calls)


if __name__ == "__main__":
    main()
