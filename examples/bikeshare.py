"""Rented bicycles per hour: a regression network that has learned that rush hour is a matter of working days.

A multilayer perceptron predicts log(1 + riders) from twelve features of an hour. Two held-out hours are explained, eight in
the morning of a working day and of a free day; the score is the network's output, and a hidden feature holds its mean over
the training hours. Printed are the strongest interactions, and where the AND and the OR of *hr* and *workingday* rank.

    python -m pip install --no-deps islp==0.6.0
    python examples/bikeshare.py --output bikeshare.html

Data: Bikeshare, a CSV file inside the islp package (BSD licence), which is read and never imported. The counts come from
Capital Bikeshare and the UCI repository's Bike Sharing (Fanaee-T and Gama, 2013; CC BY 4.0).
"""

import argparse
import csv
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from torch import nn

import symbolscope as sy
from symbolscope.report.terminal import print_model

FEATURES = ["season", "mnth", "day", "hr", "holiday", "weekday", "workingday", "weathersit"]
FEATURES += ["temp", "atemp", "hum", "windspeed"]
HELD_OUT = 1645
TOLERANCE = 0.05  # in log(1 + riders): each mask's riders to within about 5 %


def read_hours() -> tuple[torch.Tensor, torch.Tensor]:
    """Features float32 [8645, 12], text columns as codes in order of appearance; and log(1 + riders) [8645]."""
    package = find_spec("ISLP")
    if package is None or not package.submodule_search_locations:
        raise sy.SymbolscopeError(
            "the Bikeshare data is not installed; type: python -m pip install --no-deps islp==0.6.0"
        )
    with (Path(package.submodule_search_locations[0]) / "data" / "Bikeshare.csv").open(encoding="utf-8") as file:
        hours = list(csv.DictReader(file))
    columns = []
    for name in FEATURES:
        cells = [hour[name] for hour in hours]
        levels = {cell: code for code, cell in enumerate(dict.fromkeys(cells))}
        is_text = name in ("mnth", "weathersit")
        columns.append([float(levels[cell] if is_text else cell) for cell in cells])
    return torch.tensor(columns).T, torch.tensor([float(hour["bikers"]) for hour in hours]).log1p()


class Standardised(nn.Module):
    """A network behind (x - mean) / deviation, so that the game and its page speak the units of the data."""

    def __init__(self, network: nn.Module, rows: torch.Tensor) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", rows.mean(dim=0))
        self.register_buffer("deviation", rows.std(dim=0))

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Predict log(1 + riders) [m] of hours [m, 12]."""
        return self.network((rows - self.mean) / self.deviation).squeeze(1)


def train(rows: torch.Tensor, riders: torch.Tensor, *, seed: int, epochs: int) -> nn.Module:
    with torch.random.fork_rng(devices=[]):  # layers draw their first weights from the global state: lend it a seed
        torch.manual_seed(seed)
        layers = [nn.Linear(len(FEATURES), 128), nn.ReLU()]
        layers += [nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 1)]
    network, generator = Standardised(nn.Sequential(*layers), rows), torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=1e-2)
    steps = epochs * -(-len(rows) // 128)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=5e-3, total_steps=steps)
    for _ in range(epochs):
        for batch in torch.randperm(len(rows), generator=generator).split(128):
            optimizer.zero_grad()
            nn.functional.mse_loss(network(rows[batch]), riders[batch]).backward()
            optimizer.step()
            schedule.step()
    return network.eval()


def ranks(model: sy.InteractionModel, *names: str) -> list[tuple[int, str, float]]:
    """Rank (1 is the strongest), kind and effect of the interactions of just these players."""
    wanted = np.isin(model.player_names, names)
    found = np.flatnonzero((model.masks == wanted).all(axis=1))
    return [(int(row) + 1, str(model.kinds[row]).upper(), float(model.effects[row])) for row in found]


def main(output: Path | None = None, *, epochs: int = 30, seed: int = 0) -> list[sy.InteractionModel]:
    rows, riders = read_hours()
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed))
    held_out, training = order[:HELD_OUT], order[HELD_OUT:]
    network = train(rows[training], riders[training], seed=seed, epochs=epochs)
    with torch.inference_mode():
        errors = network(rows[held_out]) - riders[held_out]
    print(f"R^2 on {HELD_OUT:,} held-out hours: {1 - errors.var() / riders[held_out].var():.3f}")

    models = []
    for day, working in (("a working day", 1), ("a free day", 0)):
        at_eight = (rows[held_out, FEATURES.index("hr")] == 8) & (
            rows[held_out, FEATURES.index("workingday")] == working
        )
        sample = rows[held_out[at_eight][0]]
        game = sy.Game(
            network,
            sample,
            baseline=sy.baselines.mean_baseline(rows[training]),
            score="output",
            player_names=FEATURES,
        )
        game.settings |= {
            "title": f"8 o'clock on {day}",
            "target_name": "log(1 + riders)",
            "baseline": "mean training hour",
        }
        model = sy.explain(game, tolerance=TOLERANCE)
        models.append(model)
        print(f"\n== Eight in the morning of {day} ==")
        print_model(model, k=6)
        salient = len(model.salient().effects)
        for rank, kind, effect in ranks(model, "hr", "workingday"):
            is_salient = "salient" if rank <= salient else "not salient"
            print(f"{kind} of hr and workingday: rank {rank}, effect {effect:+.3f}, {is_salient} ({salient} are)")

    page = sy.write_report(
        output or Path("bikeshare.html"), models, title="What a network reads in an hour of rented bicycles"
    )
    print(f"\nWrote {page}")
    return models


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Explain two hours of the Bikeshare data.")
    parser.add_argument("--output", type=Path, help="the page (default: bikeshare.html)")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0, help="of the split and the training")
    try:
        main(**vars(parser.parse_args()))
    except sy.SymbolscopeError as error:
        parser.exit(2, f"{error}\n")
