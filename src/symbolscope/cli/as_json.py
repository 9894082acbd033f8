"""An explanation as JSON, for other programs."""

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from symbolscope.evidence.faithfulness import Faithfulness
    from symbolscope.evidence.left_out import NotAssessed
    from symbolscope.interactions.model import InteractionModel


def as_json(
    model: "InteractionModel", files: Mapping[str, str | None], *, evidence: "Faithfulness | NotAssessed | None" = None
) -> str:
    """Write an explanation as one JSON object; what is not known is null.

    Parameters
    ----------
    model
        The explanation.
    files
        Files that were written, by kind.
    evidence
        What the controls say, or why they could not be run; None is written as null: nothing was controlled.

    Examples
    --------
    >>> import symbolscope as sy
    >>> written = json.loads(as_json(sy.decompose([0.0, 1.0, 1.0, 4.0], player_names=["not", "bad"]), {}))
    >>> written["interactions"][0]
    {'kind': 'and', 'players': ['not', 'bad'], 'indices': [0, 1], 'order': 2, 'effect': 2.0}
    >>> written["intercept"], written["r2"], written["outputs"]
    (0.0, 1.0, {'all_shown': 4.0, 'all_hidden': 0.0})
    """
    import numpy as np

    import symbolscope

    interactions: list[dict[str, object]] = []
    for mask, kind, effect in zip(model.masks, model.kinds, model.effects, strict=True):
        indices = [int(i) for i in np.flatnonzero(mask)]
        interactions.append(
            {
                "kind": str(kind),
                "players": [model.player_names[i] for i in indices],
                "indices": indices,
                "order": len(indices),
                "effect": float(effect),
            }
        )
    known = model.values
    written: dict[str, object] = {
        "symbolscope": symbolscope.__version__,
        "settings": dict(model.settings),
        "players": list(model.player_names),
        "input": _input(model),
        "outputs": None if known is None else {"all_shown": float(known[-1]), "all_hidden": float(known[0])},
        "intercept": float(model.intercept),
        "interactions": interactions,
        "shapley_values": [float(value) for value in model.shapley_values()],
        "objective": _finite(model.objective),
        "lower_bound": _finite(model.lower_bound),
        "gap": _finite(model.gap),
        "tolerance": _finite(model.tolerance),
        "r2": None if known is None else _finite(model.fidelity.r2),
        "unfaithfulness": None if known is None else _finite(model.fidelity.unfaithfulness),
        "largest_error": None if known is None else _finite(model.fidelity.largest_error),
        "sampled": None if model.sampled is None else model.sampled.to_json(),
        "evidence": None if evidence is None else _evidence(evidence),
        "files": dict(files),
    }
    return json.dumps(written, indent=2, allow_nan=False)


def _input(model: "InteractionModel") -> list[dict[str, str]] | None:
    """The row that is explained, as the page shows it: each player's value and what it is hidden by."""
    from symbolscope.games.view import TableView

    if not isinstance(model.view, TableView):
        return None
    return [{"player": name, "value": value, "hidden": hidden} for name, value, hidden in model.view.rows]


def _evidence(evidence: "Faithfulness | NotAssessed") -> dict[str, object]:
    from symbolscope.evidence.left_out import NotAssessed

    if isinstance(evidence, NotAssessed):
        return {"score": None, "null_scores": {}, "not_run": {"all": evidence.why}, "sentence": evidence.sentence}
    return {
        "measure": evidence.measure,
        "score": _finite(evidence.score),
        "interval": [_finite(bound) for bound in evidence.interval],
        "floor": evidence.floor,
        "null_accuracy": {name: [_finite(one) for one in shares] for name, shares in evidence.null_accuracy.items()},
        "trivial_nulls": list(evidence.trivial),
        "null_scores": {name: [_finite(one) for one in scores] for name, scores in evidence.null_scores.items()},
        "margin": {name: _finite(margin) for name, margin in evidence.margin.items()},
        "terms_for_r2_of_0.9_and_0.99": {
            name: [list(one) for one in counts] for name, counts in evidence.sizes.items()
        },
        "size_ratio": {name: [_finite(one) for one in ratios] for name, ratios in evidence.size_ratio.items()},
        "rivals": {name: _finite(rival.score) for name, rival in evidence.rivals.items()},
        "not_run": dict(evidence.skipped),
        "identifiability": None if evidence.alternatives is None else str(evidence.alternatives),
        "sentence": evidence.sentence,
    }


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
