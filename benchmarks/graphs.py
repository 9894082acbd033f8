"""The sparse causal graph, the And-Or graph, learned baselines and the joint split: size, speed and what they gain.

    python benchmarks/graphs.py --only causal      # all 4,096 and 8,192 interactions of 12 players down to R^2 0.95
    python benchmarks/graphs.py --only coalitions  # And-Or graphs: edges saved, description length, 300 interactions of 16 players
    python benchmarks/graphs.py --only joint       # two networks split together and one at a time
    python benchmarks/graphs.py --only baseline    # learned baselines of a sentence classifier (needs the packages it names)

Prints CPU seconds of one thread, the load, and whether each bar is met.
"""

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import argparse
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

import symbolscope as sy
from symbolscope.cli.reproduction.reviews import REVIEWS_PIP, Reviews, reviews, reviews_installed
from symbolscope.cli.reproduction.sentence_encoder import encoder_installed, sentence_encoder
from symbolscope.cli.reproduction.settings import Settings
from symbolscope.cli.reproduction.tabular_data import available_data_sets, tabular_data
from symbolscope.cli.reproduction.tabular_networks import tabular_network
from symbolscope.cli.reproduction.word_classifier import trained_word_classifier
from symbolscope.cli.reproduction.word_tokenizer import vocabulary_of, word_tokenizer
from symbolscope.games.words import split_words

console = Console(width=150, highlight=False)
EXAMPLES = ("not a bad film at all", "not bad film, too long", "This is not a bad film at all.")


def table(title: str, columns: str) -> Table:
    out = Table(title=title, title_justify="left")
    for column in columns.split(", "):
        out.add_column(column, justify="right")
    return out


def met(*, yes: bool) -> str:
    return "met" if yes else "[bold red]MISSED[/]"


def trained(name: str, architecture: str, folder: Path, seed: int) -> tuple[torch.nn.Module, np.ndarray]:
    """A trained network and its training inputs; bikeshare (12 features) needs the package islp."""
    data = tabular_data(name)
    network, _ = tabular_network(data, architecture, settings=Settings(), weights=folder, seed=seed)
    return network, data.inputs.numpy()


def joint(folder: Path, samples: int = 20) -> None:
    """Share of the k strongest that two networks have in common: split together, one at a time, and by chance."""
    counts = (5, 10, 20, 50, 100, 200)
    for name, tolerance in (("breast cancer", 0.0), ("breast cancer", "2%")):
        networks, inputs = [], np.zeros(0)
        for architecture in ("MLP-5", "ResMLP-5"):
            network, inputs = trained(name, architecture, folder, 0)
            networks.append(network)
        rows = np.random.default_rng(0).choice(len(inputs), samples, replace=False)
        shares = {kind: np.zeros((3, len(counts))) for kind in ("and", "or", None)}
        gaps, seconds = [], []
        for row in rows:
            games = [sy.Game(network, inputs[row], target=1) for network in networks]
            values = [game(sy.all_masks(game.n_players)) for game in games]
            begun = time.process_time()
            result = sy.generalizable_interactions(values, tolerance=tolerance, gap=2e-2)
            seconds.append(time.process_time() - begun)
            gaps.append(result.gap)
            for kind, table_ in shares.items():
                for column, k in enumerate(counts):
                    found = (result.share(k, kind), result.separate_share(k, kind), result.chance(k, kind))
                    table_[:, column] += np.array(found) / samples
        out = table(
            f"{name}, n = 10, MLP-5 and ResMLP-5, {samples} samples, tolerance {tolerance}: shared among the k strongest "
            f"(largest gap {max(gaps):.1e}: {met(yes=max(gaps) <= 2e-2)}; {np.mean(seconds):.2f} CPU s each)",
            "k, and: joint, separate, chance, or: joint, separate, chance, both: joint, separate, chance, joint above",
        )
        for column, k in enumerate(counts):
            cells = [f"{value:.3f}" for kind in ("and", "or", None) for value in shares[kind][:, column]]
            above = all(shares[kind][0, column] > shares[kind][1, column] for kind in shares)
            out.add_row(str(k), *cells, met(yes=above))
        console.print(out)


