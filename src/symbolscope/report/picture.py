"""An image input as a page draws it: the picture, and the outline of each player's pixels."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from symbolscope.games.view import ImageView
from symbolscope.report.png import png_uri

_MOST_PIXELS = 320  # along the longer side; a page of several explanations must stay below a megabyte
_LONGER_SIDE = 320.0  # drawing units, about as many as the pixels on a screen, so that lines keep their width


@dataclass(frozen=True)
class Picture:
    """A PNG and one SVG path per player, in drawing units: the longer side is 320 whatever the image's size.

    Parameters
    ----------
    uri
        The PNG as a data URI.
    width, height
        Its size in drawing units.
    coarse
        Whether its pixels are so few that they should be drawn as squares.
    regions
        (player, SVG path of the border of its pixels), players without pixels left out.
    """

    uri: str
    width: float
    height: float
    coarse: bool
    regions: tuple[tuple[int, str], ...]


def draw_picture(view: ImageView) -> Picture:
    """Shrink the image to a size a page can carry and trace the players' outlines.

    Examples
    --------
    >>> view = ImageView(np.zeros((2, 4, 3), dtype=np.uint8), np.array([[0, 0, 1, 1]] * 2))
    >>> draw_picture(view).regions
    ((0, 'M0 0H160V160H0Z'), (1, 'M160 0H320V160H160Z'))
    """
    step = -(-max(view.pixels.shape[:2]) // _MOST_PIXELS)
    pixels, labels = _shrink(view.pixels, step), view.labels[::step, ::step]
    players = [int(player) for player in np.unique(labels) if player >= 0]
    unit = _LONGER_SIDE / max(labels.shape)
    regions = tuple((player, outline(labels == player, unit)) for player in players)
    height, width = (round(size * unit, 2) for size in labels.shape)
    return Picture(png_uri(pixels), width, height, max(labels.shape) < 160, regions)


def _shrink(pixels: NDArray[np.uint8], step: int) -> NDArray[np.uint8]:
    if step <= 1:
        return pixels
    rows, columns = np.arange(0, pixels.shape[0], step), np.arange(0, pixels.shape[1], step)
    sums = np.add.reduceat(np.add.reduceat(pixels.astype(np.float64), rows, axis=0), columns, axis=1)
    heights: NDArray[np.float64] = np.diff(np.append(rows, pixels.shape[0])).astype(np.float64)
    widths: NDArray[np.float64] = np.diff(np.append(columns, pixels.shape[1])).astype(np.float64)
    areas: NDArray[np.float64] = np.outer(heights, widths)
    return np.rint(sums / areas[:, :, None]).astype(np.uint8)


def outline(inside: NDArray[np.bool_], unit: float = 1.0) -> str:
    """SVG path around the True pixels of a bool [height, width] array, holes included; a pixel is ``unit`` wide.

    Examples
    --------
    >>> outline(np.array([[True, True], [True, False]]))
    'M0 0H2V1H1V2H0Z'
    """
    following = _border_edges(inside)
    path: list[str] = []
    while following:
        start = min(following, key=lambda point: (point[1], point[0]))
        corners = _loop(following, start)
        path.append(f"M{corners[0][0] * unit:.6g} {corners[0][1] * unit:.6g}")
        # Borders run along the pixel grid, so every step between corners is horizontal or vertical.
        for before, after in pairwise(corners):
            path.append(f"H{after[0] * unit:.6g}" if before[1] == after[1] else f"V{after[1] * unit:.6g}")
        path.append("Z")
    return "".join(path)


_Point = tuple[int, int]  # (x, y), corners of pixels


def _border_edges(inside: NDArray[np.bool_]) -> dict[_Point, list[_Point]]:
    """List the unit edges between a True and a False pixel, each directed with the True pixel on its right."""
    padded = np.pad(inside, 1)
    # (neighbour's offset, where the edge starts, where it ends), for a pixel whose top left corner is (x, y)
    sides = (((-1, 0), (0, 0), (1, 0)), ((0, 1), (1, 0), (1, 1)), ((1, 0), (1, 1), (0, 1)), ((0, -1), (0, 1), (0, 0)))
    following: dict[_Point, list[_Point]] = {}
    for (down, right), start, end in sides:
        neighbour = np.roll(padded, (-down, -right), axis=(0, 1))[1:-1, 1:-1]
        rows, columns = np.nonzero(inside & ~neighbour)
        for y, x in zip(rows.tolist(), columns.tolist(), strict=True):
            following.setdefault((x + start[0], y + start[1]), []).append((x + end[0], y + end[1]))
    return following


def _loop(following: dict[_Point, list[_Point]], start: _Point) -> list[_Point]:
    """Walk from ``start`` back to it, using the edges up, and keep only the corners."""
    corners, here = [start], start
    while True:
        ends = following[here]
        there = ends.pop()
        if not ends:
            del following[here]
        last, before = corners[-1], corners[-2] if len(corners) > 1 else (-1, -1)
        if before[0] == last[0] == there[0] or before[1] == last[1] == there[1]:
            corners[-1] = there  # straight on
        else:
            corners.append(there)
        here = there
        if here == start:
            return corners[:-1]  # the path's Z draws the last side
