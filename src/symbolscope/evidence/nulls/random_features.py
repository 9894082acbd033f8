"""As many features, not searched for."""

from symbolscope.core.argument_checks import Seed
from symbolscope.core.checked_call import takes
from symbolscope.evidence.null import Null
from symbolscope.evidence.readings import READING, MaskReading, SwapReading
from symbolscope.variation import Variation


class RandomFeatures(Null):
    """The alignment function as it starts, with random weights: what any features of this number and kind carry."""

    name = "random-features"
    about = "same alignment function, untrained"

    @takes({"reading": READING})
    def unsuited(self, reading: MaskReading | SwapReading) -> str | None:
        return (
            None if isinstance(reading, SwapReading) else "interactions have no features that could be left untrained"
        )

    @takes({"reading": READING, "seed": Seed()})
    def variation(self, reading: MaskReading | SwapReading, *, seed: int) -> Variation:
        return Variation(features="random", seed=seed)
