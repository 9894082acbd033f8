"""Hierarchical equality by way of two equalities."""

import numpy as np
from numpy.typing import NDArray

from symbolscope.programs.causal_model import CausalModel


class BothEqualities(CausalModel):
    """left = (a = b), right = (c = d), class = (left = right): what :class:`symbolscope.tasks.HierarchicalEquality` asks for.

    That a network carries an object itself past its first layers, as a story without equalities would have it, is tested with
    the variable "a".

    Examples
    --------
    >>> one, two = np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]])
    >>> model = BothEqualities()
    >>> {name: int(value[0]) for name, value in model.run({"a": one, "b": one, "c": one, "d": two}).items() if value.ndim == 1}
    {'left': 1, 'right': 0, 'class': 0}
    """

    def __init__(self) -> None:
        super().__init__(
            {"left": (("a", "b"), _equal), "right": (("c", "d"), _equal), "class": (("left", "right"), np.equal)},
            inputs=("a", "b", "c", "d"),
        )


def _equal(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.bool_]:
    return (one == other).all(axis=-1)
