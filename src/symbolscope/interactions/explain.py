"""From a game to its interactions in one call."""

import logging
import os
from dataclasses import replace

import numpy as np

from symbolscope.core.argument_checks import Flag, Number, Seed, described, real_number
from symbolscope.core.checked_call import takes
from symbolscope.errors import SymbolscopeError
from symbolscope.games.asking import Ask, GivenExecutor, GivenStore, asking
from symbolscope.games.game import GAME, Game
from symbolscope.games.given import GivenCount, GivenNumber
from symbolscope.games.masks import all_masks, mask_count
from symbolscope.interactions.cut_log_odds import CutLogOdds
from symbolscope.interactions.decompose import check_gap, check_kinds, decompose_game
from symbolscope.interactions.given_numbers import GivenCalls, GivenInteger
from symbolscope.interactions.model import InteractionModel
from symbolscope.interactions.tolerance import check_tolerance
from symbolscope.shapes import Scores

# Vectors of 2^n float64 that the exact method holds at its peak, the masks and the model included (measured: docs/decisions.md).
_VECTORS = 30
_MOST_PLAYERS = 26
# Without max_calls: all masks of up to so many players, else as many calls as the planted games of 100 to 1,000 players need.
_EXACT_UNASKED = 16
_SPARSE_CALLS = 5_000
METHODS = ("auto", "exact", "sparse", "queries")

# Beyond this 2^n is no float, and nobody can hold or wait for as many masks.
_LARGEST_EXPONENT = 1_000
_MOST_WRITTEN = 40  # players up to which GiB are written out

_log = logging.getLogger("symbolscope")


def exact_memory(n_players: int) -> float:
    """Memory that the exact method needs for ``n_players``, in GiB; infinite where a float ends.

    Examples
    --------
    >>> exact_memory(20), exact_memory(5_000)
    (0.234375, inf)
    """
    return _VECTORS * 8.0 * 2.0 ** (n_players - 30) if n_players <= _LARGEST_EXPONENT else float("inf")


@takes({"gap": Number(finite=False), "game": GAME, "seed": Seed(), "progress": Flag()})
def explain(
    game: Game,
    *,
    tolerance: float | str = 0.0,
    max_calls: GivenCalls = None,
    method: str = "auto",
    gap: float = 1e-3,
    kinds: str = "and-or",
    target_r2: GivenNumber = 0.99,
    sampling: str = "uniform",
    seed: GivenInteger = 0,
    store: GivenStore = None,
    executor: GivenExecutor = None,
    batch_size: GivenCount | None = None,
    progress: bool | None = None,
) -> InteractionModel:
    """Explain a network's output on one input by a few AND and OR interactions of its players.

    Few players: evaluates the game on all 2^n masks and splits the result with :func:`symbolscope.decompose`. Before it starts, the
    logger "symbolscope" is told (level INFO) the number of model calls and the memory in GiB that this takes, and the limits.

    Many players: learns a sparse sum of AND and OR interactions from masks that it draws, until R^2 on masks it was not fitted to
    reaches ``target_r2`` or ``max_calls`` is spent. What it reached is in ``model.sampled``: R^2 with interval on fresh masks of
    three sampling laws, calls used, and a plain sentence where the network is not sparse in these interactions.

    Parameters
    ----------
    game
        The network and input, as a :class:`symbolscope.Game`.
    tolerance, gap, kinds
        As for :func:`symbolscope.decompose`; the sparse method has no tolerance, and uses ``kinds`` only.
    max_calls
        Most masked inputs that the network is evaluated on, those of the check included. None is 2^16 for the exact method
        chosen by itself, 5,000 for the sparse one.
    method
        "exact": all 2^n masks. "sparse": drawn masks (all, if they are within ``max_calls``). "queries": masks chosen
        one by one by what the last ones gave, for a network that can be asked many times and holds few interactions: finds those of
        any order, which drawn masks do not show; gives up early on others and goes on as "sparse". "auto": exact if 2^n is within
        ``max_calls`` (without one: up to 16 players) and the memory, else sparse.
    target_r2
        R^2 on masks not fitted to at which the sparse method stops asking.
    sampling
        Law of the masks that the sparse method fits: "uniform" (every player present with probability 1/2), "size" (every number of
        present players equally likely) or "near-full" (few hidden).
    seed
        For the masks drawn; the exact method depends on none.
    store, executor, batch_size
        As for :func:`symbolscope.evaluate`: values on disk, so that a second or larger run pays only for what is missing, and where
        to compute them.
    progress
        Show a progress bar; None shows one where the work is long and a person is watching.

    Returns
    -------
    InteractionModel. After the exact method it also knows the true output on every mask (``model.values``).

    Raises
    ------
    SymbolscopeError
        Before any work, if the exact method needs more memory or calls than there are; or as :func:`symbolscope.evaluate` does.

    Source: the exact method is :func:`symbolscope.decompose`; of the sparse one see docs/scale.md.

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

    Forty players, of which five matter:

    >>> game = sy.Game.from_function(lambda masks: 3.0 * masks[:, :2].all(axis=1) - 2.0 * masks[:, 7:10].any(axis=1), 40)
    >>> model = explain(game)
    >>> print(model.to_text())
      effect  kind  players
     +3.0000  and   x0, x1
     -2.0000  or    x7, x8, x9
    >>> model.sampled.held_out["uniform"].r2 > 0.99
    True
    """
    check_kinds(kinds)
    check_tolerance(tolerance)
    check_gap(gap)
    check_sparse(max_calls=None, target_r2=target_r2, sampling=sampling)
    exact = is_exact(game.n_players, max_calls, method)
    if exact:
        _log.info(
            "exact method: %s model calls and about %.2f GiB of memory (%.1f GiB are free, %d players at most)",
            mask_count(game.n_players), exact_memory(game.n_players), _available_memory(), _MOST_PLAYERS,
        )  # fmt: skip
    with asking(game, store=store, executor=executor, batch_size=batch_size, progress=progress) as ask:
        if not exact:
            return explain_sparsely(
                game, ask, max_calls=max_calls, target_r2=target_r2, sampling=sampling, kinds=kinds, seed=seed, progress=progress,
                method=method,
            )  # fmt: skip
        values = ask(all_masks(game.n_players))
    return explain_exactly(game, values, tolerance=tolerance, gap=gap, kinds=kinds, seed=seed, progress=progress)


