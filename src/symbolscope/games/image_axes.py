"""Which axes of an image are height, width and channels."""

import numpy as np
from numpy.typing import NDArray

from symbolscope.errors import SymbolscopeError


def image_size(shape: tuple[int, ...]) -> tuple[int, int]:
    """Height and width of an image's shape, with or without channels.

    Examples
    --------
    >>> image_size((3, 28, 30)), image_size((28, 30, 3)), image_size((28, 30))
    ((28, 30), (28, 30), (28, 30))
    """
    if len(shape) not in (2, 3):
        raise SymbolscopeError(
            f"an image has shape (H, W), (C, H, W) or (H, W, C), without a batch axis; got {tuple(shape)}"
        )
    axis = channel_axis(shape)
    height, width = (size for i, size in enumerate(shape) if i != axis)
    return height, width


def channel_axis(shape: tuple[int, ...]) -> int | None:
    """Return which axis of an image's shape holds the channels: 0, 2, or None for (H, W).

    Examples
    --------
    >>> channel_axis((3, 28, 30)), channel_axis((28, 30, 3)), channel_axis((28, 30))
    (0, 2, None)
    """
    if len(shape) == 2:
        return None
    return 2 if shape[0] not in (1, 3, 4) and shape[2] in (1, 3, 4) else 0


def spread_over_channels(pixels: NDArray[np.int64], shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Repeat per-pixel values [H, W] over the channels of an image's shape.

    Examples
    --------
    >>> spread_over_channels(np.array([[0, 1], [2, 3]]), (3, 2, 2)).shape
    (3, 2, 2)
    """
    axis = channel_axis(shape)
    with_channels = pixels if axis is None else np.expand_dims(pixels, axis)
    return np.ascontiguousarray(np.broadcast_to(with_channels, shape))
