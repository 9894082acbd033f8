"""Count-Up-Incr: progress through the response in steps whose size the count fixes."""

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.argument_checks import GENERATOR
from symbolscope.core.array_checks import NamedColumns, WholeArray
from symbolscope.core.checked_call import takes
from symbolscope.errors import SymbolscopeError
from symbolscope.programs.number_program import DEMONSTRATION, PHASE, RESPONSE, NumberProgram
from symbolscope.programs.program import State, Variable
from symbolscope.tasks.task import Task

_DECIMALS = 9


class CountUpIncr(NumberProgram):
    """Count objects; at the trigger the count becomes a step size, and the response counts up to a fixed end in such steps.

        init       increment = 1 / M,  count = 0                                   M = max_count
        object     count + 1
        trigger    increment = 1 / max(answer(count), 1),  count = 0
        response   count + increment M;  the end when count >= M - 1 / (2 M)

    Variables: "count" in 0..M (real), "increment" in {1 / n} and "phase". An alternative for networks in which neither Up-Down nor
    Up-Up is found.

    Source: Grant, arXiv 2501.06164.

    Examples
    --------
    >>> import symbolscope as sy
    >>> task = sy.tasks.MultiObject(max_count=4)
    >>> trace = CountUpIncr(task).trace(task.vocabulary.encode(["B", "D1", "D0", "T", "R"])[None], np.array([2]))
    >>> trace["count"], trace["increment"]
    (array([[0., 1., 2., 0., 2.]]), array([[0.25, 0.25, 0.25, 0.5 , 0.5 ]]))
    """

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        if int(self.task.answer(np.array(self.task.quantities)).min()) < 1:
            raise SymbolscopeError(
                f"{type(self).__name__} takes at least one response, and some of {type(task).__name__}'s have none"
            )
        most = float(self.task.max_count)
        answers = {max(int(answer), 1) for answer in self.task.answer(np.array(self.task.quantities))}
        counts = {float(count) for count in range(self.task.max_count + 1)}
        counts |= {round(k * most / n, _DECIMALS) for n in answers for k in range(n + 1)}
        increments = {round(1.0 / n, _DECIMALS) for n in answers} | {round(1.0 / most, _DECIMALS)}
        self.variables = (
            Variable("count", tuple(sorted(counts))),
            Variable("increment", tuple(sorted(increments))),
            PHASE,
        )

    @takes({"quantities": WholeArray(axes=(1,))})
    def init(self, quantities: NDArray[np.int64]) -> State:
        n, most = len(quantities), self.task.max_count
        return {
            "quantity": quantities,
            "count": np.zeros(n),
            "increment": np.full(n, 1.0 / most),
            "phase": np.full(n, DEMONSTRATION),
        }

    @takes({"state": NamedColumns(), "tokens": WholeArray(axes=(1,))})
    def update(self, state: State, tokens: NDArray[np.int64]) -> State:
        triggered, count = self._triggers(state, tokens), state["count"]
        count = count + self._shown(state) * self._demonstrates(state, tokens)
        answers = np.maximum(self.task.answer(np.round(count).astype(np.int64)), 1)
        count = count + state["increment"] * self.task.max_count * self._responds(state, tokens)
        return {
            "quantity": state["quantity"],
            "count": np.where(triggered, 0.0, count),
            "increment": np.where(triggered, 1.0 / answers, state["increment"]),
            "phase": np.where(triggered, RESPONSE, state["phase"]),
        }

    @takes({"state": NamedColumns(), "generator": GENERATOR})
    def emit(self, state: State, generator: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        most = self.task.max_count
        shown = np.floor(state["count"] + 1e-6)
        return self._emitted(state, shown, state["count"] >= most - 0.5 / most, generator)

    def _shown(self, state: State) -> NDArray[np.float64]:
        """What an object adds to the count."""
        return np.ones(len(state["count"]))
