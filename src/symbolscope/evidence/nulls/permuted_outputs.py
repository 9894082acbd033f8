"""The network's own answers, each given to another intervention."""

from symbolscope.evidence.null import Null
from symbolscope.evidence.readings import MaskReading, SwapReading
from symbolscope.variation import Variation


class PermutedOutputs(Null):
    """The same numbers without their order: outputs permuted among masks, or source runs among pairs.

    Keeps the distribution of what is explained and nothing else.
    """

    name = "permuted-outputs"
    about = "answers of other interventions"

    def variation(self, reading: MaskReading | SwapReading, *, seed: int) -> Variation:
        return Variation(answers="shuffled", seed=seed)
