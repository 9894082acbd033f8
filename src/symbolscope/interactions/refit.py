"""The explanation again, with one thing changed: another network, permuted outputs, or interactions drawn at random."""

import numpy as np

from symbolscope.core.random_streams import stream
from symbolscope.errors import SymbolscopeError
from symbolscope.games.masks import all_masks
from symbolscope.interactions.decompose import decompose_game
from symbolscope.interactions.least_squares import fitted_effects
from symbolscope.interactions.model import InteractionModel
from symbolscope.shapes import Vector
from symbolscope.variation import Variation

# A control is not certified to the last per mille.
_GAP = 1e-2


def refit_model(model: InteractionModel, variation: Variation) -> InteractionModel:
    """Split again what the variation gives, exactly.

    A tolerance would have to be scaled to each control's output, and what it saves there is noise that is not there; so sizes
    are compared between exact splits, the network's own included (a variation that changes nothing).

    Raises
    ------
    SymbolscopeError
        If the outputs are not known on all masks, another network is asked for and the model has no game with one, or the
        variation does not apply to interactions.
    """
    if model.values is None and model.sampled is None:
        raise SymbolscopeError("the network's output is not known on all masks, so the split cannot be repeated")
    if (
        variation.answers == "scrambled"
        or variation.program is not None
        or variation.features in ("random", "disjoint")
    ):
        raise SymbolscopeError(
            f"a control that changes {_changed(variation)} is for alignments; interactions have none to change"
        )
    if model.values is None:
        from symbolscope.interactions.refit_sampled import refit_sampled

        return refit_sampled(model, variation)
    values = model.values
    if variation.network is not None:
        if model.game is None:
            raise SymbolscopeError(
                "the model was made from values alone, so no other network can be read in the same way; make it with sy.explain"
            )
        with model.means.asking(model.game.with_network(variation.network)) as ask:
            values = ask(all_masks(model.n_players))
    if variation.answers == "shuffled":
        values = stream(variation.seed, "permuted outputs").permutation(values)
    if variation.features == "random-units":
        return random_sets(model, values, seed=variation.seed)
    return decompose_game(
        values,
        model.player_names,
        tolerance=0.0,
        gap=_GAP,
        kinds=str(model.settings.get("kinds", "and-or")),
        settings=model.settings,
        view=model.view,
        progress=model.means.progress,
    )


def random_sets(model: InteractionModel, values: Vector, *, seed: int) -> InteractionModel:
    """As many interactions of the same kinds and orders on players drawn at random, their effects fitted by least squares."""
    generator = stream(seed, "random sets of players")
    n = model.n_players
    masks = np.zeros_like(model.masks)
    for row, order in enumerate(model.orders):
        masks[row, generator.choice(n, size=int(order), replace=False)] = True
    # More columns than masks fit any values; what is beyond adds nothing.
    kept = min(len(masks), values.size)
    masks, is_or = masks[:kept], model.is_or[:kept]
    intercept, effects = fitted_effects(values, masks, is_or)
    strongest = np.argsort(-np.abs(effects), kind="stable")
    return InteractionModel(
        masks=masks[strongest],
        kinds=model.kinds[:kept][strongest],
        effects=effects[strongest],
        intercept=intercept,
        player_names=model.player_names,
        objective=float(np.abs(effects).sum()),
        lower_bound=float("nan"),
        tolerance=0.0,
        values=values,
        settings=model.settings,
    )


def _changed(variation: Variation) -> str:
    if variation.program is not None or variation.answers == "scrambled":
        return "the program"
    return "the features"
