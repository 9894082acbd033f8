"""See the symbols that emerge in a trained network, and how far that reading can be trusted."""

from symbolscope.errors import SymbolscopeError as SymbolscopeError
from symbolscope.games import baselines as baselines
from symbolscope.games.evaluate import evaluate as evaluate
from symbolscope.games.game import Game as Game
from symbolscope.games.masks import all_masks as all_masks
from symbolscope.games.players import Players as Players
from symbolscope.interactions.decompose import decompose as decompose
from symbolscope.interactions.explain import explain as explain
from symbolscope.interactions.model import InteractionModel as InteractionModel
from symbolscope.interactions.transforms import inverse_mobius as inverse_mobius
from symbolscope.interactions.transforms import inverse_or_mobius as inverse_or_mobius
from symbolscope.interactions.transforms import mobius as mobius
from symbolscope.interactions.transforms import or_mobius as or_mobius
from symbolscope.report.page import write_report as write_report

__version__ = "0.1.0"
