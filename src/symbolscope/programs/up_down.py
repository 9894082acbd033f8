"""Up-Down: count the objects up, then count the responses down to nothing."""

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.argument_checks import GENERATOR
from symbolscope.core.array_checks import NamedColumns, WholeArray
from symbolscope.core.checked_call import takes
from symbolscope.programs.number_program import DEMONSTRATION, PHASE, RESPONSE, NumberProgram
from symbolscope.programs.program import State, Variable
from symbolscope.tasks.task import Task


class UpDown(NumberProgram):
    """One count: up by one for each object, down by one for each response, the end when it is 0.

    Variables: "count" in 0..max and "phase", -1 in the demonstration and 1 in the response. At the trigger the count becomes the
    task's answer to it (the count itself, or for instance the count modulo 4).

    Source: Grant, Goodman, McClelland, arXiv 2501.06141, Up-Down.

    Examples
    --------
    >>> import symbolscope as sy
    >>> task = sy.tasks.MultiObject(max_count=5)
    >>> program = UpDown(task)
    >>> tokens = task.vocabulary.encode(["B", "D1", "D0", "T", "R"])[None]
    >>> trace = program.trace(tokens, np.array([2]))
    >>> trace["count"], trace["phase"]
    (array([[0, 1, 2, 2, 1]]), array([[-1, -1, -1,  1,  1]]))

    The counterfactual: with the count set to 3 after the trigger, three responses follow.

    >>> state = program.assign({name: array[:, 3] for name, array in trace.items()}, {"count": np.array([3])})
    >>> tokens, _ = program.finish(state, generator=np.random.default_rng(0), max_steps=20)
    >>> task.vocabulary.decode(tokens[0])
    ['R', 'R', 'R', 'E']
    """

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        largest = max(self.task.max_count, int(self.task.answer(np.array(self.task.quantities)).max()))
        self.variables = (Variable("count", tuple(range(largest + 1))), PHASE)

    @takes({"quantities": WholeArray(axes=(1,))})
    def init(self, quantities: NDArray[np.int64]) -> State:
        return {
            "quantity": quantities,
            "count": np.zeros_like(quantities),
            "phase": np.full_like(quantities, DEMONSTRATION),
        }

    @takes({"state": NamedColumns(), "tokens": WholeArray(axes=(1,))})
    def update(self, state: State, tokens: NDArray[np.int64]) -> State:
        count = state["count"] + self._demonstrates(state, tokens) - self._responds(state, tokens)
        triggered = self._triggers(state, tokens)
        return {
            "quantity": state["quantity"],
            "count": np.where(triggered, self.task.answer(count), count),
            "phase": np.where(triggered, RESPONSE, state["phase"]),
        }

    @takes({"state": NamedColumns(), "generator": GENERATOR})
    def emit(self, state: State, generator: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        return self._emitted(state, state["count"], state["count"] <= 0, generator)
