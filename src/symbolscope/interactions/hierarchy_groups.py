"""Players taken together: sentences of a text, patches of an image, columns of a table."""

import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, SupportsIndex, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.argument_checks import described
from symbolscope.core.sequence_checks import is_iterable
from symbolscope.errors import SymbolscopeError
from symbolscope.games.asking import Ask
from symbolscope.games.batch_sizes import BatchSizes
from symbolscope.games.game import Game
from symbolscope.games.spans import choose_spans, short_name
from symbolscope.games.view import ImageView, InputView, TableView, TextView
from symbolscope.games.words import Word, distinct_names
from symbolscope.shapes import Masks, Scores

if TYPE_CHECKING:
    GivenMembers: TypeAlias = Iterable[str | SupportsIndex]
    GivenPlayerGroups: TypeAlias = str | Iterable[str | GivenMembers] | Mapping[str, GivenMembers]
else:
    GivenMembers = GivenPlayerGroups = object  # refused below, with a message of its own

REST = "(rest)"
ROWS_AT_ONCE = 4096  # the game under the groups cuts them into batches of its own


@dataclass(frozen=True)
class PlayerGroup:
    """Some players of a game that are present or hidden together.

    Parameters
    ----------
    name
        What the group is called.
    members
        Indices of its players, in ascending order.
    """

    name: str
    members: tuple[int, ...]


class GroupedGame:
    """Values of a game when its players are hidden group by group: v(S) = game(union of the groups in S).

    Parameters
    ----------
    game
        The game.
    groups
        Groups that hold each of its players once.

    Examples
    --------
    >>> game = Game.from_function(lambda masks: masks.sum(axis=1), 3)
    >>> grouped = GroupedGame(game, (PlayerGroup("a", (0, 2)), PlayerGroup("b", (1,))))
    >>> grouped.game([[True, False], [True, True]]), grouped.calls
    (array([2., 3.]), 2)
    """

    def __init__(self, game: Game, groups: Sequence[PlayerGroup]) -> None:
        self.ask: Ask = game  # whoever keeps a store or workers open puts them here meanwhile
        self._group_of: NDArray[np.int64] = np.empty(game.n_players, dtype=np.int64)
        for number, group in enumerate(groups):
            self._group_of[list(group.members)] = number
        self.calls = 0
        names = distinct_names([group.name for group in groups])
        self.game = Game.from_function(self._values, len(groups), names)
        self.game.settings = game.settings | {"players": f"{len(groups)} groups of {game.n_players} players"}
        self.game.network = game.network
        if (rebuild := game._rebuild) is not None:  # pyright: ignore[reportPrivateUsage]
            self.game._given_baseline = game._given_baseline  # pyright: ignore[reportPrivateUsage]
            self.game._rebuild = lambda other, hidden: GroupedGame(rebuild(other, hidden), groups).game  # pyright: ignore[reportPrivateUsage]
        self.game.view = grouped_view(game.view, self._group_of, groups)
        self.game.batch_sizes = BatchSizes(start=ROWS_AT_ONCE, smallest=ROWS_AT_ONCE, largest=ROWS_AT_ONCE)

    def _values(self, masks: Masks) -> Scores:
        self.calls += len(masks)
        return self.ask(masks[:, self._group_of])


def choose_groups(game: Game, groups: GivenPlayerGroups) -> tuple[PlayerGroup, ...]:
    """Read the ``groups`` argument of :func:`symbolscope.explain_hierarchy`; players in no group make one more.

    Parameters
    ----------
    game
        The game.
    groups
        As there.

    Raises
    ------
    SymbolscopeError
        If a player is unknown or in two groups, a group is empty, or text is asked of a game that has none.

    Examples
    --------
    >>> game = Game.from_function(lambda masks: masks.sum(axis=1), 4, ["a", "b", "c", "d"])
    >>> [(group.name, group.members) for group in choose_groups(game, {"first": ["a", "b"], "third": ["c"]})]
    [('first', (0, 1)), ('third', (2,)), ('(rest)', (3,))]
    """
    if isinstance(groups, str):
        chosen = _groups_of_text(game, groups)
    elif isinstance(groups, Mapping):
        chosen = [PlayerGroup(str(name), _members(game, group)) for name, group in groups.items()]
    else:
        if not is_iterable(cast("object", groups)):
            raise SymbolscopeError(
                "groups must be 'sentence', a list of lists of players, or a mapping from names to lists of players; got "
                f"{described(groups)}"
            )
        chosen = [
            _groups_of_text(game, [group])[0] if isinstance(group, str) else _named_by_members(game, group)
            for group in groups
        ]
    if not chosen:
        raise SymbolscopeError("groups is empty; name at least one group of players")
    owner: dict[int, PlayerGroup] = {}
    for group in chosen:
        for member in group.members:
            if member in owner:
                raise SymbolscopeError(
                    f"player {game.player_names[member]!r} is in two groups, {owner[member].name!r} and {group.name!r}; "
                    "each player belongs to one"
                )
            owner[member] = group
    rest = tuple(player for player in range(game.n_players) if player not in owner)
    return (*chosen, PlayerGroup(REST, rest)) if rest else tuple(chosen)