def explain_exactly(
    game: Game, values: Scores, *, tolerance: float | str, gap: float, kinds: str, seed: int, progress: bool | None
) -> InteractionModel:
    """The interactions of a game whose values on all masks are known."""
    cuts = CutLogOdds(game, game)
    cuts.count(values)
    settings = dict(game.settings) | {"method": "exact", "masks": len(values), "seed": seed} | cuts.settings()
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


def explain_sparsely(
    game: Game,
    ask: Ask,
    *,
    max_calls: GivenCalls,
    target_r2: GivenNumber,
    sampling: str,
    kinds: str,
    seed: int,
    progress: bool | None,
    method: str = "sparse",
) -> InteractionModel:
    """The interactions of a game that is asked for some of its values."""
    from symbolscope.interactions.sparse.queried_model import queried_model
    from symbolscope.interactions.sparse.sparse_model import sparse_model

    calls = _SPARSE_CALLS if max_calls is None else int(max_calls)
    _log.info("sparse method: at most %s model calls for %d players", f"{calls:,}", game.n_players)
    explained = queried_model if method == "queries" else sparse_model
    cuts = CutLogOdds(game, ask)
    model = explained(
        game, max_calls=calls, target_r2=float(target_r2), sampling=sampling, kinds=kinds, seed=seed, ask=cuts, progress=progress,
    )  # fmt: skip
    return replace(model, settings=dict(model.settings) | cuts.settings()) if cuts.cut else model


def _is_count(given: object) -> bool:
    return not isinstance(given, bool) and isinstance(given, int | np.integer) and bool(given >= 1)


def check_sparse(*, max_calls: GivenCalls, target_r2: object, sampling: str) -> None:
    """Refuse what the sparse method cannot use, before any work."""
    from symbolscope.interactions.sparse.sampling import check_law

    check_law(sampling)
    least = real_number(target_r2)
    if least is None or not least <= 1.0:
        raise SymbolscopeError(f"target_r2 must be a number of at most 1, such as 0.95; got {described(target_r2)}")
    if max_calls is None:
        return
    from symbolscope.interactions.sparse.sparse_model import LEAST_CALLS

    if max_calls < LEAST_CALLS:
        raise SymbolscopeError(f"max_calls must be at least {LEAST_CALLS} for drawn masks; got {max_calls}")


def is_exact(n_players: int, max_calls: GivenCalls, method: str) -> bool:
    """Whether a method means all masks for so many players; refused if it says so and they are too many."""
    if not isinstance(method, str) or method not in METHODS:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise SymbolscopeError(f'method must be "auto", "exact", "sparse" or "queries"; got {described(method)}')
    if max_calls is not None and not _is_count(max_calls):
        raise SymbolscopeError(f"max_calls must be a whole number of at least 1; got {max_calls!r}")
    if method in ("sparse", "queries"):
        # Where all masks are within the budget, there is nothing to be drawn.
        return _masks_within(n_players, _SPARSE_CALLS if max_calls is None else int(max_calls))
    needed, available = exact_memory(n_players), _available_memory()
    fits = needed <= available and n_players <= _MOST_PLAYERS
    if method == "auto":
        return fits and (n_players <= _EXACT_UNASKED if max_calls is None else _masks_within(n_players, int(max_calls)))
    if not fits:
        raise SymbolscopeError(
            f"the exact method evaluates all 2^{n_players} masks of {n_players} players, which needs about "
            f"{f'{needed:,.1f}' if n_players <= _MOST_WRITTEN else f'2^{n_players - 22}'} GiB of memory ({available:,.1f} GiB are "
            f'free) and {mask_count(n_players)} model calls; give method="sparse", or group the players into fewer (players=...), '
            f"{_MOST_PLAYERS} at most"
        )
    if max_calls is not None and not _masks_within(n_players, int(max_calls)):
        raise SymbolscopeError(
            f"the exact method needs 2^{n_players} = {2**n_players:,} model calls, more than max_calls={max_calls:,}; "
            'raise max_calls, or give method="sparse"'
        )
    return True


def _masks_within(n_players: int, calls: int) -> bool:
    """Whether there are at most so many masks, without writing 2^n out."""
    return n_players < calls.bit_length() or 1 << n_players == calls


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
