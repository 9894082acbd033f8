"""A network of the same architecture, trained on shuffled labels."""

from symbolscope.evidence.nulls.retrained import Retrained, Train


class ShuffledLabels(Retrained):
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
    only_readout = False
    shuffled_labels = True
    without_network = "there is no network to be trained again"
    without_data = "the training data are not known"

    def __init__(self, train: Train | None = None, *, steps: int = 1_000) -> None:
        super().__init__(train, steps=steps)
