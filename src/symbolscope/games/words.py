"""Words of a text."""

from collections.abc import Sequence
from dataclasses import dataclass

from symbolscope.games.text_segmentation import word_ranges


@dataclass(frozen=True)
class Word:
    """A stretch of a text, from ``start`` up to ``end``."""

    text: str
    start: int
    end: int


def split_words(text: str) -> list[Word]:
    """Cut a text into words and punctuation marks, leaving out the spaces; see :func:`word_ranges` for what a word is.

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
    return [Word(text[start:end], start, end) for start, end in word_ranges(text)]


def distinct_names(names: Sequence[str]) -> tuple[str, ...]:
    """Give the later occurrences of a word a number, so that names tell players apart.

    Examples
    --------
    >>> distinct_names(["the", "cat", "the"])
    ('the', 'cat', 'the (2)')
    """
    given = set(names)
    seen: dict[str, int] = {}
    distinct: list[str] = []
    for name in names:
        number = seen[name] = seen.get(name, 0) + 1
        numbered = name if number == 1 else f"{name} ({number})"
        while number > 1 and numbered in given:  # a text may hold "the (2)" itself
            number = seen[name] = number + 1
            numbered = f"{name} ({number})"
        distinct.append(numbered)
    return tuple(distinct)
