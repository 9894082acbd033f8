"""From a game to its interactions in one call."""

import logging
import os

from symbolscope.errors import SymbolscopeError
from symbolscope.games.evaluate import evaluate
from symbolscope.games.game import Game
from symbolscope.games.masks import all_masks
from symbolscope.interactions.decompose import check_gap, check_kinds, decompose_game
from symbolscope.interactions.model import InteractionModel
from symbolscope.interactions.tolerance import check_tolerance

# Vectors of 2^n float64 that the exact method holds at its peak, the masks and the model included (measured: docs/decisions.md).
_VECTORS = 30
_MOST_PLAYERS = 26

_log = logging.getLogger("symbolscope")


def exact_memory(n_players: int) -> float:
    """Memory that the exact method needs for ``n_players``, in GiB."""
    return _VECTORS * 8.0 * 2.0**n_players / 2**30


def explain(
    game: Game,
    *,
    tolerance: float | str = 0.0,
    max_calls: int | None = None,
    method: str = "auto",
    gap: float = 1e-3,
    kinds: str = "and-or",
    seed: int = 0,
    progress: bool | None = None,
) -> InteractionModel:
    """Explain a network's output on one input by a few AND and OR interactions of its players.

    Evaluates the game on all 2^n masks and splits the result with :func:`symbolscope.decompose`. Before it starts, the logger
    "symbolscope" is told (level INFO) the number of model calls and the memory in GiB that this takes, and the limits.

    Parameters
    ----------
    game
        The network and input, as a :class:`symbolscope.Game`.
    tolerance, gap, kinds
        As for :func:`symbolscope.decompose`.
    max_calls
        Refuse if the network would be evaluated on more masked inputs than this.
    method
        "exact": all 2^n masks. "auto" is the same up to the memory of this machine.
    seed
        For methods that sample; the exact one does not, and its result depends on no seed.
    progress
        Show a progress bar; None shows one where the work is long and a person is watching.

    Returns
    -------
    InteractionModel, which also knows the true output on every mask (``model.values``).

    Raises
    ------
    SymbolscopeError
        Before any work, if the exact method needs more memory or calls than there are; or as :func:`symbolscope.evaluate` does.

    Examples
    --------
    >>> import symbolscope as sy
    >>> game = sy.Game.from_function(lambda masks: 2.0 * masks[:, 0] + masks[:, 1] * masks[:, 2], 3, ("a", "b", "c"))
    >>> print(explain(game).to_text())
      effect  kind  players
     +2.0000  and   a
     +1.0000  and   b, c

    A small network that has learned nothing yet still gets an exact account of its output:

    >>> import torch
    >>> generator = torch.manual_seed(0)
    >>> network = torch.nn.Sequential(torch.nn.Linear(6, 16), torch.nn.ReLU(), torch.nn.Linear(16, 2))
    >>> model = explain(sy.Game(network, torch.ones(6)))
    >>> bool(model.largest_error < 1e-9), model.gap <= 1e-3
    (True, True)
    """
    check_kinds(kinds)
    check_tolerance(tolerance)
    check_gap(gap)
    _check_size(game.n_players, max_calls, method)
    _log.info(
        "exact method: %s model calls and about %.2f GiB of memory (%.1f GiB are free, %d players at most)",
        f"{2**game.n_players:,}", exact_memory(game.n_players), _available_memory(), _MOST_PLAYERS,
    )  # fmt: skip
    values = evaluate(game, all_masks(game.n_players), progress=progress)
    settings = dict(game.settings) | {"method": "exact", "masks": len(values), "seed": seed}
    return decompose_game(
        values,
        game.player_names,
        tolerance=tolerance,
        gap=gap,
        kinds=kinds,
        settings=settings,
        view=game.view,
        progress=progress,
        game=game,
    )


def _check_size(n_players: int, max_calls: int | None, method: str) -> None:
    if method not in ("auto", "exact"):
        raise SymbolscopeError(f'method must be "auto" or "exact"; got {method!r}')
    needed, available = exact_memory(n_players), _available_memory()
    fewer = f"group the players into fewer (players=...), {_MOST_PLAYERS} at most"
    if needed > available or n_players > _MOST_PLAYERS:
        raise SymbolscopeError(
            f"the exact method evaluates all 2^{n_players} masks of {n_players} players, which needs about {needed:,.1f} GiB of "
            f"memory ({available:,.1f} GiB are free) and {2**n_players:,} model calls; {fewer}. "
            'A method="sparse" for more players is planned; this version does not have it yet'
        )
    if max_calls is not None and 2**n_players > max_calls:
        raise SymbolscopeError(
            f"the exact method needs 2^{n_players} = {2**n_players:,} model calls, more than max_calls={max_calls:,}; "
            f"raise max_calls or {fewer}"
        )


def _available_memory() -> float:
    """Free memory in GiB; unknown systems are taken to have enough."""
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            for line in lines:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) / 2**20
    except OSError:
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    except (AttributeError, ValueError, OSError):
        return float("inf")
