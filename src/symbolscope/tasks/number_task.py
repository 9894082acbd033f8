"""Tasks of one shape: begin, a demonstration, a trigger, a response whose length the demonstration fixes, and an end."""

from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.argument_checks import GENERATOR, InstanceOf, Number, WholeNumber
from symbolscope.core.array_checks import WholeArray
from symbolscope.core.checked_call import takes
from symbolscope.core.sequence_checks import ListOf
from symbolscope.errors import SymbolscopeError
from symbolscope.tasks.task import Task
from symbolscope.tasks.trials import Trials
from symbolscope.tasks.vocabulary import Vocabulary


@dataclass(frozen=True)
class NumberTask(Task):
    """B, as many demonstration tokens as the quantity, T, the answer in response tokens, E.

    Each demonstration token is drawn uniformly from ``demos``. With ``void_probability`` > 0 a void token U, which counts for
    nothing, comes before each next demonstration token or T with that probability, again and again, so that position no longer
    tells the count.

    Parameters
    ----------
    max_count
        Quantities are 1..max_count.
    held_out
        Quantities that training leaves out.
    void_probability
        Probability of a void token at each step of the demonstration, below 1.

    Raises
    ------
    SymbolscopeError
        If the range is empty, the held-out quantities are not in it or leave nothing, or the probability is not in [0, 1).

    Source: Grant, Goodman, McClelland, arXiv 2501.06141, section 3.
    """

    max_count: int = 20
    held_out: tuple[int, ...] = ()
    void_probability: float = 0.0

    vocabulary: ClassVar[Vocabulary]  # type: ignore[misc] - the same for every task of a class
    demo_tokens: ClassVar[tuple[str, ...]]
    response_token: ClassVar[str]

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "held_out", ListOf(WholeNumber(), "quantities", ordered=False).read("held_out", self.held_out)
        )
        object.__setattr__(self, "max_count", WholeNumber(most=1_000_000).read("max_count", self.max_count))
        chance = Number(finite=False).read("void_probability", self.void_probability)
        object.__setattr__(self, "void_probability", chance)
        if self.max_count < 1:
            raise SymbolscopeError(f"max_count must be at least 1; got {self.max_count}")
        outside = [count for count in self.held_out if count not in self.quantities]
        if outside:
            raise SymbolscopeError(f"held_out must lie in 1..{self.max_count}; got {', '.join(map(str, outside))}")
        if not self.trained:
            raise SymbolscopeError(f"held_out leaves nothing of 1..{self.max_count} to train on; hold out fewer")
        if not 0.0 <= self.void_probability < 1.0:
            raise SymbolscopeError(f"void_probability must be in [0, 1); got {self.void_probability}")

    @property
    def quantities(self) -> tuple[int, ...]:  # type: ignore[override]
        """1..max_count."""
        return tuple(range(1, self.max_count + 1))

    @property
    def max_length(self) -> int:  # type: ignore[override]
        """Tokens of the longest trial; with voids, which have no bound, one that all but a millionth of trials keep to."""
        quantities = np.array(self.quantities)
        longest = 3 + int((quantities + self.answer(quantities)).max())
        if self.void_probability == 0.0:
            return longest
        from scipy.special import nbdtr

        # Before each object and before T a geometric number of voids: together a negative binomial one.
        gaps, ends = self.max_count + 1, 1.0 - self.void_probability
        return longest + bisect_left(range(10**9), 1.0 - 1e-6, key=lambda voids: float(nbdtr(voids, gaps, ends)))

    @property
    def begin(self) -> int:
        """Id of B."""
        return self.vocabulary.index("B")

    @property
    def trigger(self) -> int:
        """Id of T."""
        return self.vocabulary.index("T")

    @property
    def end(self) -> int:  # type: ignore[override]
        """Id of E."""
        return self.vocabulary.index("E")

    @property
    def pad(self) -> int:  # type: ignore[override]
        """Id of P."""
        return self.vocabulary.index("P")

    @property
    def void(self) -> int:
        """Id of U."""
        return self.vocabulary.index("U")

    @property
    def demos(self) -> tuple[int, ...]:
        """Ids of the demonstration tokens."""
        return tuple(self.vocabulary.index(token) for token in self.demo_tokens)

    @property
    def response(self) -> int:
        """Id of the response token."""
        return self.vocabulary.index(self.response_token)

    @takes({"quantities": WholeArray()})
    def answer(self, quantities: NDArray[np.int64]) -> NDArray[np.int64]:
        """Number of response tokens to each quantity, int64 [n]."""
        return quantities

    def without_void(self) -> "NumberTask":
        """The same task without void tokens."""
        return replace(self, void_probability=0.0)

    @takes({"quantities": WholeArray(axes=(1,), least=1), "generator": GENERATOR})
    def write(self, quantities: NDArray[np.int64], generator: np.random.Generator) -> Trials:
        n, answers = len(quantities), self.answer(quantities)
        # Voids before each demonstration token and before T.
        gaps = np.arange(int(quantities.max(initial=0)) + 1)  # [gaps]
        voids = np.zeros((n, len(gaps)), dtype=np.int64)
        if self.void_probability > 0:
            voids = generator.geometric(1.0 - self.void_probability, size=voids.shape) - 1
            voids[gaps > quantities[:, None]] = 0
        triggers = 1 + quantities + voids.sum(axis=1)  # position of T, [n]
        lengths = triggers + answers + 2
        positions = np.arange(int(lengths.max(initial=0)))  # [L]
        tokens = np.full((n, len(positions)), self.pad, dtype=np.int64)
        drawn = np.array(self.demos)[generator.integers(len(self.demos), size=tokens.shape)]
        shown = (positions >= 1) & (positions < triggers[:, None])
        tokens[shown] = self.void
        demo_at = 1 + np.cumsum(voids, axis=1) + gaps  # where each demonstration token stands, [n, gaps]
        row, gap = np.nonzero(gaps < quantities[:, None])
        at = demo_at[row, gap]
        tokens[row, at] = drawn[row, at]
        tokens[:, 0] = self.begin
        tokens[np.arange(n), triggers] = self.trigger
        responses = (positions > triggers[:, None]) & (positions < lengths[:, None] - 1)
        tokens[responses] = self.response
        tokens[np.arange(n), lengths - 1] = self.end
        scored = (positions > triggers[:, None]) & (positions < lengths[:, None])
        return Trials(tokens, scored, quantities, lengths)


NUMBER_TASK = InstanceOf(NumberTask, "a number task", "sy.tasks.MultiObject()")
