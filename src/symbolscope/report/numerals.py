"""Numbers as a page and a terminal print them: enough digits to compare by eye, signs that line up."""

import math

from symbolscope.core.effect_text import effect_text, magnitude

MINUS = "\u2212"  # as wide as "+", so that signed columns line up


def signed(value: float, decimals: int) -> str:
    """``value`` with its sign always written; decimals below 0 mean an exponent, see :func:`effect_decimals`.

    Examples
    --------
    >>> signed(1.25, 2), signed(-0.5, 2), signed(-0.0001, 2), signed(-3e-7, -4)
    ('+1.25', '−0.50', '0.00', '−3.0000e-7')
    """
    text = magnitude(value, decimals)
    if float(text) == 0.0:
        return text
    return f"+{text}" if value > 0 else MINUS + text


def effect(value: float, decimals: int) -> str:
    """An effect with its sign, never as zero unless it is.

    Examples
    --------
    >>> effect(1.25, 4), effect(-3e-7, 4), effect(0.0, 4)
    ('+1.2500', '−3.00e-7', '0.0000')
    """
    return magnitude(value, decimals) if value == 0.0 else effect_text(value, decimals, minus=MINUS)


def coarser(decimals: int) -> int:
    """Two digits fewer, as many as an axis needs."""
    return max(decimals - 2, 0) if decimals >= 0 else min(decimals + 2, -1)


def plain(value: float, digits: int = 4) -> str:
    """``value`` to a few significant digits, thousands grouped.

    Examples
    --------
    >>> plain(1234.5), plain(0.00012345), plain(-2.0), plain(float("nan"))
    ('1,234', '0.0001234', '−2', 'unknown')
    """
    if not math.isfinite(value):
        return "unknown"
    if value and (abs(value) < 1e-4 or abs(value) >= 1e9):
        return f"{value:.{digits - 1}g}".replace("-", MINUS)
    decimals = 0 if value == 0 else max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{decimals}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace("-", MINUS)


def percent(fraction: float) -> str:
    r"""Write a fraction in percent, rounded down so that less than all never reads as 100.

    Examples
    --------
    >>> percent(0.9537), percent(0.99999), percent(1.0)  # the space does not break
    ('95.3\xa0%', '99.9\xa0%', '100\xa0%')
    """
    if not math.isfinite(fraction):
        return "unknown"
    if fraction >= 1.0 - 1e-12:
        return "100\u00a0%"
    return f"{math.floor(fraction * 1000.0 + 1e-9) / 10.0:g}\u00a0%".replace("-", MINUS)


def several(count: int, one: str, many: str | None = None) -> str:
    """Write a count with its noun.

    Examples
    --------
    >>> several(1, "interaction"), several(1024, "masked input")
    ('1 interaction', '1,024 masked inputs')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"
