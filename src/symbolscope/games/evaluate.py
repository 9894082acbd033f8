"""Evaluate a game on many masks."""

from symbolscope.errors import SymbolscopeError
from symbolscope.games.batches import check_masks, scores_in_batches
from symbolscope.games.game import Game
from symbolscope.games.given import GivenArray
from symbolscope.shapes import Scores


def evaluate(game: Game, masks: GivenArray, *, batch_size: int | None = None, progress: bool | None = None) -> Scores:
    """Score masks with a game: batched, every distinct masked input once, in the order given.

    values[j] = v(x_{S_j}), where S_j are the players present in row j, x_S keeps the sample's values on S and the
    baseline elsewhere. Masks that are equal, or that differ only in players whose sample equals their baseline, are
    computed once. Without a batch size powers of two are tried while working and the fastest is kept for the game's
    later calls.

    Parameters
    ----------
    game
        The game.
    masks
        bool [m, n]; True = the player is present.
    batch_size
        Masks per batch; None tunes it. The values do not depend on it beyond float rounding.
    progress
        Progress bar on stderr: True, False, or None for "if stderr is a terminal and it takes more than a second".

    Returns
    -------
    float64 array [m].

    Raises
    ------
    SymbolscopeError
        If the masks have the wrong shape or type, or a score is NaN or infinite (the mask is named).

    Examples
    --------
    >>> import symbolscope as sy
    >>> game = sy.Game.from_function(lambda masks: masks.sum(axis=1), 3)
    >>> sy.evaluate(game, [[True, True, False], [False, False, False]])
    array([2., 0.])
    >>> import torch
    >>> network = torch.nn.Linear(3, 2)
    >>> game = sy.Game(network, [1.0, 2.0, 3.0], target=1)
    >>> sy.evaluate(game, sy.all_masks(3)).shape
    (8,)
    """
    if batch_size is not None and (isinstance(batch_size, bool) or batch_size < 1):
        raise SymbolscopeError(f"batch_size must be at least 1; got {batch_size}. Leave it out to have it tuned")
    return scores_in_batches(
        game.source,
        check_masks(masks, game.n_players),
        game.batch_sizes,
        player_names=game.player_names,
        batch_size=batch_size,
        progress=progress,
    )