def causal(folder: Path) -> None:
    """Every interaction of 12 players down to R^2 0.95, effects kept and refitted; what was asked is measured again."""
    name = "bikeshare" if "bikeshare" in available_data_sets() else "breast cancer"
    network, inputs = trained(name, "MLP-5", folder, 0)
    score = "output" if name == "bikeshare" else "log-odds"
    game = sy.Game(network, inputs[3], score=score, target=None if score == "output" else 1)
    values = game(sy.all_masks(game.n_players))
    every = sy.decompose(values, kinds="and")
    both = half_and_half(values)
    sy.causal_graph(every.top(50), r2=0.1)  # compiles
    out = table(
        f"{name}, n = {game.n_players}, MLP-5: removal of one interaction at a time, all candidates scored at each step",
        "from, asked, kept, R^2, relative unfaithfulness, explained ratio, largest error, CPU s, asked holds, under 20 s",
    )
    for model in (every, both):
        for asked in ({"r2": 0.95}, {"r2": 0.95, "refit": True}, {"r2": 0.99, "explained_ratio": 0.95}):
            begun = time.process_time()
            kept = sy.causal_graph(model, **asked)
            seconds = time.process_time() - begun
            error = kept.interactions.predict_all() - values
            r2 = 1 - np.mean(error**2) / np.var(values)
            holds = r2 >= asked["r2"] and kept.explained_ratio >= asked.get("explained_ratio", 0.0)
            out.add_row(
                f"{len(model.effects):,}", ", ".join(f"{key} {value}" for key, value in asked.items()), f"{kept.size}",
                f"{r2:.4f}", f"{np.sum(error**2) / np.sum(values**2):.4f}", f"{kept.explained_ratio:.3f}",
                f"{np.abs(error).max():.2f}", f"{seconds:.2f}", met(yes=holds), met(yes=seconds < 20),
            )  # fmt: skip
    console.print(out)


def half_and_half(values: np.ndarray) -> sy.InteractionModel:
    """All ANDs of one half of the output and all ORs of the other: what the search for few must cope with at worst."""
    n = len(values).bit_length() - 1
    ands, ors = 0.5 * sy.mobius(values), 0.5 * sy.or_mobius(values)
    order = sy.all_masks(n).sum(axis=1)
    ands[order == 1] += ors[order == 1]
    kept_or = np.flatnonzero(order > 1)
    masks = sy.all_masks(n)
    effects = np.concatenate([ands[1:], ors[kept_or]])
    strongest = np.argsort(-np.abs(effects), kind="stable")
    return sy.InteractionModel(
        masks=np.concatenate([masks[1:], masks[kept_or]])[strongest],
        kinds=np.array(["and"] * (len(values) - 1) + ["or"] * len(kept_or))[strongest],
        effects=effects[strongest],
        intercept=float(values[0]),
        player_names=tuple(f"x{i}" for i in range(n)),
        objective=float(np.abs(effects).sum()),
        lower_bound=float("nan"),
        values=values,
    )


