"""The means by which a game is asked: where its values are kept, where they are computed, and who watches."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from os import PathLike

from symbolscope.core.argument_checks import WholeNumber
from symbolscope.errors import SymbolscopeError
from symbolscope.games.asking import Ask, GivenExecutor, GivenStore, asking, chosen_or_here
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

    def __post_init__(self) -> None:
        """Refuse what no game can be asked by, before any control is begun."""
        if self.executor is not None:
            chosen_or_here(self.executor)
        if self.batch_size is not None:
            WholeNumber(least=1).read("batch_size", self.batch_size)
        if self.store is not None:
            from symbolscope.games.store.run_file import RunFile

            if not isinstance(self.store, str | PathLike | RunFile):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise SymbolscopeError(
                    f"store must be the path of a run file, such as 'run.sqlite', or a RunFile; got {self.store!r}"
                )

    def asking(self, game: Game) -> AbstractContextManager[Ask]:
        """Be ready to evaluate a game by these means; see :func:`asking`."""
        return asking(
            game, store=self.store, executor=self.executor, batch_size=self.batch_size, progress=self.progress
        )
