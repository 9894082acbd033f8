"""Ctx-Distr: no running count at all; every answer is worked out from the whole context."""

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.argument_checks import GENERATOR
from symbolscope.core.array_checks import NamedColumns, WholeArray
from symbolscope.core.checked_call import takes
from symbolscope.errors import SymbolscopeError
from symbolscope.programs.number_program import NumberProgram
from symbolscope.programs.program import State, Variable
from symbolscope.tasks.task import Task


class CtxDistr(NumberProgram):
    """Each token carries a contribution of its own, and the answer ends when all of them sum to 0.

        v_i = -1 for an object, +1 for a response, 0 for anything else;  after the trigger: E if sum_{j <= i} v_j >= 0, else R

    Variable: "contribution", what the latest token carries; setting it changes the sum from then on by as much as it changed, and
    nothing else can be swapped, since nothing else is kept. Attention does this with uniform weights.

    Raises
    ------
    SymbolscopeError
        For a task whose answer is not the count itself.

    Source: Grant, Goodman, McClelland, arXiv 2501.06141, context-distributed.

    Examples
    --------
    >>> import symbolscope as sy
    >>> task = sy.tasks.MultiObject(max_count=5)
    >>> trace = CtxDistr(task).trace(task.vocabulary.encode(["B", "D1", "D0", "T", "R"])[None], np.array([2]))
    >>> trace["contribution"]
    array([[ 0, -1, -1,  0,  1]])

    Counterfactual: had the last object contributed nothing, one response would follow.

    >>> program = CtxDistr(task)
    >>> state = {name: array[:, 2] for name, array in trace.items()} | {"quantity": np.array([1])}
    >>> state = program.assign(state, {"contribution": np.array([0])})
    >>> tokens, _ = program.finish(state, generator=np.random.default_rng(0), max_steps=9)
    >>> task.vocabulary.decode(tokens[0])
    ['T', 'R', 'E']
    """

    variables = (Variable("contribution", (-1, 0, 1)),)

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        quantities = np.array(self.task.quantities)
        if not np.array_equal(self.task.answer(quantities), quantities):
            raise SymbolscopeError(
                f"CtxDistr sums one contribution per token, so its answer is the count itself; "
                f"{type(task).__name__} asks for another"
            )

    @takes({"quantities": WholeArray(axes=(1,))})
    def init(self, quantities: NDArray[np.int64]) -> State:
        zeros = np.zeros_like(quantities)
        return {"quantity": quantities, "contribution": zeros, "earlier": zeros, "phase": zeros - 1}

    @takes({"state": NamedColumns(), "tokens": WholeArray(axes=(1,))})
    def update(self, state: State, tokens: NDArray[np.int64]) -> State:
        carried = self._responds(state, tokens).astype(np.int64) - self._demonstrates(state, tokens)
        return {
            "quantity": state["quantity"],
            "contribution": carried,
            "earlier": state["earlier"] + state["contribution"],
            "phase": np.where(self._triggers(state, tokens), 1, state["phase"]),
        }

    @takes({"state": NamedColumns(), "generator": GENERATOR})
    def emit(self, state: State, generator: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        total = state["earlier"] + state["contribution"]
        return self._emitted(state, -total, total >= 0, generator)
