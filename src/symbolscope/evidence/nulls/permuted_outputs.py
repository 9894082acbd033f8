"""The network's own answers, each given to another intervention."""

from symbolscope.core.argument_checks import Seed
from symbolscope.core.checked_call import takes
from symbolscope.evidence.null import Null
from symbolscope.evidence.readings import READING, MaskReading, SwapReading
from symbolscope.variation import Variation


class PermutedOutputs(Null):
    """The same numbers without their order: outputs permuted among masks, or source runs among pairs.

    Keeps the distribution of what is explained and nothing else.
    """

    name = "permuted-outputs"
    about = "answers of other interventions"

    @takes({"reading": READING, "seed": Seed()})
    def variation(self, reading: MaskReading | SwapReading, *, seed: int) -> Variation:
        return Variation(answers="shuffled", seed=seed)
