"""Whether the conditions for the emergence of sparse interactions hold, and how far their number is from its bound."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from symbolscope.cli.reproduction.emergence_record import EmergenceFigures, EmergenceRecord
from symbolscope.cli.reproduction.published_emergence import BOUND, EXPONENT, VALID
from symbolscope.cli.reproduction.result_table import print_table
from symbolscope.cli.reproduction.reviews import REVIEWS_PIP, reviews, reviews_installed
from symbolscope.cli.reproduction.settings import Settings
from symbolscope.cli.reproduction.tabular_data import tabular_data
from symbolscope.cli.reproduction.tabular_networks import quality, tabular_network, untrained_network
from symbolscope.cli.reproduction.values_of_samples import values_of_samples
from symbolscope.cli.reproduction.word_classifier import WordClassifier, trained_word_classifier
from symbolscope.cli.reproduction.word_tokenizer import vocabulary_of, word_tokenizer
from symbolscope.emergence.check_emergence import check_emergence
from symbolscope.emergence.emergence_summary import MeanStd
from symbolscope.errors import SymbolscopeError
from symbolscope.games.evaluate import evaluate
from symbolscope.games.game import Game
from symbolscope.games.masks import all_masks
from symbolscope.games.words import split_words
from symbolscope.interactions.decompose import decompose

if TYPE_CHECKING:
    from rich.console import Console

    from symbolscope.shapes import Values

PLAYERS = 10
_PER_ITEM = 50
_NOISE = "4%"  # of |v(N) - v(empty)|, the source's
_GAP = 5e-2  # of the sum of |I(S)| after the noise is taken away; the counts do not hang on it
_MOST_ORDER = 9  # the source's M for ten players
_NULL_SEED = 500
# As in the source: tau as a share of the largest |I(S)|, and what u(N) must exceed (its MLP, its OPT).
_SALIENT = {"table": 0.1, "text": 0.05}
_XI = {"table": 3.0, "text": 1.0}
_TITLES = {"table": "MLP-5", "text": "LSTM"}
_OUTPUTS = ("noise removed", "as they are")


class Conditions:
    """Monotone samples, exponents, and salient interactions against their bounds; trained and with random weights."""

    def items(self, settings: Settings) -> list[str]:
        """Fifty samples of one network each."""
        data = ("table", "text") if texts_can_be_read() else ("table",)
        batches = -(-settings.n_samples(200, 2) // _PER_ITEM)
        return [
            f"{name}_{kind}_{seed}_{batch}"
            for name in data
            for kind in ("trained", "untrained")
            for seed in range(settings.seeds)
            for batch in range(batches)
        ]

    def measure(self, item: str, settings: Settings, weights: Path) -> dict[str, Any]:
        """A record per sample, of the outputs as they are and of those with the noise removed."""
        name, kind, seed, batch = item.split("_")
        rows = range(int(batch) * _PER_ITEM, min((int(batch) + 1) * _PER_ITEM, settings.n_samples(200, 2)))
        of = _table if name == "table" else _text
        values, said = of(settings, weights, int(seed), rows, trained=kind == "trained")
        sparse = np.stack(
            [
                model.predict_all()
                for model in decompose(
                    values.tolist(), kinds="and", tolerance=_noise(settings), gap=_GAP, progress=False
                )
            ]
        )
        records = {
            outputs: [
                EmergenceRecord.of(check_emergence(row, max_order=_MOST_ORDER, threshold=_SALIENT[name])).as_json()
                for row in given
            ]
            for outputs, given in (("noise removed", sparse), ("as they are", values))
        }
        return {"data": name, "kind": kind, "seed": int(seed), "said": said, "records": records}

    def show(self, results: Sequence[dict[str, Any]], settings: Settings, console: "Console") -> None:
        """Table 1 with the exponents, then Table 2 with both bounds."""
        conditions: list[list[str]] = []
        bounds: list[list[str]] = []
        for name in dict.fromkeys(one["data"] for one in results):
            for kind in ("trained", "untrained"):
                for outputs in _OUTPUTS:
                    records = tuple(
                        EmergenceRecord.read(record)
                        for one in results
                        if one["data"] == name and one["kind"] == kind
                        for record in one["records"][outputs]
                    )
                    figures = EmergenceFigures(records)
                    label = f"{_TITLES[name]} {kind}, {outputs}"
                    conditions.append(
                        [
                            label, str(len(records)), figures.monotone,
                            *(str(figures.over("n_salient", monotone=known)) for known in (True, False)),
                            *(str(figures.over(field, monotone=True)) for field in ("exponent_order1", "exponent_all")),
                        ]
                    )  # fmt: skip
                    xi = _XI[name] if kind == "trained" else 0.0
                    matters = any(record.monotone and record.full_output <= xi for record in records)
                    for least in (xi, 0.0) if xi and matters else (xi,):
                        applied = EmergenceFigures(records, least)
                        bounds.append(
                            [
                                f"{label}, xi {least:g}", str(applied.applied("count").count),
                                *(_short(applied.applied(field)) for field in ("count", "bound_exact", "bound_upper")),
                                applied.above_exact, applied.above_upper, applied.left_out,
                            ]
                        )  # fmt: skip
        for network, (share, first, second) in VALID.items():
            conditions.append([f"paper: {network}", "~1,000", share, first, second, EXPONENT[network], "-"])
        for network, (real, bound) in BOUND.items():
            bounds.append([f"paper: {network}", "-", real, "-", bound, "-", "-", "-"])
        print_table(
            console,
            f"Conditions: valid interactions of {(1 << PLAYERS) - 1:,}, and the exponent p",
            ("network", "samples", "monotone, %", "valid, monotone", "valid, other", "p of order 1", "p of all pairs"),
            conditions,
            stated=_stated(results, settings),
        )
        print_table(
            console,
            "Conditions: valid interactions up to order 9 and their bounds, on monotone samples with u(N) above xi",
            (
                "network", "samples", "real", "exact delta", "upper delta", "real > exact", "real > upper",
                "left out",
            ),
            bounds,
            stated="The bound with the exact delta is Markov's, sum |I(S)| / tau: that the real count is never above it (over all "
            "samples, monotone or not) is arithmetic, not evidence. The bound with delta's upper bound, the paper's, is guaranteed "
            "only where interactions above order 9 are absent; where they are small it can fall below the real count: the column "
            "counts how often. A bound several times the real count says little of a network: compare random weights.",
        )  # fmt: skip


def _short(figure: MeanStd) -> str:
    return f"{figure.mean:.1f} +- {figure.std:.1f}" if figure.count else "-"


def texts_can_be_read() -> bool:
    """Whether the sentences and what cuts them into words are there."""
    return reviews_installed() and find_spec("transformers") is not None


def _table(
    settings: Settings, weights: Path, seed: int, rows: range, *, trained: bool
) -> "tuple[Values, dict[str, float]]":
    """Log-odds of the predicted class on held-out rows, then on training ones; hidden features hold their mean."""
    data = tabular_data("breast cancer")
    inputs = torch.cat([data.held_out_inputs, data.inputs])
    if trained:
        network, said = tabular_network(data, "MLP-5", settings=settings, weights=weights, seed=seed)
    else:
        width = settings.amount(100, 12)
        network, said = untrained_network("MLP-5", data.n_features, width=width, seed=_null_seed(seed, rows)), {}
    chosen = inputs[_enough(rows, len(inputs), "rows in the table")]
    return values_of_samples(network, chosen, torch.zeros(data.n_features)), said


def _text(
    settings: Settings, weights: Path, seed: int, rows: range, *, trained: bool
) -> "tuple[Values, dict[str, float]]":
    """Log-odds of the predicted class; ten words that mean something are the players, the others stay."""
    data = reviews()
    vocabulary = vocabulary_of(text for text, out in zip(data.texts, data.held_out, strict=True) if not out)
    if trained:
        network, said = trained_word_classifier(data, vocabulary, settings=settings, weights=weights, seed=seed)
    else:
        network, said = WordClassifier(len(vocabulary), width=settings.amount(100, 8), seed=_null_seed(seed, rows)), {}
    network.eval()
    tokenizer = word_tokenizer(vocabulary)
    fit = [
        (data.texts[i], words)
        for i in np.flatnonzero(data.held_out)
        if len(words := meaningful(data.texts[i])) >= PLAYERS
    ]
    masks = all_masks(PLAYERS)
    values: list[np.ndarray[Any, np.dtype[np.float64]]] = []
    for row in _enough(rows, len(fit), "such sentences"):
        text, words = fit[row]
        players = np.sort(np.random.default_rng(row).choice(words, size=PLAYERS, replace=False)).tolist()
        game = Game.from_text(network, tokenizer, text, level="embedding", words=players, outputs="logits")
        values.append(evaluate(game, masks, progress=False))
    return np.stack(values), said


def _null_seed(seed: int, rows: range) -> int:
    """Another network for every fifty samples: networks with random weights differ more from each other than trained ones."""
    return _NULL_SEED + 1_000 * seed + rows.start // _PER_ITEM


def _enough(rows: range, available: int, what: str) -> list[int]:
    """The rows, if there are as many."""
    if rows.stop > available:
        raise SymbolscopeError(
            f"--samples {rows.stop}: there are only {available} {what}; give --samples {available} or fewer"
        )
    return list(rows)


def meaningful(text: str) -> list[int]:
    """Positions of the words of a text that are no stop words, signs or numbers.

    Examples
    --------
    >>> meaningful("This is not a bad film, at all.")
    [4, 5]
    """
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return [
        place
        for place, word in enumerate(split_words(text))
        if word.text[0].isalpha() and word.text.lower() not in ENGLISH_STOP_WORDS
    ]


def _stated(results: Sequence[dict[str, Any]], settings: Settings) -> str:
    good = {
        _TITLES[one["data"]]: quality(one["said"]) for one in results if one["kind"] == "trained" and one["seed"] == 0
    }
    missing = "" if texts_can_be_read() else f' Sentences need: {REVIEWS_PIP}; python -m pip install "symbolscope[hf]".'
    return (
        "MLP-5 on breast cancer, LSTM on review sentences. Mean +- standard deviation over samples, as the paper has them; share "
        "of monotone samples with a 95 % interval. AND interactions; valid: |I(S)| at least 0.1 (table) or 0.05 (text) of the "
        f"largest; score: log-odds of the predicted class. Noise removed: outputs moved by at most {_noise(settings)} of "
        "|v(N) - v(empty)| so that sum |I(S)| is least, as in the paper (here certified, there by gradient steps). Held out: "
        f"{'; '.join(f'{name}: {said}' for name, said in good.items())}. Samples of the table: the 142 held-out rows, then "
        "training rows; hidden features hold the mean. Text: held-out sentences with ten or more words that are no stop words, "
        "ten of them drawn as players, the others always there; a hidden word holds the embedding of an unknown word. Untrained: "
        "the same architecture with random weights, another network for every fifty samples, its own predicted class. Differs "
        "from the paper: its text networks are language models of billions of weights that predict the next token on SQuAD, "
        "ours is a small classifier trained here; its hidden words hold a learned vector; its MLP has learned TV news."
        + missing
    )


def _noise(settings: Settings) -> str:
    """The source's; none where only a run through is wanted, because exact splits are faster."""
    return "0%" if settings.quick else _NOISE
