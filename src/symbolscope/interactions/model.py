"""The result of an explanation: a few AND/OR interactions that predict the network on every mask."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from symbolscope.core.argument_checks import (
    FilePath,
    InstanceOf,
    Number,
    OneOf,
    WholeNumber,
    described,
    is_whole_number,
)
from symbolscope.core.array_checks import plain_masks, row_numbers
from symbolscope.core.checked_call import takes
from symbolscope.core.effect_text import effect_text, table_decimals
from symbolscope.core.name_list import name_list
from symbolscope.core.printable_text import printable
from symbolscope.errors import SymbolscopeError
from symbolscope.games.asking import GivenExecutor, GivenStore
from symbolscope.games.game import Game
from symbolscope.games.given import GivenCount
from symbolscope.games.means import Means
from symbolscope.games.view import InputView
from symbolscope.interactions.checked_outputs import CheckedOutputs, checked_outputs, sampled_curve, sampled_fitted_r2
from symbolscope.interactions.fidelity import Fidelity, FidelityCurve, fidelity, fidelity_curve
from symbolscope.interactions.indices import ShapleyIndex, shapley_interactions, shapley_values
from symbolscope.interactions.prediction import predict_on_all_masks, predict_on_masks
from symbolscope.interactions.size_curve import SizeCurve
from symbolscope.interactions.sparse.sampled_fit import SampledFit
from symbolscope.shapes import Effects, Kinds, Members, PerPlayer, Scores, Vector
from symbolscope.variation import Variation

if TYPE_CHECKING:
    import pandas
    import shapiq

    from symbolscope.graphs.and_or_graph import AndOrGraph
    from symbolscope.interactions.alternatives import Alternatives

Setting = str | int | float | bool | None
Kind = Literal["and", "or"]


def _no_settings() -> Mapping[str, Setting]:
    return {}


@dataclass(frozen=True, eq=False, repr=False)
class InteractionModel:
    """A network's output on one sample, as a sum of AND and OR interactions of its players.

    predict(T) = intercept + sum over AND interactions S contained in T of effect(S)
                           + sum over OR interactions S that share a player with T of effect(S)

    Interactions are kept strongest first (ties: lower order first, then lower players). :func:`symbolscope.decompose` and
    :func:`symbolscope.explain` make these; one made by hand predicts just as well.

    Parameters
    ----------
    masks
        bool [k, n]: row j holds the players of interaction j.
    kinds
        [k] of ``"and"`` or ``"or"``.
    effects
        float64 [k], in units of the score.
    intercept
        Output when every player is hidden (to within ``tolerance``).
    player_names
        n names.
    objective
        Cost that the split minimises: sum of (1 + 0.01 (order - 1)) |effect|.
    lower_bound
        Certified: no split within ``tolerance`` costs less.
    tolerance
        Largest error allowed on any mask, in units of the score.
    values
        float64 [2^n], the network's true output on every mask, or None where it is not known on all of them.
    settings
        What reproduces the result: score, target, baseline, method and so on.
    view
        What the input looks like, for the page; None for a game without one.
    sampled
        How well it predicts masks it has not seen, where it was learned from sampled masks; None otherwise.
    checks
        Masks bool [m, n] and the network's output on them [m], on which a model made from drawn masks is measured; None draws
        fresh ones when asked; not saved.
    asked
        Masks bool [m, n] that a model made from drawn masks was learned from or tested on; fresh ones are none of them. Not saved.
    game
        The game that was explained, for controls that put another network in its place; not saved.
    means
        With what checks and controls ask it, see :meth:`asked_with`; not saved.

    Examples
    --------
    >>> import numpy as np, symbolscope as sy
    >>> values = np.array([0.0, 1.0, 1.0, 4.0])        # v(), v(0), v(1), v(0, 1)
    >>> model = sy.decompose(values)
    >>> model.predict(np.array([[True, True]]))
    array([4.])
    >>> model.shapley_values()
    array([2., 2.])

    A game with one AND and one OR is read back as such:

    >>> game = sy.Game.from_function(lambda m: 3.0 * m[:, 0] * m[:, 1] - 2.0 * (m[:, 2] | m[:, 3]), 4)
    >>> print(sy.explain(game).to_text())
      effect  kind  players
     +3.0000  and   x0, x1
     -2.0000  or    x2, x3
    """

    masks: Members
    kinds: Kinds
    effects: Effects
    intercept: float
    player_names: tuple[str, ...]
    objective: float
    lower_bound: float
    tolerance: float = 0.0
    values: NDArray[np.float64] | None = None
    settings: Mapping[str, Setting] = field(default_factory=_no_settings)
    view: InputView | None = None
    sampled: SampledFit | None = None
    checks: tuple[NDArray[np.bool_], Scores] | None = None
    asked: NDArray[np.bool_] | None = None
    game: Game | None = None
    means: Means = field(default_factory=Means)

    def __post_init__(self) -> None:
        """Check that the arrays belong together."""
        k, n = self.masks.shape if self.masks.ndim == 2 else (-1, -1)
        if not (
            self.masks.dtype == np.bool_
            and self.kinds.shape == self.effects.shape == (k,)
            and len(self.player_names) == n
        ):
            raise SymbolscopeError(
                "an InteractionModel needs masks bool [k, n], kinds [k], effects [k] and n player names; got masks "
                f"{self.masks.dtype} {list(self.masks.shape)}, kinds {list(self.kinds.shape)}, effects "
                f"{list(self.effects.shape)} and {len(self.player_names)} names"
            )
        if not np.isin(self.kinds, ("and", "or")).all():
            raise SymbolscopeError('kinds must each be "and" or "or"')
        if self.values is not None and self.values.shape != (1 << n,):
            raise SymbolscopeError(f"values must be [2^{n}], one per mask; got {list(self.values.shape)}")

    @property
    def n_players(self) -> int:
        """Number of players."""
        return len(self.player_names)

    @cached_property
    def orders(self) -> NDArray[np.int64]:
        """Number of players of each interaction, [k]."""
        return self.masks.sum(axis=1).astype(np.int64)

    @cached_property
    def is_or(self) -> NDArray[np.bool_]:
        """Whether each interaction is an OR, [k]."""
        return self.kinds == "or"

    @property
    def gap(self) -> float:
        """(objective - lower_bound) / objective: how far, at most, a cheaper split is; nan if nothing is certified."""
        if np.isnan(self.lower_bound):
            return float("nan")
        return max(0.0, self.objective - self.lower_bound) / self.objective if self.objective > 0 else 0.0

    def predict(self, masks: ArrayLike) -> Scores:
        """Predicted output on masks.

        Parameters
        ----------
        masks
            bool [m, n], True = present; or one mask [n].

        Returns
        -------
        float64 [m].

        Raises
        ------
        SymbolscopeError
            If the masks are not boolean or have another number of players.

        Examples
        --------
        >>> import symbolscope as sy
        >>> model = sy.decompose([0.0, 0.0, 0.0, 1.0])
        >>> model.predict(sy.all_masks(2))
        array([0., 0., 0., 1.])
        """
        rows = np.atleast_2d(plain_masks("masks", masks, self.n_players))
        if rows.ndim != 2 or rows.shape[1] != self.n_players or not np.isin(rows, (0, 1)).all():
            raise SymbolscopeError(
                f"masks must be bool [m, {self.n_players}], True = present; got {rows.dtype} {list(rows.shape)}. "
                "sy.all_masks(n) makes them all"
            )
        return predict_on_masks(self.masks, self.is_or, self.effects, self.intercept, rows.astype(np.bool_))

    def predict_all(self) -> Vector:
        """Predicted output on every mask, float64 [2^n], in the order of :func:`symbolscope.all_masks`; up to 26 players."""
        if self.n_players > 26:
            raise SymbolscopeError(
                f"2^{self.n_players} masks of {self.n_players} players are too many to predict at once; "
                "model.predict(masks) takes some"
            )
        return predict_on_all_masks(self.masks, self.is_or, self.effects, self.intercept)

    @cached_property
    def fidelity(self) -> Fidelity:
        """R^2, unfaithfulness and largest error of these interactions over all 2^n masks."""
        return fidelity(self._known_values(), self.predict_all())

    @property
    def largest_error(self) -> float:
        """Largest absolute error on any mask, in units of the score."""
        return self.fidelity.largest_error

    def curve(self) -> FidelityCurve:
        """Fidelity of the k strongest interactions for k = 0, 1, 2, ... (their effects unchanged)."""
        return fidelity_curve(self._known_values(), len(self.effects), lambda k: self.restrict(k).predict_all())

    def checked(self) -> CheckedOutputs:
        """The network's output and the model's on all masks, or on 2,000 fresh ones where the output is not known on all."""
        return self._checked

    @cached_property
    def _checked(self) -> CheckedOutputs:
        return checked_outputs(self)

    @property
    def network(self) -> object:
        """The network that was explained; None where the model was made from values or a function."""
        return None if self.game is None else self.game.network

    @property
    def complexity(self) -> int:
        """Number of interactions."""
        return len(self.effects)

    @property
    def costs(self) -> Mapping[str, float]:
        """What the reading takes: interactions, their mean and largest order, and the bits to write them down."""
        from symbolscope.interactions.description_length import description_length

        return {
            "interactions": float(len(self.effects)),
            "mean order": float(self.orders.mean()) if len(self.effects) else 0.0,
            "largest order": float(self.orders.max(initial=0)),
            "description length (bits)": description_length(self),
        }

    def asked_with(
        self,
        *,
        store: GivenStore = None,
        executor: GivenExecutor = None,
        batch_size: GivenCount | None = None,
        progress: bool | None = False,
    ) -> "InteractionModel":
        """The same model; what :meth:`checked` and :meth:`refit` ask for is kept, computed and shown as :func:`explain` does it.

        Examples
        --------
        >>> import symbolscope as sy
        >>> model = sy.explain(sy.Game.from_function(lambda masks: masks[:, 0] * 1.0, 30), progress=False)
        >>> round(float(model.asked_with(batch_size=64).checked().values.mean()), 1)
        0.5
        """
        asked = self.__dict__.get("_checked")
        checks = self.checks if asked is None or asked.exhaustive else (asked.masks, asked.values)
        means = Means(store, executor, batch_size, progress)
        return replace(self, checks=checks, means=means)

    @takes({"variation": InstanceOf(Variation, "a Variation")})
    def refit(self, network: object = None, *, variation: Variation | None = None) -> "InteractionModel":
        """The same procedure on another network, or with another thing changed; what controls are made of.

        Raises
        ------
        SymbolscopeError
            If the model was not made by :func:`symbolscope.explain` of a game with a network, or the variation does not apply.
        """
        from symbolscope.interactions.refit import refit_model

        return refit_model(self, Variation(network=network) if variation is None else variation)

    def size_curve(self) -> SizeCurve:
        """R^2 of the k strongest interactions, for every k, over all masks or the checked ones; :meth:`curve` has errors."""
        if self.values is None:
            return sampled_curve(self, self.checked())
        from symbolscope.interactions.size_curve import and_or_curve

        return and_or_curve(self._known_values(), self.masks, self.is_or, self.effects, self.intercept)

    @takes({"k": WholeNumber(least=0)})
    def fitted_r2(self, k: int) -> float:
        """R^2 of the k strongest interactions with the effects that suit them best (least squares), over all masks or checked ones.

        Over all masks it is never below that of their own effects. Where the fit would take too much memory it is theirs.
        """
        if self.values is None:
            return sampled_fitted_r2(self, self.checked(), k)
        from symbolscope.interactions.least_squares import fitted_r2

        best = fitted_r2(self._known_values(), self.masks[:k], self.is_or[:k])
        return self.size_curve().at(k) if best is None else best

    def rival_curves(self) -> Mapping[str, SizeCurve]:
        """:meth:`size_curve` of other bases for the same outputs: AND only, OR only, Fourier; none of drawn masks."""
        if self.sampled is not None:
            return {}
        from symbolscope.interactions.rivals import rival_curves

        return rival_curves(self._known_values())

    @takes({"threshold": Number(least=0, most=1)})
    def alternatives(self, *, threshold: float = 0.05) -> "Alternatives | None":
        """Other splits that cost at most 1 % more, and the salient ones that all share; None of drawn masks."""
        if self.sampled is not None:
            return None
        from symbolscope.interactions.alternatives import alternatives

        return alternatives(self, threshold=threshold)

    def restrict(self, selection: int | ArrayLike) -> "InteractionModel":
        """The k strongest interactions, or the selected ones, with their effects unchanged.

        Parameters
        ----------
        selection
            A number k, or a boolean or integer array that selects interactions.

        Returns
        -------
        InteractionModel, whose ``fidelity`` says how well the selection alone reproduces the network. Nothing is certified
        of a selection, so its ``lower_bound`` is nan.

        Examples
        --------
        >>> import symbolscope as sy
        >>> model = sy.decompose([0.0, 1.0, 2.0, 3.5])
        >>> model.restrict(1).fidelity.r2 < model.restrict(3).fidelity.r2 == 1.0
        True
        """
        if isinstance(selection, int | np.integer) and not isinstance(selection, bool | np.timedelta64):
            if selection < 0:
                raise SymbolscopeError(f"the number of interactions to keep must be >= 0; got {selection}")
            rows = np.arange(min(int(selection), len(self.effects)))
        else:
            rows = row_numbers("selection", selection, len(self.effects))
        effects, orders = self.effects[rows], self.orders[rows]
        return replace(
            self,
            sampled=self.sampled
            if self.sampled is None or len(rows) == len(self.effects)
            else self.sampled.of_a_part(),
            masks=self.masks[rows],
            kinds=self.kinds[rows],
            effects=effects,
            objective=float(np.dot(interaction_prices(orders), np.abs(effects))),
            lower_bound=float("nan"),
        )

    @takes({"k": WholeNumber(least=0)})
    def top(self, k: int) -> "InteractionModel":
        """The k strongest interactions: :meth:`restrict` with a number."""
        return self.restrict(k)

    @takes({"threshold": Number(least=0, most=1)})
    def salient(self, threshold: float = 0.05) -> "InteractionModel":
        """Interactions whose |effect| is at least ``threshold`` times the largest (the papers' 0.05, 2305.01939 section 4)."""
        if not 0 <= threshold <= 1:
            raise SymbolscopeError(
                f"threshold must be between 0 and 1, a fraction of the largest effect; got {threshold}"
            )
        strength = np.abs(self.effects)
        return self.restrict(strength >= threshold * strength.max(initial=0.0))

    def find(self, *players: str | int) -> "InteractionModel":
        """The interactions (AND, OR or both) of exactly these players, given by name or index.

        Raises
        ------
        SymbolscopeError
            If there is no such player.

        Examples
        --------
        >>> import symbolscope as sy
        >>> model = sy.decompose([0.0, 1.0, 2.0, 7.0], player_names=["not", "bad"])
        >>> model.find("bad", "not").effects
        array([4.])
        """
        wanted = np.zeros(self.n_players, dtype=np.bool_)
        for player in players:
            named = isinstance(player, str) and player in self.player_names
            position = self.player_names.index(player) if named else player
            if (
                not (is_whole_number(position) and isinstance(position, int | np.integer))
                or not 0 <= position < self.n_players
            ):
                near = get_close_matches(
                    player if isinstance(player, str) else described(player), self.player_names, n=3
                )
                raise SymbolscopeError(
                    f"there is no player {described(player)}; the nearest are {near or list(self.player_names[:3])}"
                )
            wanted[position] = True
        return self.restrict((self.masks == wanted).all(axis=1))

    @takes({"kind": OneOf(("and", "or"))})
    def strength_by_order(self, kind: Kind | None = None) -> PerPlayer:
        """Sum of |effect| per order, float64 [n + 1]; of one kind only if given."""
        chosen = np.ones(len(self.effects), dtype=np.bool_) if kind is None else self.kinds == kind
        sums = np.bincount(self.orders[chosen], weights=np.abs(self.effects[chosen]), minlength=self.n_players + 1)
        return sums.astype(np.float64)  # bincount of nothing is integer

    def shapley_values(self) -> PerPlayer:
        """Shapley value of each player, float64 [n]: every interaction shares its effect equally among its players."""
        return shapley_values(self.masks, self.effects)

    @takes({"order": WholeNumber(least=1), "index": OneOf(("SII", "STII", "FSII", "k-SII"))})
    def shapley_interactions(self, order: int = 2, index: ShapleyIndex = "SII") -> dict[tuple[int, ...], float]:
        """Shapley interaction index of every set of 1 to ``order`` players, in closed form from the interactions.

        Parameters
        ----------
        order
            Largest set size.
        index
            "SII", "STII", "FSII" or "k-SII".

        Returns
        -------
        dict from ascending player indices to the index; sets that no interaction contains are left out (their index is 0).

        Source: the formulas and their papers are in ``indices.py``.

        Examples
        --------
        >>> import symbolscope as sy
        >>> model = sy.decompose([0.0, 0.0, 0.0, 6.0])
        >>> model.shapley_interactions(2, index="SII")
        {(0,): 3.0, (1,): 3.0, (0, 1): 6.0}
        """
        return shapley_interactions(self.masks, self.is_or, self.effects, order, index)

    @takes({"row": WholeNumber(least=0)})
    def label(self, row: int) -> str:
        """Names of the players of interaction ``row``, joined by commas."""
        if row >= len(self.effects):
            raise SymbolscopeError(
                f"there are {len(self.effects)} interactions, rows 0 to {len(self.effects) - 1}; got row {row}"
            )
        return ", ".join(self._names(row))

    def _names(self, row: int) -> list[str]:
        return [self.player_names[player] for player in np.flatnonzero(self.masks[row])]

    @takes({"kappa": Number(finite=False)})
    def graph(self, *, kappa: float | None = None) -> "AndOrGraph":
        """These interactions as an And-Or graph: players that recur together become coalitions, at the shortest description.

        Parameters
        ----------
        kappa
            Weight of the codebook; None is the source's, 10 divided by the sum of |effect|.

        Examples
        --------
        >>> import symbolscope as sy
        >>> game = sy.Game.from_function(lambda m: m[:, :3].all(axis=1) + 2.0 * m[:, 1:].all(axis=1), 4)
        >>> graph = sy.explain(game).graph()
        >>> [graph.nodes[coalition].name for coalition in graph.coalitions]
        ['x1 and x2']
        """
        from symbolscope.graphs.and_or_graph import AndOrGraph

        return AndOrGraph.from_interactions(self, kappa=kappa)

    @takes({"k": WholeNumber(least=0)})
    def to_text(self, k: int = 10) -> str:
        """The k strongest interactions as a plain table."""
        digits = table_decimals(float(np.abs(self.effects).max(initial=0.0)))
        shown = [effect_text(float(effect), digits) for effect in self.effects[:k]]
        width = max(8, *map(len, shown)) if shown else 8
        lines = [f"{'effect':>{width}}  kind  players"]
        for row, effect in enumerate(shown):
            lines.append(f"{effect:>{width}}  {self.kinds[row]:<4}  {self._shown_label(row)}")
        if len(self.effects) > k:
            lines.append(f"... and {len(self.effects) - k} weaker ones")
        return "\n".join(lines)

    def to_frame(self) -> "pandas.DataFrame":
        """One row per interaction: players (names), kind, effect, order. Needs pandas."""
        from symbolscope.interactions.frame import interaction_frame

        return interaction_frame(self)

    def to_shapiq(self) -> "shapiq.InteractionValues":
        """The same game as shapiq's Moebius coefficients, each OR written out as ANDs. Needs shapiq."""
        from symbolscope.interactions.exchange import to_shapiq

        return to_shapiq(self)

    @staticmethod
    def from_shapiq(interactions: "shapiq.InteractionValues") -> "InteractionModel":
        """AND interactions from shapiq's Moebius coefficients (``index="Moebius"``)."""
        from symbolscope.interactions.exchange import from_shapiq

        return from_shapiq(interactions)

    @takes({"path": FilePath()})
    def save(self, path: str | PathLike[str]) -> None:
        """Write the model to one safetensors file (no pickle) with a checksum, whole or not at all."""
        from symbolscope.interactions.storage import save_model

        save_model(self, path)

    @staticmethod
    @takes({"path": FilePath()})
    def load(path: str | PathLike[str]) -> "InteractionModel":
        """Read a model that :meth:`save` wrote; a file that was changed since, in any bit, or of a newer version is refused."""
        from symbolscope.interactions.storage import load_model

        return load_model(path)

    def _shown_label(self, row: int) -> str:
        return name_list([printable(name) for name in self._names(row)])

    def _known_values(self) -> Vector:
        if self.values is None:
            raise SymbolscopeError(
                "the network's output is not known on all masks, so the fidelity over all of them is not either; "
                "compare model.predict(masks) with game(masks) on masks of your choice"
            )
        return self.values

    def __repr__(self) -> str:
        certified = "" if np.isnan(self.lower_bound) else f", objective {self.objective:.4g} (gap {self.gap:.1e})"
        unchanged = self.settings.get("equals_baseline")
        same = f"; hiding changes nothing for {unchanged}, equal to the baseline" if unchanged else ""
        head = f"InteractionModel: {len(self.effects)} interactions of {self.n_players} players{certified}{same}"
        return f"{head}\n{self.to_text()}"

    def _repr_html_(self) -> str:
        from symbolscope.report.notebook import html_fragment

        return html_fragment(self)


def interaction_prices(orders: NDArray[np.int64]) -> Effects:
    """Price of a unit of effect of an interaction of each order: 1 + 0.01 (order - 1), [k]."""
    return np.where(orders > 0, 1.0 + 0.01 * (orders - 1.0), 0.0)


MODEL = InstanceOf(InteractionModel, "an InteractionModel", "sy.explain(game)")
