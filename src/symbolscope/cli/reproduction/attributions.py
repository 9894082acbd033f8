"""Attributions to single input variables, from captum."""

from importlib.util import find_spec

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

CAPTUM_PIP = "python -m pip install 'symbolscope[peers]'"
METHODS = ("input x gradient", "LRP", "occlusion")


def captum_installed() -> bool:
    """Whether the attributions can be had."""
    return find_spec("captum") is not None


def attributions(network: nn.Module, samples: Tensor, baseline: Tensor) -> dict[str, NDArray[np.float64]]:
    """Attributions of a network's first output to its inputs, by captum.

    "input x gradient": x_i times the derivative by x_i; "LRP": layer-wise relevance propagation with captum's default rule
    (epsilon); "occlusion": the output less that with x_i at the baseline.

    Parameters
    ----------
    network
        Inputs [b, n] to [b, 1].
    samples
        float32 [samples, n].
    baseline
        [n].

    Returns
    -------
    float64 [samples, n] per method.
    """
    from captum.attr import LRP, InputXGradient, Occlusion

    inputs = samples.clone().requires_grad_(True)
    gradient = InputXGradient(network).attribute(inputs, target=0)
    relevance = LRP(network).attribute(samples.clone().requires_grad_(True), target=0)
    with torch.no_grad():
        occluded = Occlusion(network).attribute(
            samples, sliding_window_shapes=(1,), baselines=baseline[None].expand_as(samples), target=0
        )
    found = dict(zip(METHODS, (gradient, relevance, occluded), strict=True))
    return {name: np.asarray(values.detach().double().numpy()) for name, values in found.items()}
