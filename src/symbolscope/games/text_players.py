"""Which stretches of a text are the players: its words, its sentences, or what a caller names."""

import itertools
import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import SupportsIndex, cast

import numpy as np
from numpy.typing import NDArray

from symbolscope.errors import SymbolscopeError
from symbolscope.games.input_text import GivenWords, InputText
from symbolscope.games.spans import GivenSpans, choose_spans, short_name, split_sentences
from symbolscope.games.text_segmentation import Range, visible
from symbolscope.games.token_stretches import (
    cut_token,
    ending_with_their_tokens,
    joined_where_shared,
    of_whole_tokens,
    owners_of_tokens,
)
from symbolscope.games.view import TextView
from symbolscope.games.words import Word, distinct_names, split_words


@dataclass(frozen=True, eq=False)
class TextPlayers:
    """The players of a text.

    Parameters
    ----------
    names
        One name per player; of a pair it begins with "text 1:" or "text 2:".
    stretches
        Where each player stands in the whole text, in reading order.
    of_token
        int64 [tokens]: the player of each token, -1 for none.
    described
        How many players of what there are.
    """

    names: tuple[str, ...]
    stretches: tuple[Word, ...]
    of_token: NDArray[np.int64]
    described: str

    @classmethod
    def choose(
        cls,
        text: InputText,
        tokens: Sequence[Range],
        *,
        words: GivenWords,
        spans: GivenSpans,
    ) -> "TextPlayers":
        """Read the arguments ``words`` and ``spans`` of :meth:`symbolscope.Game.from_text`.

        Parameters
        ----------
        text
            The text or pair.
        tokens
            (start, end) of each token in the whole text; (0, 0) for special tokens.
        words, spans
            As given there.

        Raises
        ------
        SymbolscopeError
            If no token is left, or a word or span is not in the text, overlaps another or shares a token with it.
        """
        if words is not None and not (isinstance(spans, str) and spans == "word"):
            raise SymbolscopeError(
                "words= names single words as players, and spans= stretches of several; give one of the two"
            )
        whole = text.whole
        there = joined_where_shared(list(text.placed([split_words(part) for part in text.parts])), tokens, whole)
        there = [word for word in _with_tokens(there, tokens) if visible(word.text)]
        if not there:
            raise SymbolscopeError(
                f"the tokenizer leaves no token of the text {whole!r}; is it the network's own tokenizer?"
            )
        if isinstance(spans, str) and spans == "word":
            stretches = there if words is None else _chosen_words(whole, there, words, tokens)
            kind = "words"
        elif isinstance(spans, str) and spans == "sentence":
            sentences = list(text.placed([split_sentences(part) for part in text.parts]))
            stretches = ending_with_their_tokens(sentences, tokens, whole)
            kind = "sentences"
        else:
            stretches = of_whole_tokens(_chosen_spans(text, spans), tokens, whole)
            kind = "spans"
        kept = _with_tokens(stretches, tokens)
        if not kept:
            raise SymbolscopeError("the tokenizer leaves no token of any span, so the game would have 0 players")
        counts = [sum(text.part_at(word.start) == part for word in there) for part in range(len(text.parts))]
        of = f"a text of {counts[0]}" if len(counts) == 1 else f"a pair of texts of {counts[0]} and {counts[1]}"
        return cls(
            _names(text, kept),
            tuple(kept),
            owners_of_tokens(kept, tokens),
            f"{len(kept)} {kind} of {of}{'' if kind == 'words' else ' words'}",
        )

    def view(self, text: InputText) -> TextView:
        """The text, cut at its players; joined, the fragments give it back."""
        whole = text.whole
        fragments: list[tuple[str, int]] = []
        at = 0
        for player, stretch in enumerate(self.stretches):
            if stretch.start > at:
                fragments.append((whole[at : stretch.start], -1))
            fragments.append((stretch.text, player))
            at = stretch.end
        if at < len(whole):
            fragments.append((whole[at:], -1))
        return TextView(tuple(fragments))


def _with_tokens(stretches: Sequence[Word], tokens: Sequence[Range]) -> list[Word]:
    """Those that have a token: a tokenizer may drop signs that it does not know."""
    owning = set(owners_of_tokens(stretches, tokens).tolist())
    return [word for number, word in enumerate(stretches) if number in owning]


