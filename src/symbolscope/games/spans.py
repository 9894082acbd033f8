"""Spans of a text: sentences, or stretches that a person names, as the players of a game."""

import itertools
import operator
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, SupportsIndex, TypeAlias, cast

import numpy as np

from symbolscope.errors import SymbolscopeError
from symbolscope.games.token_stretches import trimmed_word
from symbolscope.games.words import Word

if TYPE_CHECKING:
    Range: TypeAlias = tuple[SupportsIndex, SupportsIndex]
    GivenSpans: TypeAlias = str | Sequence[str] | Sequence[Range] | Sequence[str | Range]
else:
    GivenSpans = object  # refused below, with a message of its own

LONGEST_NAME = 32

_ENDS = ".!?…։؟۔।॥"  # end a sentence where a space or the end of the text follows
_ENDS_ALONE = "。！？｡"  # end it wherever they stand: these scripts put no space between sentences
_CLOSE = "\"'”’»)]}」』】）"  # belong to the sentence they follow


def split_sentences(text: str) -> list[Word]:
    """Cut a text into sentences, whatever its language.

    A sentence ends after . ! ? or … (and their Armenian, Arabic, Urdu and Indic kin) where a space or the end of the
    text follows, after 。！？ anywhere, and at an empty line; closing quotes and brackets go with it. Abbreviations are
    not known: "e.g. this" is cut after "e.g.", while "3.5" and "U.S.A" stay whole.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    The sentences in reading order, without the spaces around them.

    Examples
    --------
    >>> [sentence.text for sentence in split_sentences('It is late. "Go!" she said. Pi is 3.14')]
    ['It is late.', '"Go!"', 'she said.', 'Pi is 3.14']
    >>> [sentence.text for sentence in split_sentences("不坏。很好！")]
    ['不坏。', '很好！']
    """
    cuts: list[int] = []
    at = 0
    while at < len(text):
        sign = text[at]
        at += 1
        if sign in _ENDS or sign in _ENDS_ALONE:
            alone = sign in _ENDS_ALONE
            while at < len(text) and text[at] in _ENDS + _ENDS_ALONE + _CLOSE:
                alone = alone or text[at] in _ENDS_ALONE
                at += 1
            if alone or at == len(text) or text[at].isspace():
                cuts.append(at)
        elif sign == "\n" and text[at:].lstrip(" \t\r").startswith("\n"):
            cuts.append(at)
    pieces = zip([0, *cuts], [*cuts, len(text)], strict=True)
    trimmed = [trimmed_word(text, start, end) for start, end in pieces]
    return [sentence for sentence in trimmed if sentence.text]


def choose_spans(text: str, spans: GivenSpans) -> list[Word]:
    """Read the ``spans`` argument: stretches of the text, in reading order.

    Parameters
    ----------
    text
        The text.
    spans
        "sentence", or a list of (start, end) character ranges and of strings that occur in the text. A string stands for
        its first occurrence that no string before it took.

    Raises
    ------
    SymbolscopeError
        If a string is not in the text, a range is empty or outside, or two spans overlap.

    Examples
    --------
    >>> choose_spans("the cat saw the dog", ["the dog", (0, 7)])
    [Word(text='the cat', start=0, end=7), Word(text='the dog', start=12, end=19)]
    """
    if isinstance(spans, str):
        if spans == "sentence":
            return split_sentences(text)
        raise _unreadable(spans, f". Type [{spans!r}]" if spans in text else "")
    if not isinstance(cast("object", spans), Iterable):
        raise _unreadable(spans, "")
    chosen: list[Word] = []
    taken: dict[int, Word] = {}  # by where it begins, spaces included
    for span in spans:
        start, end = _found(span, text, taken) if isinstance(span, str) else _range(span, text)
        word = trimmed_word(text, start, end)
        if not word.text:
            raise SymbolscopeError(f"the span {span!r} holds no word, only {text[start:end]!r}")
        chosen.append(word)
        taken[start] = word
    if not chosen:
        raise SymbolscopeError("spans is empty, so the game would have 0 players; name at least one span")
    chosen.sort(key=lambda word: word.start)
    for before, after in itertools.pairwise(chosen):
        if after.start < before.end:
            raise _overlap(before, after)
    return chosen


def short_name(text: str) -> str:
    r"""Name a span by its text on one line, of a long one the beginning, cut between words where there are any.

    Examples
    --------
    >>> short_name("not\n bad")
    'not bad'
    >>> short_name("The film that we saw yesterday evening was not bad.")
    'The film that we saw yesterday…'
    """
    line = " ".join(text.split())
    if len(line) <= LONGEST_NAME:
        return line
    begun = line[: LONGEST_NAME - 1]
    between_words, _, _ = begun.rpartition(" ") if line[LONGEST_NAME - 1] != " " else (begun, "", "")
    return (between_words if len(between_words) > LONGEST_NAME // 2 else begun).rstrip(" ,;:") + "…"


def _found(span: str, text: str, taken: dict[int, Word]) -> tuple[int, int]:
    """The first occurrence of a string that begins where no span before it does."""
    in_the_way: list[Word] = []
    start = text.find(span) if span else -1
    while start in taken:
        in_the_way.append(taken[start])
        start = text.find(span, start + 1)
    if start >= 0:
        return start, start + len(span)
    for word in in_the_way:
        if word.text != span.strip():
            here = Word(span, word.start, word.start + len(span))
            raise _overlap(*sorted((word, here), key=lambda word: word.end))
    times = f" {text.count(span)} times, fewer than it is named" if in_the_way else ""
    raise SymbolscopeError(f"the span {span!r} is {'in' if times else 'not in'} the text{times}: {text!r}")


def _overlap(before: Word, after: Word) -> SymbolscopeError:
    return SymbolscopeError(
        f"the spans {before.text!r} ({before.start}, {before.end}) and {after.text!r} ({after.start}, "
        f"{after.end}) overlap; each word belongs to one span"
    )


def _unreadable(spans: object, hint: str) -> SymbolscopeError:
    return SymbolscopeError(
        "spans must be 'word', 'sentence', or a list of strings of the text or (start, end) ranges; got "
        f"{spans!r}{hint}"
    )


def _range(span: object, text: str) -> tuple[int, int]:
    places = list(cast("Sequence[object]", span)) if isinstance(span, (Sequence, np.ndarray)) else []
    whole = [place for place in places if isinstance(place, SupportsIndex) and not isinstance(place, (bool, np.bool_))]
    if not len(whole) == len(places) == 2:
        raise SymbolscopeError(f"a span must be a string of the text or a (start, end) pair of integers; got {span!r}")
    start, end = operator.index(whole[0]), operator.index(whole[1])
    if not 0 <= start < end <= len(text):
        raise SymbolscopeError(
            f"the span ({start}, {end}) is empty or outside the text of {len(text)} characters; "
            f"give 0 <= start < end <= {len(text)}"
        )
    return start, end
