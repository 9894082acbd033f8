"""What the sample, the baseline and the players of a game become before its network is asked."""

from dataclasses import dataclass

from symbolscope.games.given import GivenSample
from symbolscope.games.masked_inputs import MaskedInputs
from symbolscope.games.players import Players
from symbolscope.games.view import InputView


@dataclass(frozen=True, eq=False)
class PreparedInputs:
    """Masked inputs, with what a game tells of them.

    Parameters
    ----------
    inputs
        What the network is given for a mask.
    players
        The players, by the positions of ``sample``.
    view
        What a page draws.
    baseline_name
        The baseline, described.
    sample
        The sample as another game of it is made from, its columns in the order used here.
    sequence
        Whether it is a sequence of integers, as token ids are.
    notes
        Settings that say how the sample was read, where that is not as it was given.
    """

    inputs: MaskedInputs
    players: Players
    view: InputView | None
    baseline_name: str
    sample: GivenSample
    sequence: bool
    notes: dict[str, str]
