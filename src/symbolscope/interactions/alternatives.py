"""Whether the split is the only one: other splits that cost nearly as little."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from symbolscope.errors import SymbolscopeError
from symbolscope.interactions.decompose import decompose_game
from symbolscope.interactions.model import InteractionModel

# Half of the 1 % within which a split counts as nearly as cheap: a split that is optimal at prices changed by 0.5 % costs at most
# 1 % more at the original ones.
_SHIFT = 0.005
_WITHIN = 0.01
_GAP = 1e-3


@dataclass(frozen=True, eq=False)
class Alternatives:
    """Splits within 1 % of the optimal cost, found by preferring ANDs once and ORs once.

    Attributes
    ----------
    costs
        Cost of each, relative to the model's own: at most 1.01.
    in_all
        bool [k]: which of the model's salient interactions every one of them has, with the same sign.
    overlap
        Salient interactions that all have, as a share of those that any has; 1 if none differs.
    n_splits
        Different sets of salient interactions found, the model's own included.
    """

    costs: tuple[float, ...]
    in_all: NDArray[np.bool_]
    overlap: float
    n_splits: int

    def __str__(self) -> str:
        if self.n_splits == 1:
            return f"preferring ANDs and then ORs by {_SHIFT:.1%} found no other split within {_WITHIN:.0%} of the cost"
        return (
            f"{self.n_splits} different splits cost within {_WITHIN:.0%} of one another; {int(self.in_all.sum())} of the "
            f"{len(self.in_all)} salient interactions are in all of them (overlap {self.overlap:.2f})"
        )


def alternatives(model: InteractionModel, *, threshold: float = 0.05) -> Alternatives:
    """Solve twice more, with ANDs and with ORs 0.5 % cheaper, and compare the salient interactions.

    Which interactions are read off is not identifiable where several splits cost the same; this shows some of the ambiguity, and
    cannot show that there is none.

    Raises
    ------
    SymbolscopeError
        If the outputs are not known on all masks.

    Examples
    --------
    A single AND could not be said otherwise; the sum of an AND and an OR of the same two players is also two single players:

    >>> import symbolscope as sy
    >>> alternatives(sy.decompose([0.0, 0.0, 0.0, 1.0])).n_splits
    1
    """
    if model.values is None:
        raise SymbolscopeError("the network's output is not known on all masks, so no other split can be looked for")
    own = _salient(model, threshold)
    found = [own]
    costs: list[float] = []
    if model.settings.get("kinds", "and-or") == "and-or" and model.objective > 0:
        for prefer in (-_SHIFT, _SHIFT):
            other = decompose_game(
                model.values,
                model.player_names,
                tolerance=model.tolerance,
                gap=_GAP,
                kinds="and-or",
                settings=model.settings,
                view=None,
                progress=False,
                or_surcharge=prefer,
            )
            cost = other.objective / model.objective
            costs.append(cost)
            if cost <= 1 + _WITHIN:
                found.append(_salient(other, threshold))
    common = set.intersection(*found)
    everything = set.union(*found)
    rows = _keys(model.salient(threshold))
    return Alternatives(
        tuple(costs),
        np.array([key in common for key in rows], dtype=np.bool_),
        len(common) / len(everything) if everything else 1.0,
        len({frozenset(one) for one in found}),
    )


def _salient(model: InteractionModel, threshold: float) -> set[tuple[str, int, bool]]:
    return set(_keys(model.salient(threshold)))


def _keys(model: InteractionModel) -> list[tuple[str, int, bool]]:
    codes = [int("".join("1" if bit else "0" for bit in row), 2) for row in model.masks]
    return [
        (str(kind), code, bool(effect > 0))
        for kind, code, effect in zip(model.kinds, codes, model.effects, strict=True)
    ]
