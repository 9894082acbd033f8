"""The course of a training."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor


@dataclass(frozen=True)
class Check:
    """How a network stood at one moment of its training.

    Attributes
    ----------
    step
        Optimiser steps taken.
    loss
        Training loss of the last batch.
    accuracy
        Share of fresh trials answered right.
    held_out_accuracy
        The same for the quantities that training leaves out; None if it leaves out none.
    """

    step: int
    loss: float
    accuracy: float
    held_out_accuracy: float | None


@dataclass(frozen=True)
class Snapshot:
    """The network's weights after a number of steps."""

    step: int
    accuracy: float
    weights: Mapping[str, Tensor] = field(repr=False)


@dataclass(frozen=True)
class History:
    """The course of a training.

    Attributes
    ----------
    checks
        In order.
    steps
        Optimiser steps taken in all.
    accuracy, held_out_accuracy
        In the end, on the full number of fresh trials.
    reached
        Whether training stopped because the accuracy asked for was reached.
    seconds
        Wall time, that of interrupted parts included.
    snapshots
        Weights at each check, if they were to be kept.
    """

    checks: tuple[Check, ...] = field(repr=False)
    steps: int
    accuracy: float
    held_out_accuracy: float | None
    reached: bool
    seconds: float
    snapshots: tuple[Snapshot, ...] = field(repr=False, default=())

    def __str__(self) -> str:
        held = "" if self.held_out_accuracy is None else f", {self.held_out_accuracy:.2%} with held-out quantities"
        return f"{self.accuracy:.2%} of fresh trials right after {self.steps:,} steps and {self.seconds:.0f} s{held}"
