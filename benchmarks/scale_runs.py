"""Long runs, as a user would have them: a thousand samples interrupted and resumed, and all masks of twenty players.

    python benchmarks/scale_runs.py                 both
    python benchmarks/scale_runs.py --only many     1,000 samples of 10 players, stopped by Ctrl-C on the way and started again
    python benchmarks/scale_runs.py --only exact20  2^20 masks of a small CNN with a store

Each run is a process of its own, so that its peak memory is its own.
"""

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PLAYERS, SAMPLES = 10, 1_000


def many(store: str) -> None:
    import numpy as np
    import torch
    from sklearn.datasets import load_breast_cancer

    import symbolscope as sy

    data = load_breast_cancer()
    inputs = ((data.data - data.data.mean(0)) / data.data.std(0))[:, :PLAYERS].astype(np.float32)
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Linear(PLAYERS, 100), torch.nn.ReLU(), torch.nn.Linear(100, 100), torch.nn.ReLU(), torch.nn.Linear(100, 2)
    )  # fmt: skip
    optimiser = torch.optim.Adam(network.parameters(), 1e-2)
    for _ in range(200):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(network(torch.from_numpy(inputs)), torch.from_numpy(data.target)).backward()
        optimiser.step()
    noise = np.random.default_rng(0).normal(0, 0.1, size=(SAMPLES, PLAYERS)).astype(np.float32)
    samples = inputs[np.arange(SAMPLES) % len(inputs)] + noise
    print("begun", flush=True)
    report(lambda: repr(sy.explain_many(network, samples, store=store, progress=True)))


def exact20(store: str) -> None:
    import torch

    import symbolscope as sy

    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(1, 8, 3), torch.nn.ReLU(), torch.nn.MaxPool2d(2), torch.nn.Conv2d(8, 16, 3), torch.nn.ReLU(),
        torch.nn.AdaptiveAvgPool2d(3), torch.nn.Flatten(), torch.nn.Linear(144, 10),
    )  # fmt: skip
    generator = torch.Generator().manual_seed(1)
    game = sy.Game(network, torch.rand(1, 28, 28, generator=generator), players=(4, 5), target=3)
    print("begun", flush=True)
    report(
        lambda: repr(sy.explain(game, method="exact", store=store, executor="processes", progress=True)).splitlines()[0]
    )


def report(run) -> None:
    begun = time.perf_counter()
    try:
        said = run()
    except KeyboardInterrupt:
        said = "interrupted"
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        json.dumps(
            {"said": said, "seconds": time.perf_counter() - begun, "GiB": own, "GiB of the largest worker": children}
        )
    )


def child(part: str, store: Path, *, stop_after: float | None = None) -> dict:
    command = [sys.executable, __file__, "--child", part, str(store)]
    one_thread = os.environ | {"OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=one_thread) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        if stop_after is not None:
            time.sleep(stop_after)
            process.send_signal(signal.SIGINT)
        written = process.stdout.read()
    assert process.returncode == 0, f"{part} ended with {process.returncode}"
    return json.loads(written)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=("many", "exact20"))
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child is not None:
        {"many": many, "exact20": exact20}[given.child[0]](given.child[1])
        return
    print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        if given.only in (None, "many"):
            for title, seconds in (("until Ctrl-C", 3.0), ("started again", None), ("once more, all there", None)):
                print(f"{SAMPLES:,} samples, {title}:", child("many", Path(folder) / "many.sqlite", stop_after=seconds))
        if given.only in (None, "exact20"):
            store = Path(folder) / "exact.sqlite"
            print("2^20 masks, until Ctrl-C:", child("exact20", store, stop_after=20.0))
            print("2^20 masks, started again:", child("exact20", store))
            print(f"the file: {store.stat().st_size / 2**20:.0f} MiB")


if __name__ == "__main__":
    main()
