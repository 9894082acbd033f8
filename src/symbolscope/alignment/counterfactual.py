"""Counterfactual pairs: two trials, a step in each, a variable to carry over, and the program's answer.

Steps drawn uniformly from uniformly drawn trials make small counts several times more frequent than large ones (every trial
passes through count 1, only the longest through count 20), which confounds any statement about large numbers. Here the value of
the swapped variable is drawn first, uniformly over the values that occur; then the program's whole state uniformly over those
that occur with it; then a trial and step in that state.
"""

import copy
from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray
from torch import nn

from symbolscope.alignment.causal_pairs import causal_pairs
from symbolscope.alignment.pairs import Pairs
from symbolscope.core.argument_checks import Network, SeedOrGenerator, WholeNumber
from symbolscope.core.checked_call import takes
from symbolscope.core.sequence_checks import ListOf
from symbolscope.errors import SymbolscopeError
from symbolscope.programs.causal_model import ANY_PROGRAM, CausalModel
from symbolscope.programs.program import Program, State
from symbolscope.tasks.classification import ANY_TASK, Classification
from symbolscope.tasks.number_task import NumberTask
from symbolscope.tasks.task import Task
from symbolscope.tasks.trials import Trials

Indices = NDArray[np.int64]

_LEAST_TRIALS = 1_000
_TRIALS_PER_QUANTITY = 60
_DECIMALS = 9


@takes(
    {
        "network": Network(),
        "program": ANY_PROGRAM,
        "task": ANY_TASK,
        "n": WholeNumber(most=10_000_000),
        "counts": ListOf(WholeNumber(), "whole numbers", ordered=False),
        "seed": SeedOrGenerator(),
    }
)
def counterfactual_pairs(
    network: nn.Module,
    program: Program | CausalModel,
    task: Task | Classification,
    *,
    variable: str | tuple[str, ...] = "count",
    n: int = 1_000,
    counts: Collection[int] | None = None,
    values: Collection[int | float] | None = None,
    seed: int | np.random.Generator = 0,
) -> Pairs:
    """Draw ``n`` pairs of runs of a task with a variable to swap, stratified by its value, and the program's answers.

    Parameters
    ----------
    network
        The network to be tested; only checked to speak the task's vocabulary.
    program
        The causal model that says what must follow.
    task
        Where the trials come from. Void tokens are left out. For a :class:`symbolscope.programs.CausalModel` a task without time,
        such as :class:`symbolscope.tasks.HierarchicalEquality`: sources are then chosen so that every class is asked for equally
        often.
    variable
        The variable to swap, or several that are swapped together.
    n
        Number of pairs.
    counts
        Quantities of the trials, target and source; None takes every quantity of the task, held-out ones too.
    values
        Values of the variable that the source may carry, such as held-out counts; None for all that occur.
    seed
        Of the draw.

    Raises
    ------
    SymbolscopeError
        If the program has no such variable or is for another task, the network speaks another vocabulary, or no step is left to
        swap at.

    Examples
    --------
    >>> import symbolscope as sy
    >>> task = sy.tasks.MultiObject(max_count=5)
    >>> pairs = counterfactual_pairs(sy.networks.GRU(task.vocabulary, width=8), sy.programs.UpDown(task), task, n=400)
    >>> len(pairs), pairs.variables
    (400, ('count',))

    Large counts are as frequent as small ones:

    >>> import numpy as np
    >>> frequency = np.unique(pairs.source_values["count"], return_counts=True)[1] / 400
    >>> bool(frequency.max() < 2 * frequency.min())
    True
    """
    variables = (variable,) if isinstance(variable, str) else tuple(variable)
    check_variables(program, variables)
    if n < 1:
        raise SymbolscopeError(f"n must be at least 1 pair; got {n}")
    check_task(program, task)
    generator = np.random.default_rng(seed)
    if isinstance(program, CausalModel) or isinstance(task, Classification):
        assert isinstance(program, CausalModel)  # check_task
        assert isinstance(task, Classification)
        if counts is not None or values is not None:
            raise SymbolscopeError(f"{task!r} has no quantities; leave counts and values out")
        return causal_pairs(program, task, variables, n, generator)
    check_vocabulary(network, task)
    quiet = task.without_void() if isinstance(task, NumberTask) else task
    its_task = program.task
    if isinstance(its_task, NumberTask):  # it goes on from the swap without voids too
        program = copy.copy(program)
        program.task = its_task.without_void()
    chosen = tuple(task.quantities) if counts is None else tuple(counts)
    n_trials = max(_LEAST_TRIALS, _TRIALS_PER_QUANTITY * len(set(chosen)))
    target = _Pool(program, quiet.sample(n_trials, seed=generator, counts=chosen), quiet)
    source = _Pool(program, quiet.sample(n_trials, seed=generator, counts=chosen), quiet)
    target_trials, target_steps = target.draw(n, variables, None, generator)
    source_trials, source_steps = source.draw(n, variables, values, generator)
    after = {name: array[target_trials, target_steps] for name, array in target.state.items()}
    carried = {name: array[source_trials, source_steps] for name, array in source.state.items()}

    # Everything that the program remembers is the source's; the environment stays the target's.
    replaced = carried | {"quantity": after["quantity"]}

    def continued(swapped: tuple[str, ...], state: State, **companions: Pairs) -> Pairs:
        labels, scored = program.finish(state, generator=generator, max_steps=2 * task.max_length)
        scored = scored & (labels != task.pad)
        return Pairs(
            variables=swapped,
            target_tokens=_spliced(target.trials.tokens[target_trials], target_steps, labels, task.pad),
            target_steps=target_steps,
            source_tokens=source.trials.tokens[source_trials],
            source_steps=source_steps,
            labels=labels,
            scored=scored,
            target_values={name: after[name].astype(np.float64) for name in program.names},
            source_values={name: carried[name].astype(np.float64) for name in program.names},
            natural=companions.get("natural"),
            whole=companions.get("whole"),
            rest=companions.get("rest"),
        )

    state = program.assign(after, {name: carried[name] for name in variables})
    others = tuple(name for name in program.names if name not in variables)
    return continued(
        variables,
        state,
        natural=continued((), after),
        whole=continued(program.names, replaced),
        rest=continued(others, program.assign(replaced, {name: after[name] for name in variables})),
    )


