"""Whether interactions are found again in other samples of a class and in other networks, and pull the same way."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from symbolscope.cli.reproduction.published_emergence import ACROSS_NETWORKS, ACROSS_SAMPLES, DISCRIMINATION
from symbolscope.cli.reproduction.result_table import print_table
from symbolscope.cli.reproduction.settings import Settings
from symbolscope.cli.reproduction.tabular_data import TabularData, tabular_data
from symbolscope.cli.reproduction.tabular_networks import quality, tabular_network, untrained_network
from symbolscope.cli.reproduction.values_of_samples import values_of_samples
from symbolscope.emergence.discrimination import discrimination
from symbolscope.emergence.transferability import transferability
from symbolscope.interactions.decompose import decompose
from symbolscope.interactions.model import InteractionModel

if TYPE_CHECKING:
    from rich.console import Console

    from symbolscope.emergence.interval import Band

ARCHITECTURES = ("MLP-5", "ResMLP-5")
_CLASS = 1  # benign, the commoner
_NOISE, _GAP = "4%", 2e-2
_NULL_SEED = 500
_SIZES = (10, 30, 100)  # of the dictionary
_THRESHOLDS = (0.05, 0.1, 0.2, 0.3)
_PAIRS = (("MLP-5", "ResMLP-5"), ("ResMLP-5", "MLP-5"))


class Transfer:
    """Transferability across samples and networks, and agreement of signs, each beside random weights and random sets."""

    def items(self, settings: Settings) -> list[str]:
        """One pair of networks each."""
        return [f"class-{_CLASS}_{seed}" for seed in range(settings.seeds)]

    def measure(self, item: str, settings: Settings, weights: Path) -> dict[str, Any]:
        """All three scores of four networks: two trained, and both with random weights."""
        seed = int(item.rpartition("_")[2])
        data = tabular_data("breast cancer")
        models: dict[str, list[InteractionModel]] = {}
        said: dict[str, dict[str, float]] = {}
        for name in ARCHITECTURES:
            network, said[name] = tabular_network(data, name, settings=settings, weights=weights, seed=seed)
            width = settings.amount(100, 12)
            null = untrained_network(name, data.n_features, width=width, seed=_NULL_SEED + seed)
            models[name] = _explained(network, data, settings)
            models[f"{name} untrained"] = _explained(null, data, settings)
        networks: dict[str, Any] = {}
        for first, second in _PAIRS:
            for other in (second, f"{second} untrained"):
                found = transferability(models[first], models[other], thresholds=_THRESHOLDS, seed=seed)
                networks[f"{first} in {other}"] = {
                    "score": _band(found.score), "uniform": _band(found.uniform), "matched": _band(found.matched),
                }  # fmt: skip
        return {
            "said": said,
            "n": len(models["MLP-5"]),
            "samples": {name: _across_samples(given, seed) for name, given in models.items()},
            "networks": networks,
            "signs": {name: _signs(given, seed) for name, given in models.items()},
        }

    def show(self, results: Sequence[dict[str, Any]], settings: Settings, console: "Console") -> None:
        """Three tables."""
        n, good = results[0]["n"], results[0]["said"]
        setting = (
            f"{n} samples of the class benign, held-out rows first, in the log-odds of that class; hidden features hold the mean; "
            f"AND-OR splits within {_tolerance(settings)} of |v(N) - v(empty)|, as in the paper. 95 % intervals. Held out: "
            + "; ".join(f"{name}: {quality(one)}" for name, one in good.items())
            + ". Differs from the paper: breast cancer, not tic-tac-toe (9 features) or wifi (7)."
        )
        rows: list[list[str]] = []
        for number, one in enumerate(results):
            for name, found in one["samples"].items():
                for place, k in enumerate(found["at"]):
                    cells = [_text(found[key][place]) for key in ("score", "own_included", "matched", "uniform")]
                    rows.append([_label(name, number, results), str(k), *cells])
        rows.extend(
            [f"paper: {setting_}, {name}", "", "", published, "-", "-"]
            for setting_, pair in ACROSS_SAMPLES.items()
            for name, published in zip(ARCHITECTURES, pair, strict=True)
        )
        print_table(
            console,
            "Transfer across samples: share of a sample's salient interactions among the k most frequent",
            ("network", "k", "of the others", "own included", "same orders", "random sets"),
            rows,
            stated=f"Salient: at least 0.1 of the sample's largest. {setting} The paper's dictionary includes the sample it is "
            "applied to (own included); ours is made of the others. Compare the untrained rows: what is frequent is not thereby "
            "learned.",
        )
        rows = []
        for number, one in enumerate(results):
            for name, found in one["networks"].items():
                cells = [_text(found["score"][place]) for place in (0, -1)]
                rows.append(
                    [
                        _label(name, number, results), *cells,
                        *(_text(found[key][0]) for key in ("matched", "uniform")),
                        *(_text(found[key][-1]) for key in ("matched", "uniform")),
                    ]
                )  # fmt: skip
        rows.append(
            ["paper: all pairs, all data", *ACROSS_NETWORKS[:2], "-", ACROSS_NETWORKS[2], "-", ACROSS_NETWORKS[2]]
        )
        print_table(
            console,
            "Transfer across networks: share of one network's interactions that are salient in the other",
            ("networks", "tau .05", "tau .30", "orders .05", "sets .05", "orders .30", "sets .30"),
            rows,
            stated="Salient in the first from the share tau of the largest on, in the other from 0.05 on. Controls: as many random "
            "sets of the same orders and kinds, and of any. The control that counts is the other network with random weights: what "
            "is found again there as well was not learned. " + _difference(results),
        )
        rows = []
        for number, one in enumerate(results):
            for name, found in one["signs"].items():
                bins = [_text(found["agreement"][place]) for place in (0, -1)]
                rows.append(
                    [
                        _label(name, number, results),
                        _text(found["overall"]),
                        *bins,
                        "0.50",
                        f"{found['beta']:.2f}",
                        str(found["single"]),
                    ]
                )
        rows.extend([f"paper: {name}", "-", "-", "-", "0.50", beta, "-"] for name, beta in DISCRIMINATION.items())
        print_table(
            console,
            "Discrimination: do two samples in which an interaction is salient agree on its sign?",
            ("network", "agreement", "in up to 20 %", "in over 80 %", "chance", "beta (paper)", "in one only"),
            rows,
            stated="Agreement: chance that two samples have the same sign, weighted by frequency, then for rare and for frequent "
            "interactions. beta = max(m+, m-) / (m+ + m-) is 1 for whatever is salient in one sample only; the paper's are ranges "
            "over bins of frequency. Compare the untrained rows: inputs that are alike have like signs in any network.",
        )  # fmt: skip


def _explained(network: nn.Module, data: TabularData, settings: Settings) -> list[InteractionModel]:
    inputs = torch.cat([data.held_out_inputs, data.inputs])
    targets = torch.cat([data.held_out_targets, data.targets])
    chosen = inputs[targets == _CLASS][: settings.n_samples(60, 4)]
    values = values_of_samples(network, chosen, torch.zeros(data.n_features), targets=[_CLASS] * len(chosen))
    return decompose(values.tolist(), tolerance=_tolerance(settings), gap=_GAP, player_names=data.names, progress=False)


def _across_samples(models: list[InteractionModel], seed: int) -> dict[str, Any]:
    found = transferability(models, threshold=0.1, k=max(_SIZES), seed=seed)
    assert found.own_included is not None
    bands = {
        "score": found.score, "own_included": found.own_included, "matched": found.matched, "uniform": found.uniform,
    }  # fmt: skip
    return {"at": list(_SIZES)} | {name: [_band(band)[k - 1] for k in _SIZES] for name, band in bands.items()}


def _signs(models: list[InteractionModel], seed: int) -> dict[str, Any]:
    found = discrimination(models, seed=seed)
    return {
        "overall": _band(found.overall)[0], "agreement": _band(found.agreement), "beta": found.raw_overall,
        "single": found.single,
    }  # fmt: skip


def _band(band: "Band") -> list[list[float | None]]:
    """Mean and interval at each position; None for what does not exist."""
    return [
        [float(value) if np.isfinite(value) else None for value in ends]
        for ends in zip(band.mean, band.low, band.high, strict=True)
    ]


def _text(ends: list[float | None]) -> str:
    mean, low, high = ends
    return "-" if mean is None or low is None or high is None else f"{mean:.2f} [{low:.2f}, {high:.2f}]"


def _label(name: str, number: int, results: Sequence[object]) -> str:
    return name if len(results) == 1 else f"{name}, {number}"


def _difference(results: Sequence[dict[str, Any]]) -> str:
    """How much more of the first network is found in the trained second than in the untrained one, at the smallest tau."""
    parts: list[str] = []
    for first, second in _PAIRS:
        trained, null = (
            sum(one["networks"][f"{first} in {other}"]["score"][0][0] for one in results) / len(results)
            for other in (second, f"{second} untrained")
        )
        parts.append(f"{first} in {second} {trained:.2f}, in its untrained twin {null:.2f}")
    return "At tau .05: " + "; ".join(parts) + "."


def _tolerance(settings: Settings) -> str:
    """The source's; none where only a run through is wanted, because exact splits are faster."""
    return "0%" if settings.quick else _NOISE
