"""A recurrent classifier of sentences, word by word."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from symbolscope.cli.reproduction.kept_weights import kept_weights
from symbolscope.cli.reproduction.reviews import Reviews
from symbolscope.cli.reproduction.settings import Settings
from symbolscope.cli.reproduction.word_tokenizer import PAD, UNKNOWN
from symbolscope.games.words import split_words

_BATCH = 64
_EPOCHS = 4
_RATE = 1e-3
_DROPOUT = 0.5


class WordClassifier(nn.Module):
    """Embedding, a unidirectional LSTM of two layers, a linear layer on its last state: one logit.

    Parameters
    ----------
    n_words
        Size of the vocabulary; word 0 is padding, whose embedding is zero.
    width
        Of the embedding and of the states.
    seed
        Of the first weights.

    Source: sizes of the LSTM in Ren et al. (2111.06206), section 4.

    Examples
    --------
    >>> network = WordClassifier(10, width=8).eval()
    >>> short = network(torch.tensor([[3, 4]]))
    >>> padded = network(torch.tensor([[3, 4, 0]]), attention_mask=torch.tensor([[1, 1, 0]]))
    >>> bool(torch.allclose(short, padded)), short.shape
    (True, torch.Size([1, 1]))
    """

    def __init__(self, n_words: int, *, width: int = 100, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.embedding = nn.Embedding(n_words, width, padding_idx=PAD)
            self.recurrent = nn.LSTM(width, width, num_layers=2, batch_first=True, dropout=_DROPOUT)
            self.dropout = nn.Dropout(_DROPOUT)
            self.head = nn.Linear(width, 1)

    def get_input_embeddings(self) -> nn.Module:
        """The table of embeddings."""
        return self.embedding

    def forward(
        self, input_ids: Tensor | None = None, attention_mask: Tensor | None = None, inputs_embeds: Tensor | None = None
    ) -> Tensor:
        """Logits [b, 1] of word numbers [b, L] or of embeddings [b, L, width]; the mask marks what is not padding."""
        if inputs_embeds is None:
            assert input_ids is not None
            inputs_embeds = self.embedding(input_ids)
        states, _ = self.recurrent(self.dropout(inputs_embeds))  # [b, L, width]
        if attention_mask is None:
            last = states[:, -1]
        else:
            place = attention_mask.long().sum(dim=1) - 1
            last = states[torch.arange(len(states)), place]
        return self.head(self.dropout(last))


def word_numbers(texts: list[str], vocabulary: dict[str, int]) -> list[list[int]]:
    """Number of every word of every text.

    Examples
    --------
    >>> word_numbers(["Not bad"], {"[PAD]": 0, "[UNK]": 1, "not": 2})
    [[2, 1]]
    """
    return [[vocabulary.get(word.text.lower(), UNKNOWN) for word in split_words(text)] for text in texts]


def trained_word_classifier(
    data: Reviews, vocabulary: dict[str, int], *, settings: Settings, weights: Path, seed: int = 0
) -> tuple[WordClassifier, dict[str, float]]:
    """A classifier trained on the sentences that are not held out, or read from where its weights are kept.

    Adam (rate 0.001, dropout 0.5), 4 epochs of batches of 64 sentences of like length.

    Returns
    -------
    The network; and ``accuracy`` beside ``majority`` on the held-out sentences.
    """
    network = WordClassifier(len(vocabulary), width=settings.amount(100, 8), seed=seed)
    return kept_weights(
        weights, f"words-lstm-{seed}", network, lambda fresh: _train(fresh, data, vocabulary, settings, seed)
    )


def _train(
    network: WordClassifier, data: Reviews, vocabulary: dict[str, int], settings: Settings, seed: int
) -> dict[str, float]:
    numbers = [row or [UNKNOWN] for row in word_numbers(list(data.texts), vocabulary)]
    truth = torch.from_numpy(data.fresh).float()
    generator = np.random.default_rng(seed)
    training = np.flatnonzero(~data.held_out)
    optimiser = torch.optim.Adam(network.parameters(), lr=_RATE)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network.train()
        for _ in range(settings.amount(_EPOCHS, 1)):
            # Shuffled, then sorted by length with ties as shuffled: batches of like length, others each time.
            shuffled = generator.permutation(training)
            by_length = shuffled[np.argsort([len(numbers[i]) for i in shuffled], kind="stable")]
            batches = [by_length[start : start + _BATCH] for start in range(0, len(by_length), _BATCH)]
            for place in generator.permutation(len(batches)):
                optimiser.zero_grad()
                logits = network(*_padded([numbers[i] for i in batches[place]]))[:, 0]
                nn.functional.binary_cross_entropy_with_logits(logits, truth[batches[place]]).backward()
                nn.utils.clip_grad_norm_(network.parameters(), 1.0)
                optimiser.step()
    optimiser.zero_grad(set_to_none=True)
    network.eval()
    held_out = np.flatnonzero(data.held_out)
    held_out = held_out[np.argsort([len(numbers[i]) for i in held_out], kind="stable")]
    with torch.no_grad():
        logits = torch.cat(
            [network(*_padded([numbers[i] for i in part]))[:, 0] for part in np.array_split(held_out, 30) if len(part)]
        )
    right = (logits > 0).numpy() == data.fresh[held_out]
    return {"accuracy": float(right.mean()), "majority": data.majority()}


def _padded(rows: list[list[int]]) -> tuple[Tensor, Tensor]:
    """Word numbers [b, L] and the mask of what is not padding."""
    numbers = nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], batch_first=True, padding_value=PAD)
    return numbers, (numbers != PAD).long()
