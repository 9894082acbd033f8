"""A wrong program: the right one, but an intervention gives a variable another value than the one carried over."""

import copy
from collections.abc import Mapping
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.checked_call import takes
from symbolscope.programs.causal_model import ANY_PROGRAM, CausalModel, Values
from symbolscope.programs.program import Column, Program, State


class ScrambledProgram(Program):
    """A program whose variables, when set, take another of their values instead of the given one, the same one every time.

    Left alone it answers as the original does; only its counterfactuals are wrong, each value in its own consistent way. A control:
    an alignment that follows it would follow anything.

    Examples
    --------
    >>> import symbolscope as sy
    >>> program = scrambled(sy.programs.UpDown(sy.tasks.MultiObject(max_count=3)))
    >>> program.assign({"count": np.array([0, 1, 3])}, {"count": np.array([0, 1, 3])})["count"]
    array([1, 3, 2])
    """

    def __init__(self, program: Program) -> None:
        super().__init__(program.task)
        self.original = program
        self.variables = program.variables

    def init(self, quantities: NDArray[np.int64]) -> State:
        return self._unscrambled().init(quantities)

    def update(self, state: State, tokens: NDArray[np.int64]) -> State:
        return self._unscrambled().update(state, tokens)

    def emit(self, state: State, generator: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        return self._unscrambled().emit(state, generator)

    def assign(self, state: State, values: Mapping[str, Column]) -> State:
        domains = {variable.name: np.array(variable.values) for variable in self.variables}
        moved = {
            name: _another(array, domains[name]).astype(array.dtype) if name in domains else array
            for name, array in values.items()
        }
        return self._unscrambled().assign(state, moved)

    def _unscrambled(self) -> Program:
        """The original on this program's task: pairs are made with one without voids."""
        program = copy.copy(self.original)
        program.task = self.task
        return program


class ScrambledModel(CausalModel):
    """A causal model whose variables, when carried over, take another of the values that occur instead."""

    def __init__(self, model: CausalModel) -> None:
        super().__init__(model.mechanisms, inputs=model.inputs, answer=model.answer)

    def run_interchange(self, base: Values, sources: Mapping[str, Values]) -> dict[str, NDArray[Any]]:
        """As the original's, with another value for each that is carried."""
        for name in sources:
            self._check(name)
        carried: dict[str, NDArray[Any]] = {}
        for name, source in sources.items():
            values = self.run(source)[name]
            distinct = np.unique(values, axis=0)
            carried[name] = _another(values, distinct)
        return self.run(dict(base) | carried)


@overload
def scrambled(program: Program) -> Program: ...
@overload
def scrambled(program: CausalModel) -> CausalModel: ...
@takes({"program": ANY_PROGRAM})
def scrambled(program: Program | CausalModel) -> Program | CausalModel:
    """The program with its counterfactuals scrambled; see :class:`ScrambledProgram`."""
    return ScrambledProgram(program) if isinstance(program, Program) else ScrambledModel(program)


def _another(values: NDArray[Any], domain: NDArray[Any]) -> NDArray[Any]:
    """Each value replaced by its own other one in ``domain``; rows of vectors likewise.

    Drawn without order: a neighbour's value would be nearly right, and a shift is something that a linear map can do.
    """
    if values.ndim == 1:
        place = np.abs(values[:, None].astype(np.float64) - domain.astype(np.float64)).argmin(axis=1)
    else:
        place = np.unique(np.concatenate([domain, values]), axis=0, return_inverse=True)[1].reshape(-1)[len(domain) :]
    cycle = np.random.default_rng(0).permutation(len(domain))  # along one cycle no value stays
    after = np.empty(len(domain), dtype=np.int64)
    after[cycle] = np.roll(cycle, -1)
    return domain[after[place]]
