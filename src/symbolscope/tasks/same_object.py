"""Same-Object: as many of the shown token again."""

from dataclasses import dataclass
from typing import ClassVar

from symbolscope.tasks.number_task import NumberTask
from symbolscope.tasks.vocabulary import Vocabulary


@dataclass(frozen=True)
class SameObject(NumberTask):
    """The demonstration token is the response token too: only what came before tells what it means.

    Quantity 3: ``B D D D T D D D E``. Parameters and errors are those of :class:`NumberTask`.

    Source: Grant, Goodman, McClelland, arXiv 2501.06141, section 3.

    Examples
    --------
    >>> task = SameObject(max_count=20)
    >>> " ".join(task.vocabulary.decode(task.sample(1, seed=0, counts=[3]).tokens[0]))
    'B D D D T D D D E'
    """

    vocabulary: ClassVar[Vocabulary] = Vocabulary(("P", "B", "D", "T", "E", "U"))
    demo_tokens: ClassVar[tuple[str, ...]] = ("D",)
    response_token: ClassVar[str] = "D"
