"""Functions of binary variables whose interactions are known on every sample."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from symbolscope.games.masks import all_masks

_STEEPNESS = 5.0


@dataclass(frozen=True)
class Term:
    """One summand: ``weight`` times a product of variables, or times a sigmoid that is close to one.

    product:  weight * prod x_i over ``ones``
    sigmoid:  weight * sigmoid(5 (prod x_i over ``ones`` - sum x_i over ``zeros`` - 1/2))

    Either is active where all of ``ones`` are 1 and all of ``zeros`` are 0.

    Attributes
    ----------
    weight
        Its factor.
    ones, zeros
        Variables that must be 1, and 0.
    is_sigmoid
        Which of the two.
    """

    weight: float
    ones: tuple[int, ...]
    zeros: tuple[int, ...] = ()
    is_sigmoid: bool = False

    def __call__(self, rows: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Value on variables bool [m, n], float64 [m]."""
        product = rows[:, list(self.ones)].all(axis=1).astype(np.float64)
        if not self.is_sigmoid:
            return np.asarray(self.weight * product)
        inside = _STEEPNESS * (product - rows[:, list(self.zeros)].sum(axis=1) - 0.5)
        return np.asarray(self.weight / (1.0 + np.exp(-inside)))


@dataclass(frozen=True)
class KnownFunction:
    """A sum of terms.

    A variable is hidden by the value at which it makes no term active: 1 where it has to be 0, else 0. So the players on a
    sample are the variables that differ from that, and the true interactions are the terms active on it.

    Attributes
    ----------
    n_variables
        Number of binary variables.
    terms
        What is summed.

    Examples
    --------
    The example of Ren et al. (2021), - x0 x1 x2 - sigmoid(5 x3 x4 - 5 x5 - 2.5); its second term is active here:

    >>> function = KnownFunction(6, (Term(-1.0, (0, 1, 2)), Term(-1.0, (3, 4), (5,), is_sigmoid=True)))
    >>> players, values, truth = function.on(np.array([True, True, False, True, True, False]))
    >>> players, values.shape, truth
    (array([0, 1, 3, 4, 5]), (32,), {(2, 3, 4): -1.0})
    """

    n_variables: int
    terms: tuple[Term, ...]

    @property
    def hidden(self) -> NDArray[np.bool_]:
        """What each variable holds when hidden, [n]."""
        values = np.zeros(self.n_variables, dtype=np.bool_)
        for term in self.terms:
            values[list(term.zeros)] = True
        return values

    def __call__(self, rows: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Value on variables bool [m, n], float64 [m]."""
        return np.asarray(np.sum([term(rows) for term in self.terms], axis=0))

    def on(
        self, sample: NDArray[np.bool_]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], dict[tuple[int, ...], float]]:
        """The players on a sample, the values [2^players], and the true interactions with their weights.

        True interactions are named by positions among the players.
        """
        hidden = self.hidden
        players = np.flatnonzero(sample != hidden)
        rows = np.tile(hidden, (1 << len(players), 1))
        rows[:, players] = np.where(all_masks(len(players)), sample[players], hidden[players])
        position = {int(variable): place for place, variable in enumerate(players)}
        truth: dict[tuple[int, ...], float] = {}
        for term in self.terms:
            variables = (*term.ones, *term.zeros)
            if all(sample[i] for i in term.ones) and not any(sample[i] for i in term.zeros):
                key = tuple(sorted(position[i] for i in variables))
                truth[key] = truth.get(key, 0.0) + term.weight
        return players, self(rows), truth


def addition_multiplication(generator: np.random.Generator, *, coefficients: bool = False) -> KnownFunction:
    """10 to 100 different products of 1 to 5 of 10 variables, summed; with coefficients from 0.5 to 2, of either sign."""
    wanted = int(generator.integers(10, 101))
    products: dict[tuple[int, ...], float] = {}
    while len(products) < wanted:
        size = int(generator.integers(1, 6))
        chosen = tuple(sorted(generator.choice(10, size=size, replace=False).tolist()))
        weight = float(generator.uniform(0.5, 2.0) * generator.choice([-1.0, 1.0])) if coefficients else 1.0
        products.setdefault(chosen, weight)
    return KnownFunction(10, tuple(Term(weight, chosen) for chosen, weight in products.items()))


def sums_and_sigmoids(generator: np.random.Generator) -> KnownFunction:
    """6 to 12 variables in groups of 2 to 5; each group is a product or a sigmoid, added or subtracted."""
    n = int(generator.integers(6, 13))
    order = generator.permutation(n).tolist()
    terms: list[Term] = []
    while order:
        size = min(len(order), int(generator.integers(2, 5)))
        if len(order) - size == 1:
            size += 1
        group, order = order[:size], order[size:]
        weight = float(generator.choice([-1.0, 1.0]))
        if generator.random() < 0.5:
            terms.append(Term(weight, tuple(sorted(group))))
        else:
            zeros = int(generator.integers(0, size))  # at least one variable has to be 1
            terms.append(Term(weight, tuple(sorted(group[zeros:])), tuple(sorted(group[:zeros])), is_sigmoid=True))
    return KnownFunction(n, tuple(terms))
