"""A network of the same architecture, never trained."""

from symbolscope.core.argument_checks import Seed
from symbolscope.core.checked_call import takes
from symbolscope.errors import SymbolscopeError
from symbolscope.evidence.null import Null
from symbolscope.evidence.readings import READING, MaskReading, SwapReading
from symbolscope.evidence.redraw import redrawn
from symbolscope.variation import Variation


class RandomInit(Null):
    """Every parameter drawn anew, buffers reset, a different draw at every restart.

    Source: Sutter et al. (2507.08802) for alignments; Heap et al. (2501.17727) for features.
    """

    name = "random-init"
    about = "network never trained"

    @takes({"reading": READING})
    def unsuited(self, reading: MaskReading | SwapReading) -> str | None:
        from torch import nn

        if not isinstance(reading.network, nn.Module):
            kind = "no network" if reading.network is None else f"a {type(reading.network).__name__}"
            return f"the reading is of {kind}, whose weights cannot be drawn anew"
        return None

    @takes({"reading": READING, "seed": Seed()})
    def variation(self, reading: MaskReading | SwapReading, *, seed: int) -> Variation:
        from torch import nn

        if not isinstance(reading.network, nn.Module):
            raise SymbolscopeError(f"the null {self.name!r} cannot be run: {self.unsuited(reading)}")
        return Variation(network=redrawn(reading.network, seed=seed), seed=seed)
