"""The players argument of a game, in all the forms it takes."""

from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.array_checks import plain_array
from symbolscope.errors import SymbolscopeError
from symbolscope.games.players import Players


def choose_players(players: object, shape: tuple[int, ...]) -> Players:
    """Read the ``players`` argument of a game: Players, a label array, a list of index groups, or a (rows, cols) grid.

    Parameters
    ----------
    players
        As described for :class:`symbolscope.Game`; None makes every element of a one-dimensional sample a player.
    shape
        The sample's shape.

    Returns
    -------
    Players whose labels have the sample's shape.

    Examples
    --------
    >>> choose_players((2, 2), (1, 8, 8)).names
    ('r0c0', 'r0c1', 'r1c0', 'r1c1')
    >>> choose_players([[0, 1], [2]], (4,)).labels
    array([ 0,  0,  1, -1])
    """
    if players is None:
        if len(shape) != 1:
            batch = (
                f"; if its first axis is a batch of {shape[0]} samples, give one of them, such as sample[0]"
                if len(shape) > 1 and shape[0] > 1
                else ""
            )
            raise SymbolscopeError(
                f"the sample has shape {shape}, so say what its players are: players=(rows, cols) for patches "
                "of an image, an integer label array, a list of index groups along its first axis, or a symbolscope.Players"
                f"{batch}"
            )
        if shape[0] == 0:
            raise SymbolscopeError("the sample is empty (shape (0,)), so the game has 0 players; at least 1 is needed")
        return Players.columns(shape[0])
    if isinstance(players, tuple) and len(players) == 2 and all(isinstance(size, int) for size in players):
        return Players.grid(shape, players[0], players[1])
    if isinstance(players, list):
        if players and all(isinstance(each, str) for each in players):
            raise SymbolscopeError(
                "players says which positions of the sample belong together; give the names as "
                f"player_names=[{players[0]!r}, ...]"
            )
        return Players.groups(shape, players)
    if isinstance(players, Players):
        return Players(players.names, _fit(players.labels, shape))
    labels = None
    with suppress(SymbolscopeError):
        labels = plain_array("players", players)
    if labels is None or not np.issubdtype(labels.dtype, np.integer) or labels.ndim == 0:
        raise SymbolscopeError(
            "players must be a symbolscope.Players, an integer label array, a list of index groups or a "
            "(rows, cols) tuple; "
            f"got {type(players).__name__}"
        )
    labels = labels.astype(np.int64)
    n = int(labels.max(initial=-1)) + 1
    if n > labels.size:
        raise SymbolscopeError(
            f"player labels must lie in -1 .. {labels.size - 1}, one player at least per position; got {n - 1}"
        )
    return Players(tuple(f"x{i}" for i in range(n)), _fit(labels.astype(np.int64), shape))


def _fit(labels: NDArray[np.int64], shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Broadcast labels to the sample, from the last axes (H, W of C, H, W) or else from the first (points of P, 3)."""
    if labels.shape == shape:
        return labels
    leading = labels.reshape(labels.shape + (1,) * max(0, len(shape) - labels.ndim))
    for candidate in (labels, leading):
        try:
            return np.ascontiguousarray(np.broadcast_to(candidate, shape))
        except ValueError:
            continue
    raise SymbolscopeError(f"players' labels have shape {labels.shape}, which does not fit the sample of shape {shape}")
