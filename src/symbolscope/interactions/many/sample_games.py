"""How the samples of a data set become games."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from symbolscope.games.column_order import in_order
from symbolscope.games.game import Game
from symbolscope.games.given import GivenBaseline, GivenPlayers
from symbolscope.games.given_row import given_row, is_named_row
from symbolscope.games.output_meaning import GivenOutputs


@dataclass(frozen=True, eq=False)
class SampleGames:
    """Makes the game of a sample, with the same network, baseline, players and score for all.

    Parameters
    ----------
    network, baseline, players, score, target, player_names, device, outputs
        As for :class:`symbolscope.Game`.
    tokenizer
        Given, samples are texts, or pairs of them, and their words the players, as for :meth:`symbolscope.Game.from_text`.
    columns
        Names of the columns in the order of the players, for rows that carry names and a network that knows none.

    Examples
    --------
    >>> import torch
    >>> games = SampleGames(torch.nn.Linear(3, 2), target=1)
    >>> games([1.0, 2.0, 3.0])
    Game(Linear, 3 players, score 'log-odds' of target 1)
    """

    network: object
    tokenizer: object = None
    baseline: GivenBaseline = None
    players: GivenPlayers = None
    score: str | Callable[..., object] = "auto"
    target: object = None
    player_names: Sequence[str] | None = None
    device: object = None
    outputs: GivenOutputs = None
    columns: tuple[Hashable, ...] | None = None

    def __call__(self, sample: Any) -> Game:
        """The game of one sample; a sample that is a game already is taken as it is."""
        if isinstance(sample, Game):
            return sample
        if isinstance(sample, str) or self.tokenizer is not None:
            return Game.from_text(
                self.network, self.tokenizer, sample, baseline=self.baseline, score=self.score, target=self.target,
                player_names=self.player_names, device=self.device, outputs=self.outputs,
            )  # fmt: skip
        if self.columns is not None and is_named_row(sample):
            sample = in_order(
                given_row(sample, "the sample"), self.columns, what="the sample", owner="the first sample has"
            )
        return Game(
            self.network, sample, baseline="zero" if self.baseline is None else self.baseline, players=self.players,
            score=self.score, target=self.target, player_names=self.player_names, device=self.device, outputs=self.outputs,
        )  # fmt: skip

    def described(self) -> tuple[object, ...]:
        """All that the values of a game depend on but the sample: what two runs must share to share results."""
        baseline = given_row(self.baseline, "the baseline").content() if is_named_row(self.baseline) else self.baseline
        read = (
            self.network, _tokenizer_content(self.tokenizer), baseline, self.players,
            self.score, self.outputs, self.target, None if self.player_names is None else tuple(self.player_names),
        )  # fmt: skip
        return read if self.columns is None else (*read, [repr(name) for name in self.columns])


def _tokenizer_content(tokenizer: object) -> object:
    """What a tokenizer makes of any text: the whole of a fast one's rules as text, another as it is."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        return tokenizer
    special = getattr(tokenizer, "special_tokens_map", {})
    return "tokenizer", str(backend.to_str()), sorted((str(name), str(token)) for name, token in special.items())


@dataclass(frozen=True, eq=False)
class GameOfNumber:
    """Makes the game of a sample by its place, in whatever process."""

    games: SampleGames
    samples: Any  # a list or an array: whatever has places

    def __call__(self, number: int) -> Game:
        """The game of sample ``number``."""
        return self.games(self.samples[number])
