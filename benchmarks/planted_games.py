"""The games of the benchmarks: planted AND/OR terms with noise, and a trained network."""

import numpy as np
import torch
from sklearn.datasets import load_breast_cancer

import symbolscope as sy


def planted(n: int, *, seed: int, noise: float) -> tuple[np.ndarray, set[tuple[str, int]]]:
    """12 AND and 11 OR terms of order at most 5, effects 0.5 to 2 with random sign; values [2^n] and the terms."""
    generator = np.random.default_rng(seed)
    masks = sy.all_masks(n)
    order = masks.sum(axis=1)
    values, terms = np.zeros(1 << n), set()
    for kind, count, least in (("and", 12, 1), ("or", 11, 2)):
        for index in generator.choice(np.flatnonzero((order >= least) & (order <= 5)), count, replace=False):
            members = masks[index]
            active = masks[:, members].all(axis=1) if kind == "and" else masks[:, members].any(axis=1)
            values += generator.choice([-1.0, 1.0]) * generator.uniform(0.5, 2.0) * active
            terms.add((kind, int(index)))
    return values + noise * generator.normal(size=1 << n), terms


def trained_network(n: int) -> np.ndarray:
    """Log-odds [2^n] of an MLP trained on the first n columns of the breast-cancer data, for one patient."""
    data = load_breast_cancer()
    inputs = torch.from_numpy(((data.data - data.data.mean(0)) / data.data.std(0))[:, :n]).float()
    labels = torch.from_numpy(data.target).float()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = torch.nn.Sequential(
            torch.nn.Linear(n, 64), torch.nn.ReLU(), torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 1)
        )
    optimiser = torch.optim.Adam(network.parameters(), 1e-2)
    for _ in range(200):
        optimiser.zero_grad()
        torch.nn.functional.binary_cross_entropy_with_logits(network(inputs)[:, 0], labels).backward()
        optimiser.step()
    return sy.evaluate(sy.Game(network, inputs[3]), sy.all_masks(n), progress=False)
