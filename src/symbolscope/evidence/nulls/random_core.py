"""A random core whose readout is trained."""

from collections.abc import Callable

from torch import nn

from symbolscope.evidence.null import Null
from symbolscope.evidence.readings import MaskReading, SwapReading
from symbolscope.evidence.redraw import redrawn
from symbolscope.variation import Variation

Train = Callable[[nn.Module, int], None]


class RandomCore(Null):
    """Everything up to the state is random, what reads it is trained on the task.

    A fully random sequence network answers nothing right, so its IIA is 0 whatever its state holds; with a trained readout it says
    what it can, and its state's memory of the inputs is all it has.

    Parameters
    ----------
    train
        For readings of masked inputs: a function (network, seed) that trains the readout in place, since only you know its data.
        Alignments train on their task.
    steps
        Training steps.
    """

    name = "random-core"
    about = "random core, trained readout"

    def __init__(self, train: Train | None = None, *, steps: int = 500) -> None:
        self.train = train
        self.steps = steps

    def unsuited(self, reading: MaskReading | SwapReading) -> str | None:
        if not isinstance(reading.network, nn.Module):
            return "there is no network whose core could be drawn anew"
        if self.train is None and not isinstance(reading, SwapReading):
            return "the readout's training data are not known; pass RandomCore(train=...)"
        if not any(True for _ in reading.network.parameters()):
            return "the network has no parameters to train"
        return None

    def variation(self, reading: MaskReading | SwapReading, *, seed: int) -> Variation:
        assert isinstance(reading.network, nn.Module)
        network = redrawn(reading.network, seed=seed)
        if self.train is not None:
            self.train(network, seed)
        else:
            assert isinstance(reading, SwapReading)
            reading.retrain(network, only_readout=True, shuffled_labels=False, steps=self.steps, seed=seed)
        return Variation(network=network, seed=seed)
