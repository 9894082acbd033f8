"""The random numbers of Python itself, left as they were."""

import random
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def random_state_kept() -> Generator[None]:
    """Inside, other packages may draw from Python's global random numbers; outside, nothing of it is noticed.

    Some draw when they are first imported.

    Examples
    --------
    >>> random.seed(0)
    >>> with random_state_kept():
    ...     _ = random.random()
    >>> after = random.random()
    >>> random.seed(0)
    >>> random.random() == after
    True
    """
    state = random.getstate()
    try:
        yield
    finally:
        random.setstate(state)
