"""Interchange intervention accuracy, with the floor, the ceiling and the interval that it needs beside it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.binomial_interval import binomial_interval
from symbolscope.core.random_streams import stream
from symbolscope.errors import SymbolscopeError

if TYPE_CHECKING:
    import pandas

_RESAMPLES = 2_000
_COVERAGE = 0.95


@dataclass(frozen=True)
class IIA:
    """Share of pairs in which the network's whole answer after the swap is the program's counterfactual answer.

        IIA = mean over pairs of [ every scored token of the continuation is the network's most likely token ]

    A trial counts as right only if every response and the end are right (Grant, Goodman, McClelland, arXiv 2501.06141).

    Attributes
    ----------
    right
        bool [n]: pairs answered as the program says, with the variable swapped through the featurizer.
    floor_right
        bool [n]: the same pairs with nothing swapped. What remains right is pairs whose swap changes nothing.
    ceiling_right
        bool [n]: the whole state replaced by the source's, against the program's answer with the variables swapped and, beside
        them, whichever others the place holds too: a recurrent state holds all, one branch or one position perhaps no other.
    variables
        The variables swapped.
    target_values, source_values
        Every variable before the swap, in the target and in the source, float64 [n] each.
    moved_together
        The variables that ``ceiling_right`` is about; empty where that is not known.
    seen
        bool [n]: pairs whose two runs, up to their steps, the search was trained or validated on too; None where that is not known.
        A task of many trials has none of them, since the test draws from a stream of its own. A task of few trials, such as one of
        counts up to 4, has hardly any others: then a score says that the pairs were learned, not that new ones would be.

    Examples
    --------
    >>> import numpy as np
    >>> right = np.array([True, True, True, False])
    >>> counts = {"count": np.array([1.0, 2.0, 2.0, 3.0])}
    >>> iia = IIA(right, ~right, right, ("count",), counts, counts)
    >>> iia.value, iia.floor, iia.ceiling
    (0.75, 0.25, 0.75)
    >>> [(cell.key, cell.value, cell.n) for cell in iia.table("source")]
    [((1.0,), 1.0, 1), ((2.0,), 1.0, 2), ((3.0,), 0.0, 1)]
    """

    right: NDArray[np.bool_] = field(repr=False)
    floor_right: NDArray[np.bool_] = field(repr=False)
    ceiling_right: NDArray[np.bool_] = field(repr=False)
    variables: tuple[str, ...]
    target_values: Mapping[str, NDArray[np.float64]] = field(repr=False)
    source_values: Mapping[str, NDArray[np.float64]] = field(repr=False)
    moved_together: tuple[str, ...] = ()
    seen: NDArray[np.bool_] | None = field(repr=False, default=None)

    @property
    def seen_share(self) -> float:
        """Share of the pairs that the search was trained or validated on too; nan where it is not known."""
        return float("nan") if self.seen is None else float(self.seen.mean())

    @property
    def unseen(self) -> "IIA | None":
        """The same of the other pairs alone; None where there are none, or it is not known which they are."""
        if self.seen is None or self.seen.all():
            return None
        new = ~self.seen
        target, source = (
            {name: one[new] for name, one in each.items()} for each in (self.target_values, self.source_values)
        )
        right, floor, ceiling = self.right[new], self.floor_right[new], self.ceiling_right[new]
        return IIA(right, floor, ceiling, self.variables, target, source, self.moved_together, self.seen[new])

    @property
    def n(self) -> int:
        """Number of pairs."""
        return len(self.right)

    @property
    def value(self) -> float:
        """The accuracy."""
        return float(self.right.mean())

    @property
    def floor(self) -> float:
        """Accuracy with nothing swapped."""
        return float(self.floor_right.mean())

    @property
    def whole_state(self) -> float:
        """Accuracy with the whole state swapped, against what the place holds of the program."""
        return float(self.ceiling_right.mean())

    @property
    def ceiling(self) -> float:
        """What a swap at this place can reach: at least what the whole state does, and at least what the features do.

        Features do better than the whole state where the place holds more than the program's variables, such as the position: then
        the whole state brings along what does not belong into the target, and the ceiling is only known to be no lower.
        """
        return max(self.whole_state, self.value)

    @property
    def interval(self) -> tuple[float, float]:
        """95 % bootstrap interval of the accuracy over pairs."""
        return bootstrap_interval(self.right)

    def table(self, by: str = "source") -> list["Cell"]:
        """Accuracy by the values of the swapped variable, or of any other.

        Parameters
        ----------
        by
            "source": value carried over; "target": value it replaces; "source and target": both, for a heat map; "change":
            source minus target; or the name of a variable, such as "phase", for its values in (target, source).
        """
        source, target = self._values(self.source_values), self._values(self.target_values)
        if by == "source":
            keys = source
        elif by == "target":
            keys = target
        elif by == "source and target":
            keys = np.concatenate([source, target], axis=1)
        elif by == "change":
            keys = source - target
        elif by in self.target_values:
            keys = np.stack([self.target_values[by], self.source_values[by]], axis=1)
        else:
            names = ", ".join(self.target_values)
            raise SymbolscopeError(
                f'by must be "source", "target", "source and target", "change" or a variable ({names}); got {by!r}'
            )
        distinct, inverse = np.unique(keys, axis=0, return_inverse=True)
        inverse = inverse.reshape(-1)
        return [
            Cell(tuple(float(x) for x in key), self.right[inverse == row], self.floor_right[inverse == row])
            for row, key in enumerate(distinct)
        ]

    @property
    def by_count(self) -> "pandas.DataFrame":
        """Accuracy by source and target value, as a pandas table: source, target, iia, floor, n."""
        try:
            import pandas
        except ImportError:
            raise SymbolscopeError(
                "by_count needs pandas: pip install 'symbolscope[frames]'; table(...) gives the same without"
            ) from None
        width = len(self.variables)
        rows = [
            {
                **{f"source {name}": cell.key[i] for i, name in enumerate(self.variables)},
                **{f"target {name}": cell.key[width + i] for i, name in enumerate(self.variables)},
                "iia": cell.value,
                "floor": cell.floor,
                "n": cell.n,
            }
            for cell in self.table("source and target")
        ]
        return pandas.DataFrame(rows)

    def _values(self, values: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        return np.stack([values[name] for name in self.variables], axis=1)

    def __str__(self) -> str:
        low, high = self.interval
        beyond = f", so the ceiling is at least {self.ceiling:.3f}" if self.value > self.whole_state else ""
        return (
            f"IIA {self.value:.3f} [{low:.3f}, {high:.3f}] on {self.n:,} pairs "
            f"(nothing swapped {self.floor:.3f}, whole state {self.whole_state:.3f}{beyond}){self._said_of_seen()}"
        )

    def _said_of_seen(self) -> str:
        if self.seen is None or not self.seen.any():
            return ""
        new = self.unseen
        others = "" if new is None else f", {new.value:.3f} on the {new.n:,} others"
        return f"; {self.seen_share:.1%} of them were searched with too{others}"


@dataclass(frozen=True)
class Cell:
    """One cell of a breakdown: the values it stands for, and the pairs in it."""

    key: tuple[float, ...]
    right: NDArray[np.bool_] = field(repr=False)
    floor_right: NDArray[np.bool_] = field(repr=False)

    @property
    def n(self) -> int:
        """Number of pairs."""
        return len(self.right)

    @property
    def value(self) -> float:
        """Accuracy."""
        return float(self.right.mean())

    @property
    def floor(self) -> float:
        """Accuracy with nothing swapped."""
        return float(self.floor_right.mean())

    @property
    def interval(self) -> tuple[float, float]:
        """95 % bootstrap interval."""
        return bootstrap_interval(self.right)


def bootstrap_interval(right: NDArray[np.bool_]) -> tuple[float, float]:
    """Percentile interval of the mean over resampled pairs.

    The number right in a resample of n pairs is binomial with the observed share, so no pair need be drawn. Where all pairs agree
    every resample does too and the bootstrap would claim certainty; there the exact (Clopper-Pearson) interval is given.
    """
    n, count = len(right), int(right.sum())
    if count in (0, n):
        return binomial_interval(count, n)
    draws = stream(0, "resampled pairs").binomial(n, right.mean(), size=_RESAMPLES) / n
    low, high = np.quantile(draws, [(1 - _COVERAGE) / 2, (1 + _COVERAGE) / 2])
    return float(low), float(high)
