"""Players whose sample equals their baseline: hiding them changes nothing, which says nothing of the network."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from symbolscope.core.name_list import name_list

# Names written out in the settings of a game; of an image's black patches there may be hundreds.
_NAMED = 8
EVERY = "every player"


def unchanged_names(relevant: NDArray[np.bool_], names: Sequence[str]) -> tuple[str, ...]:
    """Names of the players that equal their baseline.

    Parameters
    ----------
    relevant
        bool [n]: whether hiding a player changes the network's input, in the type that the network takes.
    names
        Of the players [n].
    """
    return tuple(name for name, changes in zip(names, relevant, strict=True) if not changes)


def unchanged_text(relevant: NDArray[np.bool_], names: Sequence[str]) -> str | None:
    """The same for the settings; None if there is none.

    Examples
    --------
    >>> unchanged_text(np.array([True, False]), ["age", "dose"]), unchanged_text(np.array([False, False]), ["age", "dose"])
    ('dose', 'every player')
    >>> unchanged_text(np.array([True, True]), ["age", "dose"])
    """
    unchanged = unchanged_names(relevant, names)
    if not unchanged:
        return None
    return EVERY if len(unchanged) == len(names) else name_list(unchanged, most=_NAMED)
