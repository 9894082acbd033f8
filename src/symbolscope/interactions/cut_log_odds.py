"""Log-odds of probabilities that are exactly 0 or 1: counted where an estimator's resolution bounds them, refused elsewhere."""

from collections.abc import Callable

import numpy as np

from symbolscope.errors import SymbolscopeError
from symbolscope.games.game import Game
from symbolscope.games.given import GivenArray
from symbolscope.games.masked_network import MaskedNetwork
from symbolscope.shapes import Scores


class CutLogOdds:
    """Asks a game for values and counts the masks on which log-odds had to be cut.

    A forest of T trees that all agree says a probability of 0 or 1 and means less than 1 in 2T, so its log-odds end at log(2T - 1),
    and how often they did is told. Where nothing is known of the resolution the end would be that of floating-point numbers,
    +-36.7: a few such values would make up the whole explanation, so they are refused.

    Parameters
    ----------
    game
        The game.
    ask
        Masks -> values.

    Raises
    ------
    SymbolscopeError
        When a probability is 0 or 1 and the network's resolution is unknown.

    Examples
    --------
    >>> game = Game.from_function(lambda masks: masks.sum(axis=1), 2)
    >>> counted = CutLogOdds(game, game)
    >>> counted([[True, True]]), counted.settings()
    (array([2.]), {})
    """

    def __init__(self, game: Game, ask: Callable[[GivenArray], Scores]) -> None:
        self._ask = ask
        source = game.source
        network = source if isinstance(source, MaskedNetwork) else None
        self._end = None if network is None else network.score.largest_log_odds
        self._resolution = None if network is None else network.meaning.resolution
        self._name = game.settings["network"]
        self.masks = 0
        self.cut = 0

    def __call__(self, masks: GivenArray) -> Scores:
        """Values of masks, bool [m, n] -> float64 [m]."""
        values = self._ask(masks)
        self.count(values)
        return values

    def count(self, values: Scores) -> None:
        """Count values that are known already."""
        if self._end is None:
            return
        self.masks += len(values)
        self.cut += int((np.abs(values) >= self._end - 1e-9).sum())
        if self.cut and self._resolution is None:
            raise SymbolscopeError(
                f"{self._name} gives a probability of 0 or 1 on {self.cut:,} of {self.masks:,} masks, whose log-odds are infinite; "
                "cut at the end of floating-point numbers they would be the whole explanation. Give score='probability' (or "
                "score='logit', if the network has logits)"
            )

    def settings(self) -> dict[str, str]:
        """What a model's settings tell of it: nothing where no value was cut."""
        if not self.cut:
            return {}
        return {
            "cut": f"{self.cut:,} of {self.masks:,} masks, where the probability is 0 or 1: log-odds end at +-{self._end:.3g} "
            f"({self._resolution})"
        }
