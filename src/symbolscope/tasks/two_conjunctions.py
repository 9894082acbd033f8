"""Either of two conjunctions: one function, which several algorithms compute."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.argument_checks import GENERATOR, WholeNumber
from symbolscope.core.array_checks import NamedColumns
from symbolscope.core.checked_call import takes
from symbolscope.tasks.classification import Classification, Values

_NAMES = ("a", "b", "c", "d")


class TwoConjunctions(Classification):
    """Four truth values; class 1 if (a and b) or (c and d), else 0.

    The network sees a number per truth value: its sign is the truth, its size (0.5 to 1.5) is noise. Both classes are equally
    frequent. Two algorithms compute the function, by way of different variables: see :class:`symbolscope.programs.AndOrAnd`
    and :class:`symbolscope.programs.OrAndOr`.

    Examples
    --------
    >>> examples = TwoConjunctions().sample(1000, seed=0)
    >>> examples.inputs.shape, bool(0.45 < examples.classes.mean() < 0.55)
    ((1000, 4), True)
    """

    width, n_classes = 4, 2

    @takes({"n": WholeNumber(least=1, most=10_000_000), "generator": GENERATOR})
    def draw(self, n: int, generator: np.random.Generator) -> dict[str, NDArray[Any]]:
        rows = np.array(np.meshgrid(*[[False, True]] * 4)).reshape(4, -1).T  # [16, 4]
        true = (rows[:, 0] & rows[:, 1]) | (rows[:, 2] & rows[:, 3])
        wanted = generator.random(n) < 0.5
        chosen = np.where(
            wanted,
            np.flatnonzero(true)[generator.integers(true.sum(), size=n)],
            np.flatnonzero(~true)[generator.integers((~true).sum(), size=n)],
        )
        sizes = generator.uniform(0.5, 1.5, size=(n, 4))
        values: dict[str, NDArray[Any]] = {name: rows[chosen, column] for column, name in enumerate(_NAMES)}
        return values | {"sizes": sizes}

    @takes({"values": NamedColumns()})
    def inputs(self, values: Values) -> NDArray[np.float32]:
        signs = np.stack([np.where(values[name], 1.0, -1.0) for name in _NAMES], axis=1)
        return (signs * values["sizes"]).astype(np.float32)

    @takes({"values": NamedColumns()})
    def classes(self, values: Values) -> NDArray[np.int64]:
        return ((values["a"] & values["b"]) | (values["c"] & values["d"])).astype(np.int64)
