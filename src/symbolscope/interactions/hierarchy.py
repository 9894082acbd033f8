"""Explain a large input in two steps: first its parts, then what lies inside the parts that matter."""

from dataclasses import dataclass
from numbers import Real

import numpy as np

from symbolscope.core.argument_checks import Flag, Number, Seed, WholeNumber
from symbolscope.core.checked_call import takes
from symbolscope.core.effect_text import digits_for, effect_text
from symbolscope.core.printable_text import printable
from symbolscope.errors import SymbolscopeError
from symbolscope.games.asking import Ask, GivenExecutor, GivenStore, asking
from symbolscope.games.game import GAME, Game
from symbolscope.games.given import GivenCount, GivenNumber
from symbolscope.interactions.explain import explain
from symbolscope.interactions.hierarchy_groups import (
    GivenPlayerGroups,
    GroupedGame,
    PlayerGroup,
    choose_groups,
    opened_groups,
)
from symbolscope.interactions.model import InteractionModel


@dataclass(frozen=True)
class OpenedGroup:
    """A group whose players were looked at one by one, and why.

    Parameters
    ----------
    name
        The group.
    players
        Names of its players.
    strength
        Sum of |effect| over the salient interactions in which it takes part, in units of the score.
    interactions
        Those interactions, strongest first, as text.
    """

    name: str
    players: tuple[str, ...]
    strength: float
    interactions: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """Explanations of one input, coarse and fine.

    Both levels are games of the same network on the same input: with the players of every opened group all present or all
    hidden, the finer game has the value of the coarser one.

    Parameters
    ----------
    levels
        The groups' interactions, then those of the opened groups' players beside the other groups; the second is missing
        if no group was opened.
    groups
        The groups of the first level.
    opened
        The groups that were opened, strongest first.
    calls
        Masked inputs that were evaluated, all levels together.

    Examples
    --------
    >>> import symbolscope as sy
    >>> game = sy.Game.from_function(lambda m: 2.0 * m[:, 0] * m[:, 1] - 1.0 * m[:, 4], 6)
    >>> hierarchy = explain_hierarchy(game, [["x0", "x1"], ["x2", "x3"], ["x4", "x5"]])
    >>> [group.name for group in hierarchy.opened]
    ['x0 + x1', 'x4 + x5']
    >>> print(hierarchy.finest.top(1).to_text())
      effect  kind  players
     +2.0000  and   x0, x1
    """

    levels: tuple[InteractionModel, ...]
    groups: tuple[PlayerGroup, ...]
    opened: tuple[OpenedGroup, ...]
    calls: int

    @property
    def finest(self) -> InteractionModel:
        """The last level."""
        return self.levels[-1]

    @takes({"k": WholeNumber(least=0)})
    def to_text(self, k: int = 10) -> str:
        """Return the levels as text, the ``k`` strongest interactions of each, and what was opened between them.

        Examples
        --------
        >>> import symbolscope as sy
        >>> game = sy.Game.from_function(lambda m: 2.0 * m[:, 0] * m[:, 1], 4)
        >>> print(explain_hierarchy(game, {"front": [0, 1], "back": [2, 3]}).to_text())
        2 groups of players:
          effect  kind  players
         +2.0000  and   front
        opened: front (2 players; 2.0000 in 1 salient interaction)
        3 players:
          effect  kind  players
         +2.0000  and   x0, x1
        12 masked inputs evaluated
        """
        lines = [f"{self.levels[0].n_players} groups of players:", self.levels[0].to_text(k)]
        if not self.opened:
            lines.append("opened: none; no group of several players takes part in a salient interaction")
        for group in self.opened:
            count = len(group.interactions)
            lines.append(
                f"opened: {printable(group.name)} ({len(group.players)} players; {digits_for(group.strength, 4)} in {count} "
                f"salient interaction{'' if count == 1 else 's'})"
            )
        for level in self.levels[1:]:
            lines += [f"{level.n_players} players:", level.to_text(k)]
        return "\n".join([*lines, f"{self.calls:,} masked inputs evaluated"])


