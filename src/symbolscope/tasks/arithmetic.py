"""Arithmetic: a chain of additions and subtractions, each result to be said before the next."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.argument_checks import GENERATOR, WholeNumber
from symbolscope.core.array_checks import WholeArray
from symbolscope.core.checked_call import takes
from symbolscope.core.sequence_checks import ListOf
from symbolscope.errors import SymbolscopeError
from symbolscope.tasks.task import Task
from symbolscope.tasks.trials import Trials
from symbolscope.tasks.vocabulary import Vocabulary

_LARGEST = 20
_NUMBERS = tuple(str(number) for number in range(_LARGEST + 1))


@dataclass(frozen=True)
class Arithmetic(Task):
    """``B 2 5 + 4 = 9 , - 2 = 7 E``: the number of operations, the start, then each operation with its result.

    Values stay in 0..20: an operation is + at 0, - at 20, either otherwise, and its operand is drawn so that the result is in
    range. Results, the commas between operations and the end are scored. The quantity is the number of operations.

    Parameters
    ----------
    max_operations
        Quantities are 1..max_operations, at most 20.
    held_out
        Quantities that training leaves out.

    Raises
    ------
    SymbolscopeError
        If the range is empty or too large, or the held-out quantities are not in it or leave nothing.

    Source: Grant, arXiv 2501.06164.

    Examples
    --------
    >>> task = Arithmetic(max_operations=3)
    >>> " ".join(task.vocabulary.decode(task.sample(1, seed=0, counts=[2]).tokens[0]))
    'B 2 17 + 1 = 18 , + 2 = 20 E'
    """

    max_operations: int = 5
    held_out: tuple[int, ...] = ()

    vocabulary: ClassVar[Vocabulary] = Vocabulary(("P", "B", "E", "+", "-", "=", ",", *_NUMBERS))  # type: ignore[misc]

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "held_out", ListOf(WholeNumber(), "quantities", ordered=False).read("held_out", self.held_out)
        )
        object.__setattr__(self, "max_operations", WholeNumber().read("max_operations", self.max_operations))
        if not 1 <= self.max_operations <= _LARGEST:
            raise SymbolscopeError(f"max_operations must be 1..{_LARGEST}; got {self.max_operations}")
        outside = [count for count in self.held_out if count not in self.quantities]
        if outside or not self.trained:
            raise SymbolscopeError(f"held_out must be some, not all, of 1..{self.max_operations}; got {self.held_out}")

    @property
    def quantities(self) -> tuple[int, ...]:  # type: ignore[override]
        """1..max_operations."""
        return tuple(range(1, self.max_operations + 1))

    @property
    def max_length(self) -> int:  # type: ignore[override]
        """Tokens of the longest trial."""
        return 3 + 5 * self.max_operations

    @property
    def pad(self) -> int:  # type: ignore[override]
        """Id of P."""
        return self.vocabulary.index("P")

    @property
    def end(self) -> int:  # type: ignore[override]
        """Id of E."""
        return self.vocabulary.index("E")

    @takes({"values": WholeArray()})
    def number(self, values: NDArray[np.int64]) -> NDArray[np.int64]:
        """Ids of the tokens of numbers 0..20."""
        return values + self.vocabulary.index("0")

    @takes({"quantities": WholeArray(axes=(1,), least=1), "generator": GENERATOR})
    def write(self, quantities: NDArray[np.int64], generator: np.random.Generator) -> Trials:
        n, most = len(quantities), int(quantities.max(initial=1))
        index = self.vocabulary.index
        value = generator.integers(_LARGEST + 1, size=n)
        tokens = np.full((n, 3 + 5 * most), self.pad, dtype=np.int64)
        scored = np.zeros(tokens.shape, dtype=np.bool_)
        tokens[:, 0] = index("B")
        tokens[:, 1] = self.number(quantities)
        tokens[:, 2] = self.number(value)
        for step in range(most):
            going, at = step < quantities, 3 + 5 * step
            plus = np.where(value == 0, True, np.where(value == _LARGEST, False, generator.random(n) < 0.5))
            room = np.where(plus, _LARGEST - value, value)
            operand = 1 + np.floor(generator.random(n) * room).astype(np.int64)
            value = np.where(going, np.where(plus, value + operand, value - operand), value)
            written = (
                np.where(plus, index("+"), index("-")),
                self.number(operand),
                np.full(n, index("=")),
                self.number(value),
                np.where(step + 1 < quantities, index(","), index("E")),
            )
            for offset, column in enumerate(written):
                tokens[going, at + offset] = column[going]
            scored[going, at + 3 : at + 5] = True
        return Trials(tokens, scored, quantities, 3 + 5 * quantities)
