"""How often a random core with a trained readout would be said to carry a variable because of what it learned.

    OMP_NUM_THREADS=1 python benchmarks/untrained_cores.py     # some four minutes

Random cores are drawn for networks that were trained to count, their readouts trained, and the variable searched for in each. Each
in turn plays the network that is read, r others its controls. The table gives the share (in %) of cases in which its IIA is above
the best control's by a margin, over all ways to choose the controls. The last column is the rule of the report's sentence.
"""

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

from collections.abc import Callable
from math import comb

import numpy as np
from rich.console import Console
from rich.table import Table
from torch import nn

import symbolscope as sy
from symbolscope.evidence.sentence import learned_margin

MARGINS = (0.0, 0.1, 0.15, 0.2, 0.3)
RESTARTS = (1, 2, 3, 5)
N_CORES = 24
PAIRS = 500
COUNTING = sy.tasks.MultiObject(max_count=4)
TO_TEN = sy.tasks.MultiObject(max_count=10)
Reader = Callable[[nn.Module], sy.Alignment]


def count_of(task: sy.tasks.MultiObject, variable: str, featurizer: sy.featurizers.Featurizer) -> Reader:
    """A search for one variable of the program that counts up, then down."""

    def read(network: nn.Module) -> sy.Alignment:
        return sy.align(
            network, sy.programs.UpDown(task), task, variable=variable, featurizer=featurizer, steps=200, progress=False, force=True
        )  # fmt: skip

    return read


CASES: dict[str, tuple[nn.Module, sy.tasks.MultiObject, Reader]] = {
    "GRU of 16, count to 4, linear": (
        sy.networks.GRU(COUNTING.vocabulary, width=16),
        COUNTING,
        count_of(COUNTING, "count", sy.featurizers.Linear(size=4)),
    ),
    "GRU of 16, phase, linear": (
        sy.networks.GRU(COUNTING.vocabulary, width=16),
        COUNTING,
        count_of(COUNTING, "phase", sy.featurizers.Linear(size=4)),
    ),
    "LSTM of 16, count to 4, orthogonal": (
        sy.networks.LSTM(COUNTING.vocabulary, width=16),
        COUNTING,
        count_of(COUNTING, "count", sy.featurizers.Orthogonal(size=4)),
    ),
    "GRU of 24, count to 10, linear": (
        sy.networks.GRU(TO_TEN.vocabulary, width=24),
        TO_TEN,
        count_of(TO_TEN, "count", sy.featurizers.Linear(size=8)),
    ),
}


def share(scores: list[float], restarts: int, margin: float) -> float:
    """Probability that a core is above all of some controls by more than ``margin``, all cases alike."""
    others = len(scores) - 1
    below = [sum(other < own - margin for other in [*scores[:i], *scores[i + 1 :]]) for i, own in enumerate(scores)]
    return float(np.mean([comb(count, restarts) / comb(others, restarts) for count in below]))


def main() -> None:
    """Print a row per case and number of controls."""
    table = Table(title=f"Random cores said to carry the variable, %, {N_CORES} cores")
    for column in ("case", "IIA", "controls", *(f"margin {margin:g}" for margin in MARGINS), "the rule"):
        table.add_column(column, justify="right")
    for case, (network, task, read) in CASES.items():
        sy.train(network, task, progress=False)
        trained = read(network)
        cores = [sy.evidence.nulls.RandomCore().variation(trained, seed=100 + seed).network for seed in range(N_CORES)]
        scores = [read(core).iia(n=PAIRS).value for core in cores if isinstance(core, nn.Module)]
        for restarts in RESTARTS:
            shares = [100 * share(scores, restarts, margin) for margin in (*MARGINS, learned_margin(restarts))]
            iia = f"{trained.iia(n=PAIRS).value:.2f}, cores {min(scores):.2f} to {max(scores):.2f}"
            table.add_row(case, iia, str(restarts), *(f"{one:.1f}" for one in shares))
    Console(width=170).print(table)


if __name__ == "__main__":
    main()
