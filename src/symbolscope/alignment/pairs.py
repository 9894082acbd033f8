"""Pairs of runs, a variable to carry from one into the other, and what a program says must happen then."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.argument_checks import InstanceOf
from symbolscope.core.random_streams import stream
from symbolscope.errors import SymbolscopeError

PerPair = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Pairs:
    """Interchange data: in pair i, ``variables`` of the source run go into the target run, and ``labels`` must follow.

    Made by :func:`symbolscope.counterfactual_pairs`. The target run is read up to and including ``target_steps``, its
    variables are overwritten with those that the source run has after ``source_steps``, and the program continues alone.

    Attributes
    ----------
    variables
        Names of the variables that are swapped; empty for pairs in which nothing is.
    target_tokens
        int64 [n, L]: the target's own tokens up to its step, then the program's continuation, then padding. For a network
        without time its inputs, float32 [n, d].
    target_steps
        int64 [n]: position of the last token before the swap; None without time.
    source_tokens, source_steps
        int64 [n, L'] and [n]: likewise for the source run, which is natural throughout.
    labels
        int64 [n, S]: the continuation; column j is the token at position ``target_steps`` + 1 + j. Without time the class, [n, 1].
    scored
        bool [n, S]: labels that the task determines (responses and end); the others are data.
    target_values, source_values
        Every variable of the program, float64 [n], after the step and before the swap. Where a value is a vector, a number that
        tells it from the others here.
    natural
        The same runs with nothing swapped: what must happen if the patched features carry no variable.
    whole
        The same runs with every variable swapped, and whatever else the program remembers: what must happen if the whole state is
        replaced.
    rest
        The same runs with everything swapped but ``variables``: what must happen if the rest of the state is replaced.
    joint
        The same runs, each time with ``variables`` and some of the others swapped: what must happen if the whole state of a place
        that holds those is replaced. Between the pairs themselves, where none of the others is, and ``whole``, where all are.
    partial_rest
        The same runs, each time with some of the others swapped, but not ``variables``: what must happen if the rest of a state
        that holds those is replaced. Between ``natural``, where none is, and ``rest``, where all are.

    Raises
    ------
    SymbolscopeError
        If the arrays do not fit together, or after some pair no token is scored: no answer to it could be wrong.
    """

    variables: tuple[str, ...]
    target_tokens: NDArray[Any]
    target_steps: NDArray[np.int64] | None
    source_tokens: NDArray[Any]
    source_steps: NDArray[np.int64] | None
    labels: NDArray[np.int64]
    scored: NDArray[np.bool_]
    target_values: PerPair = field(repr=False)
    source_values: PerPair = field(repr=False)
    natural: "Pairs | None" = field(default=None, repr=False)
    whole: "Pairs | None" = field(default=None, repr=False)
    rest: "Pairs | None" = field(default=None, repr=False)
    joint: "tuple[Pairs, ...]" = field(default=(), repr=False)
    partial_rest: "tuple[Pairs, ...]" = field(default=(), repr=False)

    def __post_init__(self) -> None:
        n = len(self.target_tokens)
        for name in ("target_steps", "source_tokens", "source_steps", "labels", "scored"):
            if getattr(self, name) is not None and len(getattr(self, name)) != n:
                raise SymbolscopeError(f"{name} must have one row per pair ({n}); it has {len(getattr(self, name))}")
        if self.labels.shape != self.scored.shape:
            raise SymbolscopeError(
                f"labels and scored must have one shape [n, S]; got {self.labels.shape}, {self.scored.shape}"
            )
        silent = ~self.scored.any(axis=1)
        if silent.any():
            raise SymbolscopeError(
                f"after {int(silent.sum())} of {n} pairs no token is scored (the first is pair {int(np.argmax(silent))}), so no "
                "answer to them could be wrong; leave out the rows in which scored is False throughout"
            )

    def __len__(self) -> int:
        return len(self.target_tokens)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Outputs that matter from the step on, int64 [n]: up to the one that predicts the last scored label."""
        width = self.scored.shape[1]
        return np.where(self.scored.any(axis=1), width - np.argmax(self.scored[:, ::-1], axis=1), 0)

    @property
    def values_after(self) -> PerPair:
        """Every variable after the swap, float64 [n] each."""
        return {
            name: self.source_values[name] if name in self.variables else values
            for name, values in self.target_values.items()
        }

    @property
    def whole_state_swaps(self) -> "tuple[Pairs, ...]":
        """What may follow if the whole state is replaced: the variables swapped, alone or with some or all of the others."""
        return (self, *self.joint, *(() if self.whole is None else (self.whole,)))

    @property
    def rest_swaps(self) -> "tuple[Pairs, ...]":
        """What may follow if the rest of the state is replaced and the variables stay: none, some or all of the others swapped."""
        return tuple(one for one in (self.natural, *self.partial_rest, self.rest) if one is not None)

    def subset(self, rows: NDArray[np.int64]) -> "Pairs":
        """The pairs of the given rows."""

        def take(value: object) -> object:
            if isinstance(value, np.ndarray):
                return value[rows]
            if isinstance(value, Mapping):
                return {name: array[rows] for name, array in value.items()}
            if isinstance(value, tuple):
                return tuple(take(one) for one in value)  # pyright: ignore[reportUnknownVariableType]
            return value.subset(rows) if isinstance(value, Pairs) else value

        return Pairs(**{entry.name: take(getattr(self, entry.name)) for entry in fields(self)})  # type: ignore[arg-type]

    def interventions(self) -> list[bytes]:
        """Each pair as bytes: both runs up to their steps, which is all that the swap sees. Equal bytes are one intervention."""
        runs = ((self.target_tokens, self.target_steps), (self.source_tokens, self.source_steps))
        out: list[bytes] = [b""] * len(self)
        for tokens, steps in runs:
            for row, run in enumerate(tokens):
                read = run if steps is None else run[: int(steps[row]) + 1]
                out[row] += read.nbytes.to_bytes(8, "big") + read.tobytes()
        return out

    def with_shuffled_sources(self, seed: int | np.random.Generator) -> "Pairs":
        """The same pairs, but each with the source run of another: its state says nothing of what the answer asks for.

        A control: an accuracy that survives this has not come from what the source carries.
        """
        order = stream(seed, "shuffled sources").permutation(len(self))
        return replace(
            self,
            source_tokens=self.source_tokens[order],
            source_steps=None if self.source_steps is None else self.source_steps[order],
            whole=None,
            rest=None,
            joint=(),
            partial_rest=(),
        )


PAIRS = InstanceOf(Pairs, "counterfactual pairs", "alignment.pairs(n=1000)")
