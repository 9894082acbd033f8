"""Projectors, and how near a featurizer's swap can come to one."""

import torch


def oblique(width, rank, seed):
    """A projector P with P P = P, image and kernel drawn at random, float64 [d, d]: U (U' + X N'), with [U N] orthogonal."""
    generator = torch.Generator().manual_seed(seed)
    Q = torch.linalg.qr(torch.randn(width, width, generator=generator, dtype=torch.float64))[0]
    X = torch.randn(rank, width - rank, generator=generator, dtype=torch.float64)
    return Q[:, :rank] @ (Q[:, :rank].T + X @ Q[:, rank:].T)


def symmetric(width, rank, seed):
    """An orthogonal projector, float64 [d, d]."""
    generator = torch.Generator().manual_seed(seed)
    Q = torch.linalg.qr(torch.randn(width, rank, generator=generator, dtype=torch.float64))[0]
    return Q @ Q.T


def swap_matrix(featurizer, block=None):
    """P of a linear featurizer's swap, t + P (s - t), [d, d]."""
    eye = torch.eye(featurizer.width, dtype=torch.float64)
    return featurizer.swap(torch.zeros_like(eye), eye, block=block).T


def residual(template, projectors, *, starts=3, steps=120):
    """Smallest distance found from the blocks' swaps to the projectors, by quasi-Newton from several starts."""
    width = len(projectors[0])
    states = torch.zeros(3 * width, width, dtype=torch.float64)

    def distance(featurizer):
        blocks = [None] if len(projectors) == 1 else range(len(projectors))
        squares = [
            (swap_matrix(featurizer, block) - projector).square().sum()
            for block, projector in zip(blocks, projectors, strict=True)
        ]
        return torch.stack(squares).sum()

    found = []
    for seed in range(starts):
        featurizer = template.initialise(width, seed=seed, states=states)
        optimiser = torch.optim.LBFGS(
            featurizer.parameters(),
            max_iter=steps,
            line_search_fn="strong_wolfe",
            tolerance_grad=1e-12,
            tolerance_change=0.0,
        )

        def closure(optimiser=optimiser, featurizer=featurizer):
            optimiser.zero_grad()
            loss = distance(featurizer)
            loss.backward()
            return loss

        optimiser.step(closure)
        found.append(float(distance(featurizer).detach().sqrt()))
    return min(found)
