"""Multi-Object: as many responses as objects of any of three kinds were shown."""

from dataclasses import dataclass
from typing import ClassVar

from symbolscope.tasks.number_task import NumberTask
from symbolscope.tasks.vocabulary import Vocabulary


@dataclass(frozen=True)
class MultiObject(NumberTask):
    """Three interchangeable demonstration tokens, so that the count is no count of one token.

    Quantity 3: ``B D1 D0 D1 T R R R E``. Parameters and errors are those of :class:`NumberTask`.

    Source: Grant, Goodman, McClelland, arXiv 2501.06141, section 3.

    Examples
    --------
    >>> import symbolscope as sy
    >>> task = sy.tasks.MultiObject(max_count=20, held_out=(4, 9, 14, 17))
    >>> " ".join(task.vocabulary.decode(task.sample(1, seed=1, counts=[3]).tokens[0]))
    'B D1 D2 D2 T R R R E'

    With voids the same quantity takes a varying number of tokens:

    >>> task = sy.tasks.MultiObject(max_count=20, void_probability=0.4)
    >>> " ".join(task.vocabulary.decode(task.sample(1, seed=1, counts=[2]).tokens[0]))
    'B D2 U U U D1 T R R E'
    """

    vocabulary: ClassVar[Vocabulary] = Vocabulary(("P", "B", "D0", "D1", "D2", "T", "R", "E", "U"))
    demo_tokens: ClassVar[tuple[str, ...]] = ("D0", "D1", "D2")
    response_token: ClassVar[str] = "R"
