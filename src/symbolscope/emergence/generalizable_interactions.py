"""Interactions that several networks share: split jointly, so that what can be on the same sets is."""

import math
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from symbolscope.core.argument_checks import Flag, Number
from symbolscope.core.array_checks import plain_numbers
from symbolscope.core.checked_call import takes
from symbolscope.core.sequence_checks import Names
from symbolscope.emergence.shared_interactions import SharedInteractions
from symbolscope.errors import SymbolscopeError
from symbolscope.games.game import Game
from symbolscope.games.masks import all_masks
from symbolscope.games.progress import ProgressBar
from symbolscope.interactions.decompose import canonical_order, check_gap, model_of_split, reorder
from symbolscope.interactions.model import InteractionModel
from symbolscope.interactions.tolerance import absolute_tolerance, check_tolerance
from symbolscope.shapes import Vector

if TYPE_CHECKING:
    GivenGames: TypeAlias = (
        Sequence[Game | InteractionModel | ArrayLike | torch.Tensor] | NDArray[np.float64] | torch.Tensor
    )
else:
    GivenGames = object  # refused below, with a message of its own

_MOST_PLAYERS = 16


@takes(
    {
        "gap": Number(finite=False),
        "alpha": Number(least=0),
        "equal_scale": Flag(),
        "player_names": Names(distinct=False, numbers=True),
        "progress": Flag(),
    }
)
def generalizable_interactions(
    games: GivenGames,
    *,
    tolerance: float | str = 0.0,
    alpha: float = 0.1,
    gap: float = 1e-2,
    equal_scale: bool = True,
    player_names: Sequence[str] | None = None,
    progress: bool | None = None,
) -> SharedInteractions:
    """Split the outputs of several networks on one input together, so that they share as many interactions as they can.

        minimise  sum over sets S, AND and OR, of  p(S) [ max_i |I_i(S)| / s_i + alpha sum_i |I_i(S)| / s_i ],
                  p(S) = 1 + 0.01 (|S| - 1),
        subject to  |v_i(T) - prediction_i(T)| <= tolerance_i   for every network i and every mask T.

    A set that one network needs costs the others next to nothing, so a set is used by several wherever the outputs allow. Two
    splits made one at a time share less, because the cheapest split of each is far from unique. ``lower_bound`` certifies that no
    joint split whatever costs less.

    Parameters
    ----------
    games
        Two or more networks that see the same players: games, explanations that know their values, or values [2^n] each.
    tolerance
        As for :func:`symbolscope.decompose`, read for each network by itself (the paper: "2%").
    alpha
        Weight of the sparsity of each network against that of their union; at 0 a network may use any set that another uses.
    gap
        Stop once (objective - lower_bound) / objective is at most this.
    equal_scale
        Whether s_i is the range of network i's outputs, so that networks of large outputs do not decide alone; else s_i = 1.
    player_names
        n names, where only values are given.
    progress
        Progress bar on stderr: True, False, or None for "if stderr is a terminal and it takes more than a second".

    Returns
    -------
    SharedInteractions: one InteractionModel per network, what they share, and the splits made one at a time beside it.

    Raises
    ------
    SymbolscopeError
        If there are fewer than two networks, or their players differ, or an argument is out of range.

    Source: Chen, Lou, Huang, Zhang, *Defining and Extracting Generalizable Interaction Primitives from DNNs* (ICLR 2024),
    Eq. 6; there by gradient steps, with the part that is not shared bounded. Here that part is free and the optimum certified.

    Examples
    --------
    >>> import numpy as np, symbolscope as sy
    >>> masks = sy.all_masks(4)
    >>> one = 2.0 * masks[:, :2].all(axis=1) + masks[:, 3]
    >>> other = 3.0 * masks[:, :2].all(axis=1) + 0.5 * masks[:, 2:].any(axis=1)
    >>> shared = generalizable_interactions([one, other])
    >>> shared.share(1, "and"), shared.gap <= 1e-2
    (1.0, True)
    >>> print(shared.common(threshold=0.1))
    [('and', 'x0, x1')]
    """
    check_gap(gap)
    check_tolerance(tolerance)
    if not (math.isfinite(alpha) and alpha >= 0):
        raise SymbolscopeError(f"alpha must be a finite number >= 0; got {alpha}")
    values, names, sources = _values_of(games, player_names, progress=progress)
    n_players = len(names)
    from symbolscope.interactions.decomposition.joint import solve_joint
    from symbolscope.interactions.decomposition.split import SplitPrices

    prices = SplitPrices.for_players(n_players, with_or=True)
    allowed = np.array([absolute_tolerance(tolerance, row) for row in values])
    ranges = np.ptp(values, axis=1)
    # The solver's tolerances are absolute: give it values of size one.
    scale = np.where(ranges > 0, ranges, 1.0)
    if not equal_scale:
        scale = np.full_like(scale, scale.max())
    # Solving in an order of the players that the values fix makes the result independent of the order they came in.
    ranks = canonical_order((values / scale[:, None]).sum(axis=0), n_players)
    scaled = np.stack([reorder((row - row[0]) / s, ranks) for row, s in zip(values, scale, strict=True)])
    with ProgressBar(100, label="certifying the joint split", show=progress) as bar:

        def watch(certified: float) -> None:
            share = np.log(max(certified, gap)) / np.log(gap) if certified < 1 else 0.0
            bar.update(int(100 * share), time.perf_counter())

        splits, cost, bound = solve_joint(scaled, prices, allowed / scale, alpha, gap, watch)
    back = np.argsort(ranks)
    models = tuple(
        model_of_split(
            row,
            names,
            (s * reorder(split.and_effects, back), s * reorder(split.absent_effects, back)),
            lower_bound=float("nan"),
            tolerance=float(permitted),
            settings=settings | {"tolerance": str(tolerance), "gap": gap, "split": f"jointly, {len(values)} networks"},
            view=None if game is None else game.view,
            game=game,
        )
        for row, s, split, permitted, (settings, game) in zip(values, scale, splits, allowed, sources, strict=True)
    )
    unit = 1.0 if equal_scale else float(scale[0])
    return SharedInteractions(
        models=models,
        objective=unit * cost,
        lower_bound=unit * bound,
        alpha=float(alpha),
        equal_scale=equal_scale,
        tolerance=tolerance,
        sought_gap=gap,
    )


