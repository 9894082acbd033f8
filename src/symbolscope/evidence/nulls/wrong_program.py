"""The right program with wrong counterfactuals."""

from symbolscope.core.argument_checks import Seed
from symbolscope.core.checked_call import takes
from symbolscope.evidence.null import Null
from symbolscope.evidence.readings import READING, MaskReading, SwapReading
from symbolscope.variation import Variation


class WrongProgram(Null):
    """Each value of a variable stands for another one, consistently; left alone the program answers as before."""

    name = "wrong-program"
    about = "each value stands for another"

    @takes({"reading": READING})
    def unsuited(self, reading: MaskReading | SwapReading) -> str | None:
        return None if isinstance(reading, SwapReading) else "interactions have no program; see the rival bases"

    @takes({"reading": READING, "seed": Seed()})
    def variation(self, reading: MaskReading | SwapReading, *, seed: int) -> Variation:
        return Variation(answers="scrambled", seed=seed)
