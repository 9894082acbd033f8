"""See the symbols that emerge in a trained network, and how far that reading can be trusted."""

from symbolscope.errors import SymbolscopeError as SymbolscopeError
from symbolscope.games.masks import all_masks as all_masks

__version__ = "0.1.0"
