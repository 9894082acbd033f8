"""Text from elsewhere, made safe to show: characters that steer a terminal or reorder a line appear as their numbers."""

import re
import unicodedata

# Format characters (category Cf) that are seen, or that make one sign out of several, where they stand as their script has them.
_SEEN = re.compile(
    r"[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd]"  # number and verse signs that enclose digits
    r"|(?<=[\u0590-\u1cff\u2190-\u2bff\ufe0f\U0001f000-\U0001faff])\u200d"  # zero-width joiner inside emoji and Indic words
    r"(?=[\u0590-\u1cff\u2190-\u2bff\U0001f000-\U0001faff])"
    r"|(?<=[\u0590-\u1cff])\u200c(?=[\u0590-\u1cff])"  # zero-width non-joiner inside Persian and Indic words
    r"|(?<=\U0001f3f4)[\U000e0020-\U000e007e]+\U000e007f"  # flags of regions
)
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")  # letters and marks by category, of no width or ink
_PLAIN = str.maketrans(
    {"\u2212": "-", "\u2013": "-", "\u2014": "-", "\u00a0": " ", "\u202f": " "}
)  # of our own sentences
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def printable(text: str, *, keep: str = "", encoding: str = "utf-8") -> str:
    r"""Show what is hidden in a text: control characters, bidirectional overrides, line separators, zero-width characters.

    Names of players, cells, paths and messages come from files of others. Printed as they are, an escape sequence in one clears
    the screen or sets the window's title, and a bidirectional override shows the line in another order than it is read.

    Parameters
    ----------
    text
        Any text.
    keep
        Characters that stay, such as "\n" in a text of several lines.
    encoding
        What the text is printed in; characters it lacks appear as their numbers too.

    Returns
    -------
    The text with each character of the Unicode categories Cc, Cf, Cs, Zl and Zp, and each letter without ink, written as
    ``\x1b``, ``\u202e`` or ``\U000e0001``, except joiners inside emoji and inside words of scripts that need them.

    Examples
    --------
    >>> print(printable("\x1b[2Jage"), printable("dose\u202e"), printable("two\nlines"))
    \x1b[2Jage dose\u202e two\nlines
    >>> print(printable("h\u00f6he"), printable("h\u00f6he", encoding="ascii"))
    höhe h\xf6he
    """
    if text.isascii() and text.isprintable():  # nearly all
        return text
    seen = {position for match in _SEEN.finditer(text) for position in range(*match.span())}
    shown = (
        _escaped(character) if character not in keep and position not in seen and _is_hidden(character) else character
        for position, character in enumerate(text)
    )
    return _encodable("".join(shown), encoding)


def _is_hidden(character: str) -> bool:
    return unicodedata.category(character) in _HIDDEN or character in _FILLERS


def _escaped(character: str) -> str:
    if character in _SHORT:
        return _SHORT[character]
    number = ord(character)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _encodable(text: str, encoding: str) -> str:
    if text.isascii():
        return text
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(_PLAIN).encode(encoding, "backslashreplace").decode(encoding)
    except LookupError:  # a stream with a name of its own
        return text.translate(_PLAIN).encode("ascii", "backslashreplace").decode()
    return text
