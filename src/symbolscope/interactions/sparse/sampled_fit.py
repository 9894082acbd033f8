"""What a model learned from sampled masks says about its own quality."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from symbolscope.errors import SymbolscopeError
from symbolscope.interactions.sparse.held_out import HeldOut


@dataclass(frozen=True)
class SampledFit:
    """How a model was learned from sampled masks, and how well it predicts masks it has not seen.

    Parameters
    ----------
    calls
        Distinct masks on which the game was evaluated, held-out ones included.
    sampling
        Law of the masks that the model was learned from.
    held_out
        Law of masks -> R^2 on fresh masks of it. R^2 under one law says nothing about another.
    target_r2
        R^2 under the sampled law at which learning would have stopped.
    curve
        (calls, R^2 on masks not used by the fit) after each round.
    learner
        The learner whose atoms the model is made of.
    scores
        Learner -> R^2 on validation masks in the last round.
    lasso_gap
        Certified (primal - dual) / primal of the LASSO that chose the atoms; nan where ridge did.
    statement
        What this adds up to, in a sentence.
    at_edges
        R^2 over fresh masks at the edges of the model's own interactions, see :func:`draw_edge_masks`: there the rare ones are on
        as often as the others; None where it was not measured.

    Examples
    --------
    >>> laws = {"uniform": HeldOut(1.0, 1.0, 1.0, 50)}
    >>> fit = SampledFit(500, "uniform", laws, 0.9, ((500, 1.0),), "pursuit", {"pursuit": 1.0}, 0.0, "")
    >>> SampledFit.from_json(fit.to_json()) == fit
    True
    """

    calls: int
    sampling: str
    held_out: Mapping[str, HeldOut]
    target_r2: float
    curve: tuple[tuple[int, float], ...]
    learner: str
    scores: Mapping[str, float]
    lasso_gap: float
    statement: str
    at_edges: HeldOut | None = None

    def of_a_part(self) -> "SampledFit":
        """What is known of some of the interactions: where they come from, and not how well they predict alone."""
        said = (
            f"A part of what {self.calls:,} calls taught; how well it predicts alone was not measured (sy.assess does)."
        )
        return replace(self, held_out={}, statement=said, at_edges=None)

    def to_json(self) -> dict[str, Any]:
        """Plain data: dicts, lists, numbers and strings; numbers that are not finite become None."""
        plain = asdict(self) | {"curve": [list(point) for point in self.curve]}
        return {name: _without_nan(value) for name, value in plain.items()}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "SampledFit":
        """What :meth:`to_json` wrote.

        Raises
        ------
        SymbolscopeError
            If something is missing.
        """
        try:
            return cls(
                calls=int(plain["calls"]),
                sampling=str(plain["sampling"]),
                held_out={str(law): _held_out(h) for law, h in plain["held_out"].items()},
                target_r2=_number(plain["target_r2"]),
                curve=tuple((int(calls), _number(r2)) for calls, r2 in plain["curve"]),
                learner=str(plain["learner"]),
                scores={str(name): _number(r2) for name, r2 in plain["scores"].items()},
                lasso_gap=_number(plain["lasso_gap"]),
                statement=str(plain["statement"]),
                at_edges=None if plain.get("at_edges") is None else _held_out(plain["at_edges"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise SymbolscopeError(
                f"this is not a SampledFit written by to_json: {type(error).__name__}: {error}"
            ) from None


def _held_out(plain: Mapping[str, Any]) -> HeldOut:
    r2, low, high = (_number(plain[name]) for name in ("r2", "low", "high"))
    return HeldOut(r2, low, high, int(plain["masks"]), bool(plain.get("alike", False)))


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)  # the one object, so that what was written equals what is read


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _without_nan(part) for name, part in value.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list):
        return [_without_nan(part) for part in value]  # pyright: ignore[reportUnknownVariableType]
    return None if isinstance(value, float) and value - value != 0 else value
