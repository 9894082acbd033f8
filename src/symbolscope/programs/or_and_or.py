"""The same function as two conjunctions, by the distributive law."""

from typing import Any

from numpy.typing import NDArray

from symbolscope.programs.causal_model import CausalModel

Truth = NDArray[Any]


class OrAndOr(CausalModel):
    """first = a or (c and d), second = b or (c and d), class = first and second: a rival of :class:`AndOrAnd`.

    Its answers are the same on every input and differ once a variable is set.

    Examples
    --------
    >>> import numpy as np
    >>> one, zero = np.array([True]), np.array([False])
    >>> base = {"a": one, "b": zero, "c": zero, "d": zero}
    >>> OrAndOr().run_interchange(base, {"second": base | {"b": one}})["class"]
    array([ True])
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "first": (("a", "c", "d"), _either),
                "second": (("b", "c", "d"), _either),
                "class": (("first", "second"), _both),
            },
            inputs=("a", "b", "c", "d"),
        )


def _either(one: Truth, c: Truth, d: Truth) -> Truth:
    return one | (c & d)


def _both(one: Truth, other: Truth) -> Truth:
    return one & other
