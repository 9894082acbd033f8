"""How large a study is."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Settings:
    """Sizes of a study.

    Attributes
    ----------
    samples
        Samples explained per network or function; None is each part's own number.
    seeds
        Networks (or pairs of networks) of each kind.
    quick
        The same at sizes of seconds, to see that all works.
    """

    samples: int | None = None
    seeds: int = 1
    quick: bool = False

    def amount(self, full: int, quick: int) -> int:
        """The one or the other."""
        return quick if self.quick else full

    def n_samples(self, full: int, quick: int) -> int:
        """Samples to explain, where a part has these numbers of its own."""
        return self.samples or self.amount(full, quick)

    def stated(self) -> dict[str, Any]:
        """What two runs must agree on to share a folder."""
        return asdict(self)
