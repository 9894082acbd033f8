"""Causal models of networks that are not sequential: variables computed from one another."""

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.argument_checks import InstanceOf, Text, described
from symbolscope.core.array_checks import plain_array
from symbolscope.core.sequence_checks import Names
from symbolscope.errors import SymbolscopeError
from symbolscope.programs.program import Program

Values = Mapping[str, NDArray[Any]]


class CausalModel:
    """Named variables, each a function of others, evaluated on a batch at once.

    Parameters
    ----------
    mechanisms
        Name of a variable -> (names of its parents, function of the parents' arrays in that order).
    inputs
        Names of the inputs. None: every name that is only ever a parent. Given, a parent that is neither an input nor a variable
        is refused, so that a slip of the pen does not become an input.

    answer
        The variable that the network's output stands for. None: the only one that no other depends on, or the last of several.

    Raises
    ------
    SymbolscopeError
        If the variables depend on one another in a circle, which is named, a variable has no parents, a parent is unknown, an
        input is a variable too, or the answer is no variable.

    Examples
    --------
    Hierarchical equality: are (a = b) and (c = d) the same?

    >>> equal = lambda x, y: x == y
    >>> model = CausalModel({"left": (("a", "b"), equal), "right": (("c", "d"), equal), "same": (("left", "right"), equal)})
    >>> model.inputs, model.order
    (('a', 'b', 'c', 'd'), ('left', 'right', 'same'))
    >>> base = {name: np.array([value]) for name, value in zip("abcd", (1, 1, 2, 3))}
    >>> model.run(base)["same"]
    array([False])

    The counterfactual: with "right" as it is in a run where c = d.

    >>> source = base | {"d": np.array([2])}
    >>> model.run_interchange(base, {"right": source})["same"]
    array([ True])
    """

    def __init__(
        self,
        mechanisms: Mapping[str, tuple[tuple[str, ...], Callable[..., NDArray[Any]]]],
        *,
        inputs: Sequence[str] | None = None,
        answer: str | None = None,
    ) -> None:
        mechanisms = _checked_mechanisms(mechanisms)
        for name, (parents, _) in mechanisms.items():
            if not parents:
                raise SymbolscopeError(f"variable {name!r} has no parents; leave it out, then it is an input")
        self.mechanisms = dict(mechanisms)
        every = {parent for parents, _ in mechanisms.values() for parent in parents}
        self.inputs = tuple(sorted(every - set(mechanisms))) if inputs is None else Names().read("inputs", inputs)
        both = [name for name in self.inputs if name in mechanisms]
        if both:
            raise SymbolscopeError(f"an input has no mechanism, and {both[0]!r} has one; leave it out of inputs")
        self.order = self._sorted()
        for parent in sorted(every):
            self._check(parent)
        self.answer = self._answer(answer, every)

    @property
    def names(self) -> tuple[str, ...]:
        """Inputs, then the variables in the order they are computed."""
        return self.inputs + self.order

    def run(self, inputs: Values) -> dict[str, NDArray[Any]]:
        """Values of all variables, [n] each.

        Parameters
        ----------
        inputs
            An array [n, ...] for every input; others may be given too, and then hold instead of their mechanism.

        Raises
        ------
        SymbolscopeError
            If a name is unknown (the nearest is named), an input is missing, or the arrays differ in their number of rows.
        """
        if not isinstance(inputs, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise SymbolscopeError(f"inputs must be a dict of arrays by name; got {described(inputs)}")
        for name in inputs:
            self._check(name)
        missing = [name for name in self.inputs if name not in inputs]
        if missing:
            raise SymbolscopeError(f"run needs a value for every input; missing: {', '.join(missing)}")
        values: dict[str, NDArray[Any]] = {name: plain_array(name, value) for name, value in inputs.items()}
        lengths = {name: len(np.atleast_1d(value)) for name, value in values.items()}
        if len(set(lengths.values())) > 1:
            raise SymbolscopeError(f"all inputs must have the same number of rows; got {lengths}")
        for name in self.order:
            if name not in values:
                parents, mechanism = self.mechanisms[name]
                values[name] = np.asarray(mechanism(*(values[parent] for parent in parents)))
        return values

    def run_interchange(self, base: Values, sources: Mapping[str, Values]) -> dict[str, NDArray[Any]]:
        """Values of all variables of the base run when some have the values that they have in other runs.

        Parameters
        ----------
        base
            Inputs of the run that is changed.
        sources
            Variable -> inputs of the run that its value comes from.

        Raises
        ------
        SymbolscopeError
            As for :meth:`run`.
        """
        for what, given in (("base", base), ("sources", sources)):
            if not isinstance(given, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise SymbolscopeError(f"{what} must be a dict by name; got {described(given)}")
        for name in sources:
            self._check(name)
        return self.run(dict(base) | {name: self.run(source)[name] for name, source in sources.items()})

    def _answer(self, given: str | None, parents: set[str]) -> str:
        if given is None:
            return next((name for name in reversed(self.order) if name not in parents), "")
        self._check(Text("the name of a variable").read("answer", given))
        return given

    def _check(self, name: str) -> None:
        if name not in self.names:
            near = get_close_matches(str(name), self.names, n=1, cutoff=0.0)
            raise SymbolscopeError(
                f"the causal model has no variable {name!r}; did you mean {near[0]!r}? It has: {', '.join(self.names)}"
            )

    def _sorted(self) -> tuple[str, ...]:
        """Variables, each after its parents."""
        order: list[str] = []
        path: list[str] = []

        def visit(name: str) -> None:
            if name in path:
                circle = " -> ".join([*path[path.index(name) :], name])
                raise SymbolscopeError(f"the variables depend on one another in a circle: {circle}")
            if name in order or name not in self.mechanisms:
                return
            path.append(name)
            for parent in self.mechanisms[name][0]:
                visit(parent)
            path.pop()
            order.append(name)

        for name in self.mechanisms:
            visit(name)
        return tuple(order)


def _checked_mechanisms(given: object) -> dict[str, tuple[tuple[str, ...], Callable[..., NDArray[Any]]]]:
    """Name -> (names of the parents, function of their values), or a refusal that says how to write it."""
    example = 'such as {"sum": (("a", "b"), numpy.add)}'
    if not isinstance(given, Mapping):
        raise SymbolscopeError(
            f"mechanisms must be a dict from a name to (parents, function), {example}; got {described(given)}"
        )
    if not given:
        raise SymbolscopeError(f"mechanisms must hold at least one variable, {example}; got an empty dict")
    checked: dict[str, tuple[tuple[str, ...], Callable[..., NDArray[Any]]]] = {}
    for name, one in given.items():
        if not isinstance(name, str) or not isinstance(one, tuple | list) or len(one) != 2 or not callable(one[1]):
            raise SymbolscopeError(f"mechanisms[{name!r}] must be (parents, function), {example}; got {described(one)}")
        checked[name] = (Names(distinct=False).read(f"the parents of {name!r}", one[0]), one[1])  # pyright: ignore[reportArgumentType]
    return checked


ANY_PROGRAM = InstanceOf[Program | CausalModel](
    (Program, CausalModel), "a program or causal model", "sy.programs.UpDown(task)"
)
