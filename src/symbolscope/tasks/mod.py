"""Mod: Multi-Object answered with the count modulo 4."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.array_checks import WholeArray
from symbolscope.core.checked_call import takes
from symbolscope.tasks.multi_object import MultiObject


@dataclass(frozen=True)
class Mod(MultiObject):
    """Multi-Object whose answer to quantity n has n mod 4 response tokens.

    Parameters and errors are those of :class:`NumberTask`.

    Source: Grant, arXiv 2501.06164.

    Examples
    --------
    >>> task = Mod(max_count=20)
    >>> " ".join(task.vocabulary.decode(task.sample(1, seed=1, counts=[5]).tokens[0]))
    'B D1 D2 D2 D0 D0 T R E'
    """

    @takes({"quantities": WholeArray()})
    def answer(self, quantities: NDArray[np.int64]) -> NDArray[np.int64]:
        """Number of response tokens: n mod 4."""
        return quantities % 4
