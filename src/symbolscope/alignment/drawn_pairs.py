"""Trials and steps drawn for pairs, and how the program goes on after each kind of swap."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from symbolscope.alignment.pairs import Pairs
from symbolscope.alignment.swapped_sets import some_of
from symbolscope.errors import SymbolscopeError
from symbolscope.programs.program import Program, State
from symbolscope.tasks.number_task import NumberTask
from symbolscope.tasks.task import Task
from symbolscope.tasks.trials import Trials

Indices = NDArray[np.int64]

_DECIMALS = 9
# A companion with something scored in a smaller share of pairs is left out.
_SELDOM = 0.5
# What a program remembers beside its variables, among the names of what is swapped.
_MEMORY = "(memory)"


class Swapped(NamedTuple):
    """What is swapped in a set of pairs, and which companion of the pairs it is; "" is the pairs themselves."""

    names: tuple[str, ...]
    role: str = ""


@dataclass(frozen=True)
class Drawn:
    """Drawn trials and steps, what the program holds there, and how it goes on after each kind of swap."""

    variables: tuple[str, ...]
    target_trials: Indices
    target_steps: Indices
    source_trials: Indices
    source_steps: Indices
    after: State
    carried: State
    continued: dict[Swapped, tuple[Indices, NDArray[np.bool_]]]

    @classmethod
    def of(
        cls,
        program: Program,
        task: Task,
        target: "Pool",
        source: "Pool",
        variables: tuple[str, ...],
        values: Collection[int | float] | None,
        n: int,
        generator: np.random.Generator,
    ) -> "Drawn":
        """Draw ``n`` and let the program go on after every kind of swap."""
        target_trials, target_steps = target.draw(n, variables, None, generator)
        source_trials, source_steps = source.draw(n, variables, values, generator)
        after = {name: array[target_trials, target_steps] for name, array in target.state.items()}
        carried = {name: array[source_trials, source_steps] for name, array in source.state.items()}
        others = tuple(name for name in program.names if name not in variables)
        # What the program remembers beside its variables is swapped as one; the environment stays the target's.
        beside = tuple(name for name in after if name not in (*program.names, "quantity"))
        units = (*others, *((_MEMORY,) if beside else ()))

        def state(swapped: tuple[str, ...]) -> State:
            given = {name: carried[name] for name in swapped if name != _MEMORY}
            memory = {name: carried[name] for name in beside} if _MEMORY in swapped else {}
            return program.assign(after | memory, given)

        every = carried | {"quantity": after["quantity"]}
        states: dict[Swapped, State] = {
            Swapped(variables): state(variables),
            Swapped((), role="natural"): after,
            Swapped(program.names, role="whole"): every,
            Swapped(others, role="rest"): program.assign(every, {name: after[name] for name in variables}),
        }
        for some in some_of(units):
            states[Swapped((*variables, *some), role="joint")] = state((*variables, *some))
            states[Swapped(some, role="partial_rest")] = state(some)
        continued: dict[Swapped, tuple[Indices, NDArray[np.bool_]]] = {}
        for swapped, begun in states.items():
            labels, scored = program.finish(begun, generator=generator, max_steps=2 * task.max_length)
            continued[swapped] = labels, scored & (labels != task.pad)
        return cls(variables, target_trials, target_steps, source_trials, source_steps, after, carried, continued)

    def seldom_scored(self) -> frozenset[Swapped]:
        """Companions with nothing scored after most of the pairs that have something themselves: they are left out."""
        own = self.continued[Swapped(self.variables)][1].any(axis=1)
        return frozenset(
            swapped
            for swapped, (_, scored) in self.continued.items()
            if swapped.role and own.any() and float(np.mean(scored[own].any(axis=1))) < _SELDOM
        )

    def scored_rows(self, dropped: frozenset[Swapped]) -> "Drawn":
        """The pairs after which something is scored, in the pairs themselves and in every companion that is kept."""
        kept = np.ones(len(self.target_trials), dtype=np.bool_)
        for swapped, (_, scored) in self.continued.items():
            kept &= scored.any(axis=1) | (swapped in dropped)
        return self if kept.all() else self._rows(np.flatnonzero(kept))

    def _rows(self, rows: Indices) -> "Drawn":
        return Drawn(
            self.variables,
            self.target_trials[rows],
            self.target_steps[rows],
            self.source_trials[rows],
            self.source_steps[rows],
            {name: array[rows] for name, array in self.after.items()},
            {name: array[rows] for name, array in self.carried.items()},
            {swapped: (labels[rows], scored[rows]) for swapped, (labels, scored) in self.continued.items()},
        )

    @staticmethod
    def joined(parts: "list[Drawn]", n: int, pad: int) -> "Drawn":
        """The first ``n`` of all parts."""
        first = parts[0]
        if len(parts) == 1:
            return first if len(first.target_trials) == n else first._rows(np.arange(n))

        def wide(swapped: Swapped, entry: int, empty: int) -> NDArray[Any]:
            arrays = [part.continued[swapped][entry] for part in parts]
            width = max(array.shape[1] for array in arrays)
            return np.concatenate(
                [np.pad(array, ((0, 0), (0, width - array.shape[1])), constant_values=empty) for array in arrays]
            )

        return Drawn(
            first.variables,
            np.concatenate([part.target_trials for part in parts]),
            np.concatenate([part.target_steps for part in parts]),
            np.concatenate([part.source_trials for part in parts]),
            np.concatenate([part.source_steps for part in parts]),
            {name: np.concatenate([part.after[name] for part in parts]) for name in first.after},
            {name: np.concatenate([part.carried[name] for part in parts]) for name in first.carried},
            {swapped: (wide(swapped, 0, pad), wide(swapped, 1, 0)) for swapped in first.continued},
        )._rows(np.arange(n))

    def pairs(self, program: Program, task: Task, target: Trials, source: Trials, dropped: frozenset[Swapped]) -> Pairs:
        """Pairs with the companions that are kept."""

        def made(swapped: Swapped, **companions: Any) -> Pairs:
            labels, scored = self.continued[swapped]
            return Pairs(
                variables=tuple(name for name in swapped.names if name != _MEMORY),
                target_tokens=_spliced(target.tokens[self.target_trials], self.target_steps, labels, task.pad),
                target_steps=self.target_steps,
                source_tokens=source.tokens[self.source_trials],
                source_steps=self.source_steps,
                labels=labels,
                scored=scored,
                target_values={name: self.after[name].astype(np.float64) for name in program.names},
                source_values={name: self.carried[name].astype(np.float64) for name in program.names},
                **companions,
            )

        by_role: dict[str, list[Pairs]] = {}
        for swapped in self.continued:
            if swapped.role and swapped not in dropped:
                by_role.setdefault(swapped.role, []).append(made(swapped))
        return made(
            Swapped(self.variables),
            **{role: by_role[role][0] for role in ("natural", "whole", "rest") if role in by_role},
            **{role: tuple(by_role[role]) for role in ("joint", "partial_rest") if role in by_role},
        )


class Pool:
    """Trials with the program's state after every token, and the steps that can be swapped at."""

    def __init__(self, program: Program, trials: Trials, task: Task) -> None:
        self.trials = trials
        self.state = program.trace(trials.tokens, trials.quantities)
        if "quantity" not in self.state:
            self.state["quantity"] = np.broadcast_to(trials.quantities[:, None], trials.tokens.shape)
        positions = np.arange(trials.tokens.shape[1])
        # Something is scored later on: a swap at any other step could do nothing wrong.
        later = np.cumsum(trials.scored[:, ::-1], axis=1)[:, ::-1] - trials.scored
        allowed = (later > 0) & (positions < trials.lengths[:, None] - 1)
        if isinstance(task, NumberTask):
            allowed &= np.isin(trials.tokens, [*task.demos, task.response])
        else:
            allowed &= positions > 0
        self.rows, self.steps = np.nonzero(allowed)
        self._names = program.names

    def draw(
        self, n: int, variables: tuple[str, ...], values: Collection[int | float] | None, generator: np.random.Generator
    ) -> tuple[Indices, Indices]:
        """Trials and steps, [n] each: a value of ``variables``, then a state, then a step, each uniform over those that occur."""
        rows, steps = self.rows, self.steps
        if values is not None:
            kept = np.isin(self.state[variables[0]][rows, steps], list(values))
            rows, steps = rows[kept], steps[kept]
        if len(rows) == 0:
            held = (
                "have no step after the first token with a scored token to come"
                if len(self.rows) == 0
                else f"never hold any of the values {sorted(values or ())}"
            )
            raise SymbolscopeError(
                f"no step is left to swap {', '.join(variables)} at: the trials with these counts {held}; "
                + (
                    "begin the trials with a token of their own, and mark what the task determines in Trials.scored"
                    if len(self.rows) == 0
                    else "allow other counts= or values="
                )
            )
        value = self._groups(variables, rows, steps)
        state = self._groups(self._names, rows, steps)
        order = np.lexsort((state, value))
        drawn_value = generator.integers(value.max() + 1, size=n)
        # Distinct (value, state) pairs in order, and where each begins among the sorted steps.
        value, state = value[order], state[order]
        begins = np.flatnonzero(np.r_[True, (np.diff(value) != 0) | (np.diff(state) != 0)])
        ends = np.r_[begins[1:], len(order)]
        first = np.searchsorted(value[begins], np.arange(value[-1] + 2))  # first pair of each value
        pair = first[drawn_value] + np.floor(
            generator.random(n) * (first[drawn_value + 1] - first[drawn_value])
        ).astype(np.int64)
        member = begins[pair] + np.floor(generator.random(n) * (ends[pair] - begins[pair])).astype(np.int64)
        chosen = order[member]
        return rows[chosen], steps[chosen]

    def _groups(self, names: tuple[str, ...], rows: Indices, steps: Indices) -> Indices:
        """Number of the combination of values of ``names``, int64 per step."""
        group = np.zeros(len(rows), dtype=np.int64)
        for name in names:
            values, inverse = np.unique(
                np.round(self.state[name][rows, steps].astype(np.float64), _DECIMALS), return_inverse=True
            )
            group = group * len(values) + inverse
        return np.unique(group, return_inverse=True)[1]


def _spliced(tokens: Indices, steps: Indices, labels: Indices, pad: int) -> Indices:
    """Each row's tokens up to its step, then its labels, padded: [n, L]."""
    n, width = len(tokens), int(steps.max()) + 1 + labels.shape[1]
    out = np.full((n, width), pad, dtype=np.int64)
    kept = min(width, tokens.shape[1])
    out[:, :kept] = tokens[:, :kept]
    columns = np.arange(width)
    out[columns > steps[:, None]] = pad
    after = steps[:, None] + 1 + np.arange(labels.shape[1])  # [n, S]
    np.put_along_axis(out, after, labels, axis=1)
    filled = np.flatnonzero((out != pad).any(axis=0))
    return out[:, : int(filled[-1]) + 1]
