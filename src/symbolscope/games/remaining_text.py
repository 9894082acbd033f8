"""A text with some of its words removed, as a string: what a network that reads strings is given."""

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from symbolscope.games.text_segmentation import grow_together
from symbolscope.games.words import Word, split_words


@dataclass(frozen=True)
class RemainingText:
    """A text cut into pieces, each of which can be removed.

    A piece is removed with the space on one of its sides, so that what stood before and after it become neighbours: the bigrams of
    "not bad film" without "bad" are those of "not film". Pieces that would grow into one word get a space between them.

    Parameters
    ----------
    text
        The text.
    pieces
        In reading order; no two overlap, and only spaces lie outside of them.

    Examples
    --------
    >>> text = RemainingText("a bad, bad film.", tuple(split_words("a bad, bad film.")))
    >>> text.rows(np.array([[True] * 6, [True, False, False, True, True, False], [False] * 6]))
    ['a bad, bad film.', 'a bad film', '']
    """

    text: str
    pieces: tuple[Word, ...]

    def rows(self, present: NDArray[np.bool_]) -> list[str]:
        """Return the text with only the pieces that are present, for each row of bool [m, pieces]."""
        return [self._row(np.flatnonzero(row).tolist()) for row in present]

    def content(self) -> object:
        """All that the rows depend on but the masks."""
        return self.text, [(piece.start, piece.end) for piece in self.pieces]

    def _row(self, kept: Sequence[int]) -> str:
        pieces, text = self.pieces, self.text
        if not kept:
            return ""
        parts = [text[: pieces[0].start] if kept[0] == 0 else "", pieces[kept[0]].text]
        for before, after in itertools.pairwise(kept):
            parts += [self._between(before, after), pieces[after].text]
        if kept[-1] == len(pieces) - 1:
            parts.append(text[pieces[-1].end :])
        return "".join(parts)

    def _between(self, before: int, after: int) -> str:
        """What separates two pieces, those between them removed: the first space that there was."""
        pieces = self.pieces
        gaps = [self.text[pieces[i].end : pieces[i + 1].start] for i in range(before, after)]
        if len(gaps) == 1:
            return gaps[0]
        space = next((gap for gap in gaps if gap), "")
        return space or (" " if _grow_together(pieces[before].text, pieces[after].text) else "")


def removable_pieces(text: str, stretches: Sequence[Word]) -> tuple[tuple[Word, ...], NDArray[np.int64]]:
    """Cut a text at its players, and what lies between them into words.

    Parameters
    ----------
    text
        The text.
    stretches
        Where each player stands, in reading order.

    Returns
    -------
    pieces
        Players and words in reading order.
    labels
        int64 [pieces]: the player of each, -1 for words that always stay.

    Examples
    --------
    >>> pieces, labels = removable_pieces("a bad film", [Word("bad", 2, 5)])
    >>> [piece.text for piece in pieces], labels
    (['a', 'bad', 'film'], array([-1,  0, -1]))
    """
    pieces: list[Word] = []
    labels: list[int] = []
    at = 0
    for player, stretch in enumerate([*stretches, Word("", len(text), len(text))]):
        for word in split_words(text[at : stretch.start]):
            pieces.append(Word(word.text, at + word.start, at + word.end))
            labels.append(-1)
        if player < len(stretches):
            pieces.append(stretch)
            labels.append(player)
        at = stretch.end
    return tuple(pieces), np.array(labels, dtype=np.int64)


@functools.lru_cache(maxsize=1 << 16)
def _grow_together(before: str, after: str) -> bool:
    return grow_together(before, after)
