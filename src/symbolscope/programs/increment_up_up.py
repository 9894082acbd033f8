"""Increment-Up-Up: as Count-Up-Incr, with objects counted in steps of the increment too."""

import numpy as np
from numpy.typing import NDArray

from symbolscope.programs.count_up_incr import CountUpIncr
from symbolscope.programs.program import State


class IncrementUpUp(CountUpIncr):
    """:class:`CountUpIncr` in which an object, too, adds increment times max_count.

    Without intervention the two say the same, since the increment is 1 / max_count until the trigger; they differ in what follows
    when the increment is changed during the demonstration.

    Source: Grant, arXiv 2501.06164.

    Examples
    --------
    >>> import symbolscope as sy
    >>> task = sy.tasks.MultiObject(max_count=4)
    >>> trace = IncrementUpUp(task).trace(task.vocabulary.encode(["B", "D1", "D0", "T", "R"])[None], np.array([2]))
    >>> trace["count"]
    array([[0., 1., 2., 0., 2.]])
    """

    def _shown(self, state: State) -> NDArray[np.float64]:
        return np.asarray(state["increment"] * self.task.max_count, dtype=np.float64)
