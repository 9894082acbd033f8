"""Greedy removal from the definition: every candidate's prediction on every mask, at every step."""

import numpy as np

from symbolscope import all_masks


def indicators(model):
    """Whether each interaction is active on each mask, [2^n, k]."""
    masks = all_masks(model.n_players)
    active = [
        [
            mask[own].all() if kind == "and" else mask[own].any()
            for own, kind in zip(model.masks, model.kinds, strict=True)
        ]
        for mask in masks
    ]
    return np.array(active, dtype=float).reshape(len(masks), model.complexity)


def reference_removal(model, values):
    """Rows in the order of their removal, and the mean squared error after 0 .. k removals."""
    active = indicators(model)
    kept = list(range(model.complexity))
    removed, squared = [], [np.mean((values - model.intercept - active @ model.effects) ** 2)]
    while kept:
        errors = []
        for row in kept:
            others = [one for one in kept if one != row]
            errors.append(np.mean((values - model.intercept - active[:, others] @ model.effects[others]) ** 2))
        least = min(errors)
        place = max(i for i, error in enumerate(errors) if error <= least + 1e-12)
        removed.append(kept.pop(place))
        squared.append(least)
    return removed, np.array(squared)
