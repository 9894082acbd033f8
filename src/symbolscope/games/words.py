"""Words of a text, and which of its tokens belong to which word."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from symbolscope.errors import SymbolscopeError

_INSIDE = "'’-"  # joins two letters into one word: it's, well-made


@dataclass(frozen=True)
class Word:
    """A stretch of a text, from ``start`` up to ``end``."""

    text: str
    start: int
    end: int


def split_words(text: str) -> list[Word]:
    """Cut a text into words and punctuation marks, leaving out the spaces.

    Letters, digits and combining marks form words, also across an apostrophe or hyphen between two letters. Chinese
    characters and Japanese kana, which are written without spaces, are words of their own, as is every other sign.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    The words in reading order.

    Examples
    --------
    >>> [word.text for word in split_words("It's not bad, really!")]
    ["It's", 'not', 'bad', ',', 'really', '!']
    >>> [word.text for word in split_words("不坏")]
    ['不', '坏']
    """
    words: list[Word] = []
    start = 0
    while start < len(text):
        end = start + 1
        if text[start].isspace():
            start = end
            continue
        if _in_word(text[start]):
            while end < len(text) and (_in_word(text[end]) or _joins(text, end)):
                end += 1
        while end < len(text) and (_attaches(text[end]) or (text[end - 1] == "\u200d" and not text[end].isspace())):
            end += 1
        words.append(Word(text[start:end], start, end))
        start = end
    return words


def join_shared(words: Sequence[Word], offsets: Sequence[tuple[int, int]], text: str) -> list[Word]:
    """Join neighbouring words that share a token, since they can only be hidden together.

    Examples
    --------
    >>> join_shared([Word("a", 0, 1), Word(".", 1, 2)], [(0, 2)], "a.")
    [Word(text='a.', start=0, end=2)]
    """
    joined: list[Word] = []
    for word in words:
        if joined and any(start < joined[-1].end and end > word.start for start, end in offsets):
            start = joined.pop().start
            word = Word(text[start : word.end], start, word.end)
        joined.append(word)
    return joined


def word_of_tokens(words: Sequence[Word], offsets: Sequence[tuple[int, int]]) -> list[int]:
    """Index of the word each token overlaps; -1 for tokens of no word (special tokens, spaces).

    Examples
    --------
    >>> word_of_tokens([Word("not", 0, 3), Word("bad", 4, 7)], [(0, 0), (0, 3), (3, 5), (5, 7)])
    [-1, 0, 1, 1]
    """
    owners: list[int] = []
    word = 0
    for start, end in offsets:
        while word and start < words[word].start:
            word -= 1  # offsets may step back: several byte tokens share one character
        while word + 1 < len(words) and words[word].end <= start:
            word += 1
        overlaps = start < end and start < words[word].end and end > words[word].start
        owners.append(word if overlaps else -1)
    return owners


def choose_words(words: Sequence[Word], chosen: Sequence[str | int] | None) -> list[int]:
    """Read the ``words`` argument: which words are players, in reading order.

    A string stands for every occurrence of that word (as written, else whatever its case).

    Examples
    --------
    >>> choose_words(split_words("Not bad, not good"), ["not", 1])
    [1, 3]
    >>> choose_words(split_words("Not bad"), ["not"])
    [0]
    """
    if chosen is None:
        return list(range(len(words)))
    if isinstance(chosen, str):
        raise SymbolscopeError(
            f"words must be a list of words or indices; got the string {chosen!r}. Type [{chosen!r}]"
        )
    players: set[int] = set()
    for choice in chosen:
        if isinstance(choice, str):
            found = [i for i, word in enumerate(words) if word.text == choice]
            found = found or [i for i, word in enumerate(words) if word.text.casefold() == choice.casefold()]
        else:
            found = [int(choice)] if 0 <= choice < len(words) else []
        if not found:
            listed = ", ".join(f"{i} {word.text!r}" for i, word in enumerate(words[:30]))
            raise SymbolscopeError(f"word {choice!r} is not in the text; its words are {listed}")
        players.update(found)
    if not players:
        raise SymbolscopeError("words is empty, so the game would have 0 players; name at least one word")
    return sorted(players)


def distinct_names(names: Sequence[str]) -> tuple[str, ...]:
    """Give the later occurrences of a word a number, so that names tell players apart.

    Examples
    --------
    >>> distinct_names(["the", "cat", "the"])
    ('the', 'cat', 'the (2)')
    """
    seen: dict[str, int] = {}
    distinct: list[str] = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        distinct.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(distinct)


def _in_word(character: str) -> bool:
    if not (character.isalnum() or character == "_"):
        return False
    return not _stands_alone(character)


def _stands_alone(character: str) -> bool:
    code = ord(character)
    return (
        0x3040 <= code <= 0x30FF or 0x3400 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or 0x20000 <= code <= 0x3FFFF
    )


def _joins(text: str, at: int) -> bool:
    """Whether the sign at this place is inside a word: a combining mark, or an apostrophe between two letters."""
    if _attaches(text[at]):
        return True
    return text[at] in _INSIDE and at + 1 < len(text) and _in_word(text[at - 1]) and _in_word(text[at + 1])


def _attaches(character: str) -> bool:
    """Whether a character belongs to the one before it: combining marks, joiners, variation selectors."""
    return character == "\u200d" or unicodedata.category(character).startswith("M")
