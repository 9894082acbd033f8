"""Interactions through the training of a network that over-fits: whether low orders come first, and high ones with the gap."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from symbolscope.cli.reproduction.mean_interval import mean_interval
from symbolscope.cli.reproduction.result_table import print_table
from symbolscope.cli.reproduction.settings import Settings
from symbolscope.cli.reproduction.tabular_data import TabularData, tabular_data
from symbolscope.emergence.dynamics import InteractionDynamics
from symbolscope.emergence.interaction_recorder import InteractionRecorder
from symbolscope.emergence.interval import bootstrap_band
from symbolscope.games.game import Game
from symbolscope.networks.mlp import MLP

if TYPE_CHECKING:
    from rich.console import Console

_FLIPPED = (25, 0)  # % of the training labels
_KINDS = ("and-or", "and")
_STEPS = (0, 1, 2, 5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 500, 750, 1000, 1500, 2000)
_QUICK_STEPS = (0, 2, 5, 10, 20)
_WIDTH, _RATE = 512, 1e-3
_ROUNDING = 1e-9
_ORDERS = {"1-2": slice(1, 3), "3-5": slice(3, 6), "6+": slice(6, None)}


class Dynamics:
    """The table of every checkpoint, and what it says of phases; with label noise and without."""

    def items(self, settings: Settings) -> list[str]:
        """One training each."""
        return [f"flipped-{flipped}_{seed}" for flipped in _FLIPPED for seed in range(settings.seeds)]

    def measure(self, item: str, settings: Settings, weights: Path) -> dict[str, Any]:
        """Train a network and record its interactions on held-out samples as it learns."""
        name, _, number = item.partition("_")
        flipped, seed = int(name.rpartition("-")[2]), int(number)
        data = tabular_data("breast cancer")
        steps = settings.amount(_STEPS[-1], _QUICK_STEPS[-1])
        looked_at = frozenset(_QUICK_STEPS if settings.quick else _STEPS)
        network = MLP(data.n_features, 2, widths=(settings.amount(_WIDTH, 16),) * 3, seed=seed)
        games = [
            Game(network, row, target=int(target), player_names=data.names)
            for row, target in zip(data.held_out_inputs, data.held_out_targets, strict=True)
        ][: settings.n_samples(20, 4)]
        recorders = {kinds: InteractionRecorder(games, kinds=kinds) for kinds in _KINDS}
        _train(network, data, flipped / 100, steps, looked_at, recorders, seed)
        return {
            "flipped": flipped,
            "seed": seed,
            "dynamics": {kinds: _as_json(recorder.dynamics()) for kinds, recorder in recorders.items()},
        }

    def show(self, results: Sequence[dict[str, Any]], settings: Settings, console: "Console") -> None:
        """Checkpoints of each training, then what they say."""
        phases: list[list[str]] = []
        low_orders: list[list[str]] = []
        said: list[str] = []
        for one in results:
            for kinds in _KINDS:
                dynamics = read_dynamics(one["dynamics"][kinds], kinds)
                label = f"{one['flipped']} % flipped, {kinds}" + (f", seed {one['seed']}" if settings.seeds > 1 else "")
                phases.append([label, *_phases(dynamics)])
                low_orders.append([label, *_low_orders(dynamics)])
                said.append(f"{label}: {in_words(dynamics)}")
                if kinds == _KINDS[0]:
                    _print_checkpoints(dynamics, label, console)
        print_table(
            console,
            "Dynamics: mean order of each training",
            (
                "labels, kinds", "untrained", "lowest", "last", "phase change", "test loss lowest", "gap opens", "last gap",
                "rise since it opens",
            ),
            phases,
            stated="Phase change: step of the lowest mean order, with an interval over samples, where fall and rise exceed what "
            "the choice of samples makes. Gap opens: last checkpoint at which test loss minus training loss has grown by less "
            "than a tenth of all it grows. Rise: from there to the end, paired over samples, 95 % interval. What the papers say of "
            "their networks: one phase change, about where the gap opens.",
        )  # fmt: skip
        print_table(
            console,
            "Dynamics: % of all strength that interactions of orders 1 and 2 have",
            ("labels, kinds", "untrained", "lowest test loss", "last", "rise until then", "fall since"),
            low_orders,
            stated="Means over samples; rise and fall paired over samples, 95 % intervals. The checkpoint of the lowest test loss "
            "is chosen without looking at interactions. The papers: low orders are learned first. Here: "
            + " ".join(said),
        )


def _train(
    network: MLP,
    data: TabularData,
    flipped: float,
    steps: int,
    looked_at: frozenset[int],
    recorders: dict[str, InteractionRecorder],
    seed: int,
) -> None:
    """Adam on all training rows at once, some of their labels wrong."""
    labels, truth = noisy_labels(data.targets.long(), flipped, seed), data.held_out_targets.long()
    optimiser = torch.optim.Adam(network.parameters(), _RATE)
    for step in range(steps + 1):
        logits = network(data.inputs)
        loss = nn.functional.cross_entropy(logits, labels)
        if step in looked_at:
            with torch.no_grad():
                outputs = network(data.held_out_inputs)
            for recorder in recorders.values():
                recorder(
                    network,
                    step,
                    train_loss=loss.item(),
                    test_loss=nn.functional.cross_entropy(outputs, truth).item(),
                    train_accuracy=(logits.argmax(dim=1) == labels).float().mean().item(),
                    test_accuracy=(outputs.argmax(dim=1) == truth).float().mean().item(),
                )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


def noisy_labels(labels: Tensor, flipped: float, seed: int) -> Tensor:
    """Labels 0 and 1 of which a share, chosen at random, is wrong.

    Examples
    --------
    >>> int(noisy_labels(torch.zeros(100, dtype=torch.int64), 0.25, 0).sum())
    25
    """
    wrong = np.random.default_rng(seed).permutation(len(labels))[: round(flipped * len(labels))]
    noisy = labels.clone()
    noisy[torch.from_numpy(wrong)] = 1 - noisy[torch.from_numpy(wrong)]
    return noisy


def _as_json(dynamics: InteractionDynamics) -> dict[str, Any]:
    return {
        name: getattr(dynamics, name).tolist()
        for name in ("steps", "positive", "negative", "n_salient", "losses", "accuracies")
    }


def read_dynamics(fields: dict[str, Any], kinds: str) -> InteractionDynamics:
    """What was kept of a training, as it was."""
    return InteractionDynamics(
        steps=np.array(fields["steps"], dtype=np.int64),
        positive=np.array(fields["positive"], dtype=np.float64),
        negative=np.array(fields["negative"], dtype=np.float64),
        n_salient=np.array(fields["n_salient"], dtype=np.int64),
        losses=np.array(fields["losses"], dtype=np.float64),
        accuracies=np.array(fields["accuracies"], dtype=np.float64),
        kinds=kinds,
    )


def checkpoint_rows(dynamics: InteractionDynamics) -> list[dict[str, int | float]]:
    """One row of numbers per checkpoint."""
    band = dynamics.mean_order
    by_order = dynamics.shares.sum(axis=2)
    return [
        {
            "step": int(step), "mean_order": float(band.mean[t]), "mean_order_low": float(band.low[t]),
            "mean_order_high": float(band.high[t]),
            **{f"share_{orders}": float(by_order[t, where].sum()) for orders, where in _ORDERS.items()},
            "salient": float(dynamics.n_salient[t].mean()),
            "train_loss": float(dynamics.losses[t, 0]), "test_loss": float(dynamics.losses[t, 1]),
            "gap": float(dynamics.gap[t]),
            "train_accuracy": float(dynamics.accuracies[t, 0]), "test_accuracy": float(dynamics.accuracies[t, 1]),
        }
        for t, step in enumerate(dynamics.steps)
    ]  # fmt: skip


def write_dynamics(path: Path, results: Sequence[dict[str, Any]]) -> None:
    """All checkpoints of all trainings as a table of numbers."""
    import csv
    import io

    from symbolscope.core.whole_file import write_whole

    rows = [
        {"flipped": one["flipped"] / 100, "seed": one["seed"], "kinds": kinds, **row}
        for one in results
        for kinds, fields in one["dynamics"].items()
        for row in checkpoint_rows(read_dynamics(fields, kinds))
    ]
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    write_whole(path, text.getvalue().encode())


def low_order_shares(dynamics: InteractionDynamics) -> NDArray[np.float64]:
    """Share of orders 1 and 2 on each sample: untrained, at the lowest test loss, and last; [3, samples]."""
    best = int(np.flatnonzero(dynamics.steps == dynamics.lowest_test_loss)[0])
    strength = (dynamics.positive - dynamics.negative)[[0, best, -1]]  # [3, samples, n + 1]
    total = strength.sum(axis=2)
    shares = strength[:, :, _ORDERS["1-2"]].sum(axis=2) / np.where(total > 0, total, np.nan)
    return shares[:, np.isfinite(shares).all(axis=0)]


def rise_since_gap(dynamics: InteractionDynamics) -> NDArray[np.float64]:
    """By how much the mean order of each sample rises from where the gap opens to the end; empty where no gap opens."""
    if dynamics.gap_opens is None:
        return np.zeros(0)
    since = int(np.flatnonzero(dynamics.steps == dynamics.gap_opens)[0])
    rise = dynamics.mean_orders[-1] - dynamics.mean_orders[since]
    return rise[np.isfinite(rise)]


def in_words(dynamics: InteractionDynamics) -> str:
    """Whether low orders come first, and whether the mean order rises beside the gap."""
    first, best, last = low_order_shares(dynamics)
    comes_first = _surely_positive(best - first) and _surely_positive(best - last)
    low = "low orders come first" if comes_first else "it is not certain that low orders come first"
    rise = rise_since_gap(dynamics)
    if not len(rise):
        return f"{low}; no gap opens, so there is nothing to rise beside."
    verdict = "rises while the gap opens" if _surely_positive(rise) else "does not certainly rise while the gap opens"
    return f"{low}; the mean order {verdict}."


def _surely_positive(differences: NDArray[np.float64]) -> bool:
    """Whether the 95 % interval of the mean lies above 0."""
    return len(differences) > 1 and bool(bootstrap_band(differences[:, None], 0).low[0] > _ROUNDING)


def _phases(dynamics: InteractionDynamics) -> list[str]:
    band, change = dynamics.mean_order, dynamics.phase_change
    lowest = int(np.nanargmin(band.mean))
    return [
        f"{band.mean[0]:.2f}", f"{band.mean[lowest]:.2f} at {dynamics.steps[lowest]}", f"{band.mean[-1]:.2f}",
        "none" if change.step is None else f"{change.step} [{change.low}, {change.high}]",
        _step(dynamics.lowest_test_loss), _step(dynamics.gap_opens), f"{dynamics.gap[-1]:.2f}",
        mean_interval(rise_since_gap(dynamics)),
    ]  # fmt: skip


def _low_orders(dynamics: InteractionDynamics) -> list[str]:
    first, best, last = 100 * low_order_shares(dynamics)
    shares = (mean_interval(share, 0) for share in (first, best, last))
    return [*shares, mean_interval(best - first, 0), mean_interval(best - last, 0)]


def _step(step: int | None) -> str:
    return "never" if step is None else str(step)


def _print_checkpoints(dynamics: InteractionDynamics, label: str, console: "Console") -> None:
    band = dynamics.mean_order
    rows = [
        [
            "0 (untrained)" if row["step"] == 0 else f"{row['step']}", band.text(t),
            *(f"{100 * row[f'share_{orders}']:.0f}" for orders in _ORDERS),
            f"{row['salient']:.0f}",
            *(f"{row[name]:.3f}" for name in ("train_loss", "test_loss", "gap")),
            f"{100 * row['test_accuracy']:.1f}",
        ]
        for t, row in enumerate(checkpoint_rows(dynamics))
    ]  # fmt: skip
    print_table(
        console,
        f"Dynamics: breast cancer, {label}",
        (
            "step", "mean order [95 %]", *(f"order {orders}, %" for orders in _ORDERS), "salient", "train loss",
            "test loss", "gap", "test acc., %",
        ),
        rows,
        stated=f"{dynamics.n_samples} held-out samples in the log-odds of their true class; an MLP of three hidden layers of "
        f"{_WIDTH} units, Adam on all training rows at once. The papers (2405.10262, 2407.19198) print curves only, of networks "
        "on images, texts and points: the mean order falls from that of the untrained network, then rises as the test loss parts "
        "from the training loss.",
    )  # fmt: skip
