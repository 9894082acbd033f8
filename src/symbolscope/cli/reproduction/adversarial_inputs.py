"""Inputs moved a little to where a network is most wrong."""

from collections.abc import Callable

import torch
from torch import Tensor, nn


def adversarial_inputs(
    network: nn.Module,
    inputs: Tensor,
    loss: Callable[[Tensor], Tensor],
    *,
    radius: float = 0.1,
    steps: int = 20,
    step: float = 0.01,
) -> Tensor:
    """Projected gradient ascent: x <- clip(x + step sign(gradient of the loss), within radius of the input), from the input.

    Parameters
    ----------
    network
        Inputs to outputs; its gradients are left alone.
    inputs
        [b, n].
    loss
        Outputs to the number that is to rise.
    radius, steps, step
        Largest change of any coordinate, number of steps and their size: the source's by default.

    Source: Madry et al., *Towards Deep Learning Models Resistant to Adversarial Attacks* (1706.06083), section 2.1.

    Examples
    --------
    >>> network = nn.Linear(2, 1, bias=False)
    >>> _ = network.weight.data.copy_(torch.tensor([[1.0, -2.0]]))
    >>> adversarial_inputs(network, torch.zeros(1, 2), lambda outputs: -outputs.sum())
    tensor([[-0.1000,  0.1000]])
    """
    moved = inputs.clone()
    for _ in range(steps):
        moved.requires_grad_(True)
        (gradient,) = torch.autograd.grad(loss(network(moved)), moved)
        ahead = moved.detach() + step * gradient.sign()
        moved = torch.minimum(torch.maximum(ahead, inputs - radius), inputs + radius)
    return moved.detach()
