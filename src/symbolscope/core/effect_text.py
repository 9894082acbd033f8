"""Effects as text: always with digits that count, whatever the unit of the score is.

A table has one number of digits for all of its effects, so that they can be compared by eye; a number that would read as zero and
is not is written with an exponent instead.
"""

import math

# Outside of these the digits before or after the point are too many to be read, and an exponent says more.
_SMALLEST, _LARGEST = 1e-4, 1e9
_DIGITS = 4
_TABLE_SCALE = 0.01
_MISLEADING = 0.1  # relative error of rounding that a reader would not expect


def effect_decimals(scale: float) -> int:
    """Digits after the point that show about five digits of a number of size ``scale``; below 0: so many, with an exponent.

    Examples
    --------
    >>> effect_decimals(3.2), effect_decimals(250.0), effect_decimals(0.004), effect_decimals(0.0)
    (4, 2, 7, 4)
    >>> effect_decimals(3e-7), effect_decimals(2e12)
    (-4, -4)
    """
    if not math.isfinite(scale) or scale <= 0.0:
        return _DIGITS
    if not _SMALLEST <= scale < _LARGEST:
        return -_DIGITS
    return max(1, _DIGITS - math.floor(math.log10(scale)))


def table_decimals(scale: float) -> int:
    """The same for a plain table: four digits after the point as long as they show the largest effect.

    Examples
    --------
    >>> table_decimals(250.0), table_decimals(0.02), table_decimals(0.004), table_decimals(3e-7)
    (4, 4, 7, -4)
    """
    decimals = effect_decimals(scale)
    return decimals if decimals < 0 or 0.0 < scale < _TABLE_SCALE else _DIGITS


def magnitude(value: float, decimals: int) -> str:
    """|value| with so many digits after the point; below 0: so many, with an exponent.

    Examples
    --------
    >>> magnitude(-1.25, 2), magnitude(3e-7, -4), magnitude(0.0, -4)
    ('1.25', '3.0000e-7', '0')
    """
    if decimals >= 0 or not math.isfinite(value):
        return f"{abs(value):.{max(decimals, 0)}f}"
    if value == 0.0:
        return "0"
    digits, _, exponent = f"{abs(value):.{-decimals}e}".partition("e")
    return f"{digits}e{int(exponent):+d}"


def effect_text(value: float, decimals: int, *, minus: str = "-") -> str:
    """An effect with its sign (that of 0 is +), never as zero unless it is.

    Examples
    --------
    >>> effect_text(1.25, 4), effect_text(-3e-7, -4), effect_text(-3e-7, 4), effect_text(0.0, 4)
    ('+1.2500', '-3.0000e-7', '-3.00e-7', '+0.0000')
    """
    text = magnitude(value, decimals)
    if float(text) == 0.0 and value != 0.0:
        text = magnitude(value, -2)
    if math.isnan(value):
        return text
    return (minus if math.copysign(1.0, value) < 0 else "+") + text


def digits_for(value: float, decimals: int = 3) -> str:
    """A score or an error with so many decimals, and as many significant digits where those would say little of it.

    Examples
    --------
    >>> digits_for(0.9876), digits_for(-0.5), digits_for(0.0014), digits_for(3.1e-14), digits_for(0.0)
    ('0.988', '-0.500', '0.0014', '3.1e-14', '0.000')
    """
    text = f"{value:.{decimals}f}"
    if math.isfinite(value) and abs(float(text) - value) > _MISLEADING * abs(value):
        return f"{value:.{decimals}g}"
    return text
