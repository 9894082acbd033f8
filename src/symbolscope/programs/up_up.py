"""Up-Up: count objects and responses apart, and end when they are as many."""

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.argument_checks import GENERATOR
from symbolscope.core.array_checks import NamedColumns, WholeArray
from symbolscope.core.checked_call import takes
from symbolscope.programs.number_program import DEMONSTRATION, PHASE, RESPONSE, NumberProgram
from symbolscope.programs.program import State, Variable
from symbolscope.tasks.task import Task


class UpUp(NumberProgram):
    """Two counts, neither ever decremented; the end when the responses are as many as the answer to the objects.

    Variables: "demo_count" and "response_count" in 0..max, and "phase", -1 in the demonstration and 1 in the response. With more
    responses than the answer asks for, which only an intervention brings about, the end comes next.

    Source: Grant, Goodman, McClelland, arXiv 2501.06141, Up-Up.

    Examples
    --------
    >>> import symbolscope as sy
    >>> task = sy.tasks.MultiObject(max_count=5)
    >>> trace = UpUp(task).trace(task.vocabulary.encode(["B", "D1", "D0", "T", "R"])[None], np.array([2]))
    >>> trace["demo_count"], trace["response_count"]
    (array([[0, 1, 2, 2, 2]]), array([[0, 0, 0, 0, 1]]))
    """

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        largest = int(self.task.answer(np.array(self.task.quantities)).max())
        self.variables = (
            Variable("demo_count", tuple(range(self.task.max_count + 1))),
            Variable("response_count", tuple(range(largest + 1))),
            PHASE,
        )

    @takes({"quantities": WholeArray(axes=(1,))})
    def init(self, quantities: NDArray[np.int64]) -> State:
        zeros = np.zeros_like(quantities)
        return {
            "quantity": quantities,
            "demo_count": zeros,
            "response_count": zeros,
            "phase": np.full_like(quantities, DEMONSTRATION),
        }

    @takes({"state": NamedColumns(), "tokens": WholeArray(axes=(1,))})
    def update(self, state: State, tokens: NDArray[np.int64]) -> State:
        return {
            "quantity": state["quantity"],
            "demo_count": state["demo_count"] + self._demonstrates(state, tokens),
            "response_count": state["response_count"] + self._responds(state, tokens),
            "phase": np.where(self._triggers(state, tokens), RESPONSE, state["phase"]),
        }

    @takes({"state": NamedColumns(), "generator": GENERATOR})
    def emit(self, state: State, generator: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        done = state["response_count"] >= self.task.answer(state["demo_count"])
        return self._emitted(state, state["demo_count"], done, generator)
