"""Results as pandas tables."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from symbolscope.errors import SymbolscopeError

if TYPE_CHECKING:
    import pandas


def frame_of(columns: Mapping[str, object]) -> "pandas.DataFrame":
    """One column per entry."""
    try:
        import pandas
    except ImportError:
        raise SymbolscopeError("to_frame needs pandas: pip install 'symbolscope[frames]'") from None
    return pandas.DataFrame(dict(columns))
