"""Evaluate a game on many masks."""

from symbolscope.core.argument_checks import Flag
from symbolscope.core.checked_call import takes
from symbolscope.games.asking import GivenExecutor, GivenStore, asking
from symbolscope.games.game import GAME, Game
from symbolscope.games.given import GivenArray, GivenCount
from symbolscope.shapes import Scores


@takes({"game": GAME, "progress": Flag()})
def evaluate(
    game: Game,
    masks: GivenArray,
    *,
    batch_size: GivenCount | None = None,
    store: GivenStore = None,
    executor: GivenExecutor = None,
    progress: bool | None = None,
) -> Scores:
    """Score masks with a game: batched, every distinct masked input once, in the order given.

    values[j] = v(x_{S_j}), where S_j are the players present in row j, x_S keeps the sample's values on S and the
    baseline elsewhere. Masks that are equal, or that differ only in players whose sample equals their baseline, are
    computed once.

    Without a batch size, store or executor, powers of two are tried while working and the fastest batch is kept for the game's
    later calls; the values then agree with those of another run up to float rounding. With a store or an executor the batches
    are fixed (64 rows on a CPU), and a run that continues an interrupted one, or another executor, gives the same bits.

    Parameters
    ----------
    game
        The game.
    masks
        bool [m, n]; True = the player is present.
    batch_size
        Masks per batch; None as above.
    store
        A file such as "run.sqlite" (made if it is not there), or an open :class:`symbolscope.RunFile`. Values found there are not
        computed again, new ones are written as they come, about twice a second. They are kept by a fingerprint of network,
        sample, baseline, players and score, so a changed network never meets old values.
    executor
        Where to compute: "local" (this process, one thread), "processes" (all cores), "ray" (a cluster), or one of
        :mod:`symbolscope.executors`. None computes here on torch's threads.
    progress
        Progress bar on stderr: True, False, or None for "if stderr is a terminal and it takes more than a second".

    Returns
    -------
    float64 array [m].

    Raises
    ------
    SymbolscopeError
        If the masks have the wrong shape or type, a score is NaN or infinite (the mask is named), the store is damaged, newer,
        or open elsewhere, the network has no fingerprint, or workers keep failing.

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

    The second run reads what the first one left:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     first = sy.evaluate(game, sy.all_masks(3), store=f"{folder}/run.sqlite")
    ...     again = sy.evaluate(game, sy.all_masks(3), store=f"{folder}/run.sqlite")
    >>> bool((first == again).all())
    True
    """
    with asking(game, store=store, executor=executor, batch_size=batch_size, progress=progress) as ask:
        return ask(masks)
