"""What several networks share when their outputs are split jointly, beside what they share otherwise and by chance."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from symbolscope.errors import SymbolscopeError
from symbolscope.interactions.model import InteractionModel

if TYPE_CHECKING:
    import pandas

Kind = Literal["and", "or"]
_SHOWN = (5, 10, 20, 50, 100)


@dataclass(frozen=True, eq=False, repr=False)
class SharedInteractions:
    """Explanations of several networks on one input, made together; :func:`symbolscope.generalizable_interactions` makes these.

    The share among the k strongest interactions of a kind, with Omega_i the sets of network i, is

        share(k) = |Omega_1 and ... and Omega_m| / k        (fewer than k where no network has k of that kind).

    Attributes
    ----------
    models
        One InteractionModel per network.
    objective, lower_bound
        Joint cost, and the certificate that no joint split costs less; both per range of the outputs if ``equal_scale``.
    alpha, equal_scale, tolerance, sought_gap
        As given.
    """

    models: tuple[InteractionModel, ...]
    objective: float
    lower_bound: float
    alpha: float
    equal_scale: bool
    tolerance: float | str
    sought_gap: float

    @property
    def gap(self) -> float:
        """(objective - lower_bound) / objective: how far, at most, a cheaper joint split is."""
        return max(0.0, self.objective - self.lower_bound) / self.objective if self.objective > 0 else 0.0

    @cached_property
    def separate(self) -> tuple[InteractionModel, ...]:
        """The same outputs, each split by itself within the same tolerance: what the joint split is compared with."""
        from symbolscope.interactions.decompose import decompose

        return tuple(
            decompose(_known(model), tolerance=self.tolerance, player_names=model.player_names, progress=False)
            for model in self.models
        )

    def share(self, k: int, kind: Kind | None = None) -> float:
        """Share of the k strongest interactions (of one kind, if given) that all networks have; nan if there are none."""
        return _share(self.models, k, kind)

    def separate_share(self, k: int, kind: Kind | None = None) -> float:
        """:meth:`share` of the splits made one at a time."""
        return _share(self.separate, k, kind)

    def chance(self, k: int, kind: Kind | None = None) -> float:
        """Expected share if each network kept its number of interactions per kind and order, but of players drawn at random."""
        return _chance(self.models, k, kind)

    def common(self, *, threshold: float = 0.05) -> list[tuple[str, str]]:
        """Kind and players of the interactions that are salient in every network, strongest first (least |effect| / largest)."""
        strengths: dict[tuple[str, bytes], list[float]] = {}
        labels: dict[tuple[str, bytes], str] = {}
        for model in self.models:
            salient = model.salient(threshold)
            largest = float(np.abs(salient.effects).max(initial=0.0))
            for row, key in enumerate(_keys(salient)):
                strengths.setdefault(key, []).append(abs(float(salient.effects[row])) / largest)
                labels[key] = salient.label(row)
        everywhere = [key for key, found in strengths.items() if len(found) == len(self.models)]
        everywhere.sort(key=lambda key: (-min(strengths[key]), key))
        return [(key[0], labels[key]) for key in everywhere]

    def strength_by_order(self, k: int) -> NDArray[np.float64]:
        """Strength of the shared part by order: float64 [m, n + 1, 4].

        The last axis holds, per network and order, the sum of positive effects and of |negative effects| among the k strongest of
        each kind that all networks share, then the same two over all of the k strongest.
        """
        shared = {kind: _common_keys(self.models, k, kind) for kind in ("and", "or")}
        table = np.zeros((len(self.models), self.models[0].n_players + 1, 4))
        for i, model in enumerate(self.models):
            for kind in ("and", "or"):
                strongest = _strongest(model, k, kind)
                for key, order, effect in zip(_keys(strongest), strongest.orders, strongest.effects, strict=True):
                    column = 0 if effect > 0 else 1
                    table[i, order, 2 + column] += abs(effect)
                    if key in shared[kind]:
                        table[i, order, column] += abs(effect)
        return table

    def to_frame(self, counts: tuple[int, ...] | None = None) -> "pandas.DataFrame":
        """One row per count and kind: share jointly, one at a time, and by chance. Needs pandas."""
        try:
            import pandas
        except ImportError:
            raise SymbolscopeError("a data frame needs pandas; type pip install 'symbolscope[frames]'") from None
        return pandas.DataFrame(self._rows(counts), columns=["k", "kind", "joint", "separate", "chance"])

    def _rows(self, counts: tuple[int, ...] | None = None) -> list[tuple[int, str, float, float, float]]:
        most = max(len(model.effects) for model in self.models)
        chosen = counts if counts is not None else tuple(k for k in _SHOWN if k <= most) or (max(most, 1),)
        return [
            (k, kind, self.share(k, kind), self.separate_share(k, kind), self.chance(k, kind))
            for k in chosen
            for kind in ("and", "or")
        ]

    def __repr__(self) -> str:
        sizes = ", ".join(str(len(model.effects)) for model in self.models)
        lines = [
            f"SharedInteractions: {len(self.models)} networks, {self.models[0].n_players} players, interactions {sizes}; "
            f"objective {self.objective:.4g} (gap {self.gap:.1e})",
            "share of the k strongest that all networks have",
            "     k  kind   joint  separate  chance",
        ]
        lines += [
            f"{k:6d}  {kind:<4}  {joint:6.3f}    {apart:6.3f}  {luck:6.3f}"
            for k, kind, joint, apart, luck in self._rows()
        ]
        return "\n".join(lines)


def _known(model: InteractionModel) -> NDArray[np.float64]:
    if model.values is None:
        raise SymbolscopeError("a joint split knows the outputs on all masks; this explanation has lost them")
    return model.values


def _keys(model: InteractionModel) -> list[tuple[str, bytes]]:
    packed = np.packbits(model.masks, axis=1)
    return [(str(kind), row.tobytes()) for kind, row in zip(model.kinds, packed, strict=True)]


def _strongest(model: InteractionModel, k: int, kind: str | None) -> InteractionModel:
    if k < 1:
        raise SymbolscopeError(f"k must be at least 1; got {k}")
    if kind not in (None, "and", "or"):
        raise SymbolscopeError(f'kind must be "and", "or" or None for both; got {kind!r}')
    rows = np.arange(len(model.effects)) if kind is None else np.flatnonzero(model.kinds == kind)
    return model.restrict(rows[:k])


def _common_keys(models: tuple[InteractionModel, ...], k: int, kind: str | None) -> set[tuple[str, bytes]]:
    return set.intersection(*(set(_keys(_strongest(model, k, kind))) for model in models))


def _share(models: tuple[InteractionModel, ...], k: int, kind: str | None) -> float:
    used = max(len(_strongest(model, k, kind).effects) for model in models)
    return len(_common_keys(models, k, kind)) / used if used else math.nan


def _chance(models: tuple[InteractionModel, ...], k: int, kind: str | None) -> float:
    strongest = [_strongest(model, k, kind) for model in models]
    used = max(len(model.effects) for model in strongest)
    if not used:
        return math.nan
    n = models[0].n_players
    expected = 0.0
    for one in ("and", "or"):
        for order in range(1, n + 1):
            counts = [int(((model.kinds == one) & (model.orders == order)).sum()) for model in strongest]
            there = math.comb(n, order)
            expected += there * math.prod(count / there for count in counts)
    return expected / used