def coalitions(folder: Path, sentences: int = 40) -> None:
    """Edges saved by coalitions on tables and sentences, and 300 interactions of 16 players."""
    rng = np.random.default_rng(0)
    out = table(
        "And-Or graphs against one node per interaction",
        "what, inputs, interactions, edges, plain edges, fewer, L, coalitions, CPU s each, largest error",
    )
    network, inputs = trained("breast cancer", "MLP-5", folder, 0)
    sources = {"breast cancer, MLP-5": [sy.Game(network, inputs[i], target=1) for i in rng.choice(len(inputs), 20)]}
    if reviews_installed():
        sources |= sentence_games(folder, sentences, rng)
    for name, games in sources.items():
        for kinds in ("and", "and-or"):
            models = [sy.explain(game, kinds=kinds, progress=False) for game in games]
            chosen = {
                "salient": [model.salient() for model in models],
                "R^2 0.95": [sy.causal_graph(model, r2=0.95).interactions for model in models],
            }
            for which, selections in chosen.items():
                rows = []
                for kept in selections:
                    begun = time.process_time()
                    graph = kept.graph()
                    seconds = time.process_time() - begun
                    error = float(np.abs(graph.predict_all() - kept.predict_all()).max())
                    rows.append(
                        (kept.complexity, len(graph.edges), graph.plain_edges, 1 - len(graph.edges) / graph.plain_edges,
                         graph.description_length, len(graph.coalitions), seconds, error)
                    )  # fmt: skip
                k, edges, plain, fewer, length, found, seconds, _ = np.mean(rows, axis=0)
                out.add_row(
                    f"{name}, {kinds}, {which}", str(len(rows)), f"{k:.1f}", f"{edges:.1f}", f"{plain:.1f}", f"{fewer:.0%}",
                    f"{length:.2f}", f"{found:.1f}", f"{seconds:.3f}", f"{max(row[-1] for row in rows):.0e}",
                )  # fmt: skip
    for seed in range(3):
        model = random_interactions(300, 16, seed)
        begun = time.process_time()
        graph = model.graph()
        seconds = time.process_time() - begun
        masks = rng.random((4096, 16)) < 0.5
        error = float(np.abs(graph.predict(masks) - model.predict(masks)).max())
        fewer = 1 - len(graph.edges) / graph.plain_edges
        out.add_row(
            f"random, 16 players, seed {seed} ({met(yes=seconds < 5)})", "1", str(model.complexity), str(len(graph.edges)),
            str(graph.plain_edges), f"{fewer:.0%}", f"{graph.description_length:.2f}", str(len(graph.coalitions)),
            f"{seconds:.2f}", f"{error:.0e}",
        )  # fmt: skip
    console.print(out)


def random_interactions(k: int, n: int, seed: int) -> sy.InteractionModel:
    """Interactions built of a few shared groups of players and single players."""
    rng = np.random.default_rng(seed)
    groups = [rng.choice(n, size=rng.integers(2, 5), replace=False) for _ in range(12)]
    found: dict[tuple[bytes, str], np.ndarray] = {}
    while len(found) < k:
        mask = np.zeros(n, dtype=np.bool_)
        mask[groups[rng.integers(12)]] = True
        mask[rng.choice(n, size=rng.integers(0, 4), replace=False)] = True
        found[mask.tobytes(), str(rng.choice(["and", "or"]))] = mask
    effects = -np.sort(-rng.exponential(size=k)) * rng.choice([-1.0, 1.0], size=k)
    return sy.InteractionModel(
        masks=np.stack(list(found.values())),
        kinds=np.array([kind for _, kind in found]),
        effects=effects,
        intercept=0.0,
        player_names=tuple(f"x{i}" for i in range(n)),
        objective=float(np.abs(effects).sum()),
        lower_bound=float("nan"),
    )


def sentence_games(
    folder: Path, sentences: int, rng: np.random.Generator, *, level: str = "token", baseline: str | None = None
) -> dict[str, list[sy.Game]]:
    """Games of held-out review sentences of 6 to 10 words, by the classifiers that are installed."""
    data = reviews()
    words = [len(split_words(text)) for text in data.texts]
    chosen = rng.permutation([i for i in np.flatnonzero(data.held_out) if 6 <= words[i] <= 10])[:sentences]
    texts = [data.texts[i] for i in chosen]
    vocabulary = training_vocabulary(data)
    network, quality_ = trained_word_classifier(data, vocabulary, settings=Settings(), weights=folder)
    console.print(
        f"LSTM: accuracy {quality_['accuracy']:.3f} on held-out films (commoner class {quality_['majority']:.3f})"
    )
    tokenizer = word_tokenizer(vocabulary)
    sources = {"sentences, LSTM": [text_game(network, tokenizer, text, level, baseline) for text in texts]}
    if encoder_installed():
        encoder, its_tokenizer, said = sentence_encoder(data, settings=Settings(), weights=folder)
        console.print(f"MiniLM: accuracy {said['accuracy']:.3f} (commoner class {said['majority']:.3f})")
        if level == "token":
            for text in EXAMPLES:
                sources[f"'{text}', MiniLM"] = [text_game(encoder, its_tokenizer, text, level, baseline)]
            sources["sentences, MiniLM"] = [text_game(encoder, its_tokenizer, text, level, baseline) for text in texts]
    return sources


