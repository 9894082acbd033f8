import numpy as np
import pytest
import torch

import symbolscope as sy
from symbolscope.games.view import ImageView, TableView


def pooled(x):
    flat = x.float().flatten(1)
    return torch.stack([flat.mean(1), flat[:, 0]], dim=1)


def test_table():
    game = sy.Game(pooled, [1.0, 123456.0, 0.3333333], players=[[0, 2], [1]], player_names=["pair", "b"], baseline=0.5)
    assert game.view == TableView((("pair", "1, 0.3333", "0.5, 0.5"), ("b", "1.235e+05", "0.5")))


@pytest.mark.parametrize("shape", [(12, 10), (1, 12, 10), (3, 12, 10), (4, 12, 10), (12, 10, 3)])
def test_images(shape):
    pixels = np.linspace(0, 1, int(np.prod(shape)), dtype=np.float32).reshape(shape)
    view = sy.Game(pooled, pixels, players=(3, 2), target=0, outputs="logits").view
    assert isinstance(view, ImageView)
    assert view.pixels.shape == (12, 10, 3)
    assert view.pixels.dtype == np.uint8
    assert (view.labels == sy.Players.grid((12, 10), 3, 2).labels).all()
    assert view.pixels.max() > 150


def test_normalised_pixels_are_stretched():
    pixels = np.linspace(-2, 2, 64, dtype=np.float32).reshape(8, 8)
    view = sy.Game(pooled, pixels, players=(2, 2), target=0).view
    assert (view.pixels.min(), view.pixels.max()) == (0, 255)


def test_point_clouds_have_no_view():
    points = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    game = sy.Game(pooled, points, players=[list(range(10)), list(range(10, 30))], baseline="center", target=0)
    assert game.view is None
    assert game(sy.all_masks(2)).shape == (4,)
