"""A network of the same architecture, never trained."""

from symbolscope.evidence.null import Null
from symbolscope.evidence.readings import MaskReading, SwapReading
from symbolscope.evidence.redraw import redrawn
from symbolscope.variation import Variation


class RandomInit(Null):
    """Every parameter drawn anew, buffers reset, a different draw at every restart.

    Source: Sutter et al. (2507.08802) for alignments; Heap et al. (2501.17727) for features.
    """

    name = "random-init"
    about = "network never trained"

    def unsuited(self, reading: MaskReading | SwapReading) -> str | None:
        from torch import nn

        if not isinstance(reading.network, nn.Module):
            kind = "no network" if reading.network is None else f"a {type(reading.network).__name__}"
            return f"the reading is of {kind}, whose weights cannot be drawn anew"
        return None

    def variation(self, reading: MaskReading | SwapReading, *, seed: int) -> Variation:
        from torch import nn

        assert isinstance(reading.network, nn.Module)
        return Variation(network=redrawn(reading.network, seed=seed), seed=seed)
