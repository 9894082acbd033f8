"""A text as the input of a game: tokens or embeddings of each player hidden together."""

import logging
from collections.abc import Callable, Mapping
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from symbolscope.core.wrapped_network import forward_parameters, uncompiled, unwrapped
from symbolscope.errors import SymbolscopeError
from symbolscope.games.estimator_network import is_estimator
from symbolscope.games.hidden_token import embedded, hidden_token
from symbolscope.games.input_text import GivenText, GivenWords, InputText
from symbolscope.games.masked_inputs import MaskedInputs
from symbolscope.games.masked_network import MaskedNetwork
from symbolscope.games.masked_strings import masked_strings
from symbolscope.games.masked_text import MaskedText
from symbolscope.games.output_meaning import GivenOutputs
from symbolscope.games.players import Players
from symbolscope.games.prefix_network import PrefixNetwork
from symbolscope.games.spans import GivenSpans
from symbolscope.games.text_length import check_length
from symbolscope.games.text_players import TextPlayers
from symbolscope.games.tokenized_text import tokenize
from symbolscope.games.torch_network import TorchNetwork

_log = logging.getLogger("symbolscope")


def masked_text(
    network: object,
    tokenizer: object,
    text: GivenText,
    *,
    level: str,
    baseline: object,
    words: GivenWords,
    spans: GivenSpans,
    score: object,
    outputs: GivenOutputs,
    target: object,
    device: object,
    prefix_sharing: bool | None,
) -> MaskedText:
    """Build what :meth:`symbolscope.Game.from_text` describes; same parameters."""
    if level not in ("token", "embedding"):
        raise SymbolscopeError(f"level must be 'token' or 'embedding'; got {level!r}")
    read = InputText.read(text)
    if tokenizer is None:
        if level == "embedding" or prefix_sharing is True:
            asked = "level='embedding'" if level == "embedding" else "prefix_sharing=True"
            raise SymbolscopeError(
                f"{asked} needs a tokenizer; a network that takes strings is given the remaining words"
            )
        return masked_strings(
            network,
            read,
            baseline=baseline,
            words=words,
            spans=spans,
            score=score,
            outputs=outputs,
            target=target,
            device=device,
        )
    if not callable(network):
        raise SymbolscopeError(
            f"the network must be a torch module that takes token ids; got {type(network).__name__}"
            + (". For an estimator that takes strings give None for the tokenizer" if is_estimator(network) else "")
        )
    tokenized = tokenize(tokenizer, read)
    check_length(network, len(tokenized.ids), pair=read.is_pair)
    chosen = TextPlayers.choose(read, tokenized.places, words=words, spans=spans)
    call = _caller(network, tokenized.extras, embeddings=level == "embedding", keep_last=not callable(score))
    adapted = TorchNetwork(network, device=device, call=call)
    hidden, baseline_name = hidden_token(tokenizer, baseline, embeddings=level == "embedding")
    if level == "token":
        assert isinstance(hidden, int)
        sample, background = tokenized.ids, np.full_like(tokenized.ids, hidden)
        labels, dtype = chosen.of_token, torch.int64
    else:
        sample, background = embedded(network, tokenized.ids, hidden, adapted.device)
        labels = np.ascontiguousarray(np.broadcast_to(chosen.of_token[:, None], sample.shape))
        dtype = adapted.input_dtype(torch.float32)
    players = Players(chosen.names, labels)
    source = MaskedNetwork(
        adapted,
        MaskedInputs(sample, background, players, dtype=dtype, device=adapted.device),
        score=score,
        target=_target(network, tokenizer, target),
        given=outputs,
        sequence=True,
        advice="is the tokenizer the network's own, and does the network take so long a text?",
    )
    if prefix_sharing is not False:
        _share_prefixes(source, network, chosen.of_token, tokenized.extras, asked=prefix_sharing is True)
    return MaskedText(
        source,
        players,
        chosen.view(read),
        baseline_name,
        _target_name(network, tokenizer, source),
        source.score.target,
        f"{chosen.described}, hidden by {level}",
    )


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
    token_types = getattr(getattr(unwrapped(network), "config", None), "type_vocab_size", None)
    if isinstance(token_types, int) and token_types < 2:
        repeated.pop("token_type_ids", None)  # RoBERTa and its kin tell two texts apart by the signs between them
    fixed: dict[str, object] = {"use_cache": False} if "use_cache" in taken else {}
    if keep_last and "logits_to_keep" in taken:
        fixed["logits_to_keep"] = 1  # the rest of a large vocabulary's logits would be thrown away

    def call(batch: torch.Tensor) -> object:
        # Repeated and not expanded: a network may write into its attention mask, and this one is ours.
        rest = {name: values.to(batch.device).repeat(len(batch), 1) for name, values in repeated.items()}
        return network(**{inputs_name: batch}, **rest, **fixed)

    return call


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
