"""A text as a network takes it: token ids, the place of each token in the text, and what else the tokenizer gives."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from symbolscope.errors import SymbolscopeError
from symbolscope.games.input_text import InputText
from symbolscope.games.text_segmentation import Range

_NOT_FOR_THE_NETWORK = ("input_ids", "offset_mapping", "special_tokens_mask")


@dataclass(frozen=True, eq=False)
class TokenizedText:
    """A tokenized text or pair of texts.

    Parameters
    ----------
    ids
        Token ids [L].
    places
        (start, end) of each token in the whole text; (0, 0) for special tokens.
    extras
        Attention mask, token types and the like, [1, L] each.
    """

    ids: NDArray[np.int64]
    places: tuple[Range, ...]
    extras: dict[str, torch.Tensor]


def tokenize(tokenizer: object, text: InputText) -> TokenizedText:
    """Tokenize a text, or a pair of texts as the tokenizer joins them.

    Raises
    ------
    SymbolscopeError
        If the tokenizer fails, or does not tell where its tokens stand.
    """
    if not callable(tokenizer):
        raise SymbolscopeError(f"the tokenizer must be a Hugging Face fast tokenizer; got {type(tokenizer).__name__}")
    name = type(tokenizer).__name__
    try:
        encoded = cast("Mapping[str, Any]", tokenizer(*text.parts, return_offsets_mapping=True))
        offsets = [(int(start), int(end)) for start, end in encoded["offset_mapping"]]
    except (NotImplementedError, TypeError, KeyError, ValueError) as error:
        raise SymbolscopeError(
            f"{name} gives no character offsets, so tokens cannot be matched to words; "
            "use a fast tokenizer "
            "(AutoTokenizer.from_pretrained(..., use_fast=True)), or symbolscope.Game(network, token_ids, players=...)"
        ) from error
    except Exception as error:
        raise SymbolscopeError(f"{name} raised {type(error).__name__} on the text: {error}") from error
    extras = {
        name: torch.as_tensor(values)[None] for name, values in encoded.items() if name not in _NOT_FOR_THE_NETWORK
    }
    ids = np.asarray(encoded["input_ids"], dtype=np.int64)
    return TokenizedText(ids, tuple(_in_the_whole(text, offsets, encoded, name)), extras)


def _in_the_whole(text: InputText, offsets: list[Range], encoded: object, name: str) -> list[Range]:
    """Places in the whole text of tokens whose offsets count from the beginning of their own text."""
    if not text.is_pair:
        return offsets
    sequence_ids = getattr(encoded, "sequence_ids", None)
    if sequence_ids is None:
        raise SymbolscopeError(
            f"{name} does not tell which text of a pair each token is of; use a fast tokenizer of Hugging Face"
        )
    places: list[Range] = []
    for part, (start, end) in zip(cast("list[int | None]", sequence_ids(0)), offsets, strict=True):
        shift = 0 if part is None else text.starts[part]
        places.append((0, 0) if part is None else (shift + start, shift + end))
    return places
