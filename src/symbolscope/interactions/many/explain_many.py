"""Explain every sample of a data set."""

import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict, dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any, TypeAlias

from symbolscope.core.argument_checks import Flag, Number, Seed
from symbolscope.core.checked_call import takes
from symbolscope.core.error_text import error_text
from symbolscope.core.sequence_checks import Names
from symbolscope.errors import SymbolscopeError
from symbolscope.games.asking import Ask, GivenExecutor, WhenNeeded, asking, chosen_or_here
from symbolscope.games.executors.available_cores import available_cores
from symbolscope.games.executors.executor import ChunkRunner, Executor
from symbolscope.games.fixed_batch import fixed_batch
from symbolscope.games.frame_columns import is_frame
from symbolscope.games.game import Game
from symbolscope.games.games_in_one import WHOLE_CHUNKS, GamesInOne, one_of
from symbolscope.games.given import GivenBaseline, GivenNumber, GivenPlayers
from symbolscope.games.masks import all_masks
from symbolscope.games.output_meaning import GivenOutputs
from symbolscope.games.progress import ProgressBar
from symbolscope.games.store.run_file import RunFile
from symbolscope.interactions.decompose import check_gap, check_kinds
from symbolscope.interactions.explain import check_sparse, explain_exactly, explain_sparsely, is_exact
from symbolscope.interactions.given_numbers import GivenCalls, GivenInteger
from symbolscope.interactions.many.explanations import Explanations
from symbolscope.interactions.many.kept_results import KeptResults, Results
from symbolscope.interactions.many.record import Record, record_of, to_bytes
from symbolscope.interactions.many.run_key import digest_of, run_key
from symbolscope.interactions.many.sample_games import GameOfNumber, SampleGames
from symbolscope.interactions.many.sample_kinds import check_no_loader, what_it_is
from symbolscope.interactions.many.table_samples import TableRows, is_sparse, with_column_order
from symbolscope.interactions.model import InteractionModel
from symbolscope.interactions.tolerance import check_tolerance

if TYPE_CHECKING:
    GivenFile: TypeAlias = str | PathLike[str] | RunFile | None
else:
    GivenFile = object  # refused by the file, with a message of its own

# Results wait this long for others before the disk is asked to be sure of them: what a crash costs.
_SECONDS_KEPT = 0.5
# Values of games with more masks than this are kept as they come; the rest are computed again after a crash.
_MASKS_WORTH_KEEPING = 1 << 12
_MOST_THREADS = 8


@dataclass(frozen=True)
class Options:
    """How each sample is explained; see :func:`symbolscope.explain`."""

    tolerance: float | str
    max_calls: int | None
    method: str
    gap: float
    kinds: str
    target_r2: float
    sampling: str
    seed: int


