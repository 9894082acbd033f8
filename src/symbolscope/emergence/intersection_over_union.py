"""Whether the strongest interactions are the known ones."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, SupportsIndex, TypeAlias, cast

import numpy as np

from symbolscope.core.argument_checks import SeedOrGenerator
from symbolscope.core.checked_call import takes
from symbolscope.core.random_streams import stream
from symbolscope.core.sequence_checks import is_iterable
from symbolscope.emergence.check_type import GivenModel, check_model, check_type
from symbolscope.emergence.effect_table import effect_table
from symbolscope.emergence.random_sets import random_sets
from symbolscope.emergence.similarity import Similarity
from symbolscope.emergence.whole_number import GivenInteger, whole_number
from symbolscope.errors import SymbolscopeError
from symbolscope.interactions.model import InteractionModel

if TYPE_CHECKING:
    GivenTruth: TypeAlias = InteractionModel | Iterable[tuple[str, str | Sequence[str | SupportsIndex]]]
else:
    GivenTruth = object  # refused below, with a message of its own
_EXAMPLE = '[("and", ("x0", "x1")), ("or", (2, 3))]'


@takes({"seed": SeedOrGenerator()})
def intersection_over_union(
    model: GivenModel,
    truth: GivenTruth,
    *,
    restarts: GivenInteger = 200,
    seed: int | np.random.Generator = 0,
) -> Similarity:
    """Intersection over union of m known interactions and the m strongest found.

        IoU = |top m of the model and truth| / |top m of the model or truth|,   m = |truth|

    Signs play no part; AND and OR of the same players are two interactions, those of one player are one. Chance takes random
    sets of the same orders and kinds in the place of those found.

    Parameters
    ----------
    model
        What was found.
    truth
        What is known: (kind, players) each, players by name or index; or a model of the same players.
    restarts
        Random sets for the chance level.
    seed
        Of those.

    Raises
    ------
    SymbolscopeError
        If nothing is known, a player or kind does not exist, or the players differ.

    Source: Ren et al. (2111.06206), experiment on functions whose interactions are known.

    Examples
    --------
    >>> import symbolscope as sy
    >>> game = sy.Game.from_function(lambda m: 3.0 * m[:, 0] * m[:, 1] - 2.0 * (m[:, 2] | m[:, 3]), 4)
    >>> model = sy.explain(game)
    >>> intersection_over_union(model, [("and", ("x0", "x1")), ("or", (2, 3))]).value
    1.0
    >>> round(intersection_over_union(model, [("and", (0, 1)), ("or", (0, 1))]).value, 3)
    0.333
    """
    check_model("model", model)
    restarts = whole_number("restarts", restarts, least=1, of="random set")
    known = truth if isinstance(truth, InteractionModel) else _known(model, truth)
    # Sets of truth get effect 1 each: their size plays no part.
    table = effect_table([model, known])
    wanted = table.effects[1] != 0
    m = int(wanted.sum())
    if m == 0:
        raise SymbolscopeError('truth holds no interaction; give at least one, such as [("and", ("x0", "x1"))]')
    strength = np.abs(table.effects[0])
    order = np.argsort(-strength, kind="stable")[:m]
    found = order[strength[order] > 0]

    def overlap(places: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> float:
        common = int(wanted[places[places < len(wanted)]].sum())
        return common / (len(found) + m - common)

    generator = stream(seed, "sets moved for the intersection over union")
    replaced = random_sets(table.classes, table.class_sizes, draws=restarts, generator=generator)
    shares = [overlap(places[found]) for places in replaced]
    low, high = np.percentile(shares, (2.5, 97.5))
    return Similarity("IoU", overlap(found), float(np.mean(shares)), float(low), float(high))


def _known(model: InteractionModel, truth: object) -> InteractionModel:
    """The sets as a model of the same players, with effect 1 each."""
    if isinstance(truth, str | Mapping) or not is_iterable(truth):
        check_type("truth", truth, InteractionModel, what="a list of (kind, players), or a model", instead=_EXAMPLE)
    pairs = list[object](cast("Iterable[object]", truth)) if is_iterable(truth) else []
    kinds: list[str] = []
    masks = np.zeros((len(pairs), model.n_players), dtype=np.bool_)
    for row, pair in enumerate(pairs):
        kind, players = _pair(pair)
        for player in players:
            masks[row, _position(player, model.player_names)] = True
        kinds.append(kind)
    return InteractionModel(
        masks=masks,
        kinds=np.array(kinds, dtype="<U3"),
        effects=np.ones(len(kinds)),
        intercept=0.0,
        player_names=model.player_names,
        objective=float("nan"),
        lower_bound=float("nan"),
    )


def _pair(pair: object) -> tuple[str, list[object]]:
    parts = list[object](pair) if isinstance(pair, Sequence) and not isinstance(pair, str) else []
    if len(parts) != 2:
        raise SymbolscopeError(f"truth must hold (kind, players) each, such as {_EXAMPLE}; got {pair!r}")
    kind, players = parts
    if not isinstance(kind, str) or kind not in ("and", "or"):
        raise SymbolscopeError(f'the kind of a known interaction must be "and" or "or"; got {kind!r}')
    named: list[object] = []
    if isinstance(players, str):
        named = [players]
    elif isinstance(players, Iterable):
        named = list[object](players)
    if not named:
        raise SymbolscopeError(
            f"the players of a known interaction must be one or more, such as {_EXAMPLE}; got {pair!r}"
        )
    return kind, named


def _position(player: object, names: tuple[str, ...]) -> int:
    """Index of a player given by name or index."""
    if isinstance(player, str) and player in names:
        return names.index(player)
    position = -1 if isinstance(player, str) else whole_number("a player of truth that is no name", player)
    if not 0 <= position < len(names):
        raise SymbolscopeError(f"there is no player {player!r} in the model; its players are {', '.join(names[:10])}")
    return position
