"""A network and a text as a game: ``--text "..."``."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from symbolscope.cli.targets import read_target
from symbolscope.errors import SymbolscopeError

if TYPE_CHECKING:
    from symbolscope.games.game import Game

_TOKENS = ("mask", "pad", "unk", "eos")


@dataclass(frozen=True)
class TextInput:
    """A text, checked as far as it can be without the tokenizer.

    Parameters
    ----------
    text
        The text.
    baseline
        A special token's name, a token id, or None for the first special token that there is.
    """

    text: str
    baseline: str | int | None

    @classmethod
    def parse(cls, text: str, baseline: str | None, *, from_code: bool) -> "TextInput":
        """Check the options.

        Raises
        ------
        SymbolscopeError
            If the text is empty, the baseline is unknown, or MODEL can give no tokenizer.
        """
        if not text.strip():
            raise SymbolscopeError(
                '--text is empty: there is no word to hide; give at least one word, --text "not bad"'
            )
        hidden: str | int | None = baseline
        if baseline is not None and baseline not in _TOKENS:
            if not baseline.isdecimal():
                raise SymbolscopeError(f"--baseline {baseline} does not suit a text; give mask, pad, unk or a token id")
            hidden = int(baseline)
        if not from_code:
            raise SymbolscopeError(
                "--text needs a tokenizer too, which an exported program has not; give MODEL as file.py:function, a "
                "function that returns (network, tokenizer)"
            )
        return cls(text, hidden)

    @property
    def description(self) -> str:
        """What is explained, for the page."""
        return f"the text “{self.text if len(self.text) <= 60 else self.text[:59] + '…'}”"

    def game(self, network: object, *, score: str | None, target: str | None) -> "Game":
        """Make the game."""
        from symbolscope.games.game import Game

        if not isinstance(network, tuple | list) or len(network) != 2:
            raise SymbolscopeError(
                f"for --text the function must return (network, tokenizer); it returned {type(network).__name__}"
            )
        return Game.from_text(
            network[0],
            network[1],
            self.text,
            baseline=self.baseline,
            score=score or "log-odds",
            target=read_target(network[0], target),
        )