@takes(
    {
        "gap": Number(finite=False),
        "player_names": Names(distinct=False, numbers=True),
        "seed": Seed(),
        "progress": Flag(),
    }
)
def explain_many(
    network: object,
    samples: Any,
    *,
    tokenizer: object = None,
    baseline: GivenBaseline = None,
    players: GivenPlayers = None,
    score: str | Callable[..., object] = "auto",
    outputs: GivenOutputs = None,
    target: object = None,
    player_names: Sequence[str] | None = None,
    device: object = None,
    tolerance: float | str = 0.0,
    max_calls: GivenCalls = None,
    method: str = "auto",
    gap: float = 1e-3,
    kinds: str = "and-or",
    target_r2: GivenNumber = 0.99,
    sampling: str = "uniform",
    seed: GivenInteger = 0,
    store: GivenFile = None,
    executor: GivenExecutor = None,
    progress: bool | None = None,
) -> Explanations:
    """Explain a network's output on every sample of a data set, as :func:`symbolscope.explain` explains one.

    Samples are taken one by one, so the data set may be a generator and larger than memory. The next sample is evaluated while
    the last ones are split, without a tolerance on several cores. A sample that fails is noted with its reason and the rest goes
    on. With a file, results are on the disk within half a second; a run that is stopped in any way, and started again with the same
    arguments, goes on where it was, and a sample that has changed since is explained anew. Samples that failed are tried again.

    Parameters
    ----------
    network
        As for :class:`symbolscope.Game`.
    samples
        Arrays without a batch axis, an array [samples, ...]; a data frame or sparse matrix; rows as dicts or Series, whose columns
        are matched by name; texts (and, if a tokenizer is given, pairs of texts) in a list or a column; or games.
    tokenizer
        For texts, as for :meth:`symbolscope.Game.from_text`; None if the network takes strings, as a scikit-learn pipeline.
    baseline, players, score, outputs, target, player_names, device
        As for :class:`symbolscope.Game` (``Game.from_text`` for texts), the same for all samples. A baseline of None is "zero",
        or the tokenizer's mask token; a target of None is each sample's own prediction.
    tolerance, max_calls, method, gap, kinds, target_r2, sampling, seed
        As for :func:`symbolscope.explain`, for each sample.
    store
        File of results, such as "run.sqlite"; None keeps them in memory. Values of games with more than 4,096 masks are kept in
        it too, as they come.
    executor
        Where the network is evaluated, as for :func:`symbolscope.evaluate`; other than here it needs samples that can be indexed,
        and sends all of them to each worker.
    progress
        Progress bar with the time left on stderr: True, False, or None for "if someone is watching and it takes long".

    Returns
    -------
    Explanations: one model per sample, read when asked for; a table of all; failures; Parquet.

    Raises
    ------
    SymbolscopeError
        If the arguments make no sense, the network has no fingerprint (with a file), or the file is damaged, newer or open
        elsewhere; for a loader of batches; and if every sample failed, with the reason of the first. What one sample among others
        raises is noted instead, and a warning says how many failed.

    Examples
    --------
    >>> import torch
    >>> import symbolscope as sy
    >>> network = torch.nn.Linear(3, 2)
    >>> explanations = sy.explain_many(network, torch.randn(5, 3), target=1)
    >>> len(explanations), explanations[4].n_players, explanations.failures
    (5, 3, {})

    A sample that cannot be explained stops nothing, and a warning says so:

    >>> import warnings
    >>> with warnings.catch_warnings(record=True) as told:
    ...     warnings.simplefilter("always")
    ...     explanations = sy.explain_many(network, [[1.0, 2.0, 3.0], [1.0, float("nan"), 3.0]], target=1)
    >>> "1 of 2 samples" in str(told[0].message)
    True
    >>> len(explanations), list(explanations.failures)
    (1, [1])
    """
    check_kinds(kinds)
    check_tolerance(tolerance)
    check_gap(gap)
    is_exact(1, max_calls, method)  # refuses an unknown method
    check_sparse(max_calls=max_calls if method == "sparse" else None, target_r2=target_r2, sampling=sampling)
    samples = _one_by_one(samples)
    if tokenizer is not None and players is not None:
        raise SymbolscopeError("players are for samples that are arrays; of a text the words are the players")
    samples, columns = with_column_order(network, samples)
    games = SampleGames(network, tokenizer, baseline, players, score, target, player_names, device, outputs, columns)
    calls = None if max_calls is None else int(max_calls)
    options = Options(tolerance, calls, method, gap, kinds, float(target_r2), sampling, seed)
    chosen = chosen_or_here(executor)
    if executor is not None and not isinstance(samples, Sequence) and not hasattr(samples, "__getitem__"):
        raise SymbolscopeError(
            "an executor asks for samples out of order, so they must be a list or an array; got "
            f"{type(samples).__name__}. Type list(samples), or leave the executor out"
        )
    with ExitStack() as opened:
        file: RunFile | None = None
        results: Results = KeptResults()
        key = ""
        if store is not None:
            key = run_key(games, asdict(options))  # refused before a file is made
            file = store if isinstance(store, RunFile) else opened.enter_context(RunFile.open(store))
            results = file.results(key)
        run = _Run(games, options, results, file, chosen, progress=progress)
        if executor is not None:
            source = GamesInOne(GameOfNumber(games, samples))  # pyright: ignore[reportArgumentType]
            run.runner = WhenNeeded(lambda: opened.enter_context(chosen.running(source, batch_size=WHOLE_CHUNKS)))
        run.all_of(samples)
        failed = {sample: why for sample, why in results.failures().items() if sample < run.seen}
        _tell_failures(failed, run.seen)
        if file is None:
            return Explanations(results, None, key, run.seen)
    return Explanations(None, file.path, key, run.seen)


def _one_by_one(samples: Any) -> Iterable[object]:
    """The samples of what was given; a data frame or sparse matrix means its rows."""
    if is_frame(samples) or (is_sparse(samples) and len(samples.shape) == 2):
        return TableRows(samples)  # pyright: ignore[reportReturnType]
    if isinstance(samples, Mapping):
        raise SymbolscopeError(
            "samples is a dict, which is one row or a table by columns; type [samples], or pandas.DataFrame(samples)"
        )
    shape = getattr(samples, "shape", None)
    if shape is not None and len(shape) == 1 and (texts := list(samples)) and all(isinstance(t, str) for t in texts):
        return texts  # a column of texts
    if isinstance(samples, str | Game) or (shape is not None and len(shape) < 2) or not isinstance(samples, Iterable):
        of_shape = "" if shape is None else f" of shape {tuple(shape)}"
        raise SymbolscopeError(
            f"samples must be a list of samples, or an array [samples, ...]; got {type(samples).__name__}{of_shape}. "
            "For one sample type [sample]"
        )
    check_no_loader(samples)
    return samples


def _tell_failures(failures: Mapping[int, str], seen: int) -> None:
    """Raise where nothing was explained; warn, once, where something was not."""
    if not failures:
        return
    first = min(failures)
    if len(failures) == seen:
        raise SymbolscopeError(f"none of the {_several(seen)} could be explained. Sample {first}: {failures[first]}")
    warnings.warn(
        f"{len(failures):,} of {_several(seen)} could not be explained; .failures has them all. Sample {first}: {failures[first]}",
        stacklevel=4,  # the caller of explain_many, whose arguments are checked by one more function
    )