@takes({"gap": Number(finite=False), "game": GAME, "seed": Seed(), "progress": Flag()})
def explain_hierarchy(
    game: Game,
    groups: GivenPlayerGroups = "sentence",
    *,
    threshold: GivenNumber = 0.05,
    most_opened: GivenCount | None = None,
    max_calls: int | None = None,
    tolerance: float | str = 0.0,
    method: str = "auto",
    gap: float = 1e-3,
    kinds: str = "and-or",
    seed: int = 0,
    store: GivenStore = None,
    executor: GivenExecutor = None,
    progress: bool | None = None,
) -> Hierarchy:
    """Explain groups of players first, then the players of the groups that matter.

    Level 0 is the game v0(S) = v(union of the groups in S), explained by :func:`symbolscope.explain`. A group that takes part
    in a salient interaction (|effect| at least ``threshold`` times the largest) is opened: in level 1 its players are on their own,
    and every other group stays one player. With g groups of w players of which o are opened, this is a game of g and one of
    g - o + o w players instead of one of g w.

    A group that the first level finds idle stays closed: what its players do against each other is not seen.

    Parameters
    ----------
    game
        A game of the single players: words, patches, columns.
    groups
        "sentence" (texts); or a list of groups, each a list of players by name or index, or, for a text, a string that
        occurs in it; or a mapping from the group's name to its players. Players in no group make one more, "(rest)".
    threshold
        What is salient, as a fraction of the largest effect.
    most_opened
        Open at most so many groups, those of the largest summed salient |effect|; None opens all that qualify.
    max_calls, tolerance, method, gap, kinds, seed, progress
        As for :func:`symbolscope.explain`, for each level.
    store, executor
        As for :func:`symbolscope.evaluate`; both levels ask the game of the single players.

    Raises
    ------
    SymbolscopeError
        If a player is unknown or in two groups, the game is not of a text where the groups are, or as
        :func:`symbolscope.explain` does.

    Source: the coalition game between given unions is Owen's ("Values of games with a priori unions", 1977); what is salient,
    2305.01939, section 4.

    Examples
    --------
    >>> import symbolscope as sy
    >>> game = sy.Game.from_function(lambda m: m[:, 0] + 3.0 * m[:, 2:4].all(axis=1), 24)
    >>> thirds = {"first": range(8), "second": range(8, 16), "third": range(16, 24)}
    >>> hierarchy = explain_hierarchy(game, thirds)
    >>> print(hierarchy.levels[0].to_text())
      effect  kind  players
     +4.0000  and   first
    >>> hierarchy.finest.n_players, hierarchy.calls
    (10, 1032)
    """
    if not isinstance(threshold, Real) or isinstance(threshold, np.timedelta64) or not 0 <= threshold <= 1:
        raise SymbolscopeError(
            f"threshold must be a number between 0 and 1, a fraction of the largest effect; got {threshold!r}"
        )
    most = None if most_opened is None else WholeNumber(least=1).read("most_opened", most_opened)
    chosen = choose_groups(game, groups)
    coarse = GroupedGame(game, chosen)

    def explained(grouped: GroupedGame, ask: Ask) -> InteractionModel:
        grouped.ask = ask
        try:
            return explain(
                grouped.game,
                max_calls=max_calls,
                tolerance=tolerance,
                method=method,
                gap=gap,
                kinds=kinds,
                seed=seed,
                progress=progress,
            )
        finally:
            grouped.ask = game

    with asking(game, store=store, executor=executor, progress=False) as ask:
        first = explained(coarse, ask)
        strengths = _strengths(first.salient(float(threshold)), chosen)
        ranked = sorted(strengths, key=lambda number: -strengths[number][0])[:most]
        if not ranked:
            return Hierarchy((first,), chosen, (), coarse.calls)
        opened = tuple(
            OpenedGroup(
                coarse.game.player_names[number],
                tuple(game.player_names[member] for member in chosen[number].members),
                *strengths[number],
            )
            for number in ranked
        )
        fine = GroupedGame(game, opened_groups(game, chosen, ranked))
        second = explained(fine, ask)
    return Hierarchy((first, second), chosen, opened, coarse.calls + fine.calls)


def _strengths(salient: InteractionModel, groups: tuple[PlayerGroup, ...]) -> dict[int, tuple[float, tuple[str, ...]]]:
    """For each group of several players in a salient interaction: the summed |effect|, and the interactions."""
    found: dict[int, tuple[float, tuple[str, ...]]] = {}
    for number, group in enumerate(groups):
        rows = np.flatnonzero(salient.masks[:, number] & (salient.effects != 0.0))
        if len(rows) and len(group.members) > 1:
            labels = tuple(
                f"{effect_text(float(salient.effects[row]), 4)} {salient.kinds[row]} {salient.label(int(row))}"
                for row in rows
            )
            found[number] = float(np.abs(salient.effects[rows]).sum()), labels
    return found
