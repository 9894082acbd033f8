"""Two conjunctions and their disjunction."""

import numpy as np

from symbolscope.programs.causal_model import CausalModel


class AndOrAnd(CausalModel):
    """left = a and b, right = c and d, class = left or right: what :class:`symbolscope.tasks.TwoConjunctions` asks for.

    Examples
    --------
    >>> one, zero = np.array([True]), np.array([False])
    >>> base = {"a": one, "b": zero, "c": zero, "d": zero}
    >>> AndOrAnd().run_interchange(base, {"left": base | {"b": one}})["class"]
    array([ True])
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "left": (("a", "b"), np.logical_and),
                "right": (("c", "d"), np.logical_and),
                "class": (("left", "right"), np.logical_or),
            },
            inputs=("a", "b", "c", "d"),
        )
