"""Tasks without time: one input, one class, and the named parts of the input that the class depends on."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.argument_checks import GENERATOR, InstanceOf, SeedOrGenerator, WholeNumber
from symbolscope.core.array_checks import NamedColumns
from symbolscope.core.checked_call import takes
from symbolscope.errors import SymbolscopeError
from symbolscope.tasks.task import Task

Values = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Examples:
    """Inputs of a network, the named parts that they are made of, and their classes.

    Attributes
    ----------
    inputs
        float32 [n, width].
    values
        Named parts, [n] or [n, k] each: the inputs of a causal model.
    classes
        int64 [n].
    """

    inputs: NDArray[np.float32]
    values: Values
    classes: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.classes)


class Classification(ABC):
    """A rule that gives every input one class.

    A task of your own sets ``width`` and ``n_classes`` and implements :meth:`draw`, :meth:`inputs` and :meth:`classes`.

    Attributes
    ----------
    width
        Numbers per input.
    n_classes
        Number of classes.

    Examples
    --------
    Whether two numbers have the same sign:

    >>> class SameSign(Classification):
    ...     width, n_classes = 2, 2
    ...     def draw(self, n, generator):
    ...         return {name: generator.normal(size=n) for name in "ab"}
    ...     def inputs(self, values):
    ...         return np.stack([values["a"], values["b"]], axis=1).astype(np.float32)
    ...     def classes(self, values):
    ...         return (values["a"] * values["b"] > 0).astype(np.int64)
    >>> examples = SameSign().sample(5, seed=0)
    >>> examples.inputs.shape, examples.classes
    ((5, 2), array([1, 0, 1, 0, 1]))
    """

    width: int
    n_classes: int

    @abstractmethod
    def draw(self, n: int, generator: np.random.Generator) -> dict[str, NDArray[Any]]:
        """Named parts of ``n`` inputs, [n] or [n, k] each."""

    @abstractmethod
    def inputs(self, values: Values) -> NDArray[np.float32]:
        """What the network is given, float32 [n, width]."""

    @abstractmethod
    def classes(self, values: Values) -> NDArray[np.int64]:
        """Right class of each input, int64 [n], 0 .. n_classes - 1."""

    @takes({"values": NamedColumns(), "generator": GENERATOR})
    def sources(self, values: Values, generator: np.random.Generator) -> dict[str, NDArray[Any]]:
        """Inputs whose parts may be carried into those given, one for each: by default drawn as any others.

        A task whose interesting coincidences are rare among independent draws makes them frequent here.
        """
        return self.draw(len(next(iter(values.values()))), generator)

    @takes({"n": WholeNumber(most=10_000_000), "seed": SeedOrGenerator()})
    def sample(self, n: int, *, seed: int | np.random.Generator) -> Examples:
        """Draw ``n`` examples; they depend on the seed alone.

        Raises
        ------
        SymbolscopeError
            For no examples, or inputs or classes of another shape than the task says.
        """
        if n < 1:
            raise SymbolscopeError(f"n must be at least 1 example; got {n}")
        values = self.draw(n, np.random.default_rng(seed))
        inputs, classes = self.inputs(values), self.classes(values)
        if inputs.shape != (n, self.width) or classes.shape != (n,):
            raise SymbolscopeError(
                f"{type(self).__name__} must give inputs [{n}, {self.width}] and classes [{n}]; "
                f"got {list(inputs.shape)} and {list(classes.shape)}"
            )
        return Examples(inputs, values, classes)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


CLASSIFICATION = InstanceOf(Classification, "a task of classes", "sy.tasks.TwoConjunctions()")
ANY_TASK = InstanceOf[Task | Classification]((Task, Classification), "a task", "sy.tasks.MultiObject()")
