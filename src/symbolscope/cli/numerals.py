"""Numbers and sizes as a user types them."""

import math
import re


def number(text: str) -> float | None:
    """A finite number, or None.

    Examples
    --------
    >>> number("0.5"), number("-1"), number("five"), number("nan")
    (0.5, -1.0, None, None)
    """
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def size(text: str) -> tuple[int, int] | None:
    """Two positive whole numbers joined by an x, such as rows and columns; or None.

    Examples
    --------
    >>> size("3x4"), size("3 X 4"), size("3"), size("0x2")
    ((3, 4), (3, 4), None, None)
    """
    match = re.fullmatch(r"\s*([0-9]{1,6})\s*[xX×]\s*([0-9]{1,6})\s*", text)
    if match is None:
        return None
    rows, cols = int(match[1]), int(match[2])
    return (rows, cols) if rows and cols else None


def per_channel(text: str) -> tuple[float, ...] | None:
    """One number, or several separated by commas; or None.

    Examples
    --------
    >>> per_channel("0.5"), per_channel("0.485, 0.456, 0.406"), per_channel("red")
    ((0.5,), (0.485, 0.456, 0.406), None)
    """
    values = [number(part) for part in text.split(",")]
    return tuple(value for value in values if value is not None) if None not in values else None
