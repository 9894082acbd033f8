"""Interactions through the training of a network that over-fits, on a table with flipped labels.

    python benchmarks/dynamics.py                        # about two minutes
    python benchmarks/dynamics.py --flipped 0 --seed 1   # no label noise, another training

A wide MLP learns the ten mean features of the breast-cancer data, some training labels flipped. Prints, for the AND-OR split
and for AND alone, the mean order and the share of each order per checkpoint, on test samples in the score of their true class,
the phase change and where the gap between test and training loss opens.
"""

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import argparse
import time

import numpy as np
import torch
from sklearn.datasets import load_breast_cancer
from torch.nn.functional import cross_entropy

import symbolscope as sy
from symbolscope.emergence.interaction_recorder import InteractionRecorder

SAMPLES = 20
STEPS = (0, 1, 2, 5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 500, 750, 1000, 1500, 2000)


def data(flipped: float, seed: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor, list[str]]:
    """Training and test halves, standardised by the training half, some training labels flipped."""
    table = load_breast_cancer()
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(table.target))
    train, test = order[: len(order) // 2], order[len(order) // 2 :]
    columns = table.data[:, :10]
    scaled = torch.from_numpy((columns - columns[train].mean(0)) / columns[train].std(0)).float()
    labels = torch.from_numpy(table.target)
    noisy = labels[train].clone()
    wrong = torch.from_numpy(generator.permutation(len(train))[: round(flipped * len(train))])
    noisy[wrong] = 1 - noisy[wrong]
    return scaled[train], noisy, scaled[test], labels[test], [str(name) for name in table.feature_names[:10]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flipped", type=float, default=0.25, help="share of training labels flipped")
    parser.add_argument("--width", type=int, default=512, help="units of each of three hidden layers")
    parser.add_argument("--rate", type=float, default=1e-3, help="of Adam, whole batch")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    inputs, labels, test_inputs, test_labels, names = data(arguments.flipped, arguments.seed)
    network = sy.networks.MLP(10, 2, widths=(arguments.width,) * 3, seed=arguments.seed)
    games = [
        sy.Game(network, test_inputs[row], target=int(test_labels[row]), player_names=names) for row in range(SAMPLES)
    ]
    recorders = [InteractionRecorder(games, kinds=kinds) for kinds in ("and-or", "and")]
    optimiser = torch.optim.Adam(network.parameters(), arguments.rate)
    spent = dict.fromkeys(("training", "reading"), 0.0)
    for step in range(STEPS[-1] + 1):
        started = time.perf_counter()
        logits = network(inputs)
        loss = cross_entropy(logits, labels)
        if step in STEPS:
            with torch.no_grad():
                said = network(test_inputs)
            spent["training"] += time.perf_counter() - started
            started = time.perf_counter()
            for recorder in recorders:
                recorder(
                    network,
                    step,
                    train_loss=loss.item(),
                    test_loss=cross_entropy(said, test_labels).item(),
                    train_accuracy=(logits.argmax(1) == labels).float().mean().item(),
                    test_accuracy=(said.argmax(1) == test_labels).float().mean().item(),
                )
            spent["reading"] += time.perf_counter() - started
            started = time.perf_counter()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        spent["training"] += time.perf_counter() - started
    print(f"{arguments.flipped:.0%} of {len(labels)} training labels flipped; {spent}")
    for recorder in recorders:
        dynamics = recorder.dynamics()
        print(dynamics, end="\n\n")
    print("accuracy on training and test samples")
    for step, (train, test) in zip(dynamics.steps, dynamics.accuracies, strict=True):
        print(f"{step:>8}  {train:.3f}  {test:.3f}")


if __name__ == "__main__":
    main()
