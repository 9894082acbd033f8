"""Symbolic programs: typed variables that follow a trial token by token and say what comes next."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.argument_checks import GENERATOR, InstanceOf, Seed, Text, WholeNumber, described
from symbolscope.core.array_checks import NamedColumns, WholeArray
from symbolscope.core.checked_call import takes
from symbolscope.core.random_streams import stream
from symbolscope.core.sequence_checks import listed_things
from symbolscope.errors import SymbolscopeError
from symbolscope.tasks.task import TASK, Task

Column = NDArray[Any]  # [n], one entry per trial, integer or real
State = dict[str, Column]


@dataclass(frozen=True)
class Variable:
    """A variable of a program and the values it may take."""

    name: str
    values: tuple[float | int, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", Text("the name of a variable").read("name", self.name))
        given = listed_things(self.values, ordered=True)
        if given is None or not all(isinstance(one, int | float | np.number) for one in given):
            raise SymbolscopeError(f"values must be the numbers that {self.name} may be; got {described(self.values)}")
        object.__setattr__(self, "values", tuple(self.values))


class Program(ABC):
    """An algorithm for a task, run on a batch of trials at once.

    It consumes a trial's tokens one by one. After each, its variables can be read, or set to something else, and it goes on from
    there: that is what makes it a causal model, whose answers after an intervention are the counterfactuals.

    A program of your own sets ``variables`` and implements :meth:`init`, :meth:`update` and :meth:`emit`. A state is a dict of
    arrays [n]: one per variable, and anything else it must remember, such as "quantity", the number that the environment shows.

    Parameters
    ----------
    task
        The task it is an algorithm for.

    Examples
    --------
    A program that counts objects but answers R for as long as it likes:

    >>> import symbolscope as sy
    >>> class Stubborn(Program):
    ...     variables = (Variable("count", tuple(range(4))),)
    ...     def init(self, quantities):
    ...         return {"quantity": quantities, "count": np.zeros_like(quantities)}
    ...     def update(self, state, tokens):
    ...         return state | {"count": state["count"] + np.isin(tokens, self.task.demos)}
    ...     def emit(self, state, generator):
    ...         return np.full(len(state["count"]), self.task.response), np.ones(len(state["count"]), dtype=bool)
    >>> task = sy.tasks.MultiObject(max_count=3)
    >>> Stubborn(task).trace(task.vocabulary.encode(["B", "D0", "D2", "T"])[None], np.array([2]))["count"]
    array([[0, 1, 2, 2]])
    >>> try:
    ...     Stubborn(task).check()
    ... except sy.SymbolscopeError as error:
    ...     print(str(error)[:41])
    Stubborn does not do what the task asks:
    """

    variables: tuple[Variable, ...]

    @takes({"task": TASK})
    def __init__(self, task: Task) -> None:
        self.task = task

    @abstractmethod
    def init(self, quantities: NDArray[np.int64]) -> State:
        """State before any token, of trials with these quantities [n]."""

    @abstractmethod
    def update(self, state: State, tokens: NDArray[np.int64]) -> State:
        """State after one more token per trial, [n]; a new dict, the old one unchanged."""

    @abstractmethod
    def emit(self, state: State, generator: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Next token of each trial, [n], and whether the task determines it (otherwise it is data, drawn), [n]."""

    @property
    def name(self) -> str:
        """Name of the program."""
        return type(self).__name__

    @property
    def names(self) -> tuple[str, ...]:
        """Names of its variables."""
        return tuple(variable.name for variable in self.variables)

    def __repr__(self) -> str:
        return f"{self.name}({self.task!r})"

    @takes({"state": NamedColumns(), "values": NamedColumns(least=0)})
    def assign(self, state: State, values: Mapping[str, Column]) -> State:
        """The state with some variables set to arrays [n].

        Raises
        ------
        SymbolscopeError
            For a name that is no variable (the nearest is named), or an array that is not [n].
        """
        for name, given in values.items():
            if name not in self.names:
                near = get_close_matches(name, self.names, n=1, cutoff=0.0)
                raise SymbolscopeError(
                    f"{self.name} has no variable {name!r}; did you mean {near[0]!r}? It has: {', '.join(self.names)}"
                )
            if given.shape != state[name].shape:
                raise SymbolscopeError(
                    f"{name} must be {list(state[name].shape)}, one per trial; got {list(given.shape)}"
                )
        return state | dict(values)

    @takes({"tokens": WholeArray(axes=(2,)), "quantities": WholeArray(axes=(1,))})
    def trace(self, tokens: NDArray[np.int64], quantities: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        """Everything in the state after each token of trials [n, L]: arrays [n, L] by name.

        Raises
        ------
        SymbolscopeError
            If there are no tokens, or the quantities are not [n].
        """
        if tokens.ndim != 2 or tokens.shape[1] == 0 or quantities.shape != tokens.shape[:1]:
            raise SymbolscopeError(
                f"trace takes tokens [n, L], L at least 1, and quantities [n]; "
                f"got {list(tokens.shape)} and {list(quantities.shape)}"
            )
        state = self.init(quantities)
        steps: list[State] = []
        for position in range(tokens.shape[1]):
            state = self.update(state, tokens[:, position])
            steps.append(state)
        return {name: np.stack([step[name] for step in steps], axis=1) for name in state}

    @takes({"state": NamedColumns(), "generator": GENERATOR, "max_steps": WholeNumber()})
    def finish(
        self, state: State, *, generator: np.random.Generator, max_steps: int
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Let the program go on alone until every trial has ended.

        Returns
        -------
        Tokens int64 [n, S], padding after the end, and whether the task determines them, bool [n, S]. S is ``max_steps`` if some
        trial has not ended by then.

        Raises
        ------
        SymbolscopeError
            If ``max_steps`` is below 1.
        """
        if max_steps < 1:
            raise SymbolscopeError(f"max_steps must be at least 1; got {max_steps}")
        n = len(next(iter(state.values())))
        ended = np.zeros(n, dtype=np.bool_)
        tokens: list[NDArray[np.int64]] = []
        scored: list[NDArray[np.bool_]] = []
        while len(tokens) < max_steps and not (ended.all() and tokens):
            token, determined = self.emit(state, generator)
            token = np.where(ended, self.task.pad, token)
            tokens.append(token)
            scored.append(determined & ~ended)
            state = self.update(state, token)
            ended = ended | (token == self.task.end)
        return np.stack(tokens, axis=1), np.stack(scored, axis=1)

    @takes({"n_trials": WholeNumber(most=10_000_000), "seed": Seed()})
    def check(self, *, n_trials: int = 200, seed: int = 0) -> None:
        """Refuse a program that does not do what its task asks, before any costly work.

        Its answer must be the task's at every scored token, fed the task's own tokens, in ``n_trials`` trials that take the task's
        quantities in turn; in at least one trial of each.

        Raises
        ------
        SymbolscopeError
            If a variable is missing from its state, it updates a state in place, it does not emit one token per trial, or a token
            outside the vocabulary, or a scored token that is not the task's; the trial is shown.
        """
        if n_trials < 1:
            raise SymbolscopeError(f"n_trials must be at least 1; got {n_trials}")
        quantities = np.array(self.task.quantities, dtype=np.int64)
        generator = stream(seed, "trials that check a program")
        trials = self.task.write(np.resize(quantities, max(n_trials, len(quantities))), generator)
        vocabulary = self.task.vocabulary
        state = self.init(trials.quantities)
        for position in range(trials.tokens.shape[1] - 1):
            state = self._checked_update(state, trials.tokens[:, position])
            tokens, scored = self.emit(state, generator)
            if tokens.shape != (len(trials),) or scored.shape != (len(trials),):
                raise SymbolscopeError(
                    f"{self.name}.emit must give a token and whether it is determined for each trial, [{len(trials)}] both; "
                    f"got {list(tokens.shape)} and {list(scored.shape)}"
                )
            going = position < trials.lengths - 1
            outside = going & ((tokens < 0) | (tokens >= len(vocabulary)))
            if outside.any():
                raise SymbolscopeError(
                    f"{self.name} emits token {int(tokens[outside][0])}, which is not in the vocabulary of "
                    f"{len(vocabulary)} tokens: {' '.join(vocabulary.tokens)}"
                )
            asked = trials.scored[:, position + 1] & going
            wrong = asked & ((tokens != trials.tokens[:, position + 1]) | ~scored)
            wrong |= going & scored & ~trials.scored[:, position + 1]
            if wrong.any():
                row = int(np.flatnonzero(wrong)[0])
                said, right = (
                    vocabulary.tokens[int(tokens[row])],
                    vocabulary.tokens[int(trials.tokens[row, position + 1])],
                )
                shown = " ".join(vocabulary.decode(trials.tokens[row, : position + 1]))
                raise SymbolscopeError(
                    f"{self.name} does not do what the task asks: after '{shown}' it says {said}"
                    f"{'' if scored[row] else ' (not determined)'}, the task {right}"
                    f"{'' if asked[row] else ' (not determined)'}"
                )

    def _checked_update(self, state: State, tokens: NDArray[np.int64]) -> State:
        """The next state, of a program that has every variable in its states and leaves the old one alone."""
        self._check_names(state, "init")
        before = {name: array.copy() for name, array in state.items()}
        following = self.update(state, tokens)
        self._check_names(following, "update")
        # A trace keeps every state: changed in place, all of them would be the last.
        changed = [name for name in before if name not in state or not np.array_equal(before[name], state[name])]
        if changed or len(state) != len(before):
            raise SymbolscopeError(
                f"{self.name}.update changes the state it is given in place"
                f"{f' ({changed[0]})' if changed else ''}; return a new dict of new arrays: "
                f"state | {{name: state[name] + 1}}, not state[name] += 1"
            )
        return following

    def _check_names(self, state: State, origin: str) -> None:
        missing = [name for name in self.names if name not in state]
        if missing:
            raise SymbolscopeError(
                f"{self.name}.{origin} gives no {missing[0]!r}; a state has an array [n] for every variable: "
                f"{', '.join(self.names)}"
            )


PROGRAM = InstanceOf(Program, "a program", "sy.programs.UpDown(task)")