def _names(text: InputText, stretches: Sequence[Word]) -> tuple[str, ...]:
    names: list[str] = []
    for part in range(len(text.parts)):
        here = [_name(stretch.text) for stretch in stretches if text.part_at(stretch.start) == part]
        names += [f"text {part + 1}: {name}" if text.is_pair else name for name in distinct_names(here)]
    return tuple(names)


def _name(text: str) -> str:
    """What a player is called: its text, without the signs at its ends that cannot be seen."""
    seen = text
    while seen and not visible(seen[0]):
        seen = seen[1:]
    while seen and not visible(seen[-1]):
        seen = seen[:-1]
    return short_name(seen) if seen else " ".join(f"U+{ord(character):04X}" for character in text)


def _chosen_words(whole: str, there: Sequence[Word], chosen: GivenWords, tokens: Sequence[Range]) -> list[Word]:
    """Read ``words``: for each choice every occurrence of that word, else every place in the text where it stands."""
    given: object = chosen
    if isinstance(given, str) or not isinstance(given, Iterable):
        typed = f". Type [{given!r}]" if isinstance(given, str) else ""
        raise SymbolscopeError(f"words must be a list of words or indices; got {given!r}{typed}")
    found: set[Word] = set()
    for choice in cast("Iterable[object]", given):
        found.update(_occurrences(whole, there, choice, tokens))
    if not found:
        raise SymbolscopeError("words is empty, so the game would have 0 players; name at least one word")
    ordered = sorted(found, key=lambda word: (word.start, word.end))
    for before, after in itertools.pairwise(ordered):
        if after.start < before.end:
            raise SymbolscopeError(
                f"the words {before.text!r} and {after.text!r} overlap in the text; name one of them"
            )
    return ordered


def _occurrences(whole: str, there: Sequence[Word], choice: object, tokens: Sequence[Range]) -> list[Word]:
    if isinstance(choice, str):
        found = [word for word in there if word.text == choice]
        found = found or [word for word in there if word.text.casefold() == choice.casefold()]
        if not found and choice.strip():  # a part of a word, or several: where the tokens allow it
            found = _places(whole, choice.strip())
            for place in found:
                if (token := cut_token(place.start, place.end, tokens)) is not None:
                    raise SymbolscopeError(
                        f"{place.text!r} begins or ends inside {whole[slice(*token)]!r}, one token, which can only be "
                        f"hidden whole; name that, or one of the text's words: {_listed(there)}"
                    )
    else:
        index = operator.index(choice) if isinstance(choice, SupportsIndex) and not isinstance(choice, bool) else -1
        found = [there[index]] if 0 <= index < len(there) else []
    if not found:
        raise SymbolscopeError(f"word {choice!r} is not in the text; its words are {_listed(there)}")
    return found


def _places(whole: str, sought: str) -> list[Word]:
    places: list[Word] = []
    at = whole.find(sought)
    while at >= 0:
        places.append(Word(sought, at, at + len(sought)))
        at = whole.find(sought, at + len(sought))
    return places


def _listed(words: Sequence[Word]) -> str:
    return ", ".join(f"{i} {word.text!r}" for i, word in enumerate(words[:30]))


def _chosen_spans(text: InputText, spans: GivenSpans) -> list[Word]:
    """Read ``spans``; of a pair they may be strings of either text, or a list for each."""
    if not text.is_pair:
        return choose_spans(text.whole, spans)
    given = list(cast("Iterable[object]", spans)) if isinstance(spans, (list, tuple)) else []
    if given and all(isinstance(span, str) for span in given):
        return choose_spans(text.whole, spans)
    if len(given) != 2 or not all(part is None or _is_list_of_spans(part) for part in given):
        raise SymbolscopeError(
            "spans of a pair of texts must be 'word', 'sentence', a list of strings, or two lists, the spans of the first text and "
            f"of the second: ([(0, 5)], ['not bad']); got {spans!r}"
        )
    if not any(given):
        raise SymbolscopeError("spans is empty, so the game would have 0 players; name at least one span")
    chosen = [
        choose_spans(part, cast("GivenSpans", of_part)) if of_part else []
        for part, of_part in zip(text.parts, given, strict=True)
    ]
    return list(text.placed(chosen))


def _is_list_of_spans(part: object) -> bool:
    if not isinstance(part, (list, tuple)):
        return False
    return not any(isinstance(entry, SupportsIndex) for entry in cast("Sequence[object]", part))
