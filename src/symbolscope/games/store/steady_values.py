"""Values that are kept only while the game gives them again: random functions and networks that change themselves are noticed."""

import time

import numpy as np
from numpy.typing import NDArray

from symbolscope.errors import SymbolscopeError
from symbolscope.games.executors.score_chunk import score_chunk
from symbolscope.games.game import Game
from symbolscope.games.masked_network import MaskedNetwork
from symbolscope.games.store.fingerprint import game_stamp
from symbolscope.games.store.stored_values import StoredValues
from symbolscope.shapes import Masks, Scores

SAME = 1e-5  # two equal calls, relative to the largest answer: room for sums in another order
ALIKE = 0.02  # the same masks among others, in half precision too
PACE = 20  # at most one part in so many of the time goes into looking for changes


class SteadyValues:
    """A store of one game's values, behind a check that one mask has one value.

    Before the first value is kept, three masks are asked twice, in two equal calls. Whenever something that the values depend
    on has changed since (a weight, a buffer, a global, what a closure holds), they are asked again. Where the answers differ
    nothing more is kept: one mask has one value in a store, for good.

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
        self._asked: tuple[Masks, Scores] | None = None  # masks and what they gave before anything was kept
        self._stamp = ""
        self._stamp_seconds = 0.0
        self._stamped = 0.0
        self._confirmed = False

    def known(self, masks: Masks) -> tuple[Scores, NDArray[np.bool_]]:
        """As :meth:`StoredValues.known`; of masks that are not known three are asked, to be asked again later."""
        values, is_known = self._stored.known(masks)
        if self._asked is None and not is_known.all():
            unknown = np.flatnonzero(~is_known)
            fullest = unknown[masks[unknown].sum(axis=1).argmax()]  # most of what the game can do is in it
            some = masks[np.unique([*unknown[:2], fullest])]
            self._asked = some, self._ask(some)
        return values, is_known

    def add(self, masks: Masks, values: Scores) -> None:
        """As :meth:`StoredValues.add`, of values that the game still gives.

        Raises
        ------
        SymbolscopeError
            If it gives others by now, or gives a mask another value among other masks; nothing of these is kept.
        """
        if not self._confirmed:
            self._confirm(masks, values)
        elif self._changed():
            self._ask_again("has changed since the first of them were asked")
        self._stored.add(masks, values)

    def _confirm(self, masks: Masks, values: Scores) -> None:
        self._changed()
        self._ask_again("is random, or changes itself when it is called")
        if self._asked is not None:
            some, answers = self._asked
            for mask, answer in zip(some, answers, strict=True):
                (place,) = np.flatnonzero((masks == mask).all(axis=1))[:1].tolist() or (None,)
                if place is not None and not self._close(values[place : place + 1], np.array([answer]), ALIKE):
                    raise self._refused(
                        f"gives a mask {values[place]:.6g} in one batch and {answer:.6g} in another, as though masks in one batch "
                        "took part in each other's values"
                    )
        self._confirmed = True

    def _ask_again(self, why: str) -> None:
        if self._asked is None:
            return
        some, answers = self._asked
        again = self._ask(some)
        if not self._close(again, answers, SAME):
            worst = int(np.abs(again - answers).argmax())
            raise self._refused(f"gave a mask {answers[worst]:.6g} and then {again[worst]:.6g}: it {why}")

    def _ask(self, masks: Masks) -> Scores:
        return score_chunk(self._game.source, masks, batch_size=len(masks), threads=None)

    def _changed(self) -> bool:
        """Whether the game consists of something else than when this was last asked; not asked while that would cost much."""
        now = time.perf_counter()
        if now - self._stamped < PACE * self._stamp_seconds:
            return False
        stamp = game_stamp(self._game)
        self._stamped = time.perf_counter()
        self._stamp_seconds = self._stamped - now
        changed, self._stamp = stamp != self._stamp, stamp
        return changed

    def _refused(self, what: str) -> SymbolscopeError:
        return SymbolscopeError(
            f"{self._game!r} {what}. A store keeps one value per mask, for good, so these are not kept: make it give equal masks "
            "equal values (network.eval(), a seed of its own for each call, no state between calls), or leave store out"
        )

    def _close(self, one: Scores, other: Scores, tolerance: float) -> bool:
        # A network's score is a difference of logits that may be much larger than it.
        least = 10.0 if isinstance(self._game.source, MaskedNetwork) else 0.0
        scale = max(least, float(np.abs(other).max(initial=0.0)))
        return bool((np.abs(one - other) <= tolerance * scale).all())
