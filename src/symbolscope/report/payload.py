"""What the page's script computes with: interactions and outputs of one explanation, as JSON that HTML cannot break."""

import base64
import json
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.effect_text import effect_decimals

if TYPE_CHECKING:
    from symbolscope.interactions.fidelity import FidelityCurve
    from symbolscope.interactions.model import InteractionModel
    from symbolscope.report.graph_figure import GraphFigure

PLAYERS_WITH_OUTPUTS = 14  # 2^14 outputs are 175 kB in the page; more would make it slow to send and open
MOST_INTERACTIONS = 8192  # every AND and OR interaction of 12 players


def payload(
    model: "InteractionModel", chosen: int, curve: "FidelityCurve | None", graph: "GraphFigure | None" = None
) -> str:
    """Write the explanation as JSON for a ``<script type="application/json">``.

    Numbers that are compared with Python's travel as base64 of little-endian float64, so they arrive bit for bit.
    """
    kept = model.effects[:MOST_INTERACTIONS].size
    values = outputs(model)
    data: dict[str, object] = {
        "players": list(model.player_names),
        "count": kept,
        "chosen": chosen,
        "stops": stops(kept),
        "bytes": -(-model.n_players // 8),
        "members": _base64(np.packbits(model.masks[:kept], axis=1, bitorder="little")),
        "disjunctions": _base64((model.kinds[:kept] == "or").astype(np.uint8)),
        "effects": _base64(model.effects[:kept].astype("<f8")),
        "intercept": float(model.intercept),
        "decimals": decimals(model),
        "values": None if values is None else _base64(values.astype("<f8")),
        "range": output_range(model),
        "r2": None,
        "graph": None if graph is None else graph.data,
    }
    if curve is not None:
        # Shown to a tenth of a percent, so float32 is plenty; counts beyond those embedded cannot be chosen.
        within = curve.counts <= kept
        data["stops"] = curve.counts[within].tolist()
        data["r2"] = {
            "counts": _base64(curve.counts[within].astype("<u4")),
            "r2": _base64(np.asarray(curve.r2, dtype=np.float64)[within].astype("<f4")),
        }
    return _unbreakable(json.dumps(data, allow_nan=False, separators=(",", ":")))


def outputs(model: "InteractionModel") -> NDArray[np.float64] | None:
    """Give the network's outputs that the page carries, or None where they are unknown or too many."""
    return model.values if model.n_players <= PLAYERS_WITH_OUTPUTS else None


def decimals(model: "InteractionModel") -> int:
    """Digits after the point for scores and effects of this explanation; below 0 with an exponent."""
    low, high = output_range(model)
    return effect_decimals(max(abs(low), abs(high)))


def output_range(model: "InteractionModel") -> tuple[float, float]:
    """Lowest and highest output of the network; from the interactions where the outputs are unknown."""
    if model.values is not None:
        return float(model.values.min()), float(model.values.max())
    below, above = float(np.minimum(model.effects, 0).sum()), float(np.maximum(model.effects, 0).sum())
    return model.intercept + below, model.intercept + above


def stops(count: int) -> list[int]:
    """Numbers of interactions that the slider offers: each one at first, then in growing steps.

    Examples
    --------
    >>> stops(4)
    [0, 1, 2, 3, 4]
    >>> stops(8192)[-3:], len(stops(8192))
    ([6799, 7479, 8192], 97)
    """
    chosen = list(range(min(count, 40) + 1))
    while chosen[-1] < count:
        chosen.append(min(count, max(chosen[-1] + 1, round(chosen[-1] * 1.1))))
    return chosen


def _base64(array: NDArray[np.generic]) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")


def _unbreakable(text: str) -> str:
    # "</script>" or "<!--" inside a name would end the element; these escapes mean the same characters in JSON.
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
