"""Views of a game's input: the table, image or text that a page draws."""

import numpy as np
from numpy.typing import NDArray

from symbolscope.games.image_axes import channel_axis
from symbolscope.games.players import Players
from symbolscope.games.view import ImageView, InputView, TableView


def input_view(sample: NDArray[np.generic], baseline: NDArray[np.generic], players: Players) -> InputView | None:
    """Draw a sample: a table if it is a row, an image if it looks like one, else None.

    Parameters
    ----------
    sample, baseline
        Arrays of one shape.
    players
        Players with labels of that shape.

    Examples
    --------
    >>> input_view(np.array([1.5, 2.0]), np.zeros(2), Players.columns(["age", "dose"]))
    TableView(rows=(('age', '1.5', '0'), ('dose', '2', '0')))
    """
    if sample.ndim == 1:
        return _table(sample, baseline, players)
    if sample.ndim in (2, 3):
        return _image(sample, players)
    return None


def _table(sample: NDArray[np.generic], baseline: NDArray[np.generic], players: Players) -> TableView:
    rows = [
        (name, _numbers(sample[players.labels == player]), _numbers(baseline[players.labels == player]))
        for player, name in enumerate(players.names)
    ]
    return TableView(tuple(rows))


def _numbers(values: NDArray[np.generic]) -> str:
    shown = ", ".join(f"{float(value):.4g}" for value in values[:4])
    return shown + (", ..." if len(values) > 4 else "")


def _image(sample: NDArray[np.generic], players: Players) -> ImageView | None:
    axis = channel_axis(sample.shape)
    pixels = np.asarray(sample, dtype=np.float64)
    pixels = pixels[:, :, None] if axis is None else np.moveaxis(pixels, axis, -1)  # [H, W, C]
    labels = players.labels[:, :, None] if axis is None else np.moveaxis(players.labels, axis, -1)
    height, width, channels = pixels.shape
    per_pixel = labels[:, :, 0]
    if channels not in (1, 3, 4) or min(height, width) < 4 or (labels != per_pixel[:, :, None]).any():
        return None  # a point cloud, an embedding, or players that are channels
    if (per_pixel == per_pixel[:, :1]).all() and axis is None and height > 8 * width:
        return None
    if channels == 4:
        pixels = pixels[:, :, :3]  # drawn without its transparency
    if sample.dtype != np.uint8:
        low, high = pixels.min(), pixels.max()
        if low < 0 or high > 1:  # normalised pixels: stretch them; pixels in [0, 1] keep their brightness
            pixels = (pixels - low) / max(high - low, 1e-12)
        pixels = pixels * 255
    rgb = np.repeat(pixels, 3, axis=2) if channels == 1 else pixels
    return ImageView(np.round(rgb).astype(np.uint8), np.ascontiguousarray(per_pixel))
