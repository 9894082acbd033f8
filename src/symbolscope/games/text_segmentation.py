"""Where a text may be cut: between grapheme clusters and between words, as Unicode defines them (UAX #29)."""

import functools
import itertools
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import regex

Range = tuple[int, int]

_JOINERS = frozenset("'’-\u2010\u2011")  # between two letters they are inside a word: it's, well-made, 1990's


def grapheme_clusters(text: str) -> list[Range]:
    r"""Cut a text into grapheme clusters: what a reader takes for one character.

    Examples
    --------
    >>> grapheme_clusters("e\u0301a")
    [(0, 2), (2, 3)]
    """
    return [match.span() for match in _patterns()["cluster"].finditer(text)]


def word_ranges(text: str) -> list[Range]:
    """Cut a text into words and single signs, leaving out the spaces.

    Word boundaries are Unicode's (UAX #29, as the package ``regex`` has them), never inside a grapheme cluster, with these
    departures:

    - an apostrophe or hyphen between two letters or digits is inside a word; so is everything in an address (https://..., a@b.org);
    - each Chinese character and each kana is a word;
    - scripts without spaces between words (Thai, Lao, Khmer, Burmese, ...), which Unicode leaves to dictionaries, are cut at every
      grapheme cluster, but not between a vowel and its consonant nor in a stack of consonants. A caller who knows their words gives
      them as spans;
    - what cannot be seen (a zero-width space, a direction mark) belongs to the word before it, or else after it.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    (start, end) of each word, in reading order.

    Source: Unicode Standard Annex 29, "Unicode Text Segmentation".

    Examples
    --------
    >>> text = "It's 3.14, see www.a.org/x?y=1!"
    >>> [text[start:end] for start, end in word_ranges(text)]
    ["It's", '3.14', ',', 'see', 'www.a.org/x?y=1', '!']
    >>> text = "ไม่ชอบ"
    >>> [text[start:end] for start, end in word_ranges(text)]
    ['ไม่', 'ช', 'อ', 'บ']
    """
    return _with_what_cannot_be_seen(text, _with_joiners(text, _pieces(text)))


def grow_together(before: str, after: str) -> bool:
    """Whether two words, written one after the other without a space, would be read as one.

    Examples
    --------
    >>> grow_together("end", "Start"), grow_together("end", "."), grow_together("不", "坏")
    (True, False, False)
    """
    joined = before + after
    return all(end != len(before) for _, end in word_ranges(joined))


def visible(text: str) -> bool:
    r"""Whether a text has any sign that can be seen.

    Examples
    --------
    >>> visible(" \u200b\n"), visible(" a")
    (False, True)
    """
    return not all(character.isspace() or _unseen(character) for character in text)


def _pieces(text: str) -> list[Range]:
    """Words by Unicode's rules, and clusters where a script puts no space between words."""
    patterns = _patterns()
    cuts = {start for start, _ in grapheme_clusters(text)}
    words = {match.start() for match in patterns["boundary"].finditer(text)}
    for start, end in (match.span() for match in patterns["one by one"].finditer(text)):
        words.update(range(start, end + 1))
    cuts &= words
    cuts -= {match.end() for match in patterns["before another"].finditer(text)}
    cuts -= {match.start() for match in patterns["after another"].finditer(text)}
    for start, end in (match.span() for match in patterns["address"].finditer(text)):
        cuts.difference_update(range(start + 1, end))
        cuts |= {start, end}
    for match in patterns["spaces"].finditer(text):
        cuts.update(match.span())
    ordered = sorted(cuts | {0, len(text)})
    ranges = itertools.pairwise(ordered)
    return [(start, end) for start, end in ranges if not text[start].isspace()]


def _with_joiners(text: str, pieces: list[Range]) -> list[Range]:
    """Join letters and digits across an apostrophe or a hyphen."""
    joined: list[Range] = []
    for number, (start, end) in enumerate(pieces):
        if joined and joined[-1][1] == start:
            before = text[joined[-1][1] - 1]
            if text[start:end] in _JOINERS:
                after = pieces[number + 1][0] if number + 1 < len(pieces) else -1
                inside = after == end and _letter(before) and _letter(text[end])
            else:
                inside = before in _JOINERS and joined[-1][1] - joined[-1][0] > 1 and _letter(text[start])
            if inside:
                joined[-1] = (joined[-1][0], end)
                continue
        joined.append((start, end))
    return joined


def _with_what_cannot_be_seen(text: str, words: list[Range]) -> list[Range]:
    joined: list[Range] = []
    hanging = False  # the last one is not seen and waits for the next
    for start, end in words:
        touches = bool(joined) and joined[-1][1] == start
        unseen = all(_unseen(character) for character in text[start:end])
        if touches and (unseen or hanging):
            joined[-1] = (joined[-1][0], end)
            hanging = hanging and unseen
        else:
            joined.append((start, end))
            hanging = unseen
    return joined


def _letter(character: str) -> bool:
    """Whether a character is inside a word that is written with others: a letter, digit or mark, but no character of its own."""
    if character == "_" or character.isalnum() or unicodedata.category(character).startswith("M"):
        return _patterns()["alone"].match(character) is None
    return False


def _unseen(character: str) -> bool:
    return unicodedata.category(character) == "Cf"


@functools.cache
def _patterns() -> "dict[str, regex.Pattern[str]]":
    """Compile what is looked for, when the first text is cut and not when the library is imported."""
    import regex

    written = {
        "cluster": r"\X",
        "boundary": r"(?w)\b",
        "one by one": r"[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u30FC]+",
        # A vowel that is written before its consonant (เก), and a sign that stacks two consonants (ក្ក).
        "before another": r"\p{Logical_Order_Exception}|\p{Indic_Syllabic_Category=Invisible_Stacker}",
        "after another": r"(?!\p{Logical_Order_Exception})\p{Indic_Syllabic_Category=Vowel_Dependent}",  # กา
        "address": r"(?i)(?<![\p{L}\p{N}])(?:[a-z][a-z0-9+.-]*://|www\.)[^\s<>\"“”«»]*[\p{L}\p{N}/=#&%_~-]"
        r"|[\p{L}\p{N}][\p{L}\p{N}._%+-]*@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)*\.\p{L}+",
        "spaces": r"\s+",
        "alone": r"[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u30FC\p{Line_Break=Complex_Context}]",
    }
    return {name: regex.compile(pattern) for name, pattern in written.items()}
