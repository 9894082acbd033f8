"""Laws from which masks are drawn; each treats all players alike."""

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.argument_checks import described
from symbolscope.errors import SymbolscopeError
from symbolscope.shapes import Masks

LAWS = ("uniform", "size", "near-full")
# Tries per wanted mask before a law is taken to be exhausted; few players have few masks.
_TRIES = 20


def check_law(law: str) -> None:
    """Refuse a law that does not exist."""
    if not isinstance(law, str) or law not in LAWS:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise SymbolscopeError(f"sampling must be one of {', '.join(map(repr, LAWS))}; got {described(law)}")


def draw_masks(law: str, n_masks: int, *, n_players: int, generator: np.random.Generator) -> Masks:
    """Independent masks of a law, bool [m, n].

    "uniform": every player present with probability 1/2.
    "size": the number of players present uniform on 0..n, then a uniform set of that size (the Shapley value's law).
    "near-full": the number of players hidden is 1 + a geometric number of mean n/16, at most n, then a uniform set of them.

    Examples
    --------
    >>> masks = draw_masks("near-full", 1000, n_players=32, generator=np.random.default_rng(0))
    >>> hidden = (~masks).sum(axis=1)
    >>> int(hidden.min()), bool(2.5 < hidden.mean() < 3.5)
    (1, True)
    """
    check_law(law)
    if law == "uniform":
        return generator.random((n_masks, n_players)) < 0.5
    if law == "size":
        sizes = generator.integers(0, n_players + 1, n_masks)
    else:
        hidden = generator.geometric(1 / (1 + n_players / 16), n_masks)
        sizes = n_players - np.minimum(hidden, n_players)
    return _with_sizes(sizes.astype(np.int64), n_players, generator)


def draw_new_masks(
    law: str, n_masks: int, *, n_players: int, generator: np.random.Generator, known: set[bytes]
) -> Masks:
    """Masks of a law that are neither in ``known`` nor repeated, bool [m, n]; they are added to ``known``.

    Fewer than ``n_masks`` if the law runs out of them.
    """
    rows: list[NDArray[np.bool_]] = []
    for _ in range(_TRIES):
        for row in draw_masks(law, n_masks, n_players=n_players, generator=generator):
            key = np.packbits(row).tobytes()
            if len(rows) < n_masks and key not in known:
                known.add(key)
                rows.append(row)
        if len(rows) == n_masks:
            break
    return np.array(rows, dtype=np.bool_).reshape(-1, n_players)


def unpacked_masks(known: set[bytes], n_players: int) -> Masks:
    """Packed masks as rows, in a fixed order, bool [m, n]."""
    packed = np.frombuffer(b"".join(sorted(known)), dtype=np.uint8).reshape(len(known), -1)
    return np.unpackbits(packed, axis=1, count=n_players).astype(np.bool_)


def _with_sizes(sizes: NDArray[np.int64], n_players: int, generator: np.random.Generator) -> Masks:
    """A uniform set of each size."""
    ranks = generator.random((len(sizes), n_players)).argsort(axis=1).argsort(axis=1)
    return ranks < sizes[:, None]
