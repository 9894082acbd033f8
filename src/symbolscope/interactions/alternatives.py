"""Whether the split is the only one: other splits that cost nearly as little."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from symbolscope.errors import SymbolscopeError
from symbolscope.interactions.decompose import decompose_game
from symbolscope.interactions.model import InteractionModel

_Key = tuple[str, int, bool]  # kind, set, sign

# Half of the 1 % within which a split counts as nearly as cheap: a split that is optimal at prices changed by 0.5 % costs at most
# 1 % more at the original ones.
_SHIFT = 0.005
_WITHIN = 0.01
# Together with the shift of the prices this keeps a split within 1 % of the optimum.
_GAP = 5e-3


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
    own = _keys(model.salient(threshold))
    found = [set(own)]
    costs: list[float] = []
    if model.settings.get("kinds", "and-or") == "and-or" and model.objective > 0:
        for prefer in (-_SHIFT, _SHIFT):
            cost, keys = _resolved(model, prefer, threshold)
            costs.append(cost / model.objective)
            if cost <= (1 + _WITHIN) * model.objective:
                found.append(keys)
    common = set.intersection(*found)
    everything = set.union(*found)
    return Alternatives(
        tuple(costs),
        np.array([key in common for key in own], dtype=np.bool_),
        len(common) / len(everything) if everything else 1.0,
        len({frozenset(one) for one in found}),
    )


def _resolved(model: InteractionModel, or_surcharge: float, threshold: float) -> tuple[float, set[_Key]]:
    """Cost at the original prices, and the salient interactions, of the optimum with ORs dearer by that share."""
    from symbolscope.interactions.decomposition.neighbour import neighbour
    from symbolscope.interactions.decomposition.split import SplitPrices

    assert model.values is not None
    values, size = model.values, model.values.size
    prices = SplitPrices.for_players(model.n_players, with_or=True)
    changed = replace(prices, or_prices=prices.or_prices * (1.0 + or_surcharge))
    unit = float(np.exp2(np.ceil(np.log2(np.ptp(values)))))  # as decompose does
    sets = _codes(model.masks)
    near = neighbour(
        (values - values[0]) / unit,
        changed,
        model.tolerance / unit,
        np.where(model.is_or, sets + size, sets),
        np.where(model.is_or, -model.effects, model.effects) / unit,  # an OR is minus the absence of all its players
        (values - model.predict_all()) / unit,
    )
    if near is None:
        other = decompose_game(
            values,
            model.player_names,
            tolerance=model.tolerance,
            gap=_GAP,
            kinds="and-or",
            settings=model.settings,
            view=None,
            progress=False,
            or_surcharge=or_surcharge,
        )
        return other.objective, set(_keys(other.salient(threshold)))
    effects = np.concatenate([near.and_effects, -near.absent_effects]) * unit
    cost = float(np.dot(np.tile(prices.and_prices, 2), np.abs(effects)))
    order = np.tile(prices.orders, 2)
    strength = np.where(order > 0, np.abs(effects), 0.0)
    rows = np.flatnonzero((strength > 0) & (strength >= threshold * strength.max()))
    kinds = np.where((rows >= size) & (order[rows] > 1), "or", "and")
    return cost, {(str(kind), int(row % size), bool(effects[row] > 0)) for kind, row in zip(kinds, rows, strict=True)}


def _keys(model: InteractionModel) -> list[_Key]:
    return [
        (str(kind), int(code), bool(effect > 0))
        for kind, code, effect in zip(model.kinds, _codes(model.masks), model.effects, strict=True)
    ]


def _codes(masks: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Index of each set among all of them."""
    return masks.astype(np.int64) @ (np.int64(1) << np.arange(masks.shape[1], dtype=np.int64))
