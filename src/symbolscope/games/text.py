"""A text as the input of a game: tokens or embeddings of its words hidden together."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from symbolscope.core.wrapped_network import forward_parameters, uncompiled, unwrapped
from symbolscope.errors import SymbolscopeError
from symbolscope.games.masked_inputs import MaskedInputs
from symbolscope.games.masked_network import MaskedNetwork
from symbolscope.games.players import Players
from symbolscope.games.prefix_network import PrefixNetwork
from symbolscope.games.spans import GivenSpans, choose_spans, short_name, span_of_words
from symbolscope.games.torch_network import TorchNetwork
from symbolscope.games.view import TextView
from symbolscope.games.words import Word, choose_words, distinct_names, join_shared, split_words, word_of_tokens

_log = logging.getLogger("symbolscope")


@dataclass(frozen=True)
class MaskedText:
    """A network on a text with some words hidden, and what a game tells about it."""

    source: MaskedNetwork
    players: Players
    view: TextView
    baseline_name: str
    target_name: str | None
    described: str


@dataclass(frozen=True, eq=False)
class TokenizedText:
    """Token ids [L] of a text, the word of each token, and what else the tokenizer gives the network."""

    ids: NDArray[np.int64]
    words: tuple[Word, ...]
    word_of_token: NDArray[np.int64]
    extras: dict[str, torch.Tensor]


def masked_text(
    network: object,
    tokenizer: object,
    text: str,
    *,
    level: str,
    baseline: object,
    words: Sequence[str | int] | None,
    spans: GivenSpans,
    score: object,
    target: object,
    device: object,
    prefix_sharing: bool | None,
) -> MaskedText:
    """Build what :meth:`symbolscope.Game.from_text` describes; same parameters."""
    if level not in ("token", "embedding"):
        raise SymbolscopeError(f"level must be 'token' or 'embedding'; got {level!r}")
    if not callable(network):
        raise SymbolscopeError(f"the network must be a torch module that takes token ids; got {type(network).__name__}")
    tokenized = tokenize(tokenizer, text)
    _check_length(network, len(tokenized.ids))
    player_of_word, names, described = _word_players(tokenized, text, words, spans)
    owners = tokenized.word_of_token
    token_labels = np.where(owners < 0, -1, np.array(player_of_word)[owners]).astype(np.int64)

    call = _caller(network, tokenized.extras, embeddings=level == "embedding", keep_last=not callable(score))
    adapted = TorchNetwork(network, device=device, call=call)
    hidden, baseline_name = _hidden_token(tokenizer, baseline, embeddings=level == "embedding")
    if level == "token":
        assert isinstance(hidden, int)
        sample, background = tokenized.ids, np.full_like(tokenized.ids, hidden)
        labels, dtype = token_labels, torch.int64
    else:
        sample, background = _embedded(network, tokenized.ids, hidden, adapted.device)
        labels = np.ascontiguousarray(np.broadcast_to(token_labels[:, None], sample.shape))
        dtype = adapted.input_dtype(torch.float32)
    players = Players(names, labels)
    source = MaskedNetwork(
        adapted,
        MaskedInputs(sample, background, players, dtype=dtype, device=adapted.device),
        score=score,
        target=_target(network, tokenizer, target),
        sequence=True,
    )
    if prefix_sharing is not False:
        _share_prefixes(source, network, token_labels, tokenized.extras, asked=prefix_sharing is True)
    return MaskedText(
        source,
        players,
        TextView(_fragments(text, tokenized.words, player_of_word)),
        baseline_name,
        _target_name(network, tokenizer, source),
        f"{described}, hidden by {level}",
    )


def _word_players(
    tokenized: TokenizedText, text: str, words: Sequence[str | int] | None, spans: GivenSpans
) -> tuple[list[int], tuple[str, ...], str]:
    """The player of each word (-1 for background), the players' names, and what they are."""
    n_words = len(tokenized.words)
    if isinstance(spans, str) and spans == "word":
        chosen = choose_words(tokenized.words, words)
        player_of = {word: player for player, word in enumerate(chosen)}
        names = distinct_names([tokenized.words[word].text for word in chosen])
        return [player_of.get(i, -1) for i in range(n_words)], names, f"{len(names)} words of a text of {n_words}"
    if words is not None:
        raise SymbolscopeError(
            "words= names single words as players, and spans= stretches of several; give one of the two"
        )
    chosen_spans = choose_spans(text, spans)
    if isinstance(spans, str):  # a token across the end of a sentence has joined two words: the first sentence has them
        owners = [
            max((i for i, s in enumerate(chosen_spans) if s.start <= w.start), default=0) for w in tokenized.words
        ]
    else:
        owners = span_of_words(tokenized.words, chosen_spans)
    kept = sorted({owner for owner in owners if owner >= 0})  # a tokenizer may drop all signs of a span
    if not kept:
        raise SymbolscopeError("the tokenizer leaves no token of any span, so the game would have 0 players")
    names = distinct_names([short_name(chosen_spans[span].text) for span in kept])
    rank = {span: player for player, span in enumerate(kept)}
    kind = "sentences" if isinstance(spans, str) else "spans"
    return [rank.get(owner, -1) for owner in owners], names, f"{len(names)} {kind} of a text of {n_words} words"


