"""What the programs for number tasks share: the roles of tokens and the demonstration's free tokens."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from symbolscope.errors import SymbolscopeError
from symbolscope.programs.program import Program, State, Variable
from symbolscope.tasks.number_task import NumberTask
from symbolscope.tasks.task import Task

DEMONSTRATION, RESPONSE = -1, 1
PHASE = Variable("phase", (DEMONSTRATION, RESPONSE))


class NumberProgram(Program):
    """A program for a demonstration, a trigger and a response.

    During the demonstration the next token is data: another object while ``shown`` < the trial's quantity, then the trigger.
    After it, an R or the end, which the task determines.
    """

    task: NumberTask

    def __init__(self, task: Task) -> None:
        if not isinstance(task, NumberTask):
            raise SymbolscopeError(
                f"{type(self).__name__} is an algorithm for tasks with a demonstration, a trigger and a response "
                f"(MultiObject and the like); got {type(task).__name__}"
            )
        super().__init__(task)

    def _demonstrates(self, state: State, tokens: NDArray[np.int64]) -> NDArray[np.bool_]:
        if tokens.shape != state["phase"].shape:
            raise SymbolscopeError(
                f"tokens must be {list(state['phase'].shape)}, one per trial; got {list(tokens.shape)}"
            )
        return (state["phase"] == DEMONSTRATION) & np.isin(tokens, self.task.demos)

    def _responds(self, state: State, tokens: NDArray[np.int64]) -> NDArray[np.bool_]:
        return (state["phase"] == RESPONSE) & (tokens == self.task.response)

    def _triggers(self, state: State, tokens: NDArray[np.int64]) -> NDArray[np.bool_]:
        return (state["phase"] == DEMONSTRATION) & (tokens == self.task.trigger)

    def _emitted(
        self,
        state: State,
        shown: NDArray[Any],
        done: NDArray[np.bool_],
        generator: np.random.Generator,
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Tokens given the number shown so far and whether the response is complete."""
        n = len(shown)
        demonstrating = state["phase"] == DEMONSTRATION
        objects = np.array(self.task.demos)[generator.integers(len(self.task.demos), size=n)]
        data = np.where(shown >= state["quantity"], self.task.trigger, objects)
        if self.task.void_probability > 0:
            data = np.where(generator.random(n) < self.task.void_probability, self.task.void, data)
        answer = np.where(done, self.task.end, self.task.response)
        return np.where(demonstrating, data, answer), ~demonstrating
