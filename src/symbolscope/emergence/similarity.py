"""How alike two explanations are, beside what chance gives."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Similarity:
    """A similarity of two explanations; ``float(similarity)`` is its value.

    Attributes
    ----------
    measure
        What was computed.
    value
        Between 0 and 1.
    chance
        Mean of the same measure over random sets of the same orders and kinds.
    chance_low, chance_high
        The interval that holds 95 % of them.
    """

    measure: str
    value: float
    chance: float
    chance_low: float
    chance_high: float

    def __float__(self) -> float:
        return self.value

    def __repr__(self) -> str:
        return f"{self.measure} {self.value:.3f}, by chance {self.chance:.3f} [{self.chance_low:.3f}, {self.chance_high:.3f}]"
