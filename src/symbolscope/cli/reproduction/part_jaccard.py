"""Whether two networks of one architecture, from different first weights, have the same interactions."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from symbolscope.cli.reproduction.mean_interval import mean_interval
from symbolscope.cli.reproduction.model_of_effects import model_of_effects
from symbolscope.cli.reproduction.part_unfaithfulness import sample_values
from symbolscope.cli.reproduction.published import JACCARD
from symbolscope.cli.reproduction.result_table import print_table
from symbolscope.cli.reproduction.settings import Settings
from symbolscope.cli.reproduction.tabular_data import TabularData, available_data_sets, tabular_data
from symbolscope.cli.reproduction.tabular_networks import ARCHITECTURES, quality, tabular_network, untrained_network
from symbolscope.emergence.jaccard import jaccard
from symbolscope.games.masks import all_masks
from symbolscope.graphs.causal_graph import causal_graph
from symbolscope.interactions.transforms import mobius

if TYPE_CHECKING:
    from rich.console import Console

_NULL_SEED = 500


_KINDS = ("normal", "adversarial", "random weights")
_LOW = 2  # orders of which the similarity is also given by themselves
_KEPT = 0.9  # R^2 down to which interactions are removed


class JaccardSimilarity:
    """Jaccard similarity of two networks' AND interactions, normal against adversarially trained."""

    def items(self, settings: Settings) -> list[str]:
        """One pair of networks of each kind."""
        names = ("breast-cancer",) if settings.quick else [name.replace(" ", "-") for name in available_data_sets()]
        architectures = ARCHITECTURES[:1] if settings.quick else ARCHITECTURES
        return [
            f"{data}_{network}_{seed}" for data in names for network in architectures for seed in range(settings.seeds)
        ]

    def measure(self, item: str, settings: Settings, weights: Path) -> dict[str, Any]:
        """Similarities on each sample, and by chance; of trained, adversarially trained and untrained pairs."""
        name, architecture, pair = item.replace("breast-cancer", "breast cancer").split("_")
        data = tabular_data(name)
        seeds = (2 * int(pair), 2 * int(pair) + 1)
        result: dict[str, Any] = {"data": name, "network": architecture, "pair": int(pair)}
        for kind in _KINDS[:2]:
            adversarial = kind == "adversarial"
            trained = [
                tabular_network(
                    data, architecture, settings=settings, weights=weights, seed=seed, adversarial=adversarial
                )
                for seed in seeds
            ]
            found = _similarities(data, [network for network, _ in trained], settings)
            result[kind] = found | {"said": [said for _, said in trained]}
        width = settings.amount(100, 12)
        null = [untrained_network(architecture, data.n_features, width=width, seed=_NULL_SEED + seed) for seed in seeds]
        return result | {_KINDS[2]: _similarities(data, null, settings)}

    def show(self, results: Sequence[dict[str, Any]], settings: Settings, console: "Console") -> None:
        """Our numbers, the published ones, chance and the null; what the number hides; how good the networks are."""
        pairs = list(dict.fromkeys((one["data"], one["network"]) for one in results))
        of_pair = {pair: [one for one in results if (one["data"], one["network"]) == pair] for pair in pairs}

        def cell(pair: tuple[str, str], kind: str, measure: str) -> str:
            return mean_interval([value for one in of_pair[pair] for value in one[kind][measure]])

        rows = [
            [
                f"{pair[0]}, {pair[1]}",
                cell(pair, "normal", "all"),
                cell(pair, "normal", "chance").partition(" ")[0],
                cell(pair, "adversarial", "all"),
                cell(pair, "adversarial", "chance").partition(" ")[0],
                cell(pair, "random weights", "all"),
            ]
            for pair in pairs
        ]
        for data, published in JACCARD.items():
            for network, (one, two) in published.items():
                rows.append([f"paper: {data}, {network}", f"{one:.2f}", "-", f"{two:.2f}", "-", "-"])
        samples = len(results[0]["normal"]["all"])
        print_table(
            console,
            "Jaccard similarity of two networks from different first weights",
            ("", "normal", "chance", "adversarial", "chance", "random weights"),
            rows,
            stated=f"AND interactions of {samples} training samples; mean and 95 % interval over samples of "
            f"{settings.seeds} pair(s). Chance: the second's effects moved to random sets of the same order. Random "
            "weights: the same of two untrained networks; where the trained ones are no higher, their similarity says "
            "nothing. Adversarial: l_inf ascent of radius 0.1, 20 steps of 0.01, on standardised inputs, as in the "
            "paper. Differs: its data sets (TV news and census cannot be had here; bike has two years of which this "
            "is one), its training, and its baselines, which are learned so that interactions are few.",
        )
        print_table(
            console,
            f"Where the networks are alike: outputs, orders 1 and {_LOW}, and what removal to R^2 {_KEPT:g} keeps",
            ("", "outputs", "low orders", "kept", "low share"),
            [
                [
                    f"{data}, {network}, {kind}",
                    cell((data, network), kind, "correlation").partition(" ")[0],
                    cell((data, network), kind, "low"),
                    cell((data, network), kind, "kept"),
                    cell((data, network), kind, "low share").partition(" ")[0],
                ]
                for data, network in pairs
                for kind in _KINDS
            ],
            stated="Outputs: correlation of the two networks' outputs over all masks. Low orders: the similarity of "
            f"interactions of one or two players alone. Kept: that of what greedy removal keeps of each (R^2 {_KEPT:g}, on "
            "a fifth of the samples). Low share: their share of the sum of |I|; most of it lies in orders "
            "where sums of many alternating terms magnify whatever differs. Beside each the same with random weights; "
            "the paper has no such figures.",
        )
        print_table(
            console,
            "The networks of these tables on held-out rows",
            ("", "normal", "adversarial"),
            [
                [
                    f"{one['data']}, {one['network']}, pair {one['pair']}",
                    *("; ".join(quality(said) for said in one[kind]["said"]) for kind in _KINDS[:2]),
                ]
                for one in results
            ],
            stated="On inputs that were not moved.",
        )


def _similarities(data: TabularData, networks: Sequence[torch.nn.Module], settings: Settings) -> dict[str, list[float]]:
    """Similarities of two networks on each sample."""
    samples = data.inputs[: settings.n_samples(100, 4)]
    outputs = [sample_values(network, data, samples) for network in networks]
    effects = [np.asarray(mobius(values)) for values in outputs]
    orders = all_masks(data.n_features).sum(axis=1)
    few = max(1, len(samples) // 5)
    found: dict[str, list[float]] = {name: [] for name in ("all", "chance", "low", "low share", "kept", "correlation")}
    for number in range(len(samples)):
        rows = [row[number] for row in effects]
        whole = jaccard(*(model_of_effects(row) for row in rows), restarts=1, seed=number)
        found["all"].append(whole.value)
        found["chance"].append(whole.chance)
        low = [np.where(orders <= _LOW, row, 0.0) for row in rows]
        found["low"].append(float(jaccard(*(model_of_effects(row) for row in low), restarts=1)))
        strength = [np.abs(row[1:]).sum() for row in rows]
        found["low share"].append(
            float(np.mean([np.abs(row[1:]).sum() / all_ for row, all_ in zip(low, strength, strict=True)]))
        )
        found["correlation"].append(float(np.corrcoef(outputs[0][number], outputs[1][number])[0, 1]))
        if number < few:
            models = [model_of_effects(row, values=values[number]) for row, values in zip(rows, outputs, strict=True)]
            kept = [causal_graph(model, r2=_KEPT, progress=False).interactions for model in models]
            found["kept"].append(float(jaccard(*kept, restarts=1)))
    return found
