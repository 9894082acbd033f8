import numpy as np
import pytest
import torch

import symbolscope as sy
from symbolscope.games.baselines import choose_baseline, choose_sample


def test_blur_keeps_the_mean_and_mixes_no_channels():
    image = np.zeros((3, 32, 32))
    image[1, 16, 16] = 1.0
    blurred = sy.baselines.blur(image, sigma=2.0)
    assert blurred[1].sum() == pytest.approx(1.0, abs=1e-6)
    assert (blurred[[0, 2]] == 0).all()
    assert np.allclose(sy.baselines.blur(np.moveaxis(image, 0, -1), sigma=2.0), np.moveaxis(blurred, 0, -1))


def test_center_is_the_mean_over_points_either_way_round():
    points = np.random.default_rng(0).normal(size=(50, 3))
    assert np.allclose(sy.baselines.center(points), points.mean(axis=0))
    assert np.allclose(sy.baselines.center(points.T), points.mean(axis=0)[:, None])


def test_mean_baseline():
    assert sy.baselines.mean_baseline(torch.tensor([[1.0, 2.0], [3.0, 6.0]])).tolist() == [2.0, 4.0]


@pytest.mark.parametrize("baseline", [2, 2.0, np.float32(2), [2.0, 2.0, 2.0], torch.full((3,), 2.0), np.array([2.0])])
def test_numbers_and_arrays(baseline):
    values, _ = choose_baseline(baseline, np.zeros(3, dtype=np.float32))
    assert values.dtype == np.float32
    assert values.tolist() == [2.0] * 3


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: choose_baseline(np.zeros(4), np.zeros(3)),
            r"different shapes: the sample \(3,\), the baseline \(4,\)",
        ),
        (lambda: choose_baseline("mean", np.zeros(3)), "'mean' is unknown"),
        (lambda: choose_baseline([0.0, np.nan, 0.0], np.zeros(3)), "baseline holds nan at column 1"),
        (lambda: choose_baseline(0.5, np.zeros(3, dtype=np.int64)), "fractions"),
        (lambda: choose_baseline("center", np.zeros(3)), r"\[P, C\]"),
        (lambda: choose_baseline("blur", np.zeros(3)), "an image has shape"),
        (lambda: sy.baselines.blur(np.zeros((4, 4)), sigma=0.0), "sigma > 0"),
        (lambda: sy.baselines.mean_baseline(np.zeros((0, 3))), "at least one reference"),
        (lambda: choose_sample([1.0, float("inf")]), "sample holds inf at column 1"),
        (lambda: choose_sample(np.array([[1.0, 2.0], [3.0, np.nan]])), r"position \(1, 1\)"),
        (lambda: choose_sample(3.0), "at least one axis"),
        (lambda: choose_sample([]), "0 players"),
        (lambda: choose_sample(["a", "b"]), "real numbers"),
        (lambda: choose_sample([[1.0], [1.0, 2.0]]), "one shape"),
        (lambda: choose_sample(np.array([1, "a"], dtype=object)), "Encode text columns"),
    ],
)
def test_refusals(make, message):
    with pytest.raises(sy.SymbolscopeError, match=message):
        make()
