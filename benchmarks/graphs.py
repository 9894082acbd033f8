"""The sparse causal graph, the And-Or graph, learned baselines and the joint split: size, speed and what they gain.

    python benchmarks/graphs.py --only causal      # all 4,096 and 8,192 interactions of 12 players down to R^2 0.95
    python benchmarks/graphs.py --only coalitions  # And-Or graphs: edges saved, description length, 300 interactions of 16 players
    python benchmarks/graphs.py --only joint       # two networks split together and one at a time
    python benchmarks/graphs.py --only baseline    # learned baselines of a sentence classifier (needs the packages it names)

Prints CPU seconds of one thread, the load, and whether each bar is met.
"""

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import argparse
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

import symbolscope as sy
from symbolscope.cli.reproduction.settings import Settings
from symbolscope.cli.reproduction.tabular_data import tabular_data
from symbolscope.cli.reproduction.tabular_networks import tabular_network, untrained_network

console = Console(width=150, highlight=False)


def table(title: str, columns: str) -> Table:
    out = Table(title=title, title_justify="left")
    for column in columns.split(", "):
        out.add_column(column, justify="right")
    return out


def met(*, yes: bool) -> str:
    return "met" if yes else "[bold red]MISSED[/]"


def trained(name: str, architecture: str, folder: Path, seed: int) -> tuple[torch.nn.Module, np.ndarray]:
    """A trained network and its training inputs; bikeshare (12 features) needs the package islp."""
    data = tabular_data(name)
    network, _ = tabular_network(data, architecture, settings=Settings(), weights=folder, seed=seed)
    return network, data.inputs.numpy()


def joint(folder: Path, samples: int = 20) -> None:
    """Share of the k strongest that two networks have in common: split together, one at a time, and by chance."""
    counts = (5, 10, 20, 50, 100, 200)
    for name, tolerance in (("breast cancer", 0.0), ("breast cancer", "2%")):
        networks, inputs = [], np.zeros(0)
        for architecture in ("MLP-5", "ResMLP-5"):
            network, inputs = trained(name, architecture, folder, 0)
            networks.append(network)
        rows = np.random.default_rng(0).choice(len(inputs), samples, replace=False)
        shares = {kind: np.zeros((3, len(counts))) for kind in ("and", "or", None)}
        gaps, seconds = [], []
        for row in rows:
            games = [sy.Game(network, inputs[row], target=1) for network in networks]
            values = [game(sy.all_masks(game.n_players)) for game in games]
            begun = time.process_time()
            result = sy.generalizable_interactions(values, tolerance=tolerance, gap=2e-2)
            seconds.append(time.process_time() - begun)
            gaps.append(result.gap)
            for kind, table_ in shares.items():
                for column, k in enumerate(counts):
                    found = (result.share(k, kind), result.separate_share(k, kind), result.chance(k, kind))
                    table_[:, column] += np.array(found) / samples
        out = table(
            f"{name}, n = 10, MLP-5 and ResMLP-5, {samples} samples, tolerance {tolerance}: shared among the k strongest "
            f"(largest gap {max(gaps):.1e}: {met(yes=max(gaps) <= 2e-2)}; {np.mean(seconds):.2f} CPU s each)",
            "k, and: joint, separate, chance, or: joint, separate, chance, both: joint, separate, chance, joint above",
        )
        for column, k in enumerate(counts):
            cells = [f"{value:.3f}" for kind in ("and", "or", None) for value in shares[kind][:, column]]
            above = all(shares[kind][0, column] > shares[kind][1, column] for kind in shares)
            out.add_row(str(k), *cells, met(yes=above))
        console.print(out)


PARTS = {"joint": joint}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=sorted(PARTS), help="one part")
    chosen = parser.parse_args().only
    torch.set_num_threads(1)
    with TemporaryDirectory() as folder:
        for name, part in PARTS.items():
            if chosen in (None, name):
                part(Path(folder))
                console.print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
