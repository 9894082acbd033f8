"""Masked evaluations per second with no batch size given, against a naive loop and the best plain batch."""

import statistics
import time

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import nn

import symbolscope as sy

BATCHES = (16, 32, 64, 128, 256, 512, 1024, 4096)


class CausalTransformer(nn.Module):
    """Four layers, 128 wide, 20 tokens; logits of the next token."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.position = nn.Embedding(100, 128), nn.Embedding(20, 128)
        layer = nn.TransformerEncoderLayer(128, 4, 512, dropout=0.0, batch_first=True, norm_first=True)
        self.layers = nn.TransformerEncoder(layer, 4, enable_nested_tensor=False)
        self.head = nn.Linear(128, 100)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """[m, 20] -> [m, 100]."""
        mask = nn.Transformer.generate_square_subsequent_mask(tokens.shape[1])
        return self.head(self.layers(self.embed(tokens) + self.position.weight, mask=mask, is_causal=True)[:, -1])


def log_odds(logits: torch.Tensor) -> torch.Tensor:
    """Of class 1."""
    return logits[:, 1] - torch.logsumexp(logits[:, [i for i in range(logits.shape[1]) if i != 1]], dim=1)


def plain(network: nn.Module, sample: torch.Tensor, keep: torch.Tensor, batch: int) -> torch.Tensor:
    """The loop anyone would write: hide, run, score, one batch after the other. keep: bool [m, *sample.shape]."""
    hidden = torch.zeros_like(sample)
    with torch.inference_mode():
        return torch.cat([log_odds(network(torch.where(rows, sample, hidden))) for rows in keep.split(batch)])


def naive(network: nn.Module, sample: torch.Tensor, keep: torch.Tensor) -> list[float]:
    """One mask at a time."""
    hidden = torch.zeros_like(sample)
    return [log_odds(network(torch.where(row, sample, hidden)[None])).item() for row in keep]


def evaluation(console: Console) -> None:
    """Print the table: 4096 masks of 12 players, medians."""
    generator = torch.Generator().manual_seed(0)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        mlp = nn.Sequential(nn.Linear(12, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 2)).eval()
        cnn = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(),
            nn.MaxPool2d(2), nn.Flatten(), nn.Linear(32 * 49, 10),
        ).eval()  # fmt: skip
        transformer = CausalTransformer().eval()
    image_players = sy.Players.grid((1, 28, 28), 3, 4)
    token_labels = np.concatenate([np.full(8, -1), np.arange(12)])
    cases = [
        ("MLP 12-256-256-2", mlp, torch.randn(12, generator=generator), sy.Players.columns(12), 45, 4096),
        ("CNN 28x28", cnn, torch.rand(1, 28, 28, generator=generator) + 0.1, image_players, 9, 512),
        ("transformer 4x128", transformer, torch.randint(1, 100, (20,), generator=generator), token_labels, 3, 256),
    ]
    masks = sy.all_masks(12)
    out = Table(title="Masked evaluations per second, 4,096 masks", title_justify="left")
    for column in (
        "network",
        "naive loop",
        "best plain batch",
        "at batch",
        "ours",
        "ours / best plain",
        "ours / naive",
        "largest difference",
    ):
        out.add_column(column, justify="right")
    for name, network, sample, players, repeats, naive_masks in cases:
        labels = np.broadcast_to(players.labels if isinstance(players, sy.Players) else players, sample.shape)
        present = np.concatenate([masks, np.ones((len(masks), 1), dtype=bool)], axis=1)  # label -1 is always present
        keep = torch.from_numpy(present[:, labels])
        started = time.perf_counter()
        naive(network, sample, keep[:naive_masks])
        one_by_one = naive_masks / (time.perf_counter() - started)
        times: dict[int, list[float]] = {batch: [] for batch in BATCHES}
        ours: list[float] = []
        for repeat in range(repeats):
            # Each contestant comes first in turn, and so follows a large batch (which flushes the caches) as often as any other.
            contestants = [*BATCHES, 0]
            for batch in contestants[repeat % len(contestants) :] + contestants[: repeat % len(contestants)]:
                if batch:
                    started = time.perf_counter()
                    expected = plain(network, sample, keep, batch)
                    times[batch].append(time.perf_counter() - started)
                else:
                    game = sy.Game(network, sample, players=players, target=1)  # a new game: nothing is tuned yet
                    started = time.perf_counter()
                    values = sy.evaluate(game, masks, progress=False)
                    ours.append(time.perf_counter() - started)
        medians = {batch: statistics.median(seconds) for batch, seconds in times.items()}
        best = min(medians, key=medians.__getitem__)
        rate, best_rate = len(masks) / statistics.median(ours), len(masks) / medians[best]
        difference = np.abs(values - expected.double().numpy()).max()
        out.add_row(
            name, f"{one_by_one:,.0f}", f"{best_rate:,.0f}", str(best), f"{rate:,.0f}", f"{rate / best_rate:.2f}",
            f"{rate / one_by_one:.1f}", f"{difference:.0e}",
        )  # fmt: skip
    console.print(out)
