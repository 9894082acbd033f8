"""Square: Multi-Object answered with the square of the count."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.array_checks import WholeArray
from symbolscope.core.checked_call import takes
from symbolscope.tasks.multi_object import MultiObject


@dataclass(frozen=True)
class Square(MultiObject):
    """Multi-Object whose answer to quantity n has n squared response tokens.

    Parameters and errors are those of :class:`NumberTask`.

    Source: Grant, arXiv 2501.06164.

    Examples
    --------
    >>> task = Square(max_count=20)
    >>> " ".join(task.vocabulary.decode(task.sample(1, seed=1, counts=[2]).tokens[0]))
    'B D1 D2 T R R R R E'
    """

    @takes({"quantities": WholeArray()})
    def answer(self, quantities: NDArray[np.int64]) -> NDArray[np.int64]:
        """Number of response tokens: n squared."""
        return quantities**2
