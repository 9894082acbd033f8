"""Token sequences of a task, with the tokens that its rule determines marked."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.array_checks import WholeArray, row_numbers
from symbolscope.core.checked_call import takes
from symbolscope.errors import SymbolscopeError


@dataclass(frozen=True)
class Trials:
    """Trials of a task, one per row.

    Attributes
    ----------
    tokens
        int64 [n, L], padded after the end.
    scored
        bool [n, L]: True where the task determines the token: every response and the end.
    quantities
        int64 [n]: the latent number of each trial.
    lengths
        int64 [n]: tokens of each trial, its end included.

    Raises
    ------
    SymbolscopeError
        If the arrays do not have these shapes.

    Examples
    --------
    >>> import symbolscope as sy
    >>> task = sy.tasks.SingleObject(max_count=3)
    >>> trials = task.sample(100, seed=0)
    >>> right, wrong = trials.tokens[:, 1:], np.zeros_like(trials.tokens[:, 1:])
    >>> bool(trials.correct(right).all()), bool(trials.correct(wrong).any())
    (True, False)
    """

    tokens: NDArray[np.int64]
    scored: NDArray[np.bool_]
    quantities: NDArray[np.int64]
    lengths: NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.tokens.ndim != 2 or self.tokens.shape != self.scored.shape:
            raise SymbolscopeError(
                f"tokens and scored must be [n, L] of one shape; got {self.tokens.shape}, {self.scored.shape}"
            )
        n = len(self.tokens)
        for name, given in (("quantities", self.quantities), ("lengths", self.lengths)):
            if given.shape != (n,):
                raise SymbolscopeError(f"{name} must be [{n}], one per row of tokens; got {given.shape}")

    def __len__(self) -> int:
        return len(self.tokens)

    @takes({"predictions": WholeArray(axes=(2,))})
    def correct(self, predictions: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether every scored token is predicted, bool [n].

        With greedy decoding a trial that is right when the network is fed its own answers is right when it is fed the correct
        ones, and the reverse: the first error is the same event. So one pass over the correct tokens is enough.

        Parameters
        ----------
        predictions
            int64 [n, L - 1] or [n, L]: the token predicted after each position of ``tokens``.
        """
        n, length = self.tokens.shape
        if predictions.shape not in ((n, length - 1), (n, length)):
            raise SymbolscopeError(f"predictions must be [{n}, {length - 1}]; got {predictions.shape}")
        wrong = (predictions[:, : length - 1] != self.tokens[:, 1:]) & self.scored[:, 1:]
        return ~wrong.any(axis=1)

    def subset(self, rows: NDArray[np.int64]) -> "Trials":
        """The trials of the given rows."""
        rows = row_numbers("rows", rows, len(self))
        return Trials(self.tokens[rows], self.scored[rows], self.quantities[rows], self.lengths[rows])
