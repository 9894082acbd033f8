"""Interactions of several models of the same players, side by side."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import comb
from typing import cast

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.argument_checks import described, real_number
from symbolscope.core.sequence_checks import is_iterable
from symbolscope.errors import SymbolscopeError
from symbolscope.interactions.model import InteractionModel


@dataclass(frozen=True, eq=False)
class EffectTable:
    """Effect of every interaction in every model, 0 where a model lacks it.

    AND and OR of the same players are two interactions, those of one player are one (an AND), and the empty set is none.
    Interactions stand in a fixed order: lower order, AND before OR, lower players.

    Attributes
    ----------
    masks
        bool [m, n], the players of each interaction.
    is_or
        bool [m].
    effects
        float64 [models, m].
    largest
        float64 [models], the largest |effect| of each model.
    """

    masks: NDArray[np.bool_]
    is_or: NDArray[np.bool_]
    effects: NDArray[np.float64]
    largest: NDArray[np.float64]

    @cached_property
    def orders(self) -> NDArray[np.int64]:
        """Number of players of each interaction, [m]."""
        return self.masks.sum(axis=1).astype(np.int64)

    @property
    def n_players(self) -> int:
        """Number of players."""
        return self.masks.shape[1]

    @cached_property
    def classes(self) -> NDArray[np.int64]:
        """Order and kind of each interaction as one number, 2 order + (1 for an OR), [m]."""
        return 2 * self.orders + self.is_or

    @property
    def class_sizes(self) -> dict[int, int]:
        """How many sets of players there are of each order and kind that occurs."""
        return {int(one): comb(self.n_players, int(one) // 2) for one in np.unique(self.classes)}

    @property
    def universe(self) -> int:
        """How many interactions n players can have: 2^n - 1 ANDs and 2^n - 1 - n ORs."""
        return 2 * ((1 << self.n_players) - 1) - self.n_players

    def salient(self, threshold: float, rows: slice = slice(None)) -> NDArray[np.bool_]:
        """Whether |effect| is at least ``threshold`` times the model's largest, and not 0; [rows, m]."""
        effects = self.effects[rows]
        return (np.abs(effects) >= threshold * self.largest[rows, None]) & (effects != 0.0)


def effect_table(models: Sequence[InteractionModel], *, least: float | Sequence[float] = 0.0) -> EffectTable:
    """Put models side by side; interactions below ``least`` times the model's largest effect are left out (taken as 0)."""
    models = aligned_models(models)
    floors = [float(least)] * len(models) if isinstance(least, int | float) else [float(one) for one in least]
    codes: list[NDArray[np.uint8]] = []
    kept_effects: list[NDArray[np.float64]] = []
    largest = np.zeros(len(models))
    for row, (model, floor) in enumerate(zip(models, floors, strict=True)):
        found, effects = _distinct(model)
        strength = np.abs(effects)
        largest[row] = strength.max(initial=0.0)
        kept = (strength >= floor * largest[row]) & (strength > 0)
        codes.append(found[kept])
        kept_effects.append(effects[kept])
    distinct, inverse = np.unique(np.concatenate(codes), axis=0, return_inverse=True)
    table = np.zeros((len(models), len(distinct)))
    rows = np.repeat(np.arange(len(models)), [len(one) for one in kept_effects])
    table[rows, inverse.reshape(-1)] = np.concatenate(kept_effects)
    masks, is_or = _decoded(distinct, models[0].n_players)
    order = np.lexsort((*masks.T, is_or, masks.sum(axis=1)))
    return EffectTable(masks[order], is_or[order], table[:, order], largest)


def aligned_models(models: object, *, least: int = 1) -> tuple[InteractionModel, ...]:
    """Refuse fewer than ``least`` models, and models of different players."""
    given: tuple[object, ...] = ()
    if is_iterable(models) and not isinstance(models, InteractionModel):
        given = tuple[object, ...](cast("Iterable[object]", models))
    checked = tuple(one for one in given if isinstance(one, InteractionModel))
    if len(checked) < len(given) or len(given) < least:
        what = sorted({type(one).__name__ for one in given}) or type(models).__name__
        raise SymbolscopeError(
            f"models must be a list of {least} or more InteractionModels; got {len(given)} of {what}. Type "
            "[sy.explain(game) for game in games]"
        )
    for position, model in enumerate(checked):
        if model.player_names != checked[0].player_names:
            raise SymbolscopeError(
                f"the models must be of the same players in the same order; model 0 has {_shown(checked[0])} and model "
                f"{position} has {_shown(model)}. Give every game the same player_names"
            )
    return checked


def check_share(name: str, value: float) -> None:
    """Refuse a threshold that is no fraction of the largest effect."""
    found = real_number(value)
    if found is None or not 0 <= found <= 1:
        raise SymbolscopeError(
            f"{name} must be between 0 and 1, a fraction of the largest effect; got {described(value)}"
        )


def _shown(model: InteractionModel) -> str:
    names = model.player_names
    return f"{len(names)} players ({', '.join(names[:4])}{', ...' if len(names) > 4 else ''})"


def _distinct(model: InteractionModel) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Codes [k, bytes] of the distinct interactions of a model, and their effects [k]."""
    filled = model.orders > 0
    masks, orders = model.masks[filled], model.orders[filled]
    is_or = model.is_or[filled] & (orders > 1)  # an OR of one player is its AND
    codes = np.concatenate([is_or[:, None].astype(np.uint8), np.packbits(masks, axis=1, bitorder="little")], axis=1)
    distinct, inverse = np.unique(codes, axis=0, return_inverse=True)
    effects = np.bincount(inverse.reshape(-1), weights=model.effects[filled], minlength=len(distinct))
    return distinct, effects.astype(np.float64)


def _decoded(codes: NDArray[np.uint8], n_players: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    bits = np.unpackbits(codes[:, 1:], axis=1, count=n_players, bitorder="little")
    return bits.astype(np.bool_), codes[:, 0].astype(np.bool_)
