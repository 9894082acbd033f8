"""The sparse causal graph: the few interactions that are left when those missed least are removed one by one."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from symbolscope.core.argument_checks import Flag, Number, OrNone, WholeNumber
from symbolscope.core.checked_call import takes
from symbolscope.errors import SymbolscopeError
from symbolscope.games.progress import ProgressBar
from symbolscope.graphs.accuracy_point import reference_of
from symbolscope.graphs.removal import removal_order
from symbolscope.graphs.removal_curve import RemovalCurve
from symbolscope.graphs.size_choice import choose_size, curve_by_size, fit_sizes
from symbolscope.interactions.given_model import GivenModel, checked_model
from symbolscope.interactions.model import InteractionModel, interaction_prices
from symbolscope.shapes import Effects, Scores

if TYPE_CHECKING:
    import pandas

    from symbolscope.graphs.and_or_graph import AndOrGraph

# Removal takes k^2 / 2 updates: half a minute for as many.
_MOST_INTERACTIONS = 1 << 17
# Up to this many players the prediction of all interactions stands in for outputs that are not known, as a table of 8 MiB.
_PLAYERS_TABULATED = 20


@dataclass(frozen=True, eq=False, repr=False)
class CausalGraph:
    """A few interactions, chosen by greedy removal, and what every other number of them would have given.

    Y(T) = intercept + sum over the interactions kept of effect(S) [S active on T]

    The numbers are measured on what is kept, over all masks, against the network's outputs where these are known on every mask
    (``against`` is "network") and else against what all interactions of the model predict ("model").

    Attributes
    ----------
    interactions
        InteractionModel of those kept, strongest first.
    curve
        The trade-off for every size.
    r2, unfaithfulness, relative_unfaithfulness, explained_ratio, largest_error
        As in :class:`RemovalCurve`, of ``interactions``.
    asked
        The thresholds that had to hold, by name.
    refitted
        Whether the effects were fitted anew.
    against
        "network" or "model".

    Examples
    --------
    >>> import symbolscope as sy
    >>> graph = causal_graph(sy.decompose([0.0, 1.0, 2.0, 6.0]), r2=0.8)
    >>> graph
    CausalGraph: 2 of 3 interactions, R^2 0.904, unfaithfulness 0.5, explained ratio 0.833, largest error 1
    asked for: r2 0.8
    >>> graph.predict(sy.all_masks(2))
    array([0., 0., 2., 5.])
    """

    interactions: InteractionModel
    curve: RemovalCurve
    r2: float
    unfaithfulness: float
    relative_unfaithfulness: float
    explained_ratio: float
    largest_error: float
    asked: Mapping[str, float]
    refitted: bool
    against: str

    @property
    def size(self) -> int:
        """Number of interactions kept."""
        return self.interactions.complexity

    @property
    def complexity(self) -> int:
        """Number of interactions kept."""
        return self.interactions.complexity

    def predict(self, masks: ArrayLike) -> Scores:
        """Predicted output on masks bool [m, n], float64 [m]."""
        return self.interactions.predict(masks)

    @takes({"kappa": Number(finite=False)})
    def graph(self, *, kappa: float | None = None) -> "AndOrGraph":
        """The And-Or graph of what is kept; see :meth:`AndOrGraph.from_interactions`."""
        from symbolscope.graphs.and_or_graph import AndOrGraph

        return AndOrGraph.from_interactions(self.interactions, kappa=kappa)

    def to_frame(self) -> "pandas.DataFrame":
        """The curve as a table, one row per size. Needs pandas."""
        return self.curve.to_frame()

    def __repr__(self) -> str:
        known = "" if np.isnan(self.largest_error) else f", largest error {self.largest_error:.3g}"
        fitted = ", effects fitted" if self.refitted else ""
        measured = "" if self.against == "network" else " (measured against all interactions of the model)"
        asked = ", ".join(f"{name} {limit:.4g}" for name, limit in self.asked.items())
        return (
            f"CausalGraph: {self.size:,} of {len(self.curve.order):,} interactions, R^2 {self.r2:.3g}, unfaithfulness "
            f"{self.unfaithfulness:.3g}, explained ratio {self.explained_ratio:.3g}{known}{fitted}{measured}\n"
            f"asked for: {asked}"
        )


@takes(
    {
        "r2": OrNone(Number(finite=False)),
        "explained_ratio": Number(finite=False),
        "unfaithfulness": Number(finite=False),
        "largest_error": Number(finite=False),
        "refit": Flag(),
        "progress": Flag(),
    }
)
def causal_graph(
    model: GivenModel,
    *,
    r2: float | None = 0.95,
    explained_ratio: float | None = None,
    unfaithfulness: float | None = None,
    largest_error: float | None = None,
    max_interactions: int | None = None,
    refit: bool = False,
    progress: bool | None = None,
) -> CausalGraph:
    """Remove interactions one by one, always the one missed least, and keep the fewest that meet every threshold.

    At each step the interaction goes whose removal leaves the smallest sum over masks T of (v(T) - Y(T))^2, all that remain being
    tried and their effects unchanged. This gives a graph of every size; the one returned is the smallest at which all thresholds
    hold. The outputs v are the network's where the model knows them on every mask. Elsewhere v is what all its interactions
    predict; then no table of 2^n numbers is needed, above 20 players none is made, and the largest error is not known.

    Parameters
    ----------
    model
        All interactions, of which some are kept.
    r2
        Least 1 - mean squared error / variance over all masks; None asks for none.
    explained_ratio
        Least sum|w| / (sum|w| + |v(N) - v(empty) - sum w|) over the interactions kept.
    unfaithfulness
        Largest mean squared error over all masks, in squared units of the score.
    largest_error
        Largest absolute error on any mask, in units of the score.
    max_interactions
        Keep at most so many. With ``r2=None`` and no other threshold, keep just so many.
    refit
        Fit intercept and effects of what is kept by least squares; thresholds then hold for the fitted ones. The order of removal
        is the same. An interaction that is a combination of the others kept is left out.
    progress
        Progress bar on stderr: True, False, or None for "if stderr is a terminal and it takes more than a second".

    Returns
    -------
    CausalGraph.

    Raises
    ------
    SymbolscopeError
        If no size meets the thresholds (the best of each is named), nothing is asked for, or there are more than 131,072
        interactions.

    Source: Ren et al., *Defining and Quantifying the Emergence of Sparse Concepts in DNNs* (2111.06206), section 4; they try the
    weakest few at each step, here all are tried.

    Examples
    --------
    >>> import numpy as np, symbolscope as sy
    >>> causal_graph(sy.decompose([0.0, 0.0, 0.0, 3.0])).size
    1

    Three terms and some noise on six players, of which the noise goes:

    >>> masks = sy.all_masks(6)
    >>> terms = 3.0 * masks[:, :2].all(axis=1) + 2.0 * masks[:, 3:].any(axis=1) - 1.5 * masks[:, 0]
    >>> noisy = terms + 0.1 * np.random.default_rng(0).normal(size=64)
    >>> graph = causal_graph(sy.decompose(noisy), r2=0.99, refit=True)
    >>> print(graph.interactions.to_text())
      effect  kind  players
     +3.0002  and   x0, x1
     +1.9674  or    x3, x4, x5
     -1.4730  and   x0
    """
    model = checked_model(model, "a causal graph")
    asked = _asked(r2, explained_ratio, unfaithfulness, largest_error)
    if isinstance(max_interactions, bool) or (isinstance(max_interactions, int) and max_interactions < 0):
        raise SymbolscopeError(f"max_interactions must be a number >= 0; got {max_interactions!r}")
    max_interactions = OrNone(WholeNumber()).read("max_interactions", max_interactions)
    if not asked and max_interactions is None:
        raise SymbolscopeError(
            "nothing says how many interactions to keep; give r2, explained_ratio, unfaithfulness, largest_error or "
            "max_interactions"
        )
    if model.complexity > _MOST_INTERACTIONS:
        raise SymbolscopeError(
            f"removal takes k^2 / 2 updates, too many for {model.complexity:,} interactions; start from the strongest: "
            f"causal_graph(model.top({_MOST_INTERACTIONS}))"
        )
    table = model.values
    if table is None and model.n_players <= _PLAYERS_TABULATED:
        table = model.predict_all()
    if table is None and largest_error is not None:
        raise SymbolscopeError(
            f"the largest error over 2^{model.n_players} masks is not known: the model has no values and more than "
            f"{_PLAYERS_TABULATED} players. Ask for r2, unfaithfulness or explained_ratio"
        )
    reference = reference_of(model, table)
    with ProgressBar(model.complexity, label="interactions removed", show=progress) as bar:
        removed, squared = removal_order(model, table, bar)
    added = np.ascontiguousarray(removed[::-1])
    fitted = fit_sizes(reference, added, max_interactions) if refit else None
    curve = curve_by_size(reference, added, squared[::-1], fitted)
    chosen = choose_size(reference, curve, fitted, asked, max_interactions)
    if isinstance(chosen, str):
        raise SymbolscopeError(chosen)
    rows, effects, intercept, point = chosen
    kept = model.restrict(rows)
    if fitted is not None:
        kept = _with_effects(kept, effects, intercept)
    if max_interactions is not None:
        asked = {**asked, "max_interactions": float(max_interactions)}
    return CausalGraph(
        interactions=kept,
        curve=curve,
        r2=point.r2,
        unfaithfulness=point.unfaithfulness,
        relative_unfaithfulness=point.relative_unfaithfulness,
        explained_ratio=point.explained_ratio,
        largest_error=point.largest_error,
        asked=asked,
        refitted=refit,
        against="model" if model.values is None else "network",
    )


def _asked(
    r2: float | None, explained_ratio: float | None, unfaithfulness: float | None, largest_error: float | None
) -> dict[str, float]:
    given = {
        "r2": r2,
        "explained_ratio": explained_ratio,
        "unfaithfulness": unfaithfulness,
        "largest_error": largest_error,
    }
    asked = {name: float(limit) for name, limit in given.items() if limit is not None}
    for name, limit in asked.items():
        if not (limit <= 1.0 if name in ("r2", "explained_ratio") else limit >= 0.0):
            wanted = "at most 1" if name in ("r2", "explained_ratio") else "at least 0"
            raise SymbolscopeError(f"{name} must be {wanted}; got {limit}")
    return asked


def _with_effects(kept: InteractionModel, effects: Effects, intercept: float) -> InteractionModel:
    """The same interactions with other effects, strongest first."""
    order = np.argsort(-np.abs(effects), kind="stable")
    return replace(
        kept,
        masks=kept.masks[order],
        kinds=kept.kinds[order],
        effects=effects[order],
        intercept=intercept,
        objective=float(np.dot(interaction_prices(kept.orders[order]), np.abs(effects[order]))),
    )
