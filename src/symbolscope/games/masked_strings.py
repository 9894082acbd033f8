"""A text of which words are removed, for networks that take strings and have no tokenizer."""

from collections.abc import Callable
from typing import cast

import numpy as np
import torch
from torch import nn

from symbolscope.errors import SymbolscopeError
from symbolscope.games.estimator_network import EstimatorNetwork, is_estimator
from symbolscope.games.input_text import GivenWords, InputText
from symbolscope.games.masked_inputs import MaskedInputs
from symbolscope.games.masked_network import MaskedNetwork
from symbolscope.games.masked_text import MaskedText
from symbolscope.games.output_meaning import GivenOutputs
from symbolscope.games.players import Players
from symbolscope.games.remaining_text import RemainingText, removable_pieces
from symbolscope.games.spans import GivenSpans
from symbolscope.games.string_call import StringCall
from symbolscope.games.text_players import TextPlayers
from symbolscope.games.text_segmentation import grapheme_clusters
from symbolscope.games.torch_network import TorchNetwork

REMOVED = "removed"


def masked_strings(
    network: object,
    text: InputText,
    *,
    baseline: object,
    words: GivenWords,
    spans: GivenSpans,
    score: object,
    outputs: GivenOutputs,
    target: object,
    device: object,
) -> MaskedText:
    """Build a game's parts for an estimator or function of strings; parameters as of :meth:`symbolscope.Game.from_text`.

    A hidden player is removed from the string (see :class:`symbolscope.games.remaining_text.RemainingText`), so its baseline is
    that it was never written. What can be hidden is bounded by grapheme clusters, as elsewhere by tokens.

    Raises
    ------
    SymbolscopeError
        If the network takes no strings, a baseline is given, or the text is a pair.
    """
    if isinstance(network, nn.Module) or not (is_estimator(network) or callable(network)):
        raise SymbolscopeError(
            f"the tokenizer must be a Hugging Face fast tokenizer; got NoneType, and {type(network).__name__} takes no strings. "
            "Give the tokenizer, or a fitted scikit-learn estimator or a function of a list of strings in the network's place"
        )
    if text.is_pair:
        raise SymbolscopeError(
            "a pair of texts needs a tokenizer that joins them; a network that takes strings is explained on one text"
        )
    if baseline is not None and baseline != REMOVED:
        raise SymbolscopeError(
            f"baseline {baseline!r} does not suit a network that takes strings: a hidden word is removed; leave baseline out"
        )
    chosen = TextPlayers.choose(text, grapheme_clusters(text.whole), words=words, spans=spans)
    pieces, labels = removable_pieces(text.whole, chosen.stretches)
    remaining = RemainingText(text.whole, pieces)
    adapted: EstimatorNetwork | TorchNetwork
    if is_estimator(network):
        adapted = EstimatorNetwork(network, score=score, given=outputs)
        adapted.table = remaining
    else:
        call = StringCall(cast("Callable[..., object]", network), remaining)
        adapted = TorchNetwork(network, device="cpu" if device is None else device, call=call)
    players = Players(chosen.names, labels)
    present = np.ones(len(pieces), dtype=np.bool_)
    source = MaskedNetwork(
        adapted,
        MaskedInputs(present, ~present, players, dtype=torch.bool, device=torch.device("cpu")),
        score=score,
        target=target,
        given=outputs,
        advice="does it take a list of strings, and is it fitted?",
    )
    resolved, classes = source.score.target, source.classes
    label = classes[resolved] if classes is not None and resolved is not None else None
    return MaskedText(
        source,
        players,
        chosen.view(text),
        REMOVED,
        None if label is None else str(label),
        resolved if label is None else label,
        f"{chosen.described}, removed where hidden",
    )
