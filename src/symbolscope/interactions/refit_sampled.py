"""A model learned from drawn masks, learned again with one thing changed: another network, or no order in its outputs."""

from dataclasses import replace

import numpy as np

from symbolscope.core.random_streams import stream
from symbolscope.errors import SymbolscopeError
from symbolscope.games.asking import Ask
from symbolscope.games.game import Game
from symbolscope.games.given import GivenArray
from symbolscope.interactions.checked_outputs import CheckedOutputs, fitted_on, masks_to_check
from symbolscope.interactions.explain import explain_sparsely
from symbolscope.interactions.model import InteractionModel
from symbolscope.shapes import Scores
from symbolscope.variation import Variation


def refit_sampled(model: InteractionModel, variation: Variation) -> InteractionModel:
    """As many calls, the same sampling law and kinds.

    Raises
    ------
    SymbolscopeError
        If the model has no game, or the variation does not apply.
    """
    if model.game is None or model.sampled is None:
        raise SymbolscopeError(
            "the model was loaded or made by hand, so it has no game that could be asked again; make it with sy.explain"
        )
    game = model.game if variation.network is None else model.game.with_network(variation.network)
    if variation.features == "random-units":
        return _random_sets(model, model.checked(), seed=variation.seed)
    if variation.answers == "shuffled":
        # The network's own outputs, each for another mask: those it has given to the check will do, so this costs no call.
        generator = stream(variation.seed, "permuted outputs of drawn masks")
        known = model.checked()
        assert known.masks is not None

        def shuffled(masks: GivenArray) -> Scores:
            return generator.choice(known.values, size=len(np.asarray(masks)))

        found = _explained(model, game, shuffled, seed=variation.seed)
        return replace(found, checks=(known.masks, generator.permutation(known.values)))
    with model.means.asking(game) as ask:
        found = _explained(model, game, ask, seed=variation.seed)
        masks = masks_to_check(found)
        return replace(found, checks=(masks, ask(masks)))  # now, while the workers are there


def _explained(model: InteractionModel, game: Game, ask: Ask, *, seed: int) -> InteractionModel:
    assert model.sampled is not None
    return explain_sparsely(
        game,
        ask,
        max_calls=model.sampled.calls,
        target_r2=model.sampled.target_r2,
        sampling=model.sampled.sampling,
        kinds=str(model.settings.get("kinds", "and-or")),
        seed=seed,
        progress=model.means.progress,
        method=str(model.settings.get("method", "sparse")),
    )


def _random_sets(model: InteractionModel, checked: CheckedOutputs, *, seed: int) -> InteractionModel:
    """As many interactions of the same kinds and orders, of players drawn at random, effects fitted to the checked outputs."""
    generator = stream(seed, "random sets of players, fitted to drawn masks")
    masks = np.zeros_like(model.masks)
    for row, order in enumerate(model.orders):
        masks[row, generator.choice(model.n_players, size=int(order), replace=False)] = True
    drawn = replace(model, masks=masks, lower_bound=float("nan"))
    intercept, effects = fitted_on(drawn, checked)
    strongest = np.argsort(-np.abs(effects), kind="stable")
    return replace(
        drawn, masks=masks[strongest], kinds=model.kinds[strongest], effects=effects[strongest], intercept=intercept
    )
