"""A fit of atoms as an InteractionModel."""

from collections.abc import Mapping

import numpy as np

from symbolscope.games.game import Game
from symbolscope.interactions.model import InteractionModel, Setting, interaction_prices
from symbolscope.interactions.sparse.atoms import as_and_or
from symbolscope.interactions.sparse.sampled_fit import SampledFit
from symbolscope.interactions.sparse.sparse_fit import SparseFit

_NOTHING = 1e-12  # of the largest effect


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
    floor = _NOTHING * float(np.abs(effects).max(initial=0.0))
    order = sorted(
        (j for j in range(len(atoms)) if abs(effects[j]) > floor),
        key=lambda j: (-abs(effects[j]), len(atoms[j][1]), atoms[j][1]),
    )
    members = np.zeros((len(order), game.n_players), dtype=np.bool_)
    for row, j in zip(members, order, strict=True):
        row[list(atoms[j][1])] = True
    effects = effects[order]
    return InteractionModel(
        masks=members,
        kinds=np.array([atoms[j][0] for j in order], dtype=np.str_),
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