def _several(count: int) -> str:
    """So many samples, in words."""
    return f"{count:,} sample{'' if count == 1 else 's'}"


class _Run:
    """Evaluates samples here, splits them on other threads, and keeps what comes back."""

    def __init__(
        self,
        games: SampleGames,
        options: Options,
        results: Results,
        file: RunFile | None,
        executor: Executor,
        *,
        progress: bool | None,
    ) -> None:
        self.runner: ChunkRunner | None = None
        self.seen = 0
        self._games, self._options, self._results, self._file = games, options, results, file
        self._executor, self._progress = executor, progress
        self._kept: dict[int, bytes] = {}
        self._kept_at = time.perf_counter()

    def all_of(self, samples: Iterable[object]) -> None:
        """Every sample that has no result yet."""
        total = len(samples) if isinstance(samples, Sized) else None
        done = self._results.done()
        # Only the exact split is one compiled loop; others would spend their time handing the interpreter to each other.
        threads = min(available_cores(), _MOST_THREADS) if self._options.tolerance == 0 else 1
        with (
            ProgressBar(total, label="samples", show=self._progress) as bar,
            ThreadPoolExecutor(threads, thread_name_prefix="split") as pool,
        ):
            splitting: dict[int, Future[bytes]] = {}
            try:
                for number, sample in enumerate(samples):
                    self.seen = number + 1
                    if number not in done or not self._is_of(number, sample):
                        self._one(number, sample, pool, splitting)
                        self._finish(splitting, most=2 * threads)
                    bar.update(number + 1 - len(splitting), time.perf_counter())
                self._finish(splitting, most=0)
            finally:
                # Whatever ended the run: what is split is kept, what is not has no time left.
                for waiting in splitting.values():
                    waiting.cancel()
                self._finish(splitting, most=len(splitting))
                self._write()

    def _one(
        self, number: int, sample: object, pool: ThreadPoolExecutor, splitting: dict[int, "Future[bytes]"]
    ) -> None:
        options = self._options
        try:
            digest = "" if self._file is None else digest_of(sample)
            game = self._games(sample)
            exact = is_exact(game.n_players, options.max_calls, options.method)
            with self._asked(game, number, exact=exact) as ask:
                if exact:
                    values = ask(all_masks(game.n_players))

                    def split() -> InteractionModel:
                        return explain_exactly(
                            game, values, tolerance=options.tolerance, gap=options.gap, kinds=options.kinds,
                            seed=options.seed, progress=False,
                        )  # fmt: skip
                else:
                    model = explain_sparsely(
                        game, ask, max_calls=options.max_calls, target_r2=options.target_r2, sampling=options.sampling,
                        kinds=options.kinds, seed=options.seed, progress=False, method=options.method,
                    )  # fmt: skip

                    def split() -> InteractionModel:
                        return model

        except Exception as error:
            self._fail(number, error, looks_like=what_it_is(sample))
            return

        def recorded() -> bytes:
            found = split()
            return to_bytes(Record.of(found, number, digest), found)

        splitting[number] = pool.submit(recorded)

    def _asked(self, game: Game, number: int, *, exact: bool) -> AbstractContextManager[Ask]:
        """Ways to ask a game: its values kept in the file where they cost much, evaluated where the run says."""
        worth_keeping = not exact or 1 << game.n_players > _MASKS_WORTH_KEEPING
        store = self._file if worth_keeping else None
        run = None if self.runner is None else one_of(number, self.runner)
        return asking(
            game, store=store, executor=None if run is None else self._executor, run=run,
            batch_size=fixed_batch(game.source), progress=False,
        )  # fmt: skip

    def _finish(self, splitting: dict[int, "Future[bytes]"], *, most: int) -> None:
        """Keep the results that are there, and wait for those that wait longest until at most so many are left."""
        for number in list(splitting):
            if len(splitting) <= most and not splitting[number].done():
                continue
            future = splitting.pop(number)
            if future.cancelled():
                continue
            try:
                self._kept[number] = future.result()
            except Exception as error:
                self._fail(number, error)
        if time.perf_counter() - self._kept_at > _SECONDS_KEPT:
            self._write()

    def _write(self) -> None:
        if self._kept:
            self._results.put_many(self._kept)
            self._kept = {}
        self._kept_at = time.perf_counter()

    def _fail(self, number: int, error: Exception, *, looks_like: str = "") -> None:
        said = error_text(error)
        self._results.fail(number, f"{looks_like} ({said})" if looks_like else said)

    def _is_of(self, number: int, sample: object) -> bool:
        """Whether the stored result is of this sample, not of another that was in its place."""
        content = self._results.get(number)
        return content is not None and record_of(content).digest == digest_of(sample)
