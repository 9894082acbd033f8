"""A random core whose readout is trained."""

from symbolscope.evidence.nulls.retrained import Retrained, Train


class RandomCore(Retrained):
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
    must_answer = True
    only_readout = True
    shuffled_labels = False
    without_network = "there is no network whose core could be drawn anew"
    without_data = "the readout's training data are not known"

    def __init__(self, train: Train | None = None, *, steps: int = 500) -> None:
        super().__init__(train, steps=steps)
