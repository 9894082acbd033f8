"""A fit of atoms as an InteractionModel."""

from collections.abc import Mapping

import numpy as np

from symbolscope.games.game import Game
from symbolscope.interactions.model import InteractionModel, Setting, interaction_prices
from symbolscope.interactions.sparse.atoms import as_and_or
from symbolscope.interactions.sparse.cheaper_pairs import cheaper_pairs
from symbolscope.interactions.sparse.sampled_fit import SampledFit
from symbolscope.interactions.sparse.sparse_fit import SparseFit

_NOTHING = 1e-7  # of the largest effect


def fitted_model(
    game: Game, fit: SparseFit, sampled: SampledFit, *, settings: Mapping[str, Setting]
) -> InteractionModel:
    """AND and OR atoms, strongest first (ties: lower order first, then lower players); nothing is certified of them.

    Examples
    --------
    >>> game = Game.from_function(lambda masks: masks.sum(axis=1), 2)
    >>> sampled = SampledFit(3, "uniform", {}, 0.9, (), "queries", {}, float("nan"), "")
    >>> fit = SparseFit((("and", (0,)), ("and", (1,))), np.array([1.0, -2.0]), 0.0)
    >>> print(fitted_model(game, fit, sampled, settings={}).to_text())
      effect  kind  players
     -2.0000  and   x1
     +1.0000  and   x0
    """
    atoms, effects, constant = as_and_or(fit.atoms, fit.effects)
    found = dict(zip(atoms, effects.tolist(), strict=True))
    if settings.get("kinds", "and-or") == "and-or":
        found = cheaper_pairs(list(found), list(found.values()))
    floor = _NOTHING * max((abs(effect) for effect in found.values()), default=0.0)
    kept = sorted(
        (atom for atom, effect in found.items() if abs(effect) > floor),
        key=lambda atom: (-abs(found[atom]), len(atom[1]), atom[1]),
    )
    members = np.zeros((len(kept), game.n_players), dtype=np.bool_)
    for row, (_, players) in zip(members, kept, strict=True):
        row[list(players)] = True
    effects = np.array([found[atom] for atom in kept], dtype=np.float64)
    return InteractionModel(
        masks=members,
        kinds=np.array([kind for kind, _ in kept], dtype=np.str_),
        effects=effects,
        intercept=fit.constant + constant,
        player_names=game.player_names,
        objective=float(np.dot(interaction_prices(members.sum(axis=1).astype(np.int64)), np.abs(effects))),
        lower_bound=float("nan"),
        settings=dict(game.settings) | dict(settings),
        view=game.view,
        sampled=sampled,
        game=game,
    )
