"""Many games as one source, so that workers get the network once and not once per sample."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import torch
from numpy.typing import NDArray

from symbolscope.games.batch_sizes import BatchSizes
from symbolscope.games.executors.executor import ChunkRunner
from symbolscope.games.executors.score_chunk import score_chunk
from symbolscope.games.fixed_batch import fixed_batch
from symbolscope.games.game import Game
from symbolscope.shapes import Masks, Scores

_BITS = 40  # columns that hold the number of the game
WHOLE_CHUNKS = 1 << 30  # batch size for the executor: the chunk of one game is cut here, where the game is known


class GamesInOne:
    """Values of masks of many games: the first columns of a chunk say which game it asks.

    To be given whole chunks (``running(source, batch_size=WHOLE_CHUNKS)``), which it cuts as :func:`fixed_batch` says for the
    game, as that game alone would be.

    Parameters
    ----------
    make
        Game of a number; it is called in the worker that computes the chunk.

    Examples
    --------
    >>> import symbolscope as sy
    >>> games = [sy.Game.from_function(lambda masks: masks.sum(axis=1), 2), sy.Game.from_function(np.ravel, 1)]
    >>> source = GamesInOne(games.__getitem__)
    >>> source.scores([source.outputs(numbered(1, np.array([[True], [False]])))])
    array([1., 0.])
    """

    def __init__(self, make: Callable[[int], Game]) -> None:
        self._make = make
        self._current: tuple[int, Game] | None = None
        self.relevant: NDArray[np.bool_] = np.ones(1, dtype=np.bool_)  # masks of a chunk are distinct already
        self.outputs_stay = False

    def evaluating(self) -> AbstractContextManager[None]:
        """Each game switches its network when it is asked."""
        return nullcontext()

    def outputs(self, masks: Masks) -> torch.Tensor:
        """Values [m] of a chunk of masks of one game, in batches of that game's own size."""
        number = int.from_bytes(np.packbits(masks[0, :_BITS], bitorder="little").tobytes(), "little")
        if self._current is None or self._current[0] != number:
            self._current = None  # the old game's memory goes before the new one's comes
            self._current = (number, self._make(number))
        source = self._current[1].source
        chunk = np.ascontiguousarray(masks[:, _BITS:])
        return torch.from_numpy(score_chunk(source, chunk, batch_size=fixed_batch(source), threads=None))

    def scores(self, outputs: list[torch.Tensor]) -> Scores:
        """Put the values of one or more batches into one array."""
        return torch.cat(outputs).numpy()

    def batch_sizes(self) -> BatchSizes:
        """Fixed by who asks."""
        return BatchSizes(start=WHOLE_CHUNKS, smallest=WHOLE_CHUNKS, largest=WHOLE_CHUNKS)


def numbered(number: int, masks: Masks) -> NDArray[np.bool_]:
    """Masks of game ``number`` as :class:`GamesInOne` takes them, bool [m, 40 + n]."""
    bits = np.unpackbits(np.frombuffer(number.to_bytes(_BITS // 8, "little"), dtype=np.uint8), bitorder="little")
    return np.concatenate([np.broadcast_to(bits.astype(np.bool_), (len(masks), _BITS)), masks], axis=1)


def one_of(number: int, run: ChunkRunner) -> ChunkRunner:
    """A runner for the masks of one game, given one for all of them."""

    def score(chunks: Iterable[tuple[int, Masks]]) -> Iterator[tuple[int, Scores]]:
        return run((chunk, numbered(number, masks)) for chunk, masks in chunks)

    return score
