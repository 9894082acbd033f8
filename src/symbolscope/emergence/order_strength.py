"""How much of an explanation is of low and of high order, and of which sign."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from symbolscope.core.effect_text import effect_text
from symbolscope.core.printable_text import printable
from symbolscope.emergence.check_type import GivenModel, check_model
from symbolscope.emergence.frame import frame_of
from symbolscope.shapes import PerPlayer

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, eq=False, repr=False)
class OrderStrength:
    """Strength of interactions by order and sign.

    Attributes
    ----------
    positive, negative
        float64 [n + 1], sums of the positive and of the negative effects of each order; ``negative`` is at most 0.
        Entry 0 is 0: the intercept is no interaction.
    """

    positive: PerPlayer
    negative: PerPlayer

    @property
    def total(self) -> PerPlayer:
        """Sum of |effect| per order, float64 [n + 1]."""
        return self.positive - self.negative

    @property
    def mean_order(self) -> float:
        """Sum of |S| |I(S)| / sum |I(S)|; nan without interactions."""
        strength = self.total.sum()
        return float(np.arange(len(self.total)) @ self.total / strength) if strength > 0 else float("nan")

    @property
    def cancellation(self) -> PerPlayer:
        """Per order 1 - |sum of effects| / sum of |effects|: 0 of one sign, 1 if they cancel; nan where there are none."""
        total = self.total
        return np.where(
            total > 0, 1.0 - np.abs(self.positive + self.negative) / np.where(total > 0, total, 1.0), np.nan
        )

    def normalised(self) -> "OrderStrength":
        """The same in shares of the strength of all orders."""
        strength = float(self.total.sum())
        return OrderStrength(self.positive / strength, self.negative / strength) if strength > 0 else self

    def to_frame(self) -> "pandas.DataFrame":
        """One row per order. Needs pandas."""
        columns = {"positive": self.positive, "negative": self.negative, "total": self.total}
        columns["cancellation"] = self.cancellation
        return frame_of({"order": np.arange(len(self.total))} | columns)

    def to_text(self) -> str:
        """One line per order, as a plain table."""
        lines = [f"mean order {self.mean_order:.2f}", "order  positive   negative  cancellation"]
        for order, cancelled in enumerate(self.cancellation):
            if order:
                shown = "-" if np.isnan(cancelled) else f"{cancelled:.0%}"
                raised, lowered = (effect_text(float(one[order]), 3) for one in (self.positive, self.negative))
                lines.append(f"{order:>5}  {raised:>8}  {lowered:>9}  {shown:>12}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return printable(self.to_text(), keep="\n")


def strength_by_order_and_sign(model: GivenModel) -> OrderStrength:
    """Sum the effects of each order, positive and negative ones apart.

        positive[m] = sum over |S| = m of max(I(S), 0),   negative[m] = sum over |S| = m of min(I(S), 0)

    Parameters
    ----------
    model
        The explanation; ANDs and ORs are summed together.

    Returns
    -------
    OrderStrength, arrays [n + 1].

    Raises
    ------
    SymbolscopeError
        If something else than an explanation is given.

    Source: 2405.10262 and 2407.19198 follow these sums through training.

    Examples
    --------
    >>> import symbolscope as sy
    >>> strength_by_order_and_sign(sy.decompose([0.0, 1.0, -2.0, 3.0]))
    mean order 1.57
    order  positive   negative  cancellation
        1    +3.000     +0.000            0%
        2    +2.000     -2.000          100%
    """
    check_model("model", model)
    length = model.n_players + 1
    effects = np.where(model.orders > 0, model.effects, 0.0)
    sums = [
        np.bincount(model.orders, weights=part, minlength=length).astype(np.float64)
        for part in (np.maximum(effects, 0.0), np.minimum(effects, 0.0))
    ]
    return OrderStrength(sums[0], sums[1])
