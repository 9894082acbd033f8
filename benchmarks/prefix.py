"""Shared prefixes of a causal language model against plain batches: CPU time of the same masks, one thread.

    OMP_NUM_THREADS=1 python benchmarks/prefix.py [ROUNDS]
    OMP_NUM_THREADS=1 python benchmarks/prefix.py whole     # all 1,048,576 masks of 20 words, once: a quarter of an hour

GPT-2's architecture, 4 layers, width 128, random weights, texts of 20 tokens. What is shared can save is bounded by the number of
distinct prefixes: the column "at most" is tokens of all masked texts over distinct prefixes. Contestants take turns in every round,
and the fastest round of each counts, since other programs on the machine can only slow one down; 65,536 masks get one round.
"""

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import sys
import time

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

import symbolscope as sy
from symbolscope.games.prefix_tree import PrefixTree

WORDS = 1000
BATCHES = (32, 64, 256, None)


def network_and_tokenizer() -> tuple[GPT2LMHeadModel, PreTrainedTokenizerFast]:
    """A network that has learned nothing, and a tokenizer with a token per word."""
    vocabulary = {"[MASK]": 0} | {f"w{i}": i for i in range(1, WORDS)}
    words = Tokenizer(models.WordLevel(vocabulary, unk_token="[MASK]"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    config = GPT2Config(
        vocab_size=WORDS, n_embd=128, n_layer=4, n_head=4, n_positions=32, bos_token_id=None, eos_token_id=None
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return GPT2LMHeadModel(config).eval(), PreTrainedTokenizerFast(tokenizer_object=words, mask_token="[MASK]")


def seconds(game: sy.Game, masks: np.ndarray, batch_size: int | None) -> tuple[float, np.ndarray]:
    """CPU seconds, and the values."""
    begun = time.process_time()
    values = sy.evaluate(game, masks, batch_size=batch_size, progress=False)
    return time.process_time() - begun, values


def main(rounds: int = 5, *, whole: bool = False) -> None:
    """Print the table."""
    torch.set_num_threads(1)
    network, tokenizer = network_and_tokenizer()
    text = " ".join(f"w{i}" for i in np.random.default_rng(0).choice(np.arange(1, WORDS), 20, replace=False))
    scattered = [1, 2, 4, 5, 7, 9, 10, 12, 14, 15, 17, 18]
    random = np.random.default_rng(1).random((4096, 20)) < 0.5
    more = np.random.default_rng(2).random((65_536, 20)) < 0.5
    cases = [
        ("all 4,096 masks of the last 12 of 20 words", list(range(8, 20)), sy.all_masks(12), rounds),
        ("all 4,096 masks of 12 words among 20", scattered, sy.all_masks(12), rounds),
        ("4,096 random masks of 20 words", None, random, rounds),
        ("65,536 random masks of 20 words", None, more, 1),
    ]
    if whole:
        cases = [("all 1,048,576 masks of 20 words", None, sy.all_masks(20), 1)]
    sizes = (64, None) if whole else BATCHES
    table = Table(title="Shared prefixes and plain batches", title_justify="left")
    for column in (
        "",
        *(f"plain {size or 'tuned'} s" for size in sizes),
        "shared s",
        "ratio",
        "at most",
        "largest error",
    ):
        table.add_column(column, justify="left" if column == "" else "right")
    for name, words, masks, turns in cases:
        shared = sy.Game.from_text(network, tokenizer, text, words=words, target=5, prefix_sharing=True)
        plain = sy.Game.from_text(network, tokenizer, text, words=words, target=5, prefix_sharing=False)
        best = dict.fromkeys((*sizes, "shared"), np.inf)
        error = 0.0
        for _ in range(turns):
            for size in sizes:
                used, expected = seconds(plain, masks, size)
                best[size] = min(best[size], used)
            used, values = seconds(shared, masks, None)
            best["shared"] = min(best["shared"], used)
            error = max(error, float(np.abs(values - expected).max() / np.abs(expected).max()))
        labels = np.full(20, -1)
        labels[words if words is not None else range(20)] = np.arange(masks.shape[1])
        distinct = PrefixTree.of(masks, labels, labels >= 0).n_nodes.sum()
        fastest = min(best[size] for size in sizes)
        table.add_row(
            name, *(f"{best[size]:.2f}" for size in sizes), f"{best['shared']:.3f}", f"{fastest / best['shared']:.2f}",
            f"{masks.shape[0] * 20 / distinct:.2f}", f"{error:.0e}",
        )  # fmt: skip
    Console(width=132).print(table)


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:] if argument != "whole"), whole="whole" in sys.argv)
