"""How many interactions two networks share when they are split together, one at a time, and by chance."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from symbolscope.cli.reproduction.mean_interval import mean_interval
from symbolscope.cli.reproduction.published_emergence import SHARED
from symbolscope.cli.reproduction.result_table import print_table
from symbolscope.cli.reproduction.settings import Settings
from symbolscope.cli.reproduction.tabular_data import tabular_data
from symbolscope.cli.reproduction.tabular_networks import quality, tabular_network, untrained_network
from symbolscope.cli.reproduction.values_of_samples import values_of_samples
from symbolscope.emergence.generalizable_interactions import generalizable_interactions
from symbolscope.emergence.shared_interactions import Kind

if TYPE_CHECKING:
    from rich.console import Console

_COUNTS = (10, 50, 100, 200, 400)
_KINDS: tuple[Kind, ...] = ("and", "or")
_TOLERANCE, _GAP = "2%", 2e-2
_NULL_SEED = 500
_PAIRS = {"trained": "MLP-5 and ResMLP-5", "null": "MLP-5 and untrained ResMLP-5"}


class Shared:
    """Share of the k strongest interactions that two networks have in common: jointly, one at a time, and by chance."""

    def items(self, settings: Settings) -> list[str]:
        """One pair of networks each."""
        return [f"{pair}_{seed}" for pair in _PAIRS for seed in range(settings.seeds)]

    def measure(self, item: str, settings: Settings, weights: Path) -> dict[str, Any]:
        """Shares per sample, for every kind and count."""
        pair, _, number = item.partition("_")
        seed = int(number)
        data = tabular_data("breast cancer")
        first, said = tabular_network(data, "MLP-5", settings=settings, weights=weights, seed=seed)
        if pair == "trained":
            second, other = tabular_network(data, "ResMLP-5", settings=settings, weights=weights, seed=seed)
        else:
            width = settings.amount(100, 12)
            second, other = untrained_network("ResMLP-5", data.n_features, width=width, seed=_NULL_SEED + seed), {}
        chosen = data.held_out_inputs[: settings.n_samples(20, 2)]
        targets = [1] * len(chosen)
        hidden = torch.zeros(data.n_features)
        values = [values_of_samples(network, chosen, hidden, targets=targets) for network in (first, second)]
        shares: dict[str, list[list[float]]] = {f"{kind} {k}": [] for kind in _KINDS for k in _COUNTS}
        gaps: list[float] = []
        for one, two in zip(*values, strict=True):
            found = generalizable_interactions([one, two], tolerance=_tolerance(settings), gap=_GAP, progress=False)
            gaps.append(found.gap)
            for kind in _KINDS:
                for k in _COUNTS:
                    shares[f"{kind} {k}"].append(
                        [found.share(k, kind), found.separate_share(k, kind), found.chance(k, kind)]
                    )
        return {"pair": pair, "said": [said, other], "shares": shares, "gap": max(gaps)}

    def show(self, results: Sequence[dict[str, Any]], settings: Settings, console: "Console") -> None:
        """One row per pair, kind and count."""
        rows: list[list[str]] = []
        for pair, title in _PAIRS.items():
            chosen = [one for one in results if one["pair"] == pair]
            for kind in _KINDS:
                for k in _COUNTS:
                    samples = [sample for one in chosen for sample in one["shares"][f"{kind} {k}"]]
                    columns = zip(*samples, strict=True)
                    rows.append(
                        [
                            title if kind == "and" and k == _COUNTS[0] else "",
                            f"{kind} {k}",
                            *(mean_interval(list(column)) for column in columns),
                        ]
                    )
        rows.extend(
            [["paper: two BERTs, k ~50 to ~460" if kind == "and" else "", kind, *SHARED[kind], "-"] for kind in _KINDS]
        )
        samples = len(results[0]["shares"][f"and {_COUNTS[0]}"])
        good = next(one["said"] for one in results if one["pair"] == "trained")
        print_table(
            console,
            "Shared: share of the k strongest interactions that both networks have",
            ("networks", "k", "split together", "one at a time", "chance"),
            rows,
            stated=f"Means over {samples} held-out samples with 95 % intervals, log-odds of benign. Both splits leave "
            f"{_tolerance(settings)} of |v(N) - v(empty)|; joint splits certified within {max(one['gap'] for one in results):.1%}. "
            f"Chance: the same numbers per kind and order, players at random. Held out: "
            f"{'; '.join(quality(said) for said in good)}. The joint split looks for common "
            "interactions and finds them in a network with random weights as well: only what exceeds those speaks of learning. "
            "Differs from the paper: MLPs on a table of 10 features, not BERTs on sentences; all of the split may be shared (there "
            "a bounded part is not); chance and random weights are ours.",
        )  # fmt: skip


def _tolerance(settings: Settings) -> str:
    """The source's; none where only a run through is wanted, because exact splits are faster."""
    return "0%" if settings.quick else _TOLERANCE