def _share_prefixes(
    source: MaskedNetwork,
    network: Callable[..., object],
    labels: NDArray[np.int64],
    extras: Mapping[str, torch.Tensor],
    *,
    asked: bool,
) -> None:
    """Let the source share prefixes if the network can; if that was asked for and it cannot, refuse with the reason."""
    inputs = source.inputs
    dtype = source.network.dtype if isinstance(source.network, TorchNetwork) else None
    try:
        prefixes = PrefixNetwork(
            cast("Callable[..., object]", uncompiled(network)),  # its inputs change their shapes at every call
            inputs.sample,
            baseline=inputs.baseline,
            labels=labels,
            extras=extras,
            dtype=dtype or torch.float32,
        )
        source.share_prefixes(prefixes)
    except SymbolscopeError as reason:
        if asked:
            raise SymbolscopeError(
                f"{source.network.name} cannot share prefixes: {reason}. Leave prefix_sharing out; the values are the same"
            ) from reason
        _log.debug("%s shares no prefixes: %s", source.network.name, reason)


def tokenize(tokenizer: object, text: str) -> TokenizedText:
    """Tokenize a text and find the word of each token."""
    words = split_words(text)
    if not words:
        raise SymbolscopeError(
            f"the text {text!r} is empty: there is no word to hide; give a text with at least one word"
        )
    if not callable(tokenizer):
        raise SymbolscopeError(f"the tokenizer must be a Hugging Face fast tokenizer; got {type(tokenizer).__name__}")
    try:
        encoded = cast("Mapping[str, Any]", tokenizer(text, return_offsets_mapping=True))
        offsets = [(int(start), int(end)) for start, end in encoded["offset_mapping"]]
    except (NotImplementedError, TypeError, KeyError) as error:
        raise SymbolscopeError(
            f"{type(tokenizer).__name__} gives no character offsets, so tokens cannot be matched to words; "
            "use a fast tokenizer "
            "(AutoTokenizer.from_pretrained(..., use_fast=True)), or symbolscope.Game(network, token_ids, players=...)"
        ) from error
    words = join_shared(words, offsets, text)
    owners = np.array(word_of_tokens(words, offsets), dtype=np.int64)
    kept = [i for i in range(len(words)) if (owners == i).any()]  # a tokenizer may drop signs it does not know
    if not kept:
        raise SymbolscopeError(
            f"the tokenizer leaves no token of the text {text!r}; is it the network's own tokenizer?"
        )
    rank = np.full(len(words) + 1, -1, dtype=np.int64)  # the last entry serves owner -1
    rank[kept] = np.arange(len(kept))
    extras = {
        name: torch.as_tensor(values)[None]
        for name, values in encoded.items()
        if name not in ("input_ids", "offset_mapping", "special_tokens_mask")
    }
    ids = np.asarray(encoded["input_ids"], dtype=np.int64)
    return TokenizedText(ids, tuple(words[i] for i in kept), rank[owners], extras)


def _caller(
    network: Callable[..., object], extras: Mapping[str, torch.Tensor], *, embeddings: bool, keep_last: bool
) -> Callable[[torch.Tensor], object]:
    """Call the network on a batch of ids [m, L] or embeddings [m, L, D], with the rest of its inputs repeated."""
    taken = forward_parameters(network)
    inputs_name = "inputs_embeds" if embeddings else "input_ids"
    if inputs_name not in taken:
        if embeddings:
            raise SymbolscopeError(f"{type(network).__name__} takes no inputs_embeds; give level='token'")
        return network
    repeated = {name: values for name, values in extras.items() if name in taken}
    fixed: dict[str, object] = {"use_cache": False} if "use_cache" in taken else {}
    if keep_last and "logits_to_keep" in taken:
        fixed["logits_to_keep"] = 1  # the rest of a large vocabulary's logits would be thrown away

    def call(batch: torch.Tensor) -> object:
        rest = {name: values.to(batch.device).expand(len(batch), -1) for name, values in repeated.items()}
        return network(**{inputs_name: batch}, **rest, **fixed)

    return call


