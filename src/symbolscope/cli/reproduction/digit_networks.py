"""Classifiers of handwritten digits: as images, and as clouds of points."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from symbolscope.cli.reproduction.kept_weights import kept_weights
from symbolscope.cli.reproduction.settings import Settings

N_POINTS = 64
_HELD_OUT = 360
_CELLS = 3  # per side of the square in which a cloud lies


@dataclass(frozen=True, eq=False)
class Digits:
    """Digits of scikit-learn (8 x 8 pixels), split into training and held-out ones.

    Attributes
    ----------
    images, held_out_images
        float32 [m, 1, 8, 8], from 0 to 1.
    clouds, held_out_clouds
        float32 [m, 64, 2]: points drawn in proportion to the ink of the pixels they lie in, from -1 to 1.
    classes, held_out_classes
        int64 [m].
    """

    images: Tensor
    clouds: Tensor
    classes: Tensor
    held_out_images: Tensor
    held_out_clouds: Tensor
    held_out_classes: Tensor


@cache
def digits() -> Digits:
    """Read the digits and draw their points, the same each time."""
    from sklearn.datasets import load_digits

    table: Any = load_digits()
    pixels = np.asarray(table.images, dtype=np.float64) / 16.0
    generator = np.random.default_rng(0)
    clouds = np.empty((len(pixels), N_POINTS, 2))
    for cloud, image in zip(clouds, pixels, strict=True):
        drawn = generator.choice(64, size=N_POINTS, p=image.ravel() / image.sum())
        place = np.stack([drawn % 8, drawn // 8], axis=1) + generator.random((N_POINTS, 2))
        cloud[:] = place / 4.0 - 1.0
    order = generator.permutation(len(pixels))
    held_out, training = order[:_HELD_OUT], order[_HELD_OUT:]
    images, points = torch.from_numpy(pixels).float()[:, None], torch.from_numpy(clouds).float()
    classes = torch.from_numpy(np.asarray(table.target, dtype=np.int64))
    return Digits(
        images[training], points[training], classes[training], images[held_out], points[held_out], classes[held_out]
    )


class PointNetwork(nn.Module):
    """Every point by itself through two layers, the largest of each feature over the points, then a classifier.

    Source: Qi et al., *PointNet* (1612.00593), without its transformations of the input.

    Examples
    --------
    >>> network = PointNetwork(seed=0)
    >>> cloud = torch.randn(1, 5, 2)
    >>> bool(torch.allclose(network(cloud), network(cloud.flip(1))))      # the order of points plays no part
    True
    """

    def __init__(self, *, seed: int) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.points = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 128), nn.ReLU())
            self.classifier = nn.Sequential(nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))

    def forward(self, clouds: Tensor) -> Tensor:
        """Logits [b, 10] of clouds [b, points, 2]."""
        return self.classifier(self.points(clouds).amax(dim=1))


def untrained_digit_cnn(seed: int) -> nn.Module:
    """Two convolutions and a linear layer, images [b, 1, 8, 8] to logits [b, 10]."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        convolutions = [nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU()]
        return nn.Sequential(*convolutions, nn.MaxPool2d(2), nn.Flatten(), nn.Linear(512, 10)).eval()


def digit_cnn(*, settings: Settings, weights: Path, seed: int = 0) -> tuple[nn.Module, dict[str, float]]:
    """The trained CNN, or its kept weights, and its accuracy on held-out digits."""
    data = digits()
    return kept_weights(
        weights,
        f"digits-cnn-{seed}",
        untrained_digit_cnn(seed),
        _training(data.images, data.held_out_images, epochs=settings.amount(15, 1), seed=seed),
    )


def point_network(*, settings: Settings, weights: Path, seed: int = 0) -> tuple[PointNetwork, dict[str, float]]:
    """The trained point network, or its kept weights, and its accuracy on held-out clouds."""
    data = digits()
    return kept_weights(
        weights,
        f"digits-points-{seed}",
        PointNetwork(seed=seed),
        _training(data.clouds, data.held_out_clouds, epochs=settings.amount(60, 1), seed=seed),
    )


def cells_of(cloud: Tensor) -> NDArray[np.int64]:
    """Which cell of a 3 x 3 grid each point lies in, the cells that hold any numbered from 0; int64 [points, 2], the same in a row.

    Examples
    --------
    >>> cells_of(torch.tensor([[-1.0, -1.0], [0.9, 0.9], [-0.9, -0.9]]))[:, 0]
    array([0, 1, 0])
    """
    place = np.clip(((cloud.numpy() + 1.0) / 2.0 * _CELLS).astype(np.int64), 0, _CELLS - 1)
    _, cell = np.unique(place[:, 1] * _CELLS + place[:, 0], return_inverse=True)
    return np.repeat(cell.reshape(-1, 1), 2, axis=1).astype(np.int64)


def _training(inputs: Tensor, held_out: Tensor, *, epochs: int, seed: int) -> Callable[[nn.Module], dict[str, float]]:
    data = digits()

    def train(network: nn.Module) -> dict[str, float]:
        generator = torch.Generator().manual_seed(seed)
        optimiser = torch.optim.AdamW(network.parameters(), lr=3e-3)
        network.train()
        for _ in range(epochs):
            for batch in torch.randperm(len(inputs), generator=generator).split(64):
                optimiser.zero_grad()
                nn.functional.cross_entropy(network(inputs[batch]), data.classes[batch]).backward()
                optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        network.eval()
        with torch.no_grad():
            right = float((network(held_out).argmax(dim=1) == data.held_out_classes).float().mean())
        shares = torch.bincount(data.held_out_classes) / len(data.held_out_classes)
        return {"accuracy": right, "majority": float(shares.max())}

    return train
