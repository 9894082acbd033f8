"""Stretches of a text and the tokens in them: a token is hidden whole, so it belongs to one stretch."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from symbolscope.errors import SymbolscopeError
from symbolscope.games.text_segmentation import Range
from symbolscope.games.words import Word


def owners_of_tokens(stretches: Sequence[Word], tokens: Sequence[Range]) -> NDArray[np.int64]:
    """Index of the first stretch that each token overlaps, int64 [tokens]; -1 for tokens of none (special tokens, spaces).

    Parameters
    ----------
    stretches
        In reading order; no two overlap.
    tokens
        (start, end) of each, in any order.

    Examples
    --------
    >>> owners_of_tokens([Word("not", 0, 3), Word("bad", 4, 7)], [(0, 0), (0, 3), (3, 5), (5, 7)])
    array([-1,  0,  1,  1])
    """
    first, last = _overlapped(stretches, tokens)
    return np.where(first <= last, first, -1)


def joined_where_shared(words: Sequence[Word], tokens: Sequence[Range], text: str) -> list[Word]:
    """Join neighbouring words that share a token, since they can only be hidden together.

    Examples
    --------
    >>> joined_where_shared([Word("a", 0, 1), Word(".", 1, 2)], [(0, 2)], "a.")
    [Word(text='a.', start=0, end=2)]
    """
    first, last = _overlapped(words, tokens)
    linked: set[int] = set()  # words that belong to the one before
    for one, other in zip(first[last > first].tolist(), last[last > first].tolist(), strict=True):
        linked.update(range(one + 1, other + 1))
    joined: list[Word] = []
    for number, word in enumerate(words):
        start = joined.pop().start if number in linked else word.start
        joined.append(Word(text[start : word.end], start, word.end))
    return joined


def ending_with_their_tokens(stretches: Sequence[Word], tokens: Sequence[Range], text: str) -> list[Word]:
    """Move the border of two stretches that share a token behind it: the first has the token.

    Examples
    --------
    >>> ending_with_their_tokens([Word("ab", 0, 2), Word("cd", 2, 4)], [(0, 1), (1, 3), (3, 4)], "abcd")
    [Word(text='abc', start=0, end=3), Word(text='d', start=3, end=4)]
    """
    ends = [word.end for word in stretches]
    first, last = _overlapped(stretches, tokens)
    for token in np.flatnonzero(last > first).tolist():
        ends[first[token]] = max(ends[first[token]], tokens[token][1])
    moved: list[Word] = []
    at = 0
    for word, end in zip(stretches, ends, strict=True):
        trimmed = trimmed_word(text, max(at, word.start), max(at, end))
        if trimmed.text:
            moved.append(trimmed)
        at = max(at, end)
    return moved


def of_whole_tokens(stretches: Sequence[Word], tokens: Sequence[Range], text: str) -> list[Word]:
    """Widen stretches that a caller named to the tokens that they touch.

    Raises
    ------
    SymbolscopeError
        If two of them share a token: it is named.

    Examples
    --------
    >>> of_whole_tokens([Word("Kranken", 0, 7)], [(0, 5), (5, 10), (10, 19)], "Krankenversicherung")
    [Word(text='Krankenver', start=0, end=10)]
    """
    first, last = _overlapped(stretches, tokens)
    shared = np.flatnonzero(last > first)
    if len(shared):
        token = int(shared[0])
        start, end = tokens[token]
        one, other = stretches[first[token]], stretches[first[token] + 1]
        piece = trimmed_word(text, start, end).text
        kind = "token" if _inside_a_word(text, start, end) else "word"
        raise SymbolscopeError(
            f"the spans {one.text!r} and {other.text!r} share the {kind} {piece!r}, which can only be hidden whole; move the border"
        )
    starts, ends = [word.start for word in stretches], [word.end for word in stretches]
    for token in np.flatnonzero(first == last).tolist():
        owner = int(first[token])
        starts[owner] = min(starts[owner], tokens[token][0])
        ends[owner] = max(ends[owner], tokens[token][1])
    return [trimmed_word(text, start, end) for start, end in zip(starts, ends, strict=True)]


def cut_token(start: int, end: int, tokens: Sequence[Range]) -> Range | None:
    """Find the token that a stretch would cut, if there is one.

    Examples
    --------
    >>> cut_token(0, 7, [(0, 5), (5, 10)])
    (5, 10)
    """
    return next((token for token in tokens if any(token[0] < border < token[1] for border in (start, end))), None)


def trimmed_word(text: str, start: int, end: int) -> Word:
    """Leave out the spaces at both ends of a stretch."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Word(text[start:end], start, end)


def _overlapped(stretches: Sequence[Word], tokens: Sequence[Range]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last stretch that each token overlaps; none where last < first."""
    bounds = np.array(tokens, dtype=np.int64).reshape(-1, 2)
    starts = np.array([word.start for word in stretches], dtype=np.int64)
    ends = np.array([word.end for word in stretches], dtype=np.int64)
    first = np.searchsorted(ends, bounds[:, 0], side="right")
    last = np.searchsorted(starts, bounds[:, 1], side="left") - 1
    last[bounds[:, 0] >= bounds[:, 1]] = -1  # special tokens
    return first.astype(np.int64), last.astype(np.int64)


def _inside_a_word(text: str, start: int, end: int) -> bool:
    """Whether letters touch a token on either side, so that it is a piece of a word."""
    piece = trimmed_word(text, start, end)
    before, after = text[piece.start - 1 : piece.start], text[piece.end : piece.end + 1]
    return before.isalnum() or after.isalnum()