_Source = tuple[dict[str, str | int | float | bool | None], Game | None]


def _values_of(
    games: object, player_names: Sequence[str] | None, *, progress: bool | None
) -> tuple[NDArray[np.float64], tuple[str, ...], list[_Source]]:
    """Values [m, 2^n] of every network, the players' names, and where the values came from."""
    if isinstance(games, torch.Tensor):
        games = plain_numbers("games", games)
    if not isinstance(games, (Sequence, np.ndarray)) or getattr(games, "ndim", 1) == 0 or len(games) < 2:
        raise SymbolscopeError(
            "games must be a sequence of two or more games, explanations, or vectors [2^n] of the same players"
        )
    rows: list[Vector] = []
    sources: list[_Source] = []
    named: list[tuple[str, ...]] = []
    for number, game in enumerate(games):
        row, source, own_names = _one(number, game, progress=progress)
        if rows and len(row) != len(rows[0]):
            raise SymbolscopeError(
                f"all networks must see the same players; games[0] has {len(rows[0]).bit_length() - 1}, games[{number}] has "
                f"{len(row).bit_length() - 1}"
            )
        rows.append(row)
        sources.append(source)
        if own_names is not None:
            named.append(own_names)
            if own_names != named[0]:
                raise SymbolscopeError(
                    f"all networks must see the same players in the same order; got {named[0]} and {own_names}"
                )
    n_players = len(rows[0]).bit_length() - 1
    names = tuple(str(name) for name in player_names) if player_names is not None else None
    if names is not None and len(names) != n_players:
        raise SymbolscopeError(f"{len(rows[0])} values are {n_players} players; got {len(names)} player_names")
    return np.stack(rows), names or (named[0] if named else tuple(f"x{i}" for i in range(n_players))), sources


def _one(number: int, game: object, *, progress: bool | None) -> tuple[Vector, _Source, tuple[str, ...] | None]:
    if isinstance(game, Game):
        if game.n_players > _MOST_PLAYERS:
            raise SymbolscopeError(
                f"games[{number}] has {game.n_players} players; the joint split takes up to {_MOST_PLAYERS}"
            )
        from symbolscope.games.evaluate import evaluate

        values = evaluate(game, all_masks(game.n_players), progress=progress)
        return values, (dict(game.settings), game), game.player_names
    if isinstance(game, InteractionModel):
        if game.values is None:
            raise SymbolscopeError(
                f"games[{number}] is an explanation that does not know the output on all masks; give the game"
            )
        return game.values, (dict(game.settings), game.game), game.player_names
    if isinstance(game, torch.Tensor):
        game = game.detach().cpu().double().numpy()
    try:
        row = np.array(game, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise SymbolscopeError(f"games[{number}] must be a game, an explanation or numbers [2^n]; {error}") from None
    if row.ndim != 1 or not 2 <= len(row) <= 1 << _MOST_PLAYERS or len(row) & (len(row) - 1):
        raise SymbolscopeError(
            f"games[{number}] must be [2^n] with n from 1 to {_MOST_PLAYERS}, one value per mask in the order of "
            f"sy.all_masks(n); got {list(row.shape)}"
        )
    if not np.isfinite(row).all():
        raise SymbolscopeError(f"games[{number}][{int(np.argmax(~np.isfinite(row)))}] is not finite")
    return row, ({}, None), None
