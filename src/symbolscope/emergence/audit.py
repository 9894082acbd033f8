"""How much of a network's output rests on what it should not use."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from math import comb
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.printable_text import printable
from symbolscope.emergence.check_type import GivenModel, check_model, check_type
from symbolscope.emergence.frame import frame_of
from symbolscope.errors import SymbolscopeError
from symbolscope.interactions.model import InteractionModel

if TYPE_CHECKING:
    import pandas

    GivenTags: TypeAlias = Mapping[str, str]
else:
    GivenTags = object  # refused below, with a message of its own

_TAGS = ("relevant", "irrelevant", "forbidden")
_SIGNS = ("all", "positive", "negative")
_SHOWN = 5


@dataclass(frozen=True, eq=False, repr=False)
class Audit:
    """Shares of interaction strength by what the interactions contain.

    Rows: only relevant players; an irrelevant but no forbidden player; a forbidden player. Columns: all effects, positive ones,
    negative ones. Each column adds up to 1 (nan where there is no such effect).

    Attributes
    ----------
    shares
        float64 [3, 3].
    chance
        float64 [3, 3], the same if the strength of each order were spread evenly over all sets of that order.
    suspect
        The interactions with a forbidden player, or where there is none of those an irrelevant one, strongest first.
    tags
        Tag of each player.
    """

    shares: NDArray[np.float64]
    chance: NDArray[np.float64]
    suspect: InteractionModel = field(repr=False)
    tags: Mapping[str, str]

    def share(self, tag: str, sign: str = "all") -> float:
        """Share of the strength of one sign ("all", "positive", "negative") in the row of one tag."""
        return float(self.shares[_position(tag, _TAGS, "tag"), _position(sign, _SIGNS, "sign")])

    def to_frame(self) -> "pandas.DataFrame":
        """One row per tag and sign, with its chance. Needs pandas."""
        return frame_of(
            {
                "players": np.repeat(_TAGS, len(_SIGNS)),
                "effects": np.tile(_SIGNS, len(_TAGS)),
                "share": self.shares.reshape(-1),
                "chance": self.chance.reshape(-1),
            }
        )

    def to_text(self) -> str:
        """Shares beside chance, then the strongest suspect interactions."""
        rows = ("only relevant players", "an irrelevant player", "a forbidden player")
        lines = [f"{'share of strength (chance)':<26}" + "".join(f"{sign:>16}" for sign in _SIGNS)]
        for row, shares, chances in zip(rows, self.shares, self.chance, strict=True):
            cells = (
                "-" if np.isnan(share) else f"{share:.0%} ({chance:.0%})"
                for share, chance in zip(shares, chances, strict=True)
            )
            lines.append(f"{row:<26}" + "".join(f"{cell:>16}" for cell in cells))
        return "\n".join([*lines, self.suspect.to_text(_SHOWN)] if self.suspect.complexity else lines)

    def __repr__(self) -> str:
        return printable(self.to_text(), keep="\n")


def audit(model: GivenModel, tags: GivenTags) -> Audit:
    """Sum interaction strength by whether the interactions contain players that the network should not use.

        share(forbidden) = sum of |I(S)| over S with a forbidden player / sum of |I(S)|

    and so on for positive and negative effects alone. An accurate output may rest on forbidden players; their share is to be
    read beside chance: of C(n, m) sets of order m, C(n - f, m) have none of f forbidden players.

    Parameters
    ----------
    model
        The explanation.
    tags
        Player name to "relevant", "irrelevant" or "forbidden"; players left out are relevant.

    Raises
    ------
    SymbolscopeError
        If there is no such player or tag, or the arguments are of other types.

    Source: 2410.09083, which tags the words of legal cases so.

    Examples
    --------
    >>> import symbolscope as sy
    >>> model = sy.decompose([0.0, 1.0, 0.0, 4.0], player_names=["income", "postcode"])
    >>> audit(model, {"postcode": "forbidden"})
    share of strength (chance)             all        positive        negative
    only relevant players            25% (12%)       25% (12%)               -
    an irrelevant player               0% (0%)         0% (0%)               -
    a forbidden player               75% (88%)       75% (88%)               -
      effect  kind  players
     +3.0000  and   income, postcode
    """
    check_model("model", model)
    check_type(
        "tags",
        tags,
        Mapping,
        what="a mapping of player names to tags",
        instead='audit(model, {"postcode": "forbidden"})',
    )
    for name, tag in tags.items():
        if name not in model.player_names:
            near = get_close_matches(str(name), model.player_names, n=3)
            raise SymbolscopeError(
                f"there is no player {name!r} to tag; the nearest are {near or list(model.player_names[:3])}"
            )
        if tag not in _TAGS:
            raise SymbolscopeError(f'the tag of {name!r} must be "relevant", "irrelevant" or "forbidden"; got {tag!r}')
    ranks = np.array([_TAGS.index(tags.get(name, "relevant")) for name in model.player_names])
    rows = np.where(model.masks, ranks, 0).max(axis=1, initial=0)
    filled = model.orders > 0
    n, forbidden, irrelevant = model.n_players, int((ranks == 2).sum()), int((ranks == 1).sum())
    # [n + 1, 3]: share of the sets of each order in each row.
    by_order = np.zeros((n + 1, 3))
    for order in range(1, n + 1):
        allowed, relevant = comb(n - forbidden, order), comb(n - forbidden - irrelevant, order)
        by_order[order] = np.array([relevant, allowed - relevant, comb(n, order) - allowed]) / comb(n, order)
    shares, chance = np.full((3, 3), np.nan), np.full((3, 3), np.nan)
    for column, sign in enumerate((0.0, 1.0, -1.0)):
        chosen = filled & ((model.effects * sign > 0) if sign else True)
        strength = np.where(chosen, np.abs(model.effects), 0.0)
        total = float(strength.sum())
        if total > 0:
            shares[:, column] = np.bincount(rows, weights=strength, minlength=3) / total
            chance[:, column] = np.bincount(model.orders, weights=strength, minlength=n + 1) @ by_order / total
    worst = int(rows.max(initial=0))
    suspect = model.restrict((rows == worst) & (worst > 0))
    named = {name: _TAGS[rank] for name, rank in zip(model.player_names, ranks, strict=True)}
    return Audit(shares, chance, suspect, named)


def _position(given: str, known: tuple[str, ...], what: str) -> int:
    if given not in known:
        raise SymbolscopeError(f"the {what} must be one of {', '.join(known)}; got {given!r}")
    return known.index(given)
