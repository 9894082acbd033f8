"""As many units, drawn at random."""

from symbolscope.core.argument_checks import Seed
from symbolscope.core.checked_call import takes
from symbolscope.evidence.null import Null
from symbolscope.evidence.readings import READING, MaskReading, SwapReading
from symbolscope.variation import Variation


class RandomSubset(Null):
    """Random subsets of the same sizes: players for each interaction (effects fitted by least squares), or a state's units."""

    name = "random-subset"
    about = "random sets of the same sizes"

    @takes({"reading": READING, "seed": Seed()})
    def variation(self, reading: MaskReading | SwapReading, *, seed: int) -> Variation:
        return Variation(features="random-units", seed=seed)
