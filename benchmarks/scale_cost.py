"""What an explanation costs against players and samples, and what workers add."""

import os
import time

import numpy as np
import torch
from plain_table import print_table
from sparse_games import digits_data, digits_network, planted_game

import symbolscope as sy
from symbolscope.games.asking import asking


def timed(game: sy.Game, **how: object) -> list[str]:
    """Calls, CPU seconds with and without the network, interactions and R^2 on 2,000 fresh masks."""
    inside = [0.0, 0]

    def counting(masks: np.ndarray) -> np.ndarray:
        begun = time.process_time()
        values = game(masks)
        inside[0] += time.process_time() - begun
        inside[1] += len(masks)
        return values

    counted = sy.Game.from_function(counting, game.n_players)
    begun = time.process_time()
    model = sy.explain(counted, progress=False, **how)
    seconds = time.process_time() - begun
    masks = np.random.default_rng(987_654).random((2_000, game.n_players)) < 0.5
    values = game(masks)
    r2 = 1.0 - float(np.mean((model.predict(masks) - values) ** 2) / np.var(values))
    strong = len(model.salient().effects)
    return [
        f"{inside[1]:,}",
        f"{seconds:.2f}",
        f"{seconds - inside[0]:.2f}",
        f"{len(model.effects):,}",
        f"{strong:,}",
        f"{r2:.4f}",
    ]


def cost_by_players(*, quick: bool) -> None:
    """All masks of 8 to 16 groups of pixels; drawn masks of 30 to 300 players."""
    images, _, train = digits_data()
    network, mean = digits_network(), sy.baselines.mean_baseline(images[:train])
    columns = ["game", "players", "method", "calls", "CPU s", "CPU s less the game", "interactions", "salient", "R^2"]
    rows = []
    sy.explain(planted_game("and-or", 8, k=4), progress=False)  # compiles
    sy.explain(planted_game("and-or", 20, k=4), method="sparse", max_calls=200, progress=False)
    for n in (8, 10, 12) if quick else (8, 10, 12, 14, 16):
        groups = [group.tolist() for group in np.array_split(np.arange(64), n)]
        game = sy.Game(network, images[train], baseline=mean, players=groups)
        rows.append(["digits MLP, pixel groups", str(n), "exact", *timed(game, method="exact")])
    game = sy.Game(network, images[train], baseline=mean)
    rows.append(["digits MLP, pixels", "64", "sparse", *timed(game, method="sparse", max_calls=1_000)])
    for n, calls in ((30, 1_000), (100, 3_000)) if quick else ((30, 1_000), (100, 3_000), (300, 5_000)):
        game = planted_game("and-or", n)
        rows.append(["planted and-or", str(n), "sparse", *timed(game, method="sparse", max_calls=calls)])
    print_table(
        "Cost of one explanation (target R^2 0.99 of the sparse ones, so that easy games stop early)", columns, rows
    )


def cost_by_samples(*, quick: bool) -> None:
    """sy.explain_many on digits: 10 groups of pixels by all masks, and 64 pixels by drawn ones."""
    images, _, train = digits_data()
    network, mean = digits_network(), sy.baselines.mean_baseline(images[:train])
    groups = [group.tolist() for group in np.array_split(np.arange(64), 10)]
    rows = []
    for title, players, how, counts in (
        ("10 groups, exact", groups, {"method": "exact"}, (1, 10, 100) if quick else (1, 10, 100, 397)),
        (
            "64 pixels, sparse, 1,000 calls",
            None,
            {"method": "sparse", "max_calls": 1_000},
            (1, 4) if quick else (1, 4, 16),
        ),
    ):
        for count in counts:
            begun, wall = time.process_time(), time.perf_counter()
            made = sy.explain_many(
                network, images[train : train + count], baseline=mean, players=players, progress=False, **how
            )
            seen = sum(1 for _ in made)
            seconds, wall = time.process_time() - begun, time.perf_counter() - wall
            rows.append([title, str(seen), f"{seconds:.2f}", f"{seconds / count:.3f}", f"{wall / count:.3f}"])
    print_table("Cost per sample, sy.explain_many", ["how", "samples", "CPU s", "CPU s each", "wall s each"], rows)


def throughput(*, quick: bool) -> None:
    """Masked inputs per second of a convolutional network, once the workers run."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = torch.nn.Sequential(
            torch.nn.Conv2d(1, 16, 3, padding=1), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
            torch.nn.Conv2d(16, 32, 3, padding=1), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
            torch.nn.Flatten(), torch.nn.Linear(32 * 7 * 7, 10),
        ).eval()  # fmt: skip
        image = torch.rand(1, 28, 28)
    game = sy.Game(network, image, players=(4, 4), target=3)
    masks = sy.all_masks(16)[: 1 << (13 if quick else 15)]
    few = masks[:64]
    executors = {"none": None, "local": sy.executors.Local()}
    for kind, executor in (("processes", sy.executors.Processes), ("ray", sy.executors.Ray)):
        executors |= {f"{kind}, {workers}": executor(workers=workers) for workers in (1, 2)}
    rows, reference = [], None
    for name, executor in executors.items():
        begun = time.perf_counter()
        with asking(game, executor=executor, progress=False) as ask:
            ask(few)
            start = time.perf_counter() - begun
            ask(masks[:2_048])  # how long a chunk should be
            begun = time.perf_counter()
            values = ask(masks)
            seconds = time.perf_counter() - begun
            begun = time.perf_counter()
        stop = time.perf_counter() - begun
        reference = values if name == "local" else reference
        same = "" if reference is None else "yes" if np.array_equal(values, reference) else "NO"
        rows.append([name, f"{start:.2f}", f"{len(masks) / seconds:,.0f}", f"{stop:.2f}", same])
        print(" | ".join(rows[-1]), flush=True)
    columns = ["executor, workers", "start and 64 masks, s", "masks/s", "stop, s", "same bits as local"]
    cores = len(os.sched_getaffinity(0))
    print_table(f"Executors: a CNN on 28x28, {len(masks):,} masks, {cores} cores, wall seconds", columns, rows)
