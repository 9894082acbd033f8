"""The means by which a game is asked: where its values are kept, where they are computed, and who watches."""

from contextlib import AbstractContextManager
from dataclasses import dataclass

from symbolscope.games.asking import Ask, GivenExecutor, GivenStore, asking
from symbolscope.games.game import Game
from symbolscope.games.given import GivenCount


@dataclass(frozen=True)
class Means:
    """Store, executor, batches and progress, for all the games that a reading and its controls ask.

    Attributes
    ----------
    store, executor, batch_size, progress
        As for :func:`symbolscope.evaluate`; no progress unless asked for.

    Examples
    --------
    >>> import symbolscope as sy
    >>> with Means(batch_size=2).asking(sy.Game.from_function(lambda masks: masks.sum(axis=1), 2)) as ask:
    ...     ask(sy.all_masks(2))
    array([0., 1., 1., 2.])
    """

    store: GivenStore = None
    executor: GivenExecutor = None
    batch_size: GivenCount | None = None
    progress: bool | None = False

    def asking(self, game: Game) -> AbstractContextManager[Ask]:
        """Be ready to evaluate a game by these means; see :func:`asking`."""
        return asking(
            game, store=self.store, executor=self.executor, batch_size=self.batch_size, progress=self.progress
        )
