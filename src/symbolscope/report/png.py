"""A PNG of an RGB array as a data URI, so that a page can show an image without a file or an imaging library."""

import base64
import struct
import zlib

import numpy as np
from numpy.typing import NDArray


def png_uri(pixels: NDArray[np.uint8]) -> str:
    """Encode uint8 [height, width, 3] as ``data:image/png;base64,...``.

    Examples
    --------
    >>> png_uri(np.zeros((1, 1, 3), dtype=np.uint8))[:32]
    'data:image/png;base64,iVBORw0KGg'
    """
    height, width, _ = pixels.shape
    # Filter 2 (each row minus the row above, modulo 256) compresses photographs far better than raw rows.
    above = np.vstack([np.zeros((1, width, 3), dtype=np.uint8), pixels[:-1]])
    rows = (pixels - above).reshape(height, width * 3)
    filtered = np.hstack([np.full((height, 1), 2, dtype=np.uint8), rows])
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)  # 8 bits, RGB, no interlace
    body = _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(filtered.tobytes(), 9)) + _chunk(b"IEND", b"")
    return "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + body).decode("ascii")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
