"""What every null is: a way to run the procedure behind a reading where there is nothing to be found."""

from abc import ABC, abstractmethod
from typing import ClassVar

from symbolscope.core.random_streams import small_seed
from symbolscope.evidence.readings import MaskReading, SwapReading
from symbolscope.variation import Variation


class Null(ABC):
    """A control: the same procedure, at the same complexity, on what has learned nothing.

    A null of your own sets ``name`` and ``about`` and implements :meth:`variation`; put it into
    ``symbolscope.evidence.nulls.registry`` to name it on the command line.

    Attributes
    ----------
    name
        Its name, such as "random-init".
    about
        What it is, in a few words, for tables.
    must_answer
        For alignments: whether its network must answer the task to be compared with. One that does not is left out with the reason,
        for what no swap can find there says nothing.
    """

    name: ClassVar[str]
    about: ClassVar[str]
    must_answer: ClassVar[bool] = False

    def unsuited(self, reading: MaskReading | SwapReading) -> str | None:
        """Why this null cannot be run for a reading, or None if it can."""
        return None

    @abstractmethod
    def variation(self, reading: MaskReading | SwapReading, *, seed: int) -> Variation:
        """One restart of the null: what is to be different from the reading's own procedure.

        Two calls with equal arguments must describe the same control.
        """


def restart_seed(seed: int, restart: int) -> int:
    """Seed of a restart of a null."""
    return small_seed(seed, "restart of a null", restart)