def check_variables(program: Program | CausalModel, variables: tuple[str, ...]) -> None:
    """Refuse variables that the program does not have, naming the nearest."""
    from difflib import get_close_matches

    for name in variables:
        if name not in program.names:
            near = get_close_matches(name, program.names, n=1, cutoff=0.0)
            raise SymbolscopeError(
                f"{type(program).__name__} has no variable {name!r}; did you mean {near[0]!r}? It has: {', '.join(program.names)}"
            )


def check_vocabulary(network: nn.Module, task: Task) -> None:
    """Refuse a network that says it speaks another vocabulary."""
    vocabulary = getattr(network, "vocabulary", None)
    if vocabulary is not None and vocabulary != task.vocabulary:
        raise SymbolscopeError(
            f"the network's vocabulary {vocabulary.tokens} is not the task's {task.vocabulary.tokens}; "
            "build the network with vocabulary=task.vocabulary"
        )


def check_task(program: Program | CausalModel, task: Task | Classification) -> None:
    """Refuse a program that was made for another kind of task."""
    if isinstance(program, CausalModel) != isinstance(task, Classification):
        raise SymbolscopeError(
            f"a CausalModel goes with a task without time (sy.tasks.Classification), a Program with one of tokens (sy.tasks.Task); "
            f"got {type(program).__name__} and {task!r}"
        )
    if isinstance(program, CausalModel) or isinstance(task, Classification):
        return
    if not isinstance(task, type(program.task)) or program.task.vocabulary != task.vocabulary:
        raise SymbolscopeError(
            f"the program is for {program.task!r}, but the task is {task!r}; build it with {type(program).__name__}(task)"
        )


class _Pool:
    """Trials with the program's state after every token, and the steps that can be swapped at."""

    def __init__(self, program: Program, trials: Trials, task: Task) -> None:
        self.trials = trials
        self.state = program.trace(trials.tokens, trials.quantities)
        if "quantity" not in self.state:
            self.state["quantity"] = np.broadcast_to(trials.quantities[:, None], trials.tokens.shape)
        positions = np.arange(trials.tokens.shape[1])
        allowed = positions < trials.lengths[:, None] - 1  # something is still to come
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
            held = "have no step" if values is None else f"never hold any of the values {sorted(values)}"
            raise SymbolscopeError(
                f"no step is left to swap {', '.join(variables)} at: the trials with these counts {held}; "
                "allow other counts= or values="
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
