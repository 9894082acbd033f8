"""A network on a text of which some stretches are hidden, and what a game tells about it."""

from dataclasses import dataclass

from symbolscope.games.masked_network import MaskedNetwork
from symbolscope.games.players import Players
from symbolscope.games.view import TextView


@dataclass(frozen=True)
class MaskedText:
    """What a game of a text consists of.

    Parameters
    ----------
    source
        Masks in, scores out.
    players
        The players, over tokens or pieces of the text.
    view
        The text as it is shown.
    baseline_name
        What stands in the place of hidden tokens.
    target_name
        The target's label, or the text of its token.
    target
        The target as another network is asked for it: a label of an estimator's, else an index.
    described
        How many players of what, and how they are hidden.
    """

    source: MaskedNetwork
    players: Players
    view: TextView
    baseline_name: str
    target_name: str | None
    target: object
    described: str
