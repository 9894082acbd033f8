"""Counterfactual pairs: two trials, a step in each, a variable to carry over, and the program's answer.

Steps drawn uniformly from uniformly drawn trials make small counts several times more frequent than large ones (every trial
passes through count 1, only the longest through count 20), which confounds any statement about large numbers. Here the value of
the swapped variable is drawn first, uniformly over the values that occur; then the program's whole state uniformly over those
that occur with it; then a trial and step in that state.
"""

import copy
from collections.abc import Collection

import numpy as np
from torch import nn

from symbolscope.alignment.causal_pairs import causal_pairs
from symbolscope.alignment.drawn_pairs import Drawn, Pool, Swapped
from symbolscope.alignment.pairs import Pairs
from symbolscope.core.argument_checks import Network, NumberAsGiven, SeedOrGenerator, WholeNumber
from symbolscope.core.checked_call import takes
from symbolscope.core.random_streams import stream
from symbolscope.core.sequence_checks import ListOf, Names
from symbolscope.errors import SymbolscopeError
from symbolscope.networks.reads_ahead import check_reads_no_later
from symbolscope.programs.causal_model import ANY_PROGRAM, CausalModel
from symbolscope.programs.program import Program
from symbolscope.tasks.classification import ANY_TASK, Classification
from symbolscope.tasks.number_task import NumberTask
from symbolscope.tasks.task import Task

_LEAST_TRIALS = 1_000
_TRIALS_PER_QUANTITY = 60
# Times that as many pairs as asked for are drawn, until so many have something scored to come; and if none has.
_DRAWS = 100
_FRUITLESS_DRAWS = 3


@takes(
    {
        "network": Network(),
        "program": ANY_PROGRAM,
        "task": ANY_TASK,
        "n": WholeNumber(most=10_000_000),
        "values": ListOf(NumberAsGiven(), "numbers", ordered=False),
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
        If the program has no such variable or is for another task, the network speaks another vocabulary or reads ahead of its
        position, or no step is left to swap at: only those with a scored token to come are.

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
    variables = (variable,) if isinstance(variable, str) else Names().read("variable", variable)
    check_variables(program, variables)
    if n < 1:
        raise SymbolscopeError(f"n must be at least 1 pair; got {n}")
    check_task(program, task)
    generator = stream(seed, "counterfactual pairs")
    if isinstance(program, CausalModel) or isinstance(task, Classification):
        assert isinstance(program, CausalModel)  # check_task
        assert isinstance(task, Classification)
        if counts is not None or values is not None:
            raise SymbolscopeError(f"{task!r} has no quantities; leave counts and values out")
        return causal_pairs(program, task, variables, n, generator)
    check_vocabulary(network, task)
    check_reads_no_later(network, task)
    quiet = task.without_void() if isinstance(task, NumberTask) else task
    its_task = program.task
    if isinstance(its_task, NumberTask):  # it goes on from the swap without voids too
        program = copy.copy(program)
        program.task = its_task.without_void()
    chosen = tuple(task.quantities) if counts is None else tuple(counts)
    n_trials = max(_LEAST_TRIALS, _TRIALS_PER_QUANTITY * len(set(chosen)))
    target = Pool(program, quiet.sample(n_trials, seed=generator, counts=chosen), quiet)
    source = Pool(program, quiet.sample(n_trials, seed=generator, counts=chosen), quiet)
    drawn: list[Drawn] = []
    dropped: frozenset[Swapped] = frozenset()
    found = 0
    for _ in range(_DRAWS):
        one = Drawn.of(program, task, target, source, variables, values, n, generator)
        if not drawn:
            dropped = one.seldom_scored()
        drawn.append(one.scored_rows(dropped))
        found += len(drawn[-1].target_trials)
        if found >= n or (found == 0 and len(drawn) == _FRUITLESS_DRAWS):
            break
    if found < n:
        silent = 1 - found / (n * len(drawn))
        raise SymbolscopeError(
            f"with {', '.join(variables)} swapped {program.name} determines no token to come in {silent:.0%} of pairs, so no "
            "answer to them could be wrong; its emit must say which tokens the task determines after a swap too"
        )
    return Drawn.joined(drawn, n, task.pad).pairs(program, task, target.trials, source.trials, dropped)


def check_variables(program: Program | CausalModel, variables: tuple[str, ...]) -> None:
    """Refuse variables that the program does not have, naming the nearest."""
    from difflib import get_close_matches

    for name in variables:
        if not isinstance(name, str) or name not in program.names:  # pyright: ignore[reportUnnecessaryIsInstance]
            near = get_close_matches(str(name)[:100], program.names, n=1, cutoff=0.0)
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
