"""How often an untrained network would be said to have learned its sparsity: the controls, controlled.

    OMP_NUM_THREADS=1 python benchmarks/untrained.py     # some three minutes

For random inputs, networks of one architecture are drawn and split exactly; each in turn plays the network that is explained, r
others its untrained controls. The table gives, for each r, the share (in %) of cases in which the sparsest control takes at least t
times as many interactions for R^2 of 0.9 as the network does, over all ways to choose the controls. The last column is the rule of
the report's sentence.
"""

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

from collections.abc import Callable
from math import comb

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch.nn import Linear, ReLU, Sequential, Tanh

import symbolscope as sy
from symbolscope.evidence.sentence import learned_ratio

RATIOS = (1.0, 1.5, 2.0, 3.0, 4.0)
RESTARTS = (1, 2, 3, 5, 10)
CASES = ((8, 12, 30), (10, 6, 20))  # players, inputs, networks of each input
FAMILIES: dict[str, Callable[[int], Sequential]] = {
    "1 x 64": lambda n: Sequential(Linear(n, 64), ReLU(), Linear(64, 2)),
    "2 x 32": lambda n: Sequential(Linear(n, 32), ReLU(), Linear(32, 32), ReLU(), Linear(32, 2)),
    "5 x 32": lambda n: Sequential(
        Linear(n, 32), *(part for _ in range(4) for part in (ReLU(), Linear(32, 32))), ReLU(), Linear(32, 2)
    ),
    "1 x 32, tanh": lambda n: Sequential(Linear(n, 32), Tanh(), Linear(32, 2)),
}


def size(build: Callable[[int], Sequential], x: torch.Tensor, seed: int) -> int:
    """Interactions that one untrained network takes for R^2 of 0.9."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = build(len(x))
    count = sy.explain(sy.Game(network, x), gap=1e-2, progress=False).size_curve().count_for(0.9)
    assert count is not None  # an exact split reaches 1
    return count


def share(sizes: list[int], restarts: int, ratio: float) -> float:
    """Probability that all of some controls take ``ratio`` times as many as the network, all cases alike."""
    others = len(sizes) - 1
    above = [sum(other >= ratio * own for other in [*sizes[:i], *sizes[i + 1 :]]) for i, own in enumerate(sizes)]
    return float(np.mean([comb(count, restarts) / comb(others, restarts) for count in above]))


def main() -> None:
    """Print a row per family and number of controls."""
    table = Table(title="Untrained networks said to have learned, %")
    for column in ("players", "network", "controls", *(f"{ratio:g} times" for ratio in RATIOS), "the rule"):
        table.add_column(column, justify="right")
    for n_players, n_inputs, n_networks in CASES:
        inputs = torch.randn(n_inputs, n_players, generator=torch.Generator().manual_seed(0))
        for family, build in FAMILIES.items():
            drawn = [[size(build, x, 1_000 * row + seed) for seed in range(n_networks)] for row, x in enumerate(inputs)]
            for restarts in RESTARTS:
                found = [
                    100 * float(np.mean([share(sizes, restarts, ratio) for sizes in drawn]))
                    for ratio in (*RATIOS, learned_ratio(restarts))
                ]
                table.add_row(str(n_players), family, str(restarts), *(f"{one:.1f}" for one in found))
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
