"""The result of an explanation: a few AND/OR interactions that predict the network on every mask."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from symbolscope.errors import SymbolscopeError
from symbolscope.interactions.fidelity import Fidelity, FidelityCurve, fidelity, fidelity_curve
from symbolscope.interactions.indices import shapley_interactions, shapley_values
from symbolscope.interactions.prediction import predict_on_masks, predict_on_all_masks
from symbolscope.shapes import Effects, Members, PerPlayer, Scores

if TYPE_CHECKING:
    import pandas
    import shapiq

Setting = str | int | float | bool | None


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
    kinds: NDArray[np.str_]
    effects: Effects
    intercept: float
    player_names: tuple[str, ...]
    objective: float
    lower_bound: float
    tolerance: float = 0.0
    values: NDArray[np.float64] | None = None
    settings: Mapping[str, Setting] = field(default_factory=_no_settings)
