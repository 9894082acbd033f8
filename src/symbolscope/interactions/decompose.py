"""The public split: values on all masks to a certified AND-OR model."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal, get_args, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from symbolscope.core.argument_checks import Flag, Number, described, real_number
from symbolscope.core.array_checks import plain_numbers
from symbolscope.core.checked_call import takes
from symbolscope.core.sequence_checks import Names
from symbolscope.errors import SymbolscopeError
from symbolscope.games.game import Game
from symbolscope.games.masks import all_masks
from symbolscope.games.progress import ProgressBar
from symbolscope.games.view import InputView
from symbolscope.interactions.model import InteractionModel, Setting, interaction_prices
from symbolscope.shapes import Vector

Kinds = Literal["and-or", "and"]

# An effect below this share of the largest is rounding; dropping it changes no prediction beyond rounding.
_ROUNDING = 1e-13


@overload
def decompose(
    values: Sequence[float] | NDArray[np.float64],
    *,
    tolerance: float | str = 0.0,
    gap: float = 1e-3,
    kinds: Kinds = "and-or",
    player_names: Sequence[str] | None = None,
    progress: bool | None = None,
) -> InteractionModel: ...
@overload
def decompose(
    values: Sequence[Sequence[float]],
    *,
    tolerance: float | str = 0.0,
    gap: float = 1e-3,
    kinds: Kinds = "and-or",
    player_names: Sequence[str] | None = None,
    progress: bool | None = None,
) -> list[InteractionModel]: ...
@takes({"gap": Number(finite=False), "player_names": Names(distinct=False, numbers=True), "progress": Flag()})
def decompose(
    values: ArrayLike,
    *,
    tolerance: float | str = 0.0,
    gap: float = 1e-3,
    kinds: str = "and-or",
    player_names: Sequence[str] | None = None,
    progress: bool | None = None,
) -> InteractionModel | list[InteractionModel]:
    """Split a game known on every mask into the cheapest AND and OR interactions, with a certificate.

    minimise    sum over sets S of (1 + 0.01 (|S| - 1)) (|AND(S)| + |OR(S)|)
    subject to  |v(T) - intercept - sum_{S in T} AND(S) - sum_{S meets T} OR(S)| <= tolerance   for every mask T.

    The intercept is free and an OR of one player is an AND of one player. Without a tolerance the split reproduces every value
    to rounding; the structure that makes it fast is derived in ``decomposition/exact.py``, the tolerant one in
    ``decomposition/tolerant.py``. ``model.lower_bound`` certifies that no split whatever costs less. The split of least cost need
    not be unique; among those the price per order prefers low orders, and the result does not depend on the players' order.

    Parameters
    ----------
    values
        [2^n], the output on every mask in the order of :func:`symbolscope.all_masks`, n from 1 to 26; or [samples, 2^n].
    tolerance
        Largest error on any mask: a number in units of the score, a percentage of the difference between v(N) and v(empty)
        such as "4%" (the papers use 4 % and 2 %), or "auto": read off the noise in the values.
    gap
        Stop once (objective - lower_bound) / objective is at most this. Up to 8 players the optimum is exact anyway.
    kinds
        "and-or", or "and" for AND interactions alone (Harsanyi dividends).
    player_names
        n names; x0, x1, ... if not given.
    progress
        Progress bar on stderr: True, False, or None for "if stderr is a terminal and it takes more than a second".

    Returns
    -------
    InteractionModel, or a list with one per sample.

    Raises
    ------
    SymbolscopeError
        If the values are not [2^n] finite numbers, or an argument is out of range.

    Source: the problem is Eq. 4 of Ren et al. (2305.01939) and Li, Zhang, *Does a Neural Network Really Encode Symbolic
    Concepts?* (2302.13080), solved here to a certificate instead of by gradient steps.

    Examples
    --------
    >>> print(decompose([0.0, 1.0, 1.0, 1.0]).to_text())
      effect  kind  players
     +1.0000  or    x0, x1

    Noise of 0.01 on a game of one AND and one OR; without the tolerance it would take over a hundred interactions:

    >>> import numpy as np, symbolscope as sy
    >>> masks = sy.all_masks(8)
    >>> noise = 0.01 * np.random.default_rng(0).normal(size=256)
    >>> values = 2.0 * masks[:, :3].all(axis=1) - 1.5 * masks[:, 2:5].any(axis=1) + noise
    >>> model = decompose(values, tolerance="auto")
    >>> [(kind, model.label(row)) for row, kind in enumerate(model.salient().kinds.tolist())]
    [('and', 'x0, x1, x2'), ('or', 'x2, x3, x4')]
    >>> bool(model.largest_error <= model.tolerance + 1e-9)
    True
    """
    table = _checked_values(values)
    check_gap(gap)
    check_kinds(kinds)
    n_players = table.shape[-1].bit_length() - 1
    names = (
        tuple(f"x{i}" for i in range(n_players)) if player_names is None else tuple(str(name) for name in player_names)
    )
    if len(names) != n_players:
        raise SymbolscopeError(f"{table.shape[-1]} values are {n_players} players; got {len(names)} player_names")

    def one(row: Vector) -> InteractionModel:
        return decompose_game(
            row, names, tolerance=tolerance, gap=gap, kinds=kinds, settings={}, view=None, progress=progress
        )

    return one(table) if table.ndim == 1 else [one(row) for row in table]


def decompose_game(
    values: Vector,
    player_names: tuple[str, ...],
    *,
    tolerance: float | str,
    gap: float,
    kinds: str,
    settings: Mapping[str, Setting],
    view: InputView | None,
    progress: bool | None,
    game: Game | None = None,
    or_surcharge: float = 0.0,
) -> InteractionModel:
    """Split checked ``values`` [2^n] and describe the result; ``or_surcharge`` makes ORs dearer by that share, or cheaper."""
    from symbolscope.interactions.decomposition.solve import solve
    from symbolscope.interactions.decomposition.split import SplitPrices
    from symbolscope.interactions.tolerance import absolute_tolerance

    n_players = len(player_names)
    allowed = absolute_tolerance(tolerance, values)
    prices = SplitPrices.for_players(n_players, with_or=kinds == "and-or")
    if or_surcharge:
        prices = replace(prices, or_prices=prices.or_prices * (1.0 + or_surcharge))
    # Solving in an order of the players that the values fix makes the result independent of the order they came in.
    ranks = canonical_order(values, n_players)
    # The solvers' tolerances are absolute: give them values of size one. A power of two divides without rounding.
    unit = float(np.exp2(np.ceil(np.log2(np.ptp(values))))) if np.ptp(values) > 0 else 1.0
    with ProgressBar(100, label="certifying the split", show=progress) as bar:

        def watch(certified: float) -> None:
            # The gap falls about geometrically, so its logarithm measures the work done.
            share = np.log(max(certified, gap)) / np.log(gap) if certified < 1 else 0.0
            bar.update(int(100 * share), time.perf_counter())

        split = solve(reorder((values - values[0]) / unit, ranks), prices, allowed / unit, gap, watch)
    back = np.argsort(ranks)
    return model_of_split(
        values,
        player_names,
        (unit * reorder(split.and_effects, back), unit * reorder(split.absent_effects, back)),
        lower_bound=unit * split.lower_bound,
        tolerance=allowed,
        settings=dict(settings) | {"tolerance": str(tolerance), "gap": gap, "kinds": kinds},
        view=view,
        game=game,
    )


def model_of_split(
    values: Vector,
    player_names: tuple[str, ...],
    split: tuple[Vector, Vector],
    *,
    lower_bound: float,
    tolerance: float,
    settings: Mapping[str, Setting],
    view: InputView | None,
    game: Game | None,
) -> InteractionModel:
    """Describe AND and absent effects, two vectors [2^n] whose sum reproduces values - values[0], as interactions."""
    from symbolscope.interactions.butterflies import orders

    order = orders(len(player_names))
    and_effects, absent_effects = split
    intercept = float(values[0] + and_effects[0] + absent_effects.sum())
    or_effects = -absent_effects
    single = order == 1
    and_effects = np.where(single, and_effects + or_effects, and_effects)
    or_effects[single | (order == 0)] = 0.0
    and_effects[0] = 0.0
    effects = np.concatenate([and_effects, or_effects])
    strength = np.abs(effects)
    kept = np.flatnonzero(strength > _ROUNDING * strength.max())
    order = np.tile(order, 2)
    kept = kept[np.lexsort((kept % values.size, order[kept], -strength[kept]))]
    effects = effects[kept]
    cost = float(np.dot(interaction_prices(order[kept]), np.abs(effects)))
    return InteractionModel(
        masks=all_masks(len(player_names))[kept % values.size],
        kinds=np.where(kept < values.size, "and", "or"),
        effects=effects,
        intercept=intercept,
        player_names=player_names,
        objective=cost,
        lower_bound=min(lower_bound, cost),
        tolerance=tolerance,
        values=values,
        settings=settings,
        view=view,
        game=game,
    )


def check_gap(gap: float) -> None:
    """Refuse a gap outside (0, 1)."""
    if not 0 < (real_number(gap) or 0) < 1:
        raise SymbolscopeError(f"gap must be between 0 and 1, such as 1e-3; got {described(gap)}")


def check_kinds(kinds: str) -> None:
    """Refuse anything but "and-or" and "and"."""
    if not isinstance(kinds, str) or kinds not in get_args(Kinds):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise SymbolscopeError(f'kinds must be "and-or" or "and"; got {described(kinds)}')


def canonical_order(values: Vector, n_players: int) -> NDArray[np.int64]:
    """Players sorted by what they do alone, then by what is lost without them, [n]."""
    bits = 1 << np.arange(n_players)
    return np.lexsort((values[values.size - 1 - bits], values[bits]))


def reorder(values: Vector, players: NDArray[np.int64]) -> Vector:
    """The same table with player i of the result being player ``players[i]`` of the given one."""
    n_players = len(players)
    axes = [n_players - 1 - int(player) for player in players[::-1]]  # axis 0 of the cube is the last player
    return np.ascontiguousarray(values.reshape((2,) * n_players).transpose(axes)).reshape(-1)


def _checked_values(values: ArrayLike) -> NDArray[np.float64]:
    try:
        table = np.array(plain_numbers("values", values))  # a copy: the caller may go on writing into theirs
    except SymbolscopeError as error:
        raise SymbolscopeError(f"values must be numbers [2^n] or [samples, 2^n]; {error}") from None
    entries = table.shape[-1] if table.ndim in (1, 2) else 0
    if entries < 2 or entries & (entries - 1) or entries > 1 << 26:
        raise SymbolscopeError(
            "values must be [2^n] or [samples, 2^n] with n from 1 to 26 (one per mask, in the order of sy.all_masks(n)); "
            f"got {list(table.shape)}"
        )
    if not np.isfinite(table).all():
        position = np.argwhere(~np.isfinite(table))[0]
        players = [i for i in range(entries.bit_length() - 1) if int(position[-1]) >> i & 1]
        raise SymbolscopeError(
            f"values[{', '.join(map(str, position))}] is not finite (mask with players {players} present)"
        )
    return table