def opened_groups(game: Game, groups: Sequence[PlayerGroup], opened: Sequence[int]) -> tuple[PlayerGroup, ...]:
    """Replace the groups with these numbers by their players, one group each."""
    finer: list[PlayerGroup] = []
    for number, group in enumerate(groups):
        singles = [PlayerGroup(game.player_names[member], (member,)) for member in group.members]
        finer += singles if number in opened else [group]
    return tuple(finer)


def grouped_view(
    view: InputView | None, group_of: NDArray[np.int64], groups: Sequence[PlayerGroup]
) -> InputView | None:
    """Draw the input with groups in the place of players.

    Examples
    --------
    >>> view = TextView((("not", 0), (" ", -1), ("bad", 1)))
    >>> grouped_view(view, np.array([0, 0]), [PlayerGroup("not bad", (0, 1))])
    TextView(fragments=(('not bad', 0),))
    """
    if isinstance(view, TextView):
        merged: list[tuple[str, int]] = []
        for text, player in view.fragments:
            group = int(group_of[player]) if player >= 0 else -1
            if (
                group >= 0
                and len(merged) > 1
                and merged[-1][1] < 0
                and not merged[-1][0].strip()
                and merged[-2][1] == group
            ):
                space, _ = merged.pop()
                merged[-1] = (merged[-1][0] + space + text, group)
            elif group >= 0 and merged and merged[-1][1] == group:
                merged[-1] = (merged[-1][0] + text, group)
            else:
                merged.append((text, group))
        return TextView(tuple(merged))
    if isinstance(view, ImageView):
        return ImageView(view.pixels, np.where(view.labels < 0, -1, group_of[view.labels]).astype(np.int64))
    if isinstance(view, TableView):
        rows: list[tuple[str, str, str]] = []
        for group in groups:
            members = [view.rows[member] for member in group.members]
            rows.append((group.name, "; ".join(row[1] for row in members), "; ".join(row[2] for row in members)))
        return TableView(tuple(rows))
    return None


def _groups_of_text(game: Game, spans: str | Sequence[str]) -> list[PlayerGroup]:
    """The players of each sentence or span of the text that the game's view shows."""
    if not isinstance(game.view, TextView):
        raise SymbolscopeError(
            f"groups={spans!r} names parts of a text, but {game!r} is not of one; give lists of players, such as "
            f"[[{game.player_names[0]!r}, ...], ...]"
        )
    text = "".join(fragment for fragment, _ in game.view.fragments)
    if spans == "word":
        raise SymbolscopeError("groups must be larger than words; give 'sentence' or spans of several words")
    places: list[tuple[Word, int]] = []
    start = 0
    for fragment, player in game.view.fragments:
        if player >= 0:
            places.append((Word(fragment, start, start + len(fragment)), player))
        start += len(fragment)
    groups: list[PlayerGroup] = []
    for span in choose_spans(text, spans):
        members = sorted({player for word, player in places if span.start <= word.start < span.end})
        if members:
            groups.append(PlayerGroup(short_name(span.text), tuple(members)))
        elif not isinstance(spans, str):
            raise SymbolscopeError(f"no player of the game begins in {span.text!r}; its players are {_shown(game)}")
    return groups


def _named_by_members(game: Game, group: GivenMembers) -> PlayerGroup:
    members = _members(game, group)
    return PlayerGroup(short_name(" + ".join(game.player_names[member] for member in members)), members)


def _members(game: Game, group: GivenMembers) -> tuple[int, ...]:
    if isinstance(group, str) or not is_iterable(cast("object", group)):
        raise SymbolscopeError(
            f"a group must be a list of players; got {described(group)}. For a group of this one type [{described(group)}]"
        )
    members: list[int] = []
    for player in group:
        if isinstance(player, str) and player in game.player_names:
            index = game.player_names.index(player)
        elif isinstance(player, SupportsIndex) and not isinstance(player, (bool, np.bool_)):
            index = operator.index(player)
        else:
            index = -1
        if not 0 <= index < game.n_players:
            raise SymbolscopeError(f"the game has no player {described(player)}; its players are {_shown(game)}")
        members.append(index)
    if not members:
        raise SymbolscopeError("a group holds no player; leave it out")
    return tuple(sorted(set(members)))


def _shown(game: Game) -> str:
    more = f" and {game.n_players - 12} more" if game.n_players > 12 else ""
    return ", ".join(repr(name) for name in game.player_names[:12]) + more
