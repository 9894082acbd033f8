"""Orthonormal columns: drawn at random, made from free ones, and a swap along them."""

import torch
from torch import Tensor


def random_orthonormal(rows: int, columns: int, generator: torch.Generator) -> Tensor:
    """Columns drawn uniformly (Haar), float64 [rows, columns]: the Q of a Gaussian matrix whose R has a positive diagonal.

    Examples
    --------
    >>> Q = random_orthonormal(5, 2, torch.Generator().manual_seed(0))
    >>> torch.allclose(Q.T @ Q, torch.eye(2, dtype=torch.float64))
    True
    """
    drawn = torch.randn(rows, columns, generator=generator, dtype=torch.float64, device=generator.device)
    return orthonormalised(drawn)


def orthonormalised(free: Tensor) -> Tensor:
    """Gram-Schmidt of the columns of a free matrix [d, r], differentiable: Q of free = Q R with diag(R) > 0.

    The sign makes Q a continuous function of the matrix. Q'Q = I to rounding, however far training has carried the free
    matrix. Of the maps from free to orthonormal matrices tried for d of 20 to 128 and r of 2 to 16 (Cholesky, polar by
    singular values, eigenvalues or Newton-Schulz, low-rank Cayley) this is the cheapest forward and backward.

    Examples
    --------
    >>> orthonormalised(torch.tensor([[3.0, 1.0], [4.0, 2.0]]))
    tensor([[ 0.6000, -0.8000],
            [ 0.8000,  0.6000]])
    """
    Q, R = torch.linalg.qr(free)
    return Q * R.diagonal().sgn()


def swapped_along(target: Tensor, source: Tensor, columns: Tensor) -> Tensor:
    """Target states [..., d] with the source's part in the span of orthonormal columns Q [d, r]: t + Q Q'(s - t).

    Examples
    --------
    >>> swapped_along(torch.zeros(1, 2), torch.tensor([[3.0, 4.0]]), torch.tensor([[1.0], [0.0]]))
    tensor([[3., 0.]])
    """
    return target + ((source - target) @ columns) @ columns.mT
