"""A sparse AND-OR model of a game with many players, learned from sampled masks."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.random_streams import stream
from symbolscope.errors import SymbolscopeError
from symbolscope.games.game import Game
from symbolscope.games.progress import ProgressBar
from symbolscope.interactions.model import InteractionModel, Setting
from symbolscope.interactions.sparse.edge_masks import draw_edge_masks
from symbolscope.interactions.sparse.fitted_model import fitted_model
from symbolscope.interactions.sparse.free_masks import FreeMasks
from symbolscope.interactions.sparse.grouped_masks import GroupedMasks
from symbolscope.interactions.sparse.grouped_screening import GroupedScreening
from symbolscope.interactions.sparse.held_out import HeldOut, held_out
from symbolscope.interactions.sparse.learner import Learner
from symbolscope.interactions.sparse.proxy import Proxy
from symbolscope.interactions.sparse.pursuit import Pursuit
from symbolscope.interactions.sparse.sampled_fit import SampledFit
from symbolscope.interactions.sparse.sampling import LAWS, check_law, draw_new_masks, unpacked_masks
from symbolscope.interactions.sparse.screening import Screening, all_orders_affordable
from symbolscope.interactions.sparse.selection import UNION, Selection, select
from symbolscope.interactions.sparse.statement import statement
from symbolscope.shapes import Masks, Scores

LEAST_CALLS = 50
_FIRST_ROUND = 300
_GROWTH = 2.5
# Shares of the calls that are kept for the report: of the sampled law, and of each other law; and most masks of each.
_OWN_SHARE, _OWN_MOST = 0.06, 400
_OTHER_SHARE, _OTHER_MOST = 0.025, 150
_LEAST_TESTED = 8
# Up to this many players there are few enough masks for a budget to exhaust them.
_FEW_PLAYERS = 24
_ROUNDING = 1e-9
# Where the parities of four players are too many to look at, it is decided at this share of the masks how the rest is drawn.
_DECIDED = 0.62
# Parities say something by this R^2; pursuit is behind if it scores less than this share of theirs, or leaves so much more.
_SOME, _PURSUIT_SCORES, _PARITIES_LEAVE = 0.15, 0.75, 0.4


def sparse_model(
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
    """Learn a few AND and OR interactions that predict the game on masks drawn from a law.

    Masks are asked in rounds that grow 2.5-fold or less. After each, three learners propose atoms (all parities of low order; AND
    and OR atoms grown by pursuit; the parities of boosted trees), and the learner, or their union, and the fit of the effects that
    predict masks kept back best are chosen; before the last round, what costs most is left out unless the target is in reach.
    Where the parities of four players are too many to look at and parities predict what ANDs and ORs do not, random groups of
    players go together on the masks of the last round (:class:`GroupedMasks`, each still uniform), which makes them few; a fourth
    learner reads them, and the three keep to the others.
    Learning ends when that R^2, and then the lower end of the 95 % interval of R^2 on masks of no other use, reach ``target_r2``
    (or every one of these masks, if they differ, is predicted exactly), or at ``max_calls``. The R^2 that is reported is that of
    the returned model on masks that had no part in it. Parities are written out as ANDs at the end. Equal seeds give equal
    results; renaming the players is like drawing other masks.

    Parameters
    ----------
    game
        Whose players, names, settings and view the model gets; it is called through ``ask`` alone.
    max_calls
        Most masks that are asked in all, no mask twice; at least 50.
    target_r2
        R^2 under the sampled law to stop at; above 1 uses all calls.
    sampling
        "uniform", "size" or "near-full", see :func:`draw_masks`.
    kinds
        "and-or", or "and" for AND interactions alone.
    seed
        Of the masks and of the trees.
    ask
        bool [m, n] -> float64 [m], the game on these masks.
    progress
        As for :func:`symbolscope.explain`.

    Returns
    -------
    InteractionModel, with ``sampled`` filled in; nothing is certified of it, so its ``lower_bound`` is nan. A constant game
    gives no interactions, and R^2 1.

    Raises
    ------
    SymbolscopeError
        If there is no such law or max_calls is below 50; or as ``ask`` does.

    Source: related are SPEX and ProxySPEX (Kang et al. 2502.13870, Butler et al. 2505.17495); the tree proxy is theirs, the
    prior over its parities, the pursuit and the choice between them are ours.

    Examples
    --------
    >>> import symbolscope as sy
    >>> game = sy.Game.from_function(lambda m: 2.0 * m[:, :3].all(axis=1) - m[:, 30:32].any(axis=1), 40)
    >>> ask = lambda masks: game(masks)
    >>> model = sparse_model(
    ...     game, max_calls=1500, target_r2=0.99, sampling="uniform", kinds="and-or", seed=0, ask=ask, progress=False)
    >>> print(model.to_text())
      effect  kind  players
     +2.0000  and   x0, x1, x2
     -1.0000  or    x30, x31
    >>> model.sampled.calls < 1000, model.sampled.held_out["uniform"].r2 > 0.999
    (True, True)
    """
    check_law(sampling)
    if max_calls < LEAST_CALLS:
        raise SymbolscopeError(
            f"max_calls must be at least {LEAST_CALLS}, a part of which tests the model; got {max_calls}. "
            f"Try max_calls={max(1000, 10 * game.n_players):,}"
        )
    if not target_r2 > 0:
        raise SymbolscopeError(f"target_r2 must be a number above 0, such as 0.95; got {target_r2}")
    learners, note = _learners(sampling, kinds)
    sampled = _Samples(game.n_players, sampling, max_calls, seed, ask)
    many = sampling == "uniform" and not all_orders_affordable(game.n_players, max_calls)
    rounds = sampled.rounds(decide=many)
    curve: list[tuple[int, float]] = []
    reports: dict[str, HeldOut] = {}
    scores: list[Mapping[str, float]] = []
    chosen: Selection | None = None
    with ProgressBar(max_calls, label="masks", show=progress) as bar:
        for budget in rounds:
            last = budget == rounds[-1]
            start = () if chosen is None else chosen.start
            if many and last and chosen is not None and _of_parities(chosen.scores):
                grouped = sampled.grow_in_groups(budget)
                first, *others = (FreeMasks(learner, grouped) for learner in learners)
                learners = [first, GroupedScreening(grouped), *others]
                start = ()  # it has seen the masks that validate now
                note = f"{note}, {GroupedScreening.name}"
            else:
                sampled.grow(budget)
            bar.update(sampled.calls, time.perf_counter())
            chosen = select(
                learners,
                sampled.masks,
                sampled.values,
                seed=seed,
                start=start,
                enough=None if last else target_r2,
            )
            curve.append((sampled.calls, chosen.validation))
            scores.append(chosen.scores)
            if chosen.fit is not None:
                fresh, truth = sampled.test(sampling)
                reports[sampling] = held_out(
                    truth, chosen.fit.predict(fresh), fitted=sampled.fitted(chosen.fit.predict)
                )
                if last or _enough(reports[sampling], target_r2):
                    break
                sampled.learn_from(fresh, truth)
        if chosen is None or chosen.fit is None:
            raise AssertionError("the last round fits")
        for law in LAWS:
            if law != sampling:
                fresh, truth = sampled.test(law)
                reports[law] = held_out(truth, chosen.fit.predict(fresh), fitted=sampled.fitted(chosen.fit.predict))
        bar.update(max_calls, time.perf_counter())
    laws = {law: reports[law] for law in LAWS}
    fit = SampledFit(
        calls=sampled.calls,
        sampling=sampling,
        held_out=laws,
        target_r2=float(target_r2),
        curve=tuple(curve),
        learner=chosen.learner,
        scores=chosen.scores,
        lasso_gap=chosen.fit.gap,
        statement="",
    )
    settings: dict[str, Setting] = {
        "method": "sparse", "masks": sampled.calls, "seed": seed, "sampling": sampling, "max_calls": max_calls,
        "target_r2": float(target_r2), "kinds": kinds, "learners": note,
    }  # fmt: skip
    model = fitted_model(game, chosen.fit, fit, settings=settings)
    fresh, truth = sampled.at_edges(model.masks, model.is_or)
    at_edges = held_out(truth, model.predict(fresh), fitted=sampled.fitted(model.predict)) if len(fresh) else None
    fit = replace(fit, calls=sampled.calls, at_edges=at_edges)
    model = replace(model, settings=dict(model.settings) | {"masks": sampled.calls}, asked=sampled.asked())
    said = statement(
        laws,
        _of_the_same(curve, scores),
        sampling=sampling,
        target_r2=target_r2,
        calls=sampled.calls,
        n_atoms=len(model.effects),
        at_edges=at_edges,
    )
    return replace(model, sampled=replace(fit, statement=said))


class _Samples:
    """The masks asked so far, none twice, and what is left of the calls."""

    def __init__(self, n_players: int, law: str, max_calls: int, seed: int, ask: Callable[[Masks], Scores]) -> None:
        self._n_players = n_players
        self._law = law
        self._ask = ask
        self._seed = seed
        self._learning = stream(seed, "masks that a sparse model learns from")
        self._testing = {each: stream(seed, f"{each} masks that test a sparse model") for each in LAWS}
        self._known: set[bytes] = set()
        self.masks = np.empty((0, n_players), dtype=np.bool_)
        self.values = np.empty(0)
        total = min(max_calls, int(0.9 * 2**n_players)) if n_players <= _FEW_PLAYERS else max_calls
        own = min(max(_LEAST_TESTED, round(_OWN_SHARE * total)), _OWN_MOST)
        other = min(max(_LEAST_TESTED, round(_OTHER_SHARE * total)), _OTHER_MOST)
        self._tested = {each: own if each == law else other for each in LAWS}
        self._edges = other
        self._total = max_calls
        self._learned = max(1, total - sum(self._tested.values()) - self._edges)

    @property
    def calls(self) -> int:
        return len(self._known)

    def rounds(self, *, decide: bool) -> list[int]:
        """Masks to learn from, cumulated, in each round; with ``decide`` one more, to see what the last masks should be."""
        out = [self._learned]
        while out[0] >= _GROWTH * _FIRST_ROUND:
            out.insert(0, round(out[0] / _GROWTH))
        return [*out[:-1], round(_DECIDED * self._learned), out[-1]] if decide and len(out) > 1 else out

    def grow(self, wanted: int) -> None:
        fresh, values = self._asked(self._law, wanted - len(self.masks), self._learning)
        self.learn_from(fresh, values)

    def grow_in_groups(self, wanted: int) -> GroupedMasks:
        """Learn from masks in which players go together; they come first, for the last ones validate."""
        generator = stream(self._seed, "masks of groups that a sparse model learns from")
        grouped = GroupedMasks.drawn(self._n_players, generator)
        bits = draw_new_masks(
            "uniform", wanted - len(self.masks), n_players=grouped.n_groups, generator=generator, known=set()
        )
        masks = grouped.masks(bits)
        keys = [np.packbits(row).tobytes() for row in masks]
        fresh = masks[[key not in self._known for key in keys]]
        self._known.update(keys)
        before, values = (self.masks, self.values), self._ask(fresh)
        self.masks, self.values = np.vstack([fresh, before[0]]), np.concatenate([values, before[1]])
        return grouped

    def test(self, law: str) -> tuple[Masks, Scores]:
        return self._asked(law, self._tested[law], self._testing[law])

    def at_edges(self, members: NDArray[np.bool_], is_or: NDArray[np.bool_]) -> tuple[Masks, Scores]:
        """Fresh masks at the edges of the interactions found."""
        own = stream(self._seed, "edge masks that test a sparse model")
        masks = draw_edge_masks(members, is_or, self._edges, generator=own, known=self._known)
        return masks, self._ask(masks) if len(masks) else np.empty(0)

    def fitted(self, predict: Callable[[Masks], Scores]) -> tuple[Scores, Scores]:
        """Outputs on the masks learned from, and what a model predicts there."""
        return self.values, predict(self.masks)

    def asked(self) -> Masks:
        """Every mask that was asked, bool [calls, n]."""
        return unpacked_masks(self._known, self._n_players)

    def learn_from(self, masks: Masks, values: Scores) -> None:
        self.masks, self.values = np.vstack([self.masks, masks]), np.concatenate([self.values, values])

    def _asked(self, law: str, count: int, generator: np.random.Generator) -> tuple[Masks, Scores]:
        masks = draw_new_masks(law, max(0, count), n_players=self._n_players, generator=generator, known=self._known)
        if self.calls > self._total:
            raise AssertionError(f"{self.calls} masks drawn, more than {self._total}")
        return masks, self._ask(masks) if len(masks) else np.empty(0)


def _enough(report: HeldOut, target_r2: float) -> bool:
    """Whether fresh masks leave no doubt of the target; masks with one output leave every doubt."""
    reproduced = report.r2 >= 1 - _ROUNDING and target_r2 <= 1
    return not report.alike and (reproduced or report.low >= target_r2 - _ROUNDING)


def _of_parities(scores: Mapping[str, float]) -> bool:
    """Whether parities predict what ANDs and ORs do not: then what is still missing may be parities of more players."""
    if not {Screening.name, Pursuit.name} <= scores.keys():
        return False
    parities, others = scores[Screening.name], max(0.0, scores[Pursuit.name])
    behind = others < _PURSUIT_SCORES * parities or 1 - parities < _PARITIES_LEAVE * (1 - others)
    return parities > _SOME and behind


def _of_the_same(curve: Sequence[tuple[int, float]], scores: Sequence[Mapping[str, float]]) -> list[tuple[int, float]]:
    """(calls, R^2) of the last round and the last of at most half its calls, the best of the learners tried in both.

    The union is one of them unless it is that of other learners.
    """
    now = len(curve) - 1
    then = max((i for i in range(now) if 2 * curve[i][0] <= curve[now][0]), default=max(0, now - 1))
    both = set(scores[now]).intersection(scores[then])
    if GroupedScreening.name in scores[now]:
        both -= {UNION}
    points = dict.fromkeys((then, now))
    return [(curve[i][0], max(scores[i][name] for name in both)) for i in points if both]


def _learners(sampling: str, kinds: str) -> tuple[list[Learner], str]:
    """The learners, those whose atoms need no rewriting first, and which they are."""
    learners: list[Learner] = [Pursuit(with_or=kinds == "and-or")]
    # Screening ranks parities by their correlation with the values, which means something only where parities are uncorrelated.
    if sampling == "uniform":
        learners.append(Screening())
    missing = "" if find_spec("lightgbm") else "; no trees, for lightgbm is not installed"
    if not missing:
        learners.append(Proxy())
    return learners, ", ".join(learner.name for learner in learners) + missing
