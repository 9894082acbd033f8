"""A game asked for values, with a store and an executor that stay open between questions."""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from os import PathLike
from typing import TYPE_CHECKING, TypeAlias

from symbolscope.core.argument_checks import WholeNumber
from symbolscope.errors import SymbolscopeError
from symbolscope.games.batches import check_masks, scores_in_batches
from symbolscope.games.chunks import KnownValues, Settling, scores_in_chunks
from symbolscope.games.executors.executor import ChunkRunner
from symbolscope.games.fixed_batch import fixed_batch
from symbolscope.games.game import Game
from symbolscope.games.given import GivenArray, GivenCount
from symbolscope.shapes import Masks, Scores

if TYPE_CHECKING:
    from symbolscope.games.executors.executor import Executor
    from symbolscope.games.store.run_file import RunFile

    GivenStore: TypeAlias = str | PathLike[str] | RunFile | None
    GivenExecutor: TypeAlias = str | Executor | None
else:
    GivenStore = object  # refused below, with a message of its own
    GivenExecutor = object

Ask: TypeAlias = Callable[[GivenArray], Scores]


@contextmanager
def asking(
    game: Game,
    *,
    store: GivenStore = None,
    executor: GivenExecutor = None,
    batch_size: GivenCount | None = None,
    progress: bool | None = None,
    run: ChunkRunner | None = None,
) -> Generator[Ask, None, None]:
    """Be ready to evaluate a game again and again; parameters as for :func:`symbolscope.evaluate`.

    Workers are started once, at the first question that the store does not answer by itself; ``run`` are those of an executor that
    is running already.

    Examples
    --------
    >>> import symbolscope as sy
    >>> with asking(sy.Game.from_function(lambda masks: masks.sum(axis=1), 2)) as ask:
    ...     ask([[True, False]]), ask([[True, True]])
    (array([1.]), array([2.]))
    """
    given_rows = None if batch_size is None else WholeNumber(least=1).read("batch_size", batch_size)
    if store is None and executor is None:

        def in_batches(masks: GivenArray) -> Scores:
            return scores_in_batches(
                game.source,
                check_masks(masks, game.n_players),
                game.batch_sizes,
                player_names=game.player_names,
                batch_size=given_rows,
                progress=progress,
            )

        yield in_batches
        return

    chosen = chosen_or_here(executor)
    rows = given_rows or fixed_batch(game.source)
    with ExitStack() as opened:
        values = _opened_values(game, store, opened)
        runner = run or WhenNeeded(lambda: opened.enter_context(chosen.running(game.source, batch_size=rows)))

        def in_chunks(masks: GivenArray) -> Scores:
            with _settled(values):
                return scores_in_chunks(
                    game.source,
                    check_masks(masks, game.n_players),
                    runner,
                    batch_size=rows,
                    workers=chosen.workers,
                    player_names=game.player_names,
                    store=values,
                    progress=progress,
                )

        yield in_chunks


def chosen_or_here(executor: GivenExecutor) -> "Executor":
    """The executor asked for; None is this process on torch's own number of threads."""
    from symbolscope.games.executors.choose import chosen_executor
    from symbolscope.games.executors.local import Local

    return Local(threads=None) if executor is None else chosen_executor(executor)


class WhenNeeded:
    """A runner of chunks whose workers start at the first chunk: a question that the store answers starts none."""

    def __init__(self, start: Callable[[], ChunkRunner]) -> None:
        self._start = start
        self._run: ChunkRunner | None = None

    def __call__(self, chunks: Iterable[tuple[int, Masks]]) -> Iterator[tuple[int, Scores]]:
        """Score chunks, as :class:`ChunkRunner` has it."""
        if self._run is None:
            self._run = self._start()
        return self._run(chunks)


@contextmanager
def _settled(values: KnownValues | None) -> Generator[None, None, None]:
    """What waits to be kept is kept when a question is answered, and when it is interrupted."""
    if not isinstance(values, Settling):
        yield
        return
    try:
        yield
    except BaseException:
        with suppress(SymbolscopeError):  # the first reason counts
            values.settle()
        raise
    values.settle()


def _opened_values(game: Game, store: GivenStore, opened: ExitStack) -> KnownValues | None:
    """The values of this game in a store, which is opened if it is a path."""
    if store is None:
        return None
    from symbolscope.games.store.fingerprint import game_fingerprint
    from symbolscope.games.store.run_file import RunFile
    from symbolscope.games.store.steady_values import SteadyValues

    fingerprint = game_fingerprint(game)  # refused before a file is made
    file = store if isinstance(store, RunFile) else opened.enter_context(RunFile.open(store))
    stored = file.values(fingerprint, game.n_players, about=repr(game))
    return stored if game.key is not None else SteadyValues(game, stored)  # what has a key is vouched for
