"""JSON from a file that may be damaged or hostile: plain data, or a refusal."""

import json
import math
from typing import Any

from symbolscope.errors import SymbolscopeError

_MOST_DIGITS = 40  # of a whole number; the largest that is ever written has 19


def read_json(text: str | bytes, source: str) -> Any:
    """Read JSON text; NaN and Infinity, which Python writes, are numbers.

    Parameters
    ----------
    text
        The text, or its UTF-8 bytes.
    source
        What messages call the file.

    Raises
    ------
    SymbolscopeError
        If it is no JSON, a name is given twice, brackets nest too deeply, or a number is longer than any that is written.

    Examples
    --------
    >>> read_json('{"a": [1, 2.5, null]}', "file")
    {'a': [1, 2.5, None]}
    >>> read_json("[" * 100_000, "file")
    Traceback (most recent call last):
    symbolscope.errors.SymbolscopeError: file is damaged: its JSON cannot be read: brackets nest too deeply
    """
    try:
        decoded = text.decode("utf-8") if isinstance(text, bytes) else text
        return json.loads(decoded, object_pairs_hook=_without_repeats, parse_int=_whole, parse_float=_finite)
    except RecursionError:
        raise SymbolscopeError(f"{source} is damaged: its JSON cannot be read: brackets nest too deeply") from None
    except (ValueError, MemoryError) as error:
        raise SymbolscopeError(f"{source} is damaged: its JSON cannot be read: {error}") from None


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a name is given twice")
    return made


def _whole(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"a number has {len(digits):,} digits")
    return int(digits)


def _finite(digits: str) -> float:
    if not math.isfinite(number := float(digits)):
        raise ValueError("a number is too large")
    return number
