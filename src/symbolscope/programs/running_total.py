"""Running-Total: the program of the arithmetic task."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.argument_checks import GENERATOR
from symbolscope.core.array_checks import NamedColumns, WholeArray
from symbolscope.core.checked_call import takes
from symbolscope.errors import SymbolscopeError
from symbolscope.programs.program import Program, State, Variable
from symbolscope.tasks.arithmetic import Arithmetic
from symbolscope.tasks.task import Task

_LARGEST = 20
# What the latest token was; it says what comes next.
_BEGIN, _COUNTED, _AT_VALUE, _AT_SIGN, _AT_OPERAND, _AT_EQUALS, _AT_RESULT = range(7)


class RunningTotal(Program):
    """Keep the value so far and the operations left; at "=" apply the operation that was read.

    Variables: "remaining" operations, "value" so far, "sign" (+1 or -1) and "operand" of the operation being read.

    Raises
    ------
    SymbolscopeError
        For a task that is not :class:`symbolscope.tasks.Arithmetic`.

    Source: Grant, arXiv 2501.06164.

    Examples
    --------
    >>> import symbolscope as sy
    >>> task = sy.tasks.Arithmetic(max_operations=3)
    >>> tokens = task.vocabulary.encode(["B", "2", "5", "+", "4", "=", "9", ",", "-", "2", "="])[None]
    >>> RunningTotal(task).trace(tokens, np.array([2]))["value"]
    array([[0, 0, 5, 5, 5, 9, 9, 9, 9, 9, 7]])
    """

    def __init__(self, task: Task) -> None:
        if not isinstance(task, Arithmetic):
            raise SymbolscopeError(f"RunningTotal is an algorithm for Arithmetic; got {type(task).__name__}")
        super().__init__(task)
        self.variables = (
            Variable("remaining", tuple(range(task.max_operations + 1))),
            Variable("value", tuple(range(_LARGEST + 1))),
            Variable("sign", (-1, 1)),
            Variable("operand", tuple(range(_LARGEST + 1))),
        )

    @takes({"quantities": WholeArray(axes=(1,))})
    def init(self, quantities: NDArray[np.int64]) -> State:
        zeros = np.zeros_like(quantities)
        return {
            "quantity": quantities,
            "remaining": zeros,
            "value": zeros,
            "sign": zeros + 1,
            "operand": zeros,
            "at": zeros,
        }

    @takes({"state": NamedColumns(), "tokens": WholeArray(axes=(1,))})
    def update(self, state: State, tokens: NDArray[np.int64]) -> State:
        index, at = self.task.vocabulary.index, state["at"]
        number = tokens - index("0")
        is_number = (number >= 0) & (number <= _LARGEST)
        new_at = np.select(
            [
                is_number & (at == _BEGIN), is_number & (at == _COUNTED), is_number & (at == _AT_SIGN),
                is_number & (at == _AT_EQUALS), np.isin(tokens, [index("+"), index("-")]), tokens == index("="),
                tokens == index(","),
            ],
            [_COUNTED, _AT_VALUE, _AT_OPERAND, _AT_RESULT, _AT_SIGN, _AT_EQUALS, _AT_VALUE],
            at,
        )  # fmt: skip
        sign = np.where(tokens == index("+"), 1, np.where(tokens == index("-"), -1, state["sign"]))
        operand = np.where(new_at == _AT_OPERAND, np.where(at == _AT_SIGN, number, state["operand"]), state["operand"])
        applied = np.clip(state["value"] + sign * operand, 0, _LARGEST)
        equals = tokens == index("=")
        value = np.where(equals, applied, np.where(is_number & (at == _COUNTED), number, state["value"]))
        remaining = np.where(is_number & (at == _BEGIN), number, state["remaining"]) - equals
        return {
            "quantity": state["quantity"], "remaining": remaining, "value": value, "sign": sign, "operand": operand, "at": new_at
        }  # fmt: skip

    @takes({"state": NamedColumns(), "generator": GENERATOR})
    def emit(self, state: State, generator: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        index, at, value = self.task.vocabulary.index, state["at"], state["value"]
        zero, n = index("0"), len(value)
        plus = np.where(value == 0, True, np.where(value == _LARGEST, False, generator.random(n) < 0.5))
        room: NDArray[Any] = np.where(state["sign"] > 0, _LARGEST - value, value)
        operand = np.minimum(1 + np.floor(generator.random(n) * np.maximum(room, 1)).astype(np.int64), _LARGEST)
        tokens = np.select(
            [at == _BEGIN, at == _COUNTED, at == _AT_VALUE, at == _AT_SIGN, at == _AT_OPERAND, at == _AT_EQUALS],
            [
                zero + state["quantity"], zero + generator.integers(_LARGEST + 1, size=n),
                np.where(plus, index("+"), index("-")), zero + operand, index("="), zero + value,
            ],
            np.where(state["remaining"] > 0, index(","), index("E")),
        )  # fmt: skip
        return tokens, at >= _AT_EQUALS
