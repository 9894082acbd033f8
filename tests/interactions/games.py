"""Instances that every law is run on: games known on every mask."""

import numpy as np

from symbolscope import all_masks


def planted(n: int, *, seed: int, noise: float = 0.0, n_and: int = 12, n_or: int = 11, most: int = 5):
    """Values [2^n] of a game with known terms, and the terms {(kind, set index): effect}.

    Effects are 0.5 to 2 in size with random sign, orders at most ``most``.
    """
    generator = np.random.default_rng(seed)
    masks = all_masks(n)
    order = masks.sum(axis=1)
    terms: dict[tuple[str, int], float] = {}
    values = np.zeros(1 << n)
    for kind, count, least in (("and", n_and, 1), ("or", n_or, 2)):
        candidates = np.flatnonzero((order >= least) & (order <= most))
        for index in generator.choice(candidates, count, replace=False):
            effect = generator.choice([-1.0, 1.0]) * generator.uniform(0.5, 2.0)
            members = masks[index]
            active = masks[:, members].all(axis=1) if kind == "and" else masks[:, members].any(axis=1)
            values += effect * active
            terms[kind, int(index)] = effect
    return values + noise * generator.normal(size=1 << n), terms


def network(n: int, *, seed: int, width: int = 32) -> np.ndarray:
    """Output [2^n] of a random two-layer ReLU network on all masks of one random input."""
    generator = np.random.default_rng(seed)
    hidden = all_masks(n) * generator.normal(size=n)
    for fan_in in (n, width):
        hidden = np.maximum(hidden @ generator.normal(size=(fan_in, width)) * np.sqrt(2 / fan_in) + 0.1, 0)
    return hidden @ generator.normal(size=width) / np.sqrt(width)


def instances(n: int) -> dict[str, np.ndarray]:
    """Name -> values [2^n]."""
    masks = all_masks(n)
    generator = np.random.default_rng(n)
    return {
        "constant": np.full(1 << n, 2.5),
        "one player": 3.0 * masks[:, 0],
        "additive": masks @ np.arange(1.0, n + 1),
        "and of all": masks.all(axis=1) * 1.0,
        "or of all": masks.any(axis=1) * -2.0,
        "parity": np.where(masks.sum(axis=1) % 2 == 0, 1.0, -1.0),
        "majority": (masks.sum(axis=1) * 2 > n) * 1.0,
        "noise": generator.normal(size=1 << n),
        "large": 1e6 * generator.normal(size=1 << n),
        "tiny": 1e-9 * generator.normal(size=1 << n),
        "network": network(n, seed=n),
    }
