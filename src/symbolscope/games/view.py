"""What the input of a game looks like to a person, so that a page or a terminal can draw it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class TableView:
    """A row of a table: one line per player.

    Parameters
    ----------
    rows
        (player name, value in the sample, value when hidden), both as text, in the order of the players.
    """

    rows: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class TextView:
    """A text cut into fragments, in reading order; joined, they give the text back.

    Parameters
    ----------
    fragments
        (fragment, player): player is -1 for background (spaces, words that are always present).
    """

    fragments: tuple[tuple[str, int], ...]


@dataclass(frozen=True, eq=False)
class ImageView:
    """An image and the player of each pixel.

    Parameters
    ----------
    pixels
        uint8 [height, width, 3], what is shown.
    labels
        int64 [height, width]: the player of each pixel, -1 for background.
    """

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]


InputView = TableView | TextView | ImageView
