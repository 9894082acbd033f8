"""Games of many players with fixed seeds: planted terms, digits of 64 pixels, sentences of 30 to 60 words.

``sparse_game("and-or 100")`` is a ``sy.Game``; ``game_names()`` lists them. What is planted:

- "and N": AND terms, orders 1 to 5; "and-or N": half of them OR terms of orders 2 to 5;
- "parity N": products of 1 to 4 variables of +-1, so that no dictionary of AND and OR terms is favoured.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.ensemble import HistGradientBoostingClassifier

import symbolscope as sy
from symbolscope.cli.reproduction.reviews import reviews, reviews_installed
from symbolscope.cli.reproduction.sentence_encoder import encoder_installed, sentence_encoder
from symbolscope.cli.reproduction.settings import Settings
from symbolscope.games.words import split_words

TERMS = {30: 20, 100: 50, 300: 50, 1000: 100}
KINDS = ("and", "and-or", "parity")
IMAGES, SENTENCES = 3, 2


def game_names() -> list[str]:
    """All games, those of sentences only where their packages are installed."""
    names = [f"{kind} {n}" for n in TERMS for kind in KINDS]
    names += [f"digits {model} {image}" for model in ("MLP", "trees") for image in range(IMAGES)]
    return names + [f"review {i}" for i in range(SENTENCES) if reviews_installed() and encoder_installed()]


def sparse_game(name: str, *, folder: Path, seed: int = 0) -> sy.Game:
    """The game of this name; ``seed`` draws other terms of a planted one, ``folder`` keeps a trained layer."""
    kind, *rest = name.split(" ")
    if kind == "digits":
        return digits_game(rest[0], int(rest[1]))
    if kind == "review":
        return review_game(int(rest[0]), folder)
    return planted_game(kind, int(rest[0]), seed=seed)


def planted_game(kind: str, n: int, *, seed: int = 0, k: int | None = None) -> sy.Game:
    """``k`` different terms with effects of 0.5 to 2 of either sign; the order of a term is uniform."""
    rng = np.random.default_rng([seed, n, KINDS.index(kind)])
    k = TERMS[n] if k is None else k
    terms: dict[tuple[str, tuple[int, ...]], float] = {}
    while len(terms) < k:
        which = "or" if kind == "and-or" and len(terms) % 2 else "parity" if kind == "parity" else "and"
        order = int(rng.integers(2 if which == "or" else 1, 5 if which == "parity" else 6))
        members = tuple(sorted(rng.choice(n, order, replace=False).tolist()))
        effect = float(rng.choice([-1.0, 1.0]) * rng.uniform(0.5, 2.0))
        terms.setdefault((which, members), effect)
    return sy.Game.from_function(values_of(terms), n)


def values_of(terms: dict[tuple[str, tuple[int, ...]], float]) -> Callable[[NDArray[np.bool_]], NDArray[np.float64]]:
    """From masks [m, n] the sum of the effects of the terms that are active, or of effect * (-1)^(present members)."""

    def values(masks: NDArray[np.bool_]) -> NDArray[np.float64]:
        found = np.zeros(len(masks))
        for (which, members), effect in terms.items():
            present = masks[:, list(members)]
            if which == "parity":
                found += effect * (1.0 - 2.0 * (present.sum(axis=1) % 2))
            else:
                found += effect * (present.all(axis=1) if which == "and" else present.any(axis=1))
        return found

    return values


@cache
def digits_data() -> tuple[NDArray[np.float32], NDArray[np.int64], int]:
    """Images [1797, 64] in 0 to 1, their digits, and how many come first to train with."""
    data = load_digits()
    order = np.random.default_rng(0).permutation(len(data.target))
    return (data.data[order] / 16.0).astype(np.float32), data.target[order].astype(np.int64), 1400


def digits_game(model: str, image: int) -> sy.Game:
    """Log-odds of the predicted digit of one test image, its 64 pixels the players, hidden ones at the mean image."""
    images, _, train = digits_data()
    network = digits_network() if model == "MLP" else digits_trees()
    mean = sy.baselines.mean_baseline(images[:train])
    return sy.Game(network, images[train + image], baseline=mean)


def digits_network() -> torch.nn.Module:
    images, labels, train = digits_data()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        layers = [torch.nn.Linear(64, 128), torch.nn.ReLU(), torch.nn.Linear(128, 128), torch.nn.ReLU()]
        network = torch.nn.Sequential(*layers, torch.nn.Linear(128, 10))
    optimiser = torch.optim.Adam(network.parameters(), 2e-3)
    inputs, targets = torch.from_numpy(images[:train]), torch.from_numpy(labels[:train])
    for _ in range(200):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(network(inputs), targets).backward()
        optimiser.step()
    return network.eval()


def digits_trees() -> HistGradientBoostingClassifier:
    images, labels, train = digits_data()
    trees = HistGradientBoostingClassifier(max_iter=40, max_leaf_nodes=15, early_stopping=False, random_state=0)
    return trees.fit(images[:train], labels[:train])


def review_game(which: int, folder: Path) -> sy.Game:
    """Logit of MiniLM with a linear layer on one held-out sentence of 30 to 60 words, its words the players."""
    data = reviews()
    network, tokenizer, _ = sentence_encoder(data, settings=Settings(), weights=folder)
    held_out = np.random.default_rng(0).permutation(np.flatnonzero(data.held_out))
    texts = [data.texts[i] for i in held_out if 30 <= len(split_words(data.texts[i])) <= 60]
    return sy.Game.from_text(network, tokenizer, texts[which])
