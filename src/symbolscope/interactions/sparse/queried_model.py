"""A sparse AND-OR model of a game that may be asked anything: adaptive queries first, drawn masks where they do not end."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from symbolscope.core.random_streams import stream
from symbolscope.games.game import Game
from symbolscope.interactions.model import InteractionModel
from symbolscope.interactions.sparse.atoms import as_and_or
from symbolscope.interactions.sparse.edge_masks import draw_edge_masks
from symbolscope.interactions.sparse.fitted_model import fitted_model
from symbolscope.interactions.sparse.group_testing import found_by_queries
from symbolscope.interactions.sparse.held_out import HeldOut, held_out
from symbolscope.interactions.sparse.sampled_fit import SampledFit
from symbolscope.interactions.sparse.sampling import LAWS, draw_new_masks, unpacked_masks
from symbolscope.interactions.sparse.sparse_model import sparse_model
from symbolscope.shapes import Masks, Scores

# Masks of each law on which a finished search is tested, as a share of the calls.
_TEST_SHARE, _LEAST_TESTED, _MOST_TESTED = 0.03, 10, 150
_QUERIES_SHARE = 0.7  # of the calls; a search that takes more leaves drawn masks too few
_WORTH_ASKING = 200


def queried_model(
    game: Game,
    *,
    max_calls: int,
    target_r2: float,
    sampling: str,
    kinds: str,
    seed: int,
    ask: Callable[[Masks], Scores],
    progress: bool | None,
) -> InteractionModel:
    """Find the interactions by adaptive group testing, of any order, also those that are active on no drawn mask.

    Where that ends, the model reproduces every mask that was asked, and fresh masks of three laws test it. Where the game is dense
    or noisy it gives up within about a tenth of the calls, else after seven tenths, and :func:`sparse_model` has the rest.

    Parameters
    ----------
    game, max_calls, target_r2, sampling, kinds, seed, ask, progress
        As for :func:`sparse_model`.

    Source: see :func:`found_by_queries`.

    Examples
    --------
    An interaction of twelve players is active on one uniform mask of 4,096:

    >>> game = Game.from_function(lambda m: 2.0 * m[:, :12].all(axis=1) - m[:, 40:42].all(axis=1), 64)
    >>> model = queried_model(
    ...     game, max_calls=1500, target_r2=0.99, sampling="uniform", kinds="and-or", seed=0, ask=game, progress=False)
    >>> model.orders.tolist(), model.effects.tolist(), model.sampled.learner
    ([12, 2], [2.0, -1.0], 'queries')
    """
    if max_calls < _WORTH_ASKING:
        return sparse_model(
            game, max_calls=max_calls, target_r2=target_r2, sampling=sampling, kinds=kinds, seed=seed, ask=ask,
            progress=progress,
        )  # fmt: skip
    tested = min(max(_LEAST_TESTED, round(_TEST_SHARE * max_calls)), _MOST_TESTED)
    generator = stream(seed, "adaptive queries")
    found = found_by_queries(
        ask,
        game.n_players,
        budget=int(_QUERIES_SHARE * max_calls),
        generator=generator,
        with_or=kinds == "and-or",
    )
    if not found.finished:
        left = max_calls - found.calls
        said = f"Adaptive queries gave up after {found.calls:,} calls: {found.reason}."
        model = sparse_model(
            game, max_calls=left, target_r2=target_r2, sampling=sampling, kinds=kinds, seed=seed, ask=ask,
            progress=progress,
        )  # fmt: skip
        assert model.sampled is not None
        sampled = replace(
            model.sampled, calls=model.sampled.calls + found.calls, statement=f"{said} {model.sampled.statement}"
        )
        assert model.asked is not None
        asked = np.vstack([model.asked, found.masks])
        return replace(model, sampled=sampled, settings=dict(model.settings) | {"queries": found.calls}, asked=asked)
    known = {np.packbits(mask).tobytes() for mask in found.masks}
    reports: dict[str, HeldOut] = {}
    for law in LAWS:
        fresh = draw_new_masks(
            law, tested, n_players=game.n_players, generator=stream(seed, f"{law} masks that test queries"), known=known
        )
        truth = ask(fresh) if len(fresh) else np.empty(0)
        reports[law] = held_out(truth, found.fit.predict(fresh), fitted=(found.values, found.fit.predict(found.masks)))
    fitted = found.fit
    atoms, _, _ = as_and_or(fitted.atoms, fitted.effects)
    members = np.zeros((len(atoms), game.n_players), dtype=np.bool_)
    for row, (_, players) in zip(members, atoms, strict=True):
        row[list(players)] = True
    is_or = np.array([kind == "or" for kind, _ in atoms], dtype=np.bool_)
    own = stream(seed, "edge masks that test queries")
    fresh = draw_edge_masks(members, is_or, tested, generator=own, known=known)
    at_edges = (
        held_out(ask(fresh), fitted.predict(fresh), fitted=(found.values, found.fit.predict(found.masks)))
        if len(fresh)
        else None
    )
    shown = ", ".join(
        f"{law} {'not known, all alike,' if one.alike else f'{one.r2:.3f}'} on {one.masks:,}"
        for law, one in reports.items()
    )
    if at_edges is not None:
        shown += f", {at_edges.r2:.3f} on {at_edges.masks:,} that are on an interaction or one player short of it"
    sampled = SampledFit(
        calls=len(known),
        sampling=sampling,
        held_out=reports,
        target_r2=float(target_r2),
        curve=((len(known), reports[sampling].r2),),
        learner="queries",
        scores={"queries": reports[sampling].r2},
        lasso_gap=float("nan"),
        statement=(
            f"{len(found.fit.atoms):,} interactions reproduce all {found.calls:,} masks that were asked for, chosen so that others "
            f"would have shown themselves; R^2 on fresh masks: {shown}; {len(known):,} calls. That is strong evidence and no "
            "proof: an interaction that others cancel on every mask asked would be missed."
        ),
        at_edges=at_edges,
    )
    settings = {
        "method": "queries", "masks": len(known), "seed": seed, "sampling": sampling, "max_calls": max_calls,
        "target_r2": float(target_r2), "kinds": kinds,
    }  # fmt: skip
    return replace(fitted_model(game, fitted, sampled, settings=settings), asked=unpacked_masks(known, game.n_players))
