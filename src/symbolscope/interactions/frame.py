"""Interactions as a pandas table."""

from typing import TYPE_CHECKING

import numpy as np

from symbolscope.errors import SymbolscopeError

if TYPE_CHECKING:
    import pandas

    from symbolscope.interactions.model import InteractionModel


def interaction_frame(model: "InteractionModel") -> "pandas.DataFrame":
    """One row per interaction: players (tuple of names), kind, effect, order, strongest first."""
    try:
        import pandas
    except ImportError:
        raise SymbolscopeError("to_frame needs pandas: pip install 'symbolscope[frames]'") from None
    names = np.array(model.player_names, dtype=object)
    return pandas.DataFrame(
        {
            "players": [tuple(names[row]) for row in model.masks],
            "kind": model.kinds.astype(object),
            "effect": model.effects,
            "order": model.orders,
        }
    )
