"""Single-Object: as many responses as objects of one kind were shown."""

from dataclasses import dataclass
from typing import ClassVar

from symbolscope.tasks.number_task import NumberTask
from symbolscope.tasks.vocabulary import Vocabulary


@dataclass(frozen=True)
class SingleObject(NumberTask):
    """One demonstration token. Quantity 3: ``B D D D T R R R E``. Parameters and errors are those of :class:`NumberTask`.

    Source: Grant, Goodman, McClelland, arXiv 2501.06141, section 3.

    Examples
    --------
    >>> task = SingleObject(max_count=20)
    >>> " ".join(task.vocabulary.decode(task.sample(1, seed=0, counts=[3]).tokens[0]))
    'B D D D T R R R E'
    """

    vocabulary: ClassVar[Vocabulary] = Vocabulary(("P", "B", "D", "T", "R", "E", "U"))
    demo_tokens: ClassVar[tuple[str, ...]] = ("D",)
    response_token: ClassVar[str] = "R"