def training_vocabulary(data: Reviews) -> dict[str, int]:
    return vocabulary_of(text for text, kept in zip(data.texts, data.held_out, strict=True) if not kept)


def text_game(network: torch.nn.Module, tokenizer: object, text: str, level: str, baseline: str | None) -> sy.Game:
    return sy.Game.from_text(network, tokenizer, text, level=level, baseline=baseline)


def baseline(folder: Path, sentences: int = 20) -> None:
    """L1 of the AND effects before and after learning the baseline, inside a share of the embeddings' deviation."""
    if not reviews_installed():
        console.print(f"baseline: {REVIEWS_PIP}")
        return
    rng = np.random.default_rng(1)
    data = reviews()
    vocabulary = training_vocabulary(data)
    network, quality_ = trained_word_classifier(data, vocabulary, settings=Settings(), weights=folder)
    tokenizer = word_tokenizer(vocabulary)
    words = [len(split_words(text)) for text in data.texts]
    chosen = rng.permutation([i for i in np.flatnonzero(data.held_out) if 6 <= words[i] <= 9])[:sentences]
    texts = ["it's just not very smart.", *(data.texts[i] for i in chosen)]
    out = table(
        f"Learned baselines of an LSTM sentence classifier (accuracy {quality_['accuracy']:.3f}, commoner class "
        f"{quality_['majority']:.3f}), 50 steps; the source's demo: 356.7 to 179.0 at 0.05",
        "from, radius, cost, first sentence, L1 before, L1 after, halved or better, mean ratio, |v(N) - v(empty)| before, "
        "after, inside the bound, best iterate kept, CPU s each",
    )
    for start in ("unk", "zero"):
        for radius, relative in ((0.05, False), (0.1, False), (0.5, False), (0.5, True)):
            learned, seconds = [], []
            for text in texts:
                game = text_game(network, tokenizer, text, "embedding", start)
                begun = time.process_time()
                learned.append(sy.learn_baseline(game, radius=radius, relative=relative, progress=False))
                seconds.append(time.process_time() - begun)
            effects: list[list[float]] = []
            for text, one in zip(texts, learned, strict=True):
                pair = (text_game(network, tokenizer, text, "embedding", start), one.game)
                effects.append(
                    [float(np.abs(sy.mobius(game(sy.all_masks(game.n_players)))[1:]).sum()) for game in pair]
                )
            before, after = np.transpose(effects)
            inside = all(((one.values >= one.low - 1e-9) & (one.values <= one.high + 1e-9)).all() for one in learned)
            kept = all(one.cost_after == one.costs.min() for one in learned)
            differences = np.abs([one.differences[:, 0] for one in learned]).mean(axis=0)
            out.add_row(
                start, f"{radius}", "L1 / difference" if relative else "L1", f"{before[0]:.2f} -> {after[0]:.2f}",
                f"{before.mean():.2f}", f"{after.mean():.2f}", f"{np.mean(after <= 0.5 * before):.0%}",
                f"{np.mean(after / before):.2f}", f"{differences[0]:.2f}", f"{differences[1]:.2f}", met(yes=inside), met(yes=kept),
                f"{np.mean(seconds):.1f}",
            )  # fmt: skip
    console.print(out)


PARTS = {"causal": causal, "coalitions": coalitions, "joint": joint, "baseline": baseline}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=sorted(PARTS), help="one part")
    chosen = parser.parse_args().only
    torch.set_num_threads(1)
    with TemporaryDirectory() as folder:
        for name, part in PARTS.items():
            if chosen in (None, name):
                part(Path(folder))
                console.print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
