"""What a small network reads in one patient: AND/OR interactions of ten features of cell nuclei.

A multilayer perceptron learns to tell malignant from benign tumours. One held-out patient is explained: the score is the
log-odds of the predicted class, and a hidden feature holds its mean over the training patients. Printed are the strongest
interactions, how much of the network's output over all 2^10 masks the k strongest reproduce, and the Shapley values that
follow from the interactions in closed form.

    python examples/breast_cancer.py
    python examples/breast_cancer.py --patient 8 --output patient.html

Data: scikit-learn's breast cancer (Wolberg, Street and Mangasarian, UCI, CC BY 4.0; scikit-learn is under the BSD licence).
Only the ten mean features are used; the other twenty are errors and worst values of the same ten.
"""

import argparse
from pathlib import Path

import torch
from sklearn.datasets import load_breast_cancer
from torch import nn

import symbolscope as sy
from symbolscope.report.terminal import print_model

FEATURES = 10


class Standardised(nn.Module):
    """A network behind (x - mean) / deviation, so that the game and its page speak the units of the data."""

    def __init__(self, network: nn.Module, rows: torch.Tensor) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", rows.mean(dim=0))
        self.register_buffer("deviation", rows.std(dim=0))

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Logits [m, 2] of patients [m, 10]."""
        return self.network((rows - self.mean) / self.deviation)


def train(rows: torch.Tensor, classes: torch.Tensor, seed: int) -> nn.Module:
    with torch.random.fork_rng(devices=[]):  # layers draw their first weights from the global state: lend it a seed
        torch.manual_seed(seed)
        layers = nn.Sequential(nn.Linear(FEATURES, 64), nn.GELU(), nn.Linear(64, 64), nn.GELU(), nn.Linear(64, 2))
    network = Standardised(layers, rows)
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3, weight_decay=1.0)
    for _ in range(200):
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(rows), classes).backward()
        optimizer.step()
    return network.eval()


def main(output: Path | None = None, *, patient: int = 3, seed: int = 0) -> sy.InteractionModel:
    data = load_breast_cancer()
    names = [str(name) for name in data.feature_names[:FEATURES]]
    rows, classes = torch.tensor(data.data[:, :FEATURES]).float(), torch.tensor(data.target)
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed))
    held_out, training = order[:171], order[171:]

    network = train(rows[training], classes[training], seed)
    accuracy = (network(rows[held_out]).argmax(dim=1) == classes[held_out]).double().mean()
    print(f"Accuracy on {len(held_out)} held-out patients: {accuracy:.1%}")

    sample, truth = rows[held_out[patient]], str(data.target_names[classes[held_out[patient]]])
    game = sy.Game(network, sample, baseline=sy.baselines.mean_baseline(rows[training]), player_names=names)
    said = str(data.target_names[game.settings["target"]])
    print(f"Held-out patient {patient} is {truth}; the network says {said}.\n")
    game.settings |= {
        "title": f"patient {patient}, {said}",
        "target_name": said,
        "baseline": "mean of the training patients",
    }

    model = sy.explain(game, tolerance="4%")
    print_model(model)

    print("\nHow much of the output the k strongest interactions reproduce, over all 1,024 masks:")
    for k in (1, 2, 5, 10, 20, len(model.effects)):
        fidelity = model.top(k).fidelity
        print(f"  k = {k:3d}   R^2 {fidelity.r2:7.3f}   largest error {fidelity.largest_error:.2f}")

    print("\nEach feature alone, and its Shapley value (its own effect and its share of the others):")
    alone = {
        int(mask.argmax()): effect for mask, effect in zip(model.masks, model.effects, strict=True) if mask.sum() == 1
    }
    shapley = model.shapley_values()
    for player in abs(shapley).argsort()[::-1]:
        own, all_in_all = alone.get(player, 0.0), shapley[player]
        print(f"  {names[player]:24s} {sample[player]:8.4g}   alone {own:+6.2f}   Shapley {all_in_all:+6.2f}")
    network_says = model.values[-1] - model.values[0]
    print(f"  Sum of the Shapley values {shapley.sum():+.2f}; v(all) - v(none) of the network {network_says:+.2f}")

    page = sy.write_report(
        output or Path("breast-cancer.html"), model, title=f"What a small network reads in patient {patient}"
    )
    print(f"\nWrote {page}")
    return model


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Explain one patient of the breast cancer data.")
    parser.add_argument("--output", type=Path, help="the page (default: breast-cancer.html)")
    parser.add_argument("--patient", type=int, default=3, help="held-out patient, 0 to 170")
    parser.add_argument("--seed", type=int, default=0, help="of the split and the training")
    main(**vars(parser.parse_args()))
