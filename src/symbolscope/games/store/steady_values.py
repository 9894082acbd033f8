"""Values that are kept only while the game gives them again: random functions and networks that change themselves are noticed."""

import time

import numpy as np
from numpy.typing import NDArray

from symbolscope.errors import SymbolscopeError
from symbolscope.games.executors.score_chunk import score_chunk
from symbolscope.games.game import Game
from symbolscope.games.masked_function import MaskedFunction
from symbolscope.games.store.fingerprint import game_stamp
from symbolscope.games.store.stored_values import StoredValues
from symbolscope.shapes import Masks, Scores

SAME = 1e-5  # two equal calls, relative to the largest answer: room for sums in another order
ALIKE = 0.02  # the same masks among others, in half precision too
PACE = 20  # at most one part in so many of the time goes into looking for changes


class SteadyValues:
    """A store of one game's values, behind a check that one mask has one value.

    A function is asked for three masks twice before the first value is kept; a network was, when its game was made. Whenever
    something that the values depend on has changed since (a weight, a buffer, a global, what a closure holds), three masks are
    asked again. Where the answers differ nothing more is kept: one mask has one value in a store, for good.

    Parameters
    ----------
    game
        The game.
    stored
        Its values on the disk.
    """

    def __init__(self, game: Game, stored: StoredValues) -> None:
        self._game = game
        self._stored = stored
        self._of_function = isinstance(game.source, MaskedFunction)
        self._asked: tuple[Masks, Scores] | None = None  # masks and what they gave, asked in a call of their own
        self._first: tuple[Masks, Scores] | None = None  # masks of the first chunk that was kept, and its values
        self._stamp = game_stamp(game)
        self._look_seconds = 0.0  # that it took to see whether anything has changed
        self._looked = 0.0
        self._waiting: list[tuple[Masks, Scores]] = []

    def known(self, masks: Masks) -> tuple[Scores, NDArray[np.bool_]]:
        """As :meth:`StoredValues.known`; a function is asked for some masks that are not known, to be asked again later."""
        values, is_known = self._stored.known(masks)
        if self._asked is None and self._of_function and not is_known.all():
            some = masks[_some(masks, np.flatnonzero(~is_known))]
            answers = self._ask(some)
            finite = np.isfinite(answers)  # others are refused, by their mask, when they are computed
            self._asked = some[finite], answers[finite]
        return values, is_known

    def add(self, masks: Masks, values: Scores) -> None:
        """As :meth:`StoredValues.add`, of values that the game still gives; where looking costs much, they wait for the next look.

        Raises
        ------
        SymbolscopeError
            If it gives others by now, or gives a mask another value among other masks; nothing of these is kept.
        """
        self._waiting.append((masks, values))
        if time.perf_counter() - self._looked >= PACE * self._look_seconds:
            self.settle()

    def settle(self) -> None:
        """Look whether the game still gives what it gave, and keep the values that wait; raises as :meth:`add` does."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        changed = self._changed()
        if self._first is None:
            masks, values = waiting[0]
            here = _some(masks, np.arange(len(masks)))
            self._first = masks[here], values[here]
            if self._of_function:
                self._ask_again("is random, or changes itself when it is called")
                self._compare(masks, values)
                changed = False
        if changed:
            self._ask_again("has changed since the first of them were asked")
        for masks, values in waiting:
            self._stored.add(masks, values)

    def _ask_again(self, why: str) -> None:
        first, tolerance = self._asked or self._first, SAME if self._asked is not None else ALIKE
        if first is None:
            return
        some, before = first
        again = self._ask(some)
        self._asked = some, again
        if not self._close(again, before, tolerance):
            worst = int(np.abs(again - before).argmax())
            raise self._refused(f"gave a mask {before[worst]:.6g} and then {again[worst]:.6g}: it {why}")

    def _compare(self, masks: Masks, values: Scores) -> None:
        """Refuse a function whose rows take part in one another's values: a mean over the batch taken off, say."""
        some, alone = self._asked or (masks[:0], values[:0])
        together = alone.copy()
        for row, mask in enumerate(some):
            here = (masks == mask).all(axis=1)
            if here.any():
                together[row] = values[here][0]
        if not self._close(together, alone, ALIKE):
            worst = int(np.abs(together - alone).argmax())
            raise self._refused(
                f"gives a mask {together[worst]:.6g} in one batch and {alone[worst]:.6g} in another, as though masks in one batch "
                "took part in each other's values"
            )

    def _ask(self, masks: Masks) -> Scores:
        return score_chunk(self._game.source, masks, batch_size=max(1, len(masks)), threads=None)

    def _changed(self) -> bool:
        """Whether the game consists of something else than when this was last asked."""
        begun = time.perf_counter()
        stamp = game_stamp(self._game)
        self._looked = time.perf_counter()
        self._look_seconds = self._looked - begun
        changed, self._stamp = stamp != self._stamp, stamp
        return changed

    def _refused(self, what: str) -> SymbolscopeError:
        return SymbolscopeError(
            f"{self._game!r} {what}. A store keeps one value per mask, for good, so these are not kept: make it give equal masks "
            "equal values (network.eval(), a seed of its own for each call, no state between calls), or leave store out"
        )

    def _close(self, one: Scores, other: Scores, tolerance: float) -> bool:
        # A network's score is a difference of logits that may be much larger than it.
        least = 1e-9 if self._of_function else 10.0
        scale = max(least, float(np.abs(other).max(initial=0.0)))
        return bool((np.abs(one - other) <= tolerance * scale).all())


def _some(masks: Masks, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Three rows at most: the first two, and the one with most players present, where most interactions take part."""
    return np.unique([*rows[:2], rows[masks[rows].sum(axis=1).argmax()]])
