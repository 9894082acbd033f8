"""What a caller gives as a text: one string, or two of which a network reads the second after the first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, TypeGuard, cast

from symbolscope.errors import SymbolscopeError
from symbolscope.games.text_segmentation import visible
from symbolscope.games.words import Word

if TYPE_CHECKING:
    GivenText: TypeAlias = str | Sequence[str]
    GivenWords: TypeAlias = Sequence[str | int] | None
else:
    GivenText = GivenWords = object  # refused below, with a message of its own

BETWEEN = "\n\n"  # the two texts of a pair, where they are shown as one


@dataclass(frozen=True)
class InputText:
    r"""A text, or a pair of texts in one line of characters, so that a place says which of the two it is in.

    Parameters
    ----------
    parts
        The text, or the first and the second.

    Examples
    --------
    >>> pair = InputText(("it rains", "it is wet"))
    >>> pair.whole
    'it rains\n\nit is wet'
    >>> pair.starts, pair.part_at(12)
    ((0, 10), 1)
    """

    parts: tuple[str, ...]

    @classmethod
    def read(cls, text: GivenText) -> "InputText":
        """Check what was given.

        Raises
        ------
        SymbolscopeError
            If it is no string and no pair of strings, holds half a character (a lone surrogate), or nothing that can be seen.
        """
        given: object = text
        if isinstance(given, str):
            parts = (str(given),)
        elif is_pair(given):
            parts = (str(given[0]), str(given[1]))
        else:
            raise SymbolscopeError(
                f"text must be one string, or for networks of pairs two, (text, second); {_found(given)}"
            )
        for part in parts:
            place = next((at for at, character in enumerate(part) if "\ud800" <= character <= "\udfff"), None)
            if place is not None:
                raise SymbolscopeError(
                    f"the text has half a character (the lone surrogate {part[place]!r}) at place {place}; repair it: "
                    "text.encode('utf-16', 'surrogatepass').decode('utf-16', 'replace')"
                )
        if not any(visible(part) for part in parts):
            raise SymbolscopeError(
                f"the text {text!r} is empty: there is no word to hide; give a text with at least one word"
            )
        return cls(parts)

    @property
    def is_pair(self) -> bool:
        """Whether there are two texts."""
        return len(self.parts) == 2

    @property
    def whole(self) -> str:
        """All characters, an empty line between the texts of a pair."""
        return BETWEEN.join(self.parts)

    @property
    def starts(self) -> tuple[int, ...]:
        """Where each text begins in the whole."""
        return (0,) if not self.is_pair else (0, len(self.parts[0]) + len(BETWEEN))

    def part_at(self, place: int) -> int:
        """Which text a place of the whole is in."""
        return sum(start <= place for start in self.starts[1:])

    def placed(self, words: Sequence[Sequence[Word]]) -> Iterator[Word]:
        """Words of each text, with their places in the whole."""
        for start, some in zip(self.starts, words, strict=True):
            yield from (Word(word.text, start + word.start, start + word.end) for word in some)


def is_pair(given: object) -> TypeGuard[Sequence[str]]:
    """Tell whether this is a tuple or list of two strings."""
    if not isinstance(given, (tuple, list)):
        return False
    entries = cast("Sequence[object]", given)
    return len(entries) == 2 and all(isinstance(entry, str) for entry in entries)


def _found(given: object) -> str:
    if isinstance(given, (bytes, bytearray)):
        return "got bytes. Type text.decode('utf-8')"
    if isinstance(given, (tuple, list)):
        kinds = sorted({type(entry).__name__ for entry in cast("Sequence[object]", given)})
        several = ". For several texts: symbolscope.explain_many(network, texts, tokenizer=...)"
        return f"got a {type(given).__name__} of {len(cast('Sequence[object]', given))} ({', '.join(kinds)})" + (
            several if kinds == ["str"] else ""
        )
    return f"got {type(given).__name__}"
