"""What may be different when the procedure behind a reading is run again: the vocabulary that readings and controls share."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Variation:
    """The same procedure, with one thing changed.

    Attributes
    ----------
    network
        Another network in place of the one that was read; None keeps it.
    answers
        "own", or "shuffled": each intervention is paired with what belongs to another, so that nothing is left to be found. For
        interactions the outputs are permuted among the masks, for alignments the source runs among the pairs. "scrambled": each
        value of a variable stands for another, consistently: a wrong program.
    features
        "fitted" as the procedure does; "random": as many of the same kind, drawn instead of fitted; "random-units": as many of the
        units themselves (players' sets of interactions, coordinates of a state); "disjoint": as many that may neither read nor
        write those already found.
    program
        Another causal model in place of the reading's own; None keeps it.
    variable
        The variable of ``program`` to look for.
    seed
        Of everything drawn.
    """

    network: object = None
    answers: Literal["own", "shuffled", "scrambled"] = "own"
    features: Literal["fitted", "random", "random-units", "disjoint"] = "fitted"
    program: object = None
    variable: str | None = None
    seed: int = 0
