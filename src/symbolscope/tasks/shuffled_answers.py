"""A task without a rule: each trial is answered as another one should be."""

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.argument_checks import GENERATOR
from symbolscope.core.array_checks import WholeArray
from symbolscope.core.checked_call import takes
from symbolscope.tasks.task import TASK, Task
from symbolscope.tasks.trials import Trials


class ShuffledAnswers(Task):
    """The trials of a task, each with the answer of another drawn at random.

    What a network learns from these cannot be the task's rule: a control for what training alone puts into its states.

    Parameters
    ----------
    task
        The task whose answers are shuffled. A trial's answer begins with its first scored token.

    Examples
    --------
    >>> import symbolscope as sy
    >>> task = sy.tasks.MultiObject(max_count=5)
    >>> trials = ShuffledAnswers(task).sample(200, seed=0)
    >>> responses = (trials.tokens == task.response).sum(axis=1)
    >>> bool((responses != trials.quantities).mean() > 0.5)
    True
    """

    @takes({"task": TASK})
    def __init__(self, task: Task) -> None:
        self.task = task
        self.vocabulary, self.pad, self.end = task.vocabulary, task.pad, task.end
        self.quantities, self.held_out, self.max_length = task.quantities, task.held_out, 2 * task.max_length

    @takes({"quantities": WholeArray(axes=(1,), least=1), "generator": GENERATOR})
    def write(self, quantities: NDArray[np.int64], generator: np.random.Generator) -> Trials:
        own = self.task.write(quantities, generator)
        other = self.task.write(generator.permutation(quantities), generator)
        begins, resumes = own.scored.argmax(axis=1), other.scored.argmax(axis=1)
        lengths = begins + other.lengths - resumes
        columns = np.arange(int(lengths.max(initial=0)))
        shift = resumes - begins  # column c of the answer is column c + shift of the other trial

        def spliced(one: NDArray[np.generic], two: NDArray[np.generic], empty: int) -> NDArray[np.generic]:
            first = np.take_along_axis(one, np.minimum(columns, one.shape[1] - 1)[None], axis=1)
            at = np.clip(columns + shift[:, None], 0, two.shape[1] - 1)
            rest = np.take_along_axis(two, at, axis=1)
            joined = np.where(columns < begins[:, None], first, rest)
            return np.where(columns < lengths[:, None], joined, empty)

        tokens = spliced(own.tokens, other.tokens, self.pad).astype(np.int64)
        scored = spliced(own.scored, other.scored, 0).astype(np.bool_)
        return Trials(tokens, scored, quantities, lengths)

    def __repr__(self) -> str:
        return f"ShuffledAnswers({self.task!r})"
