"""How large the And-Or graph is that explains so much of a network."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from symbolscope.cli.reproduction.mean_interval import mean_interval
from symbolscope.cli.reproduction.model_of_effects import model_of_effects
from symbolscope.cli.reproduction.part_unfaithfulness import sample_values
from symbolscope.cli.reproduction.result_table import print_table
from symbolscope.cli.reproduction.settings import Settings
from symbolscope.cli.reproduction.tabular_data import available_data_sets, tabular_data
from symbolscope.cli.reproduction.tabular_networks import tabular_network, untrained_network
from symbolscope.graphs.and_or_graph import AndOrGraph
from symbolscope.graphs.causal_graph import causal_graph
from symbolscope.interactions.model import InteractionModel
from symbolscope.interactions.transforms import mobius
from symbolscope.shapes import Vector

if TYPE_CHECKING:
    from rich.console import Console

_RATIOS, _R2 = (0.5, 0.7, 0.9), (0.5, 0.8, 0.9)
_KINDS = ("normal", "adversarial", "random weights")
_MOST = 400  # interactions of a graph: nobody reads more
_MEASURES = ("interactions", "nodes", "edges", "plain edges", "description length", "R^2")


class Graphs:
    """Nodes and edges at given explained ratios, normal against adversarially trained."""

    def items(self, settings: Settings) -> list[str]:
        """One network on one table each."""
        names = ("breast-cancer",) if settings.quick else [name.replace(" ", "-") for name in available_data_sets()]
        networks = ("MLP-2",) if settings.quick else ("MLP-5", "ResMLP-5")
        return [f"{data}_{network}_{seed}" for data in names for network in networks for seed in range(settings.seeds)]

    def measure(self, item: str, settings: Settings, weights: Path) -> dict[str, Any]:
        """Sizes per kind of training, explained ratio and sample."""
        name, architecture, seed = item.replace("breast-cancer", "breast cancer").split("_")
        data = tabular_data(name)
        samples = data.inputs[: settings.n_samples(10, 2)]
        result: dict[str, Any] = {"data": name, "network": architecture, "seed": int(seed)}
        for kind in _KINDS:
            if kind == "random weights":
                network = untrained_network(
                    architecture, data.n_features, width=settings.amount(100, 12), seed=500 + int(seed)
                )
            else:
                # The networks of the Jaccard similarities.
                network, _ = tabular_network(
                    data,
                    architecture,
                    settings=settings,
                    weights=weights,
                    seed=2 * int(seed),
                    adversarial=kind == "adversarial",
                )
            values = sample_values(network, data, samples)
            result[kind] = [_sizes(row, effects) for row, effects in zip(values, mobius(values), strict=True)]
        return result

    def show(self, results: Sequence[dict[str, Any]], settings: Settings, console: "Console") -> None:
        """One table per network."""
        for data, network in dict.fromkeys((one["data"], one["network"]) for one in results):
            some = [one for one in results if (one["data"], one["network"]) == (data, network)]
            rows: list[list[str]] = []
            for target in _targets():
                for kind in _KINDS:
                    samples = [sample for one in some for sample in one[kind]]
                    there = [sample[target] for sample in samples if sample[target] is not None]
                    cells = [mean_interval([one["interactions"] for one in there], 0)]
                    for measure in _MEASURES[1:]:
                        decimals = 2 if measure in ("description length", "R^2") else 0
                        cells.append(mean_interval([one[measure] for one in there], decimals).partition(" ")[0])
                    rows.append([f"{target}, {kind}", *cells, f"{len(there)} of {len(samples)}"])
            print_table(
                console,
                f"Size of the And-Or graph at an explained ratio, and at an R^2, {data}, {network}",
                ("", "interactions", "nodes", "edges", "plain", "length", "R^2", "samples"),
                rows,
                stated="Means over training samples (interactions with a 95 % interval). Interactions are AND, removed one by "
                "one, those missed least first; the smallest number that reaches the explained ratio sum|w| / (sum|w| + "
                "|v(N) - v(empty) - sum w|) or the R^2 over all masks. The ratio knows only the unmasked input, so that "
                "two or three interactions can reach it and explain nothing: see R^2. Plain: edges without shared "
                "coalitions. Length: description length in nats, scores taken in units of |v(N) - v(empty)| so that "
                f"networks compare. Samples that need more than {_MOST} interactions are left out. The paper prints no "
                "numbers here, only that adversarially trained networks have smaller graphs at the same ratio (Fig. 6, TV "
                "news).",
            )


def _targets() -> list[str]:
    return [f"ratio {ratio:g}" for ratio in _RATIOS] + [f"R^2 {r2:g}" for r2 in _R2]


def _sizes(values: Vector, effects: Vector) -> dict[str, Any]:
    """Sizes of the smallest graph that reaches each target; None where it is too large."""
    model = model_of_effects(effects, values=values)
    curve = causal_graph(model, r2=None, max_interactions=0, progress=False).curve
    rise = abs(float(values[-1] - values[0]))
    found: dict[str, Any] = {}
    reached = [curve.explained_ratio >= ratio for ratio in _RATIOS] + [curve.r2 >= r2 for r2 in _R2]
    for name, meets in zip(_targets(), reached, strict=True):
        sizes = np.flatnonzero(meets[1:])
        k = int(sizes[0]) + 1 if len(sizes) else _MOST + 1
        found[name] = None if k > _MOST else _measures(model.restrict(curve.order[:k]), float(curve.r2[k]), rise)
    return found


def _measures(kept: InteractionModel, r2: float, rise: float) -> dict[str, float]:
    # The paper's kappa, 10 / sum|w|, depends on the unit of the score; here that is v(N) - v(empty).
    graph = AndOrGraph.from_interactions(kept, kappa=10.0 * rise / float(np.abs(kept.effects).sum()))
    numbers = (len(kept.effects), len(graph.nodes), len(graph.edges), graph.plain_edges, graph.description_length, r2)
    return {name: float(number) for name, number in zip(_MEASURES, numbers, strict=True)}