def _hidden_token(
    tokenizer: object, baseline: object, *, embeddings: bool
) -> tuple[int | NDArray[np.float64] | None, str]:
    """Find what hides a token: its id, a vector, or None for the zero vector; and how to call it."""
    tokens: dict[str, int | None] = {
        name: getattr(tokenizer, f"{name}_token_id", None) for name in ("mask", "unk", "pad", "eos")
    }
    if baseline is None:
        name, token = next(((name, token) for name, token in tokens.items() if token is not None), ("", None))
        if token is None:
            raise SymbolscopeError("the tokenizer has no mask, unk, pad or eos token; give baseline=<token id>")
        return token, f"{name} token ({token})"
    if isinstance(baseline, str):
        if baseline == "zero" and embeddings:
            return None, "zero embedding"
        if baseline == "zero" or baseline not in tokens:
            raise SymbolscopeError(
                f"baseline {baseline!r} does not suit a text by {'embedding' if embeddings else 'token'}; "
                "give 'mask', 'pad', 'unk', "
                + (
                    "'zero', a token id or a vector"
                    if embeddings
                    else "or a token id (or level='embedding' for vectors)"
                )
            )
        token = tokens[baseline]
        if token is None:
            there = ", ".join(repr(name) for name, token in tokens.items() if token is not None) or "none"
            raise SymbolscopeError(
                f"the tokenizer has no {baseline} token; it has {there}. Or give baseline=<token id>"
            )
        return token, f"{baseline} token ({token})"
    if isinstance(baseline, (int, np.integer)) and not isinstance(baseline, bool):
        size = len(tokenizer) if hasattr(tokenizer, "__len__") else None  # pyright: ignore[reportArgumentType]
        if baseline < 0 or (size is not None and baseline >= size):
            raise SymbolscopeError(f"baseline token id {baseline} is not in the vocabulary (0 .. {(size or 1) - 1})")
        return int(baseline), f"token {int(baseline)}"
    if not embeddings:
        raise SymbolscopeError("a baseline vector needs level='embedding'; at level='token' give a token id")
    vector = np.asarray(
        baseline.detach().cpu().double() if isinstance(baseline, torch.Tensor) else baseline, dtype=np.float64
    )
    if not np.isfinite(vector).all():
        raise SymbolscopeError("the baseline embedding holds NaN or infinity")
    return vector, f"embedding of shape {vector.shape}"


def _embedded(
    network: object, ids: NDArray[np.int64], hidden: int | NDArray[np.float64] | None, device: torch.device
) -> tuple[NDArray[np.generic], NDArray[np.generic]]:
    """Embeddings [L, D] of the text, and of the text with every token hidden."""
    inner = unwrapped(network)
    table = inner.get_input_embeddings() if hasattr(inner, "get_input_embeddings") else None  # pyright: ignore
    if not isinstance(table, nn.Module):
        raise SymbolscopeError(
            f"{type(network).__name__} has no get_input_embeddings(), which level='embedding' needs; give level='token'"
        )
    with torch.inference_mode():
        sample = table(torch.from_numpy(ids).to(device)).float().cpu().numpy()
        if isinstance(hidden, int):
            hidden = table(torch.tensor(hidden, device=device)).float().cpu().numpy()
    vector = np.zeros(sample.shape[1]) if hidden is None else np.asarray(hidden)
    if vector.shape not in ((sample.shape[1],), sample.shape):
        raise SymbolscopeError(
            f"the baseline embedding must have shape ({sample.shape[1]},), the network's embedding width; got "
            f"{vector.shape}"
        )
    return sample, np.broadcast_to(vector, sample.shape).astype(sample.dtype)


def _check_length(network: object, length: int) -> None:
    longest = getattr(getattr(unwrapped(network), "config", None), "max_position_embeddings", None)
    if isinstance(longest, int) and length > longest:
        raise SymbolscopeError(
            f"the text has {length} tokens and the network takes at most {longest}; shorten the text"
        )


def _labels(network: object) -> dict[int, str]:
    labels = getattr(getattr(unwrapped(network), "config", None), "id2label", None)
    return {int(i): str(label) for i, label in labels.items()} if isinstance(labels, Mapping) else {}


def _target(network: object, tokenizer: object, target: object) -> object:
    """Index of a target given as a class label or as the text of one token."""
    if not isinstance(target, str):
        return target
    for index, label in _labels(network).items():
        if label == target:
            return index
    encoded = cast("Mapping[str, Any]", tokenizer(target, add_special_tokens=False)) if callable(tokenizer) else {}
    ids = encoded.get("input_ids", [])
    if len(ids) == 1 and ids[0] != getattr(tokenizer, "unk_token_id", None):
        return int(ids[0])
    raise SymbolscopeError(
        f"target {target!r} is neither one of the network's labels ({', '.join(_labels(network).values()) or 'none'}) "
        f"nor a single token (it gives tokens {list(ids)}); give an index"
    )


def _target_name(network: object, tokenizer: object, source: MaskedNetwork) -> str | None:
    target = source.score.target
    if target is None:
        return None
    if source.reads_last_position:
        decode = getattr(tokenizer, "decode", None)
        return str(decode([target])) if decode is not None else None
    return _labels(network).get(target)


def _fragments(text: str, words: Sequence[Word], player_of_word: Sequence[int]) -> tuple[tuple[str, int], ...]:
    """Cut the text at its words; joined, the fragments give the text back. What lies inside a span is the span's."""
    fragments: list[tuple[str, int]] = []
    at = 0
    for word, player in zip(words, player_of_word, strict=True):
        if player >= 0 and fragments and fragments[-1][1] == player:
            fragments[-1] = (fragments[-1][0] + text[at : word.end], player)
        else:
            if word.start > at:
                fragments.append((text[at : word.start], -1))
            fragments.append((word.text, player))
        at = word.end
    if at < len(text):
        fragments.append((text[at:], -1))
    return tuple(fragments)
