"""Games of many players beside peers: held-out R^2 at equal calls, CPU seconds; cost per sample; executors.

    python benchmarks/scale.py --only peers --quick  # 30 and 100 players and two digits at the fewest calls
    python benchmarks/scale.py --only peers          # every row, two hours of one core; resumable
    python benchmarks/scale.py --only cost           # CPU seconds per sample against players and against samples
    python benchmarks/scale.py --only executors      # masked inputs per second with 1 and 2 workers

Every cell of the first table runs in a process of its own, killed at --limit CPU seconds; results are kept under --cache. A method
that was killed is not asked again with more calls. CPU seconds are of one thread and leave out the game, imports and compiling.
"""

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from plain_table import print_table
from scale_cost import cost_by_players, cost_by_samples, throughput
from sparse_games import KINDS, game_names

import symbolscope as sy

CALLS = {30: (1_000, 3_000), 100: (1_000, 3_000, 5_000), 300: (3_000, 5_000), 1000: (3_000, 5_000)}
PEERS = ("order 2", "ProxySPEX", "SPEX")
CLOSE = 0.005
BASE = Path(__file__).parent


@dataclass(frozen=True)
class Cell:
    """One method on one game with so many calls."""

    game: str
    method: str
    calls: int
    seed: int

    def path(self, folder: Path) -> Path:
        """Where its result is kept."""
        package = "symbolscope" if self.method == "ours" else "numpy" if self.method == "order 2" else "shapiq"
        release = f"{package}-{version(package)}" + (f"-{our_code()}" if self.method == "ours" else "")
        parts = (self.game, self.method, str(self.calls), str(self.seed), release)
        return folder / ("_".join(parts).replace(" ", "-") + ".json")


@cache
def our_code() -> str:
    """Digest of the files that fit, so that figures of other code are not taken for this one's."""
    files = sorted((Path(sy.__file__).parent / "interactions" / "sparse").rglob("*.py"))
    return sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:8]


def rows_of(names: list[str], *, quick: bool) -> list[tuple[str, int]]:
    """Games and calls; a sentence costs a network's time and gets 1,000."""
    rows = []
    for name in names:
        kind, size, *_ = name.split(" ")
        calls = (1_000,) if kind == "review" else (1_000, 3_000) if kind == "digits" else CALLS[int(size)]
        if quick and (name.endswith((" 1", " 2")) or size in ("300", "1000")):
            continue
        rows += [(name, count) for count in (calls[:1] if quick else calls)]
    return rows


def kept(cell: Cell, *, folder: Path, limit: float, masks: int) -> dict[str, Any]:
    """The best way's result from the cache, or measured now; ``ways`` holds all."""
    path = cell.path(folder)
    if path.exists():
        found = json.loads(path.read_text())
        if found.get("r2") is not None or "refused" in found or found["limit"] >= limit:
            return found
    command = [sys.executable, str(BASE / "sparse_peers.py"), cell.game, cell.method, str(cell.calls)]
    command += ["--seed", str(cell.seed), "--limit", str(limit), "--folder", str(folder), "--masks", str(masks)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    ways = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]
    scored = [way for way in ways if "r2" in way]
    killed = run.returncode < 0
    if run.returncode > 0:
        return {"failed": run.stderr.strip().splitlines()[-1]}  # not kept
    found = dict(max(scored, key=lambda way: way["r2"])) if scored else dict(ways[0]) if ways else {}
    found |= {"ways": ways, "killed": killed, "limit": limit}
    path.write_text(json.dumps(found, indent=1))
    return found


def peers(asked: argparse.Namespace) -> None:
    """R^2 on fresh uniform masks at equal calls."""
    rows: list[list[str]] = []
    equal, better, ratios = [], [], []
    slow: set[tuple[str, str]] = set()
    for name, calls in rows_of(game_names(), quick=asked.quick):
        for seed in asked.seeds if name.split(" ")[0] in KINDS else asked.seeds[:1]:
            found: dict[str, dict[str, Any]] = {}
            for method in (*PEERS, "ours"):
                if method in asked.methods and (name, method) not in slow:
                    found[method] = kept(
                        Cell(name, method, calls, seed), folder=asked.cache, limit=asked.limit, masks=2_000
                    )
                    if found[method].get("killed") and "r2" not in found[method]:
                        slow.add((name, method))
            best = max((found[peer]["r2"] for peer in PEERS if "r2" in found.get(peer, {})), default=None)
            row = [name, f"{calls:,}", str(seed), *(said(found.get(method)) for method in (*PEERS, "ours"))]
            ours = found.get("ours", {})
            if "r2" in ours and best is not None:
                equal.append(ours["r2"] >= best - CLOSE)
                better.append(ours["r2"] > best)
                row += [f"{ours['r2'] - best:+.4f}"]
                if "r2" in found.get("ProxySPEX", {}):
                    ratios.append(ours["seconds"] / found["ProxySPEX"]["seconds"])
                    row += [f"{ratios[-1]:.2f}"]
            rows.append(row)
            print(" | ".join(row), flush=True)  # hours may pass before the table
    columns = ["game", "calls", "seed", *PEERS, "ours", "ours - best peer", "CPU of ours / ProxySPEX"]
    print_table("R^2 on 2,000 fresh uniform masks [calls used, CPU s]; the best of a method's own ways", columns, rows)
    print(
        f"ours >= best peer - {CLOSE} in {sum(equal)} of {len(equal)} rows, strictly better in {sum(better)}; "
        + (f"CPU of ours / ProxySPEX: median {np.median(ratios):.2f}, largest {max(ratios):.2f}" if ratios else "")
    )


def said(found: dict[str, Any] | None) -> str:
    if found is None:
        return "not run"
    if "r2" in found:
        return f"{found['r2']:.4f} [{found['calls']:,}, {found['seconds']:.1f}]"
    if "failed" in found:
        return f"failed: {found['failed'][:60]}"
    return f"refused: {found['refused'][:40]}" if "refused" in found else f"no result in {found['limit']:.0f} s"


PARTS = {
    "peers": peers,
    "cost": lambda asked: (cost_by_players(quick=asked.quick), cost_by_samples(quick=asked.quick)),
    "executors": lambda asked: throughput(quick=asked.quick),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=list(PARTS), help="run one part")
    parser.add_argument("--quick", action="store_true", help="fewer and smaller rows")
    parser.add_argument("--limit", type=float, default=120.0, help="CPU seconds for one method on one game")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="of planted terms and of the methods")
    parser.add_argument("--methods", nargs="+", choices=[*PEERS, "ours"], default=[*PEERS, "ours"])
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "symbolscope-benchmarks")
    asked = parser.parse_args()
    asked.cache.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    for name, part in PARTS.items():
        if asked.only in (None, name):
            part(asked)
            print(f"load average {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores\n")


if __name__ == "__main__":
    main()
