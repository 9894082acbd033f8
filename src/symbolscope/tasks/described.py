"""What a task is, for files that are read in another process: its class, its attributes, and trials that it draws."""

import hashlib

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.description import description, public_attributes
from symbolscope.tasks.classification import Classification
from symbolscope.tasks.task import Task

_DRAWN = 64


def described_task(task: Task | Classification) -> dict[str, str]:
    """Class, public attributes and a digest of drawn trials, by name: equal for equal tasks in any process.

    Attributes that drawing itself changes, such as a counter, and trials that do not follow from the seed are left out.

    Examples
    --------
    >>> import symbolscope as sy
    >>> described_task(sy.tasks.MultiObject(max_count=3)) == described_task(sy.tasks.MultiObject(max_count=3))
    True
    >>> three, four = (described_task(sy.tasks.MultiObject(max_count=n)) for n in (3, 4))
    >>> [name for name in three if three[name] != four[name]]
    ['max_count', 'quantities', 'drawn']
    """
    before = _attributes(task)
    first, second = _drawn(task), _drawn(task)
    after = _attributes(task)
    steady = {name: value for name, value in before.items() if after.get(name) == value}
    return {"class": type(task).__name__, **steady, **({"drawn": first} if first == second else {})}


def _attributes(task: Task | Classification) -> dict[str, str]:
    declared = ("vocabulary", "quantities", "held_out") if isinstance(task, Task) else ("width", "n_classes")
    values = public_attributes(task) | {name: getattr(task, name) for name in declared}
    return {name: description(value) for name, value in values.items()}


def _drawn(task: Task | Classification) -> str:
    digest = hashlib.sha256()

    def add(array: NDArray[np.generic]) -> None:
        digest.update(f"{array.dtype.str} {array.shape}".encode() + np.ascontiguousarray(array).tobytes())

    if isinstance(task, Task):
        trials = task.write(np.resize(np.array(task.quantities, dtype=np.int64), _DRAWN), np.random.default_rng(0))
        add(trials.tokens)
        add(trials.scored)
    else:
        values = task.draw(_DRAWN, np.random.default_rng(0))
        add(np.round(task.inputs(values), 4))
        add(task.classes(values))
    return digest.hexdigest()[:16]
