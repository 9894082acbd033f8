"""A network and a text, or a pair of texts, as a game: ``--text "..."``, ``--text-pair "..."``."""

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
        The text, or the first of a pair.
    second
        The second of a pair, or None.
    baseline
        A special token's name, a token id, or None for the first special token that there is.
    """

    text: str
    second: str | None
    baseline: str | int | None

    @classmethod
    def parse(cls, text: str, second: str | None, baseline: str | None, *, from_code: bool) -> "TextInput":
        """Check the options.

        Raises
        ------
        SymbolscopeError
            If the text is empty, the baseline is unknown, or MODEL can give no tokenizer.
        """
        if not (text + (second or "")).strip():
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
        return cls(text, second, hidden)

    @property
    def description(self) -> str:
        """What is explained, for the page."""
        if self.second is None:
            return f"the text “{_short(self.text)}”"
        return f"the texts “{_short(self.text)}” and “{_short(self.second)}”"

    def game(self, network: object, *, score: str | None, outputs: str | None, target: str | None) -> "Game":
        """Make the game of what the function returned: (network, tokenizer), or what takes strings."""
        from torch import nn

        from symbolscope.games.estimator_network import is_estimator
        from symbolscope.games.game import Game

        tokenizer: object = None
        if isinstance(network, tuple | list) and len(network) == 2:
            network, tokenizer = network
        elif isinstance(network, nn.Module) or not (is_estimator(network) or callable(network)):
            raise SymbolscopeError(
                "for --text the function must return (network, tokenizer), or a scikit-learn pipeline or a function that takes "
                f"a list of strings; it returned {type(network).__name__}"
            )
        return Game.from_text(
            network,
            tokenizer,
            self.text if self.second is None else (self.text, self.second),
            baseline=self.baseline,
            score=score or "auto",
            outputs=outputs,
            target=read_target(network, target),
        )


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"
