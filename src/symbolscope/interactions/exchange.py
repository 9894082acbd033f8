"""Exchange with shapiq: its Moebius coefficients are AND interactions."""

from typing import TYPE_CHECKING

import numpy as np

from symbolscope.errors import SymbolscopeError
from symbolscope.games.masks import all_masks, mask_index
from symbolscope.interactions.model import InteractionModel, interaction_prices
from symbolscope.shapes import Effects, Members

if TYPE_CHECKING:
    import shapiq

# Writing an OR of s players as ANDs takes 2^s - 1 of them, so ORs go through a table of all 2^n sets.
_MOST_PLAYERS_WITH_OR = 22


def to_shapiq(model: InteractionModel) -> "shapiq.InteractionValues":
    """The model's game as shapiq InteractionValues of index "Moebius": same prediction on every mask."""
    try:
        import shapiq
    except ImportError:
        raise SymbolscopeError("to_shapiq needs shapiq: pip install 'symbolscope[shapiq]'") from None
    masks, effects = _as_and(model)
    lookup = {(): 0} | {tuple(np.flatnonzero(row).tolist()): i + 1 for i, row in enumerate(masks)}
    return shapiq.InteractionValues(
        values=np.concatenate([[model.intercept], effects]),
        index="Moebius",
        max_order=model.n_players,
        n_players=model.n_players,
        min_order=0,
        interaction_lookup=lookup,
        estimated=False,
        baseline_value=model.intercept,
    )


def _as_and(model: InteractionModel) -> tuple[Members, Effects]:
    """AND interactions [k, n] and effects [k] with the same prediction; only ORs need to be rewritten."""
    from symbolscope.interactions.decomposition.operators import convert, effect_table

    if not model.is_or.any():
        sets, row = np.unique(model.masks, axis=0, return_inverse=True)  # a model made by hand may repeat a set
        return sets, effect_table(row.reshape(-1), model.effects, len(sets))
    if model.n_players > _MOST_PLAYERS_WITH_OR:
        raise SymbolscopeError(
            f"writing ORs of {model.n_players} players as ANDs takes up to 2^{model.n_players} of them; "
            f"to_shapiq does so up to {_MOST_PLAYERS_WITH_OR} players"
        )
    index = mask_index(model.masks)
    size = 1 << model.n_players
    absent = effect_table(index[model.is_or], -model.effects[model.is_or], size)
    effects = convert(absent) + effect_table(index[~model.is_or], model.effects[~model.is_or], size)
    effects[0] = 0.0
    used = np.flatnonzero(effects)
    return all_masks(model.n_players)[used], effects[used]


def from_shapiq(interactions: "shapiq.InteractionValues") -> InteractionModel:
    """AND interactions from shapiq InteractionValues of index "Moebius"."""
    if interactions.index != "Moebius":
        raise SymbolscopeError(
            f'from_shapiq needs Moebius coefficients (index="Moebius"), which determine the game; got {interactions.index!r}'
        )
    n_players = int(interactions.n_players)
    rows = [(players, interactions.values[at]) for players, at in interactions.interaction_lookup.items() if players]
    masks = np.zeros((len(rows), n_players), dtype=np.bool_)
    for row, (players, _) in enumerate(rows):
        masks[row, list(players)] = True
    effects = np.array([effect for _, effect in rows], dtype=np.float64)
    empty = interactions.interaction_lookup.get(())
    intercept = float(interactions.baseline_value if empty is None else interactions.values[empty])
    strongest = np.argsort(-np.abs(effects), kind="stable")
    masks, effects = masks[strongest], effects[strongest]
    cost = float(np.dot(interaction_prices(masks.sum(axis=1)), np.abs(effects)))
    names = tuple(f"x{i}" for i in range(n_players))
    # These AND effects are the only ones that give this game, but a split with ORs may be cheaper: nothing is certified.
    return InteractionModel(masks, np.full(len(effects), "and"), effects, intercept, names, cost, float("nan"))
