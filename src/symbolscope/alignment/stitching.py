"""Model stitching: the behavioural baseline of model alignment, an affine map of the whole state."""

import torch
from torch import Tensor

from symbolscope.alignment.interchange import Interchange
from symbolscope.core.random_streams import torch_stream

_STEPS = 200
_BATCH = 128
_RATE = 3e-3
_RIDGE = 1e-6


class Stitch:
    """An affine map from the states of one network to those of another, that the other goes on from.

        h_taker = h_giver W + b

    Starts at the least squares between the two networks' states in the same runs, and is trained on the taker's answers after its
    whole state was replaced. It carries everything at once, so it cannot say which variable the networks share.

    Source: Lenc, Vedaldi, arXiv 1411.5908; Bansal, Nakkiran, Barak, arXiv 2106.07682.
    """

    def __init__(self, giver: Tensor, taker: Tensor) -> None:
        """States [m, d] and [m, d'] of the two networks, row by row in the same runs."""
        x = torch.nn.functional.pad(giver.double(), (0, 1), value=1.0)  # [m, d + 1]
        gram = x.mT @ x
        gram.diagonal().add_(_RIDGE * gram.diagonal().mean())
        self.weights = torch.linalg.solve(gram, x.mT @ taker.double()).to(taker)  # [d + 1, d']

    def __call__(self, states: Tensor) -> Tensor:
        """States [n, d] of the giver as the taker would have them, [n, d']."""
        return states @ self.weights[:-1] + self.weights[-1]

    def train(self, states: Tensor, interchange: Interchange, *, seed: int) -> None:
        """Adam on the cross-entropy of ``interchange``, from the giver's states [n, d] of its source runs."""
        self.weights.requires_grad_()
        optimiser = torch.optim.Adam([self.weights], lr=_RATE)
        generator = torch_stream(seed, "batches of a stitching")
        for _ in range(_STEPS):
            rows = torch.randint(len(states), (_BATCH,), generator=generator).to(states.device)
            losses, _ = interchange.losses(rows, self(states[rows]))
            optimiser.zero_grad(set_to_none=True)
            losses.mean().backward()
            optimiser.step()
        self.weights.requires_grad_(requires_grad=False)

    def accuracy(self, states: Tensor, interchange: Interchange) -> float:
        """Share of pairs in which the taker's whole answer is the program's with every variable taken from the giver's run."""
        return float(interchange.all_right(self(states)).mean())
