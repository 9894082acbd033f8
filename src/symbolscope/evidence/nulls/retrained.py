"""What the nulls share that draw a network anew and train it."""

from abc import ABC
from collections.abc import Callable
from typing import ClassVar

from torch import nn

from symbolscope.core.argument_checks import Function, OrNone, Seed, WholeNumber
from symbolscope.core.checked_call import takes
from symbolscope.evidence.null import Null
from symbolscope.evidence.readings import READING, MaskReading, SwapReading
from symbolscope.evidence.redraw import redrawn
from symbolscope.variation import Variation

Train = Callable[[nn.Module, int], None]


class Retrained(Null, ABC):
    """A null whose network is drawn anew and trained, by the user's function or on the reading's own task.

    Attributes
    ----------
    only_readout, shuffled_labels
        How an alignment's network is trained: see :meth:`symbolscope.Alignment.retrain`.
    without_network, without_data
        Why it cannot be run where there is no network, or nobody knows its data.
    """

    only_readout: ClassVar[bool]
    shuffled_labels: ClassVar[bool]
    without_network: ClassVar[str]
    without_data: ClassVar[str]

    @takes({"train": OrNone(Function("a function (network, seed)")), "steps": WholeNumber(least=0)})
    def __init__(self, train: Train | None, *, steps: int) -> None:
        self.train = train
        self.steps = steps

    @takes({"reading": READING})
    def unsuited(self, reading: MaskReading | SwapReading) -> str | None:
        if not isinstance(reading.network, nn.Module):
            return self.without_network
        if self.train is None and not isinstance(reading, SwapReading):
            return f"{self.without_data}; pass {type(self).__name__}(train=...)"
        if not any(True for _ in reading.network.parameters()):
            return "the network has no parameters to train"
        return None

    @takes({"reading": READING, "seed": Seed()})
    def variation(self, reading: MaskReading | SwapReading, *, seed: int) -> Variation:
        assert isinstance(reading.network, nn.Module)
        network = redrawn(reading.network, seed=seed)
        if self.train is not None:
            self.train(network, seed)
        else:
            assert isinstance(reading, SwapReading)
            reading.retrain(
                network,
                only_readout=self.only_readout,
                shuffled_labels=self.shuffled_labels,
                steps=self.steps,
                seed=seed,
            )
        return Variation(network=network, seed=seed)
