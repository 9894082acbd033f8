"""Whether two pairs of objects are alike in being equal."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.argument_checks import GENERATOR, WholeNumber
from symbolscope.core.array_checks import NamedColumns
from symbolscope.core.checked_call import takes
from symbolscope.errors import SymbolscopeError
from symbolscope.tasks.classification import Classification, Values

_NAMES = ("a", "b", "c", "d")


class HierarchicalEquality(Classification):
    """Four objects a, b, c, d; class 1 if (a = b) = (c = d), else 0.

    Objects are vectors, drawn afresh for every input uniformly from [-0.5, 0.5]^size, so that equality has to be computed and
    cannot be looked up. Each pair is equal in half of the inputs.

    Parameters
    ----------
    size
        Numbers per object.

    Source: Geiger, Carstensen, Frank, Potts, *Relational reasoning and generalization using nonsymbolic neural networks*
    (2006.07968); used against non-linear alignment by Sutter et al. (2507.08802).

    Examples
    --------
    >>> examples = HierarchicalEquality().sample(1000, seed=0)
    >>> examples.inputs.shape, bool(0.45 < examples.classes.mean() < 0.55)
    ((1000, 16), True)
    """

    n_classes = 2

    @takes({"size": WholeNumber(most=1_000_000)})
    def __init__(self, *, size: int = 4) -> None:
        if size < 1:
            raise SymbolscopeError(f"size must be at least 1 number per object; got {size}")
        self.size = size
        self.width = 4 * size

    @takes({"n": WholeNumber(least=1, most=10_000_000), "generator": GENERATOR})
    def draw(self, n: int, generator: np.random.Generator) -> dict[str, NDArray[Any]]:
        a, b, c, d = generator.uniform(-0.5, 0.5, size=(4, n, self.size))
        left, right = generator.random((2, n, 1)) < 0.5
        return {"a": a, "b": np.where(left, a, b), "c": c, "d": np.where(right, c, d)}

    @takes({"values": NamedColumns(), "generator": GENERATOR})
    def sources(self, values: Values, generator: np.random.Generator) -> dict[str, NDArray[Any]]:
        """Inputs in which any object may be one of the other run's, so that a carried object meets its like."""
        n = len(values["a"])
        drawn = self.draw(n, generator)
        # An object stands for its equals: replacing a in both places keeps a = b.
        for one, other in (("a", "b"), ("c", "d")):
            alike = (drawn[one] == drawn[other]).all(axis=1)
            for name in (one, other):
                taken = np.stack([values[known] for known in _NAMES])[generator.integers(4, size=n), np.arange(n)]
                replace = generator.random(n) < 0.5
                drawn[name] = np.where(replace[:, None], taken, drawn[name])
            drawn[other] = np.where(alike[:, None], drawn[one], drawn[other])
        return drawn

    @takes({"values": NamedColumns()})
    def inputs(self, values: Values) -> NDArray[np.float32]:
        return np.concatenate([values[name] for name in _NAMES], axis=1).astype(np.float32)

    @takes({"values": NamedColumns()})
    def classes(self, values: Values) -> NDArray[np.int64]:
        left = (values["a"] == values["b"]).all(axis=1)
        right = (values["c"] == values["d"]).all(axis=1)
        return (left == right).astype(np.int64)

    def __repr__(self) -> str:
        return f"HierarchicalEquality(size={self.size})"
