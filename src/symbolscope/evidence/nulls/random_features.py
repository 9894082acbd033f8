"""As many features, not searched for."""

from symbolscope.evidence.null import Null
from symbolscope.evidence.readings import MaskReading, SwapReading
from symbolscope.variation import Variation


class RandomFeatures(Null):
    """The alignment function as it starts, with random weights: what any features of this number and kind carry."""

    name = "random-features"
    about = "same alignment function, untrained"

    def unsuited(self, reading: MaskReading | SwapReading) -> str | None:
        return (
            None if isinstance(reading, SwapReading) else "interactions have no features that could be left untrained"
        )

    def variation(self, reading: MaskReading | SwapReading, *, seed: int) -> Variation:
        return Variation(features="random", seed=seed)
