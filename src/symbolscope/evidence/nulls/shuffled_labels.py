"""A network of the same architecture, trained on shuffled labels."""

from collections.abc import Callable

from torch import nn

from symbolscope.evidence.null import Null
from symbolscope.evidence.readings import MaskReading, SwapReading
from symbolscope.evidence.redraw import redrawn
from symbolscope.variation import Variation

Train = Callable[[nn.Module, int], None]


class ShuffledLabels(Null):
    """Drawn anew and retrained where answers have nothing to do with inputs: what training alone does to a network.

    Parameters
    ----------
    train
        For readings of masked inputs: a function (network, seed) that trains in place on shuffled labels, since only you know the
        data. Alignments train on their task with the answers of other trials.
    steps
        Training steps.
    """

    name = "shuffled-labels"
    about = "trained on shuffled labels"

    def __init__(self, train: Train | None = None, *, steps: int = 1_000) -> None:
        self.train = train
        self.steps = steps

    def unsuited(self, reading: MaskReading | SwapReading) -> str | None:
        if not isinstance(reading.network, nn.Module):
            return "there is no network to be trained again"
        if self.train is None and not isinstance(reading, SwapReading):
            return "the training data are not known; pass ShuffledLabels(train=...)"
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
            reading.retrain(network, only_readout=False, shuffled_labels=True, steps=self.steps, seed=seed)
        return Variation(network=network, seed=seed)
