"""Counterfactual pairs of a network without time: two inputs, a variable to carry over, and the causal model's class."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from symbolscope.alignment.pairs import Pairs
from symbolscope.alignment.swapped_sets import some_of
from symbolscope.core.random_streams import stream
from symbolscope.errors import SymbolscopeError
from symbolscope.programs.causal_model import CausalModel
from symbolscope.tasks.classification import Classification, Values

# Sources drawn for a pair until one asks for the class wanted.
_DRAWS = 40


def causal_pairs(
    program: CausalModel, task: Classification, variables: tuple[str, ...], n: int, generator: np.random.Generator
) -> Pairs:
    """Draw ``n`` pairs whose counterfactual classes are equally frequent where the sources allow it.

    With independent draws most swaps would change nothing, and an alignment that does nothing would look good.

    Raises
    ------
    SymbolscopeError
        If the causal model cannot be run on what the task draws.
    """
    base = task.draw(n, generator)
    natural = _run(program, task, base)
    wanted = generator.integers(task.n_classes, size=n)
    source = task.sources(base, generator)
    answer = _swapped(program, base, source, variables)[program.answer]
    for _ in range(_DRAWS):
        missing = answer.astype(np.int64) != wanted
        if not missing.any():
            break
        drawn = task.sources(base, generator)
        found = _swapped(program, base, drawn, variables)[program.answer]
        # Also where the class wanted is out of reach the source stays a fresh draw.
        source = {name: _where(missing, drawn[name], array) for name, array in source.items()}
        answer = np.where(missing, found, answer)
    carried = program.run(_inputs(program, source))
    shown = [name for name in (*program.inputs, *program.order) if name in program.order or name in variables]
    coded = {name: _codes(natural[name], carried[name]) for name in shown}
    common: dict[str, Any] = {
        "target_tokens": task.inputs(base),
        "target_steps": None,
        "source_tokens": task.inputs(source),
        "source_steps": None,
        "scored": np.ones((n, 1), dtype=np.bool_),
        "target_values": {name: one for name, (one, _) in coded.items()},
        "source_values": {name: other for name, (_, other) in coded.items()},
    }

    def labelled(names: tuple[str, ...], classes: NDArray[Any]) -> dict[str, Any]:
        return common | {"variables": names, "labels": classes.astype(np.int64)[:, None]}

    def moved(names: tuple[str, ...], kept: tuple[str, ...] = ()) -> NDArray[Any]:
        """The answer with some values the source's, and others held where they are."""
        theirs, mine = _inputs(program, source), _inputs(program, base)
        return program.run_interchange(mine, dict.fromkeys(names, theirs) | dict.fromkeys(kept, mine))[program.answer]

    others = tuple(name for name in program.order if name not in variables)
    units = tuple(name for name in (*program.inputs, *program.order) if name not in (*variables, program.answer))
    some = some_of(units)
    # What follows from a variable does not stay where it moves: it would say whether the variable did.
    following = _following(program, variables)
    apart = some_of(tuple(name for name in units if name not in following))
    # Everything but the variables is the source's: the source's run with the variables of the target.
    rest = _swapped(program, source, base, variables)[program.answer]
    return Pairs(
        **labelled(variables, answer),
        natural=Pairs(**labelled((), natural[program.answer])),
        whole=Pairs(**labelled(program.order, carried[program.answer])),
        rest=Pairs(**labelled(others, rest)),
        joint=tuple(Pairs(**labelled(names, moved(names))) for names in ((*variables, *one) for one in some)),
        partial_rest=tuple(Pairs(**labelled(names, moved(names, kept=variables))) for names in apart),
    )


def check_answers(program: CausalModel, task: Classification, *, n: int = 1_000, seed: int = 0) -> None:
    """Refuse a causal model whose answers are not the task's classes."""
    values = task.draw(n, stream(seed, "examples that check a causal model"))
    wrong = _run(program, task, values)[program.answer].astype(np.int64) != task.classes(values)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise SymbolscopeError(
            f"{type(program).__name__} does not do what {task!r} asks: {program.answer} differs from the class in "
            f"{wrong.mean():.1%} of inputs, such as {[_shown(values[name][row]) for name in program.inputs]}"
        )


def _following(program: CausalModel, variables: tuple[str, ...]) -> set[str]:
    """Variables that are computed from the given ones, at once or by others."""
    found = set(variables)
    for name in program.order:
        if found & set(program.mechanisms[name][0]):
            found.add(name)
    return found


def _run(program: CausalModel, task: Classification, values: Values) -> dict[str, NDArray[Any]]:
    missing = [name for name in program.inputs if name not in values]
    if missing:
        raise SymbolscopeError(
            f"{type(program).__name__} needs {', '.join(missing)}, which {task!r} does not draw; it draws {', '.join(values)}"
        )
    return program.run(_inputs(program, values))


def _inputs(program: CausalModel, values: Values) -> dict[str, NDArray[Any]]:
    return {name: values[name] for name in program.inputs}


def _swapped(program: CausalModel, base: Values, source: Values, variables: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    carried = _inputs(program, source)
    return program.run_interchange(_inputs(program, base), dict.fromkeys(variables, carried))


def _shown(value: Any) -> object:
    """A value for a message: real numbers rounded, truth values as they are."""
    return np.asarray(np.round(value, 3) if np.asarray(value).dtype.kind == "f" else value).tolist()


def _where(rows: NDArray[np.bool_], one: NDArray[Any], other: NDArray[Any]) -> NDArray[Any]:
    return np.where(rows.reshape(-1, *[1] * (one.ndim - 1)), one, other)


def _codes(target: NDArray[Any], source: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Values as numbers [n]; vectors by their rank among those that occur."""
    if target.ndim == 1:
        return target.astype(np.float64), source.astype(np.float64)
    rows = np.concatenate([target, source]).reshape(len(target) + len(source), -1)
    codes = np.unique(rows, axis=0, return_inverse=True)[1].reshape(-1).astype(np.float64)
    return codes[: len(target)], codes[len(target) :]
