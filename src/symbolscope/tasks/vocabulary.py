"""The tokens of a task, by name and by number."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.argument_checks import InstanceOf, Text, WholeNumber
from symbolscope.core.checked_call import takes
from symbolscope.core.sequence_checks import ListOf, Names
from symbolscope.errors import SymbolscopeError


@dataclass(frozen=True)
class Vocabulary:
    """Names of tokens; a token's id is its place among them.

    Raises
    ------
    SymbolscopeError
        If there are none, or two of one name.

    Examples
    --------
    >>> vocabulary = Vocabulary(("P", "B", "D", "T", "R", "E"))
    >>> len(vocabulary), vocabulary.index("T")
    (6, 3)
    >>> vocabulary.decode(vocabulary.encode(["B", "D", "T"]))
    ['B', 'D', 'T']
    """

    tokens: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "tokens", Names(distinct=False).read("tokens", self.tokens))
        if not self.tokens or len(set(self.tokens)) != len(self.tokens):
            raise SymbolscopeError(f"a vocabulary needs at least one token, each of its own name; got {self.tokens}")

    def __len__(self) -> int:
        return len(self.tokens)

    @takes({"token": Text()})
    def index(self, token: str) -> int:
        """Id of a token."""
        return self._place(token)

    def _place(self, token: str) -> int:
        """Id of a text, without a check of its type: a task that writes trials asks for one per token."""
        if token not in self.tokens:
            near = get_close_matches(token, self.tokens, n=1, cutoff=0.0)
            raise SymbolscopeError(
                f"there is no token {token!r}; did you mean {near[0]!r}? Known: {' '.join(self.tokens)}"
            )
        return self.tokens.index(token)

    def encode(self, tokens: Iterable[str]) -> NDArray[np.int64]:
        """Ids of tokens, int64 [L]; of a string, its characters are the tokens."""
        return self._encoded(tuple(tokens) if isinstance(tokens, str) else tokens)

    @takes({"tokens": Names(distinct=False)})
    def _encoded(self, tokens: Iterable[str]) -> NDArray[np.int64]:
        return np.array([self._place(token) for token in tokens], dtype=np.int64)

    @takes({"ids": ListOf(WholeNumber(), "whole numbers")})
    def decode(self, ids: Sequence[int] | NDArray[np.int64]) -> list[str]:
        """Tokens of ids."""
        wrong = [int(one) for one in ids if not 0 <= int(one) < len(self.tokens)]
        if wrong:
            raise SymbolscopeError(f"token ids are 0..{len(self.tokens) - 1}; got {wrong[0]}")
        return [self.tokens[int(one)] for one in ids]


VOCABULARY = InstanceOf(Vocabulary, "a vocabulary", "task.vocabulary")
