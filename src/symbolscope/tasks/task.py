"""What every task offers: a vocabulary, quantities, and trials drawn from an explicit seed."""

from abc import ABC, abstractmethod
from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.argument_checks import InstanceOf, SeedOrGenerator, WholeNumber
from symbolscope.core.checked_call import takes
from symbolscope.core.description import description
from symbolscope.core.sequence_checks import ListOf
from symbolscope.errors import SymbolscopeError
from symbolscope.tasks.trials import Trials
from symbolscope.tasks.vocabulary import Vocabulary

# Characters of an attribute in the name of a task.
_LONGEST = 40


class Task(ABC):
    """Token sequences whose right continuation depends on a latent number, the trial's quantity.

    A task of your own sets ``vocabulary``, ``pad``, ``end``, ``quantities``, ``held_out`` and ``max_length`` and implements
    :meth:`write`; everything else follows.

    Attributes
    ----------
    vocabulary
        Its tokens.
    pad, end
        Ids of the padding token and of the token that ends a trial.
    quantities
        Every number that a trial may have.
    held_out
        Those that training leaves out.
    max_length
        Tokens of the longest trial.

    Examples
    --------
    A task whose answer is one R for odd and two for even quantities:

    >>> import numpy as np
    >>> class Parity(Task):
    ...     vocabulary = Vocabulary(("P", "D", "T", "R", "E"))
    ...     pad, end, quantities, held_out, max_length = 0, 4, (1, 2, 3), (), 7
    ...     def write(self, quantities, generator):
    ...         rows = [["D"] * q + ["T"] + ["R"] * (2 - q % 2) + ["E"] for q in quantities]
    ...         lengths = np.array([len(row) for row in rows])
    ...         tokens = np.stack([self.vocabulary.encode(row + ["P"] * (7 - len(row))) for row in rows])
    ...         return Trials(tokens, np.isin(tokens, self.vocabulary.encode(["R", "E"])), quantities, lengths)
    >>> trials = Parity().sample(2, seed=0, counts=[2])
    >>> Parity().vocabulary.decode(trials.tokens[0])
    ['D', 'D', 'T', 'R', 'R', 'E', 'P']
    """

    vocabulary: Vocabulary
    pad: int
    end: int
    quantities: tuple[int, ...]
    held_out: tuple[int, ...]
    max_length: int

    def __repr__(self) -> str:
        own = {name: value for name, value in vars(self).items() if not name.startswith("_")}
        return f"{type(self).__name__}({', '.join(f'{name}={_short(value)}' for name, value in own.items())})"

    @abstractmethod
    def write(self, quantities: NDArray[np.int64], generator: np.random.Generator) -> Trials:
        """One trial per quantity, int64 [n]; whatever else is random comes from ``generator``."""

    @property
    def trained(self) -> tuple[int, ...]:
        """Quantities that training uses: all but those held out."""
        return tuple(quantity for quantity in self.quantities if quantity not in self.held_out)

    @takes(
        {
            "n_trials": WholeNumber(most=10_000_000),
            "seed": SeedOrGenerator(),
            "counts": ListOf(WholeNumber(), "whole numbers", ordered=False),
        }
    )
    def sample(
        self, n_trials: int, *, seed: int | np.random.Generator, counts: Collection[int] | None = None
    ) -> Trials:
        """Draw trials whose quantities are uniform over ``counts``.

        Parameters
        ----------
        n_trials
            Number of trials.
        seed
            Seed or generator; the trials depend on nothing else.
        counts
            Quantities to draw from; None is :attr:`trained`.

        Raises
        ------
        SymbolscopeError
            For no trials, no quantities, or quantities that the task does not have.
        """
        if n_trials < 1:
            raise SymbolscopeError(f"n_trials must be at least 1; got {n_trials}")
        allowed = self.trained if counts is None else tuple(dict.fromkeys(counts))
        unknown = [count for count in allowed if count not in self.quantities]
        if unknown or not allowed:
            raise SymbolscopeError(
                f"counts must be some of the task's quantities {_ranges(self.quantities)}; "
                f"got {'none' if not allowed else ', '.join(str(count) for count in unknown)}"
            )
        generator = np.random.default_rng(seed)
        drawn = np.array(allowed, dtype=np.int64)[generator.integers(len(allowed), size=n_trials)]
        return self.write(drawn, generator)


def _ranges(quantities: tuple[int, ...]) -> str:
    if quantities == tuple(range(quantities[0], quantities[-1] + 1)):
        return f"{quantities[0]}..{quantities[-1]}"
    return ", ".join(str(quantity) for quantity in quantities)


TASK = InstanceOf(Task, "a task", "sy.tasks.MultiObject()")


def _short(value: object) -> str:
    shown = description(value)
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 3] + "..."
